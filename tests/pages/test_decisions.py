"""Sending back on the pages: the code, the list, its answers, and what the next reviewers see."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance.rules import RuleProfile
from compliance.rules.house_reason import HouseReason
from reviews.enums import ReviewState, Role
from reviews.models import ProfileChange, Review
from tests import cases

pytestmark = pytest.mark.django_db


def sent_back(client: Client) -> Review:
    review = cases.review_at(ReviewState.SUBMITTED)
    client.force_login(cases.person(Role.LEGAL))
    fields = {"code": "tone", "reason": "Softer, please.\nName the label."}
    client.post(reverse("send_back", args=[review.pk]), fields)
    review.refresh_from_db()
    assert review.state == ReviewState.SENT_BACK
    client.force_login(review.submitted_by)
    return review


def composer(client: Client, review: Review, **fields: str) -> Any:
    address = reverse("draft", args=[review.case_id])
    return (
        client.post(address, {"body": cases.CLEAN, **fields}, follow=True)
        if fields
        else (client.get(address))
    )


def fields_of(review: Review, done: str, why_not: str) -> dict[str, str]:
    first, second = review.required_changes.values_list("pk", flat=True)
    return {f"done-{first}": done, f"why-not-{first}": "", f"why-not-{second}": why_not}


def test_author_answers_the_list_and_the_next_reviewers_see_it(client: Client) -> None:
    review = sent_back(client)
    page = composer(client, review).content.decode()
    assert "Required changes: Tone or wording" in page and "Name the label." in page
    refused = composer(client, review, submit="1", **fields_of(review, "on", ""))
    assert refused.status_code == 409
    assert "Required change 2 still open" in refused.content.decode()
    sent = composer(client, review, submit="1", **fields_of(review, "on", "It has none yet."))
    assert "Submitted." in sent.content.decode()
    client.force_login(cases.person(Role.COMPLIANCE))
    again = Review.objects.latest("submitted_at")
    shown = client.get(reverse("review", args=[again.pk])).content.decode()
    assert "What had to change" in shown and "It has none yet." in shown
    assert shown.count(">done</span>") == 1 and shown.count(">not done</span>") == 1
    earlier = client.get(reverse("review", args=[review.pk])).content.decode()
    assert "What had to change" not in earlier and "Required changes: Tone or wording" in earlier


def test_answers_are_kept_when_the_reply_is_only_saved(client: Client) -> None:
    review = sent_back(client)
    composer(client, review, save="1", **fields_of(review, "on", "Asked the maker."))
    page = composer(client, review).content.decode()
    assert "Asked the maker." in page and 'type="checkbox" name="done-' in page
    assert page.count(" checked") == 1


def test_what_was_typed_beside_the_list_survives_a_refusal(client: Client) -> None:
    review = sent_back(client)
    fields = {**fields_of(review, "on", "Asked the maker."), "body": " ", "save": "1"}
    page = composer(client, review, **fields).content.decode()
    assert 'class="refusal"' in page and "Asked the maker." in page and " checked" in page


def test_decision_without_a_code_says_so_and_keeps_the_words(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    client.force_login(cases.person(Role.LEGAL))
    for form in ("send_back", "refuse", "withdraw"):
        answer = client.post(reverse(form, args=[review.pk]), {"reason": "Not like this."})
        page = answer.content.decode()
        assert answer.status_code == 400
        assert "Choose the kind of reason" in page and "Not like this." in page


def test_refused_decision_keeps_its_code(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    client.force_login(cases.person(Role.LEGAL))
    fields = {"code": "privacy", "reason": " "}
    page = client.post(reverse("refuse", args=[review.pk]), fields).content.decode()
    assert 'value="privacy" selected' in page


def test_codes_of_the_house_are_changed_and_chosen(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    here = cases.newest_version(review).draft.thread.community
    client.force_login(cases.person(Role.COMPLIANCE))
    typed = {
        "house-0-code": "sop-12", "house-0-label": "Against procedure 12", "line_is": "shipped",
        "based_on": "0", "why": "Agreed.",
    }  # fmt: skip
    address = reverse("propose_profile", args=[here.slug])
    assert "no code" in client.post(address, {**typed, "house-0-code": "a b"}).content.decode()
    page = client.post(address, typed, follow=True).content.decode()
    assert "SOP-12: Against procedure 12" in page
    profile = RuleProfile.from_content(ProfileChange.objects.get().content)
    assert profile.reasons == (HouseReason("SOP-12", "Against procedure 12"),)
    elsewhere = cases.community()
    cases.profile_version(profile, here=elsewhere)
    page = client.get(reverse("profile_of", args=[elsewhere.slug])).content.decode()
    assert "SOP-12" in page and "Against procedure 12" in page


def test_publication_asks_for_a_code_too(client: Client) -> None:
    publication = cases.queued_publication()
    client.force_login(cases.person(Role.SAFETY))
    page = client.get(reverse("publication", args=[publication.pk])).content.decode()
    assert 'name="code"' in page and "Somebody&#x27;s safety" in page
