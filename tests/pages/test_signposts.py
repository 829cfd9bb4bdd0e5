"""The page of signposts, and the panel beside an open safety signal."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from engage import publishing, watching
from engage.connectors.base import Posted
from engage.models import Post
from reviews import clearance, safety, signposts
from reviews.enums import ReviewState, Role, SafetyOutcome
from reviews.models import Review, SafetyCase, Signpost
from tests import cases
from tests.laws.test_one_live_copy import FakePlatform, platform
from tests.pages.test_markup import Markup

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db
TYPED = {"title": "Crisis line", "text": "Call 988, at any hour.", "answers": ["SAFE-CRISIS"]}


def page_of(client: Client, role: Role, name: str, *args: object) -> str:
    client.force_login(cases.person(role))
    page = client.get(reverse(name, args=args)).content.decode()
    assert not Markup(page).faults
    return page


def test_writing_says_what_comes_next(client: Client) -> None:
    client.force_login(cases.person(Role.SAFETY))
    community = cases.community()
    answer = client.post(
        reverse("write_signpost"), {**TYPED, "community": community.slug}, follow=True
    )
    page = answer.content.decode()
    assert "Compliance and legal sign it next" in page and "Call 988, at any hour." in page
    assert Signpost.objects.get().community_id == community.pk
    assert "Waiting for signatures" in page and community.name in page


@pytest.mark.parametrize("wrong", [{"title": ""}, {"answers": []}, {"community": "nowhere"}])
def test_refused_writing_keeps_what_was_typed(client: Client, wrong: dict[str, object]) -> None:
    client.force_login(cases.person(Role.LEGAL))
    answer = client.post(reverse("write_signpost"), {**TYPED, **wrong})
    page = answer.content.decode()
    assert answer.status_code == 400 and page.count('role="alert"') == 1
    assert "Call 988, at any hour.</textarea>" in page and "<details open>" in page
    assert not Signpost.objects.exists() and not Markup(page).faults


def test_signers_see_the_text_and_what_was_found_in_it(client: Client) -> None:
    signposts.write(
        by=cases.person(Role.SAFETY),
        title="No number",
        text="We are sorry to read this. Studies show that implants work better than pills.",
        answers=["SAFE-CRISIS"],
    )
    page = page_of(client, Role.LEGAL, "signposts")
    assert "Studies show that implants" in page
    assert "SAFE-NO-SIGNPOST" in page and "CLM-PROVEN" in page
    assert "Sign as legal counsel" in page
    assert "Sign as" not in page_of(client, Role.SAFETY, "signposts")


def test_both_sign_and_then_it_is_in_use(client: Client) -> None:
    signpost = cases.signpost(Role.COMPLIANCE)
    counsel = cases.person(Role.LEGAL)
    client.force_login(counsel)
    sent = {
        "role": "legal",
        "password": cases.PASSWORD,
        "seen": clearance.signpost_digest(signpost),
    }
    address = reverse("sign_signpost", args=[signpost.pk])
    refused = client.post(address, {**sent, "password": "guess"})
    assert refused.status_code == 403 and "nothing was signed" in refused.content.decode()
    page = client.post(address, sent, follow=True).content.decode()
    assert "Signed. Once both signatures are there" in page
    assert "In use" in page and "Waiting for signatures" not in page
    assert counsel.printed_name in page


def test_writer_is_told_that_two_others_sign(client: Client) -> None:
    counsel = cases.person(Role.LEGAL)
    signposts.write(by=counsel, **TYPED)  # type: ignore[arg-type]  # as typed
    client.force_login(counsel)
    page = client.get(reverse("signposts")).content.decode()
    assert "two others must sign it" in page and "Sign as" not in page


def test_retired_says_so_and_stays_readable(client: Client) -> None:
    signpost = cases.signpost()
    client.force_login(cases.person(Role.SAFETY))
    address = reverse("retire_signpost", args=[signpost.pk])
    page = client.post(address, follow=True).content.decode()
    assert "posted any more" in page and "Retired by" in page
    again = client.post(address)
    assert again.status_code == 409 and "was retired" in again.content.decode()


def test_history_of_a_signpost_has_its_signatures(client: Client) -> None:
    page = page_of(client, Role.AUDITOR, "case", cases.signpost().pk)
    assert page.count("Signpost signed in advance") == 2 and "Signpost written" in page


def test_navigation_counts_what_waits(client: Client) -> None:
    cases.signpost(), cases.signpost(Role.LEGAL)
    client.force_login(cases.person(Role.SAFETY))
    entries = client.get(reverse("signposts")).context["navigation"]
    assert {e.label: e.waiting for e in entries}["Signposts"] == 1


@pytest.fixture
def danger() -> Post:
    return cases.post(cases.CRISIS)


def panels(client: Client, role: Role, danger: Post) -> list[str]:
    """The page of the thread, and that of the signal for those who may open it."""
    pages = [page_of(client, role, "thread", danger.thread_id)]
    if role != Role.CLINICIAN:
        signal = SafetyCase.objects.get(text__post_revision__post=danger)
        pages.append(page_of(client, role, "safety_case", signal.pk))
    return pages


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.SAFETY, Role.COMPLIANCE])
def test_thread_and_signal_offer_the_exact_text(client: Client, danger: Post, role: Role) -> None:
    cases.signpost(text=cases.SIGNPOST + "\n\nWe read along here.")
    for page in panels(client, role, danger):
        assert "call or text 988 at any hour" in page.replace("\n", " ")
        assert "We read along here." in page
        assert "Yes, post it in reply to Author 1" in page
        assert "Signed twice in advance" in page


def test_those_who_may_not_post_it_are_told_why(client: Client, danger: Post) -> None:
    cases.signpost()
    for page in panels(client, Role.AUDITOR, danger):
        assert "You may not post signposts" in page and "Yes, post it" not in page


def test_nothing_is_offered_where_no_signal_is_open(client: Client, danger: Post) -> None:
    cases.signpost()
    safety.dispose(
        by=cases.person(Role.SAFETY),
        case_id=SafetyCase.objects.get().pk,
        outcome=SafetyOutcome.FORWARDED,
        reason="Called.",
    )
    for page in panels(client, Role.SAFETY, danger):
        assert "Offer help now" not in page
    assert "Offer help now" not in page_of(client, Role.SAFETY, "thread", cases.post().thread_id)


def test_missing_signpost_says_what_to_do(client: Client, danger: Post) -> None:
    for page in panels(client, Role.SAFETY, danger):
        assert "No signpost for this signal has been signed yet" in page
        assert f'href="{reverse("signposts")}">Write one' in page
    for page in panels(client, Role.CLINICIAN, danger):
        assert "No signpost for this signal" in page and ">Write one" not in page


def test_posting_says_what_happened_and_offers_no_second_one(client: Client, danger: Post) -> None:
    signpost = cases.signpost()
    client.force_login(cases.person(Role.SAFETY))
    address = reverse("post_signpost", args=[danger.pk])
    answer = client.post(address, {"signpost": signpost.pk}, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [(reverse("thread", args=[danger.thread_id]), 302)]
    assert "On its way" in page and "Signpost “Crisis line”" in page
    for shown in panels(client, Role.CLINICIAN, danger) + panels(client, Role.SAFETY, danger):
        assert "is on its way or live in this thread" in shown and "Yes, post it" not in shown
    again = client.post(address, {"signpost": signpost.pk})
    assert again.status_code == 409 and "already" in again.content.decode()
    assert client.post(address, {"signpost": "none"}).status_code == 400


def test_review_publication_history_and_queue_say_who_signed_in_advance(
    client: Client, platform: FakePlatform
) -> None:
    platform.outcomes = [Posted({"post_id": "77"}, "https://community.example/1")]
    text = cases.SIGNPOST + " More lines: findahelpline.com."
    signpost, clinician = cases.signpost(text=text), cases.person(Role.CLINICIAN)
    publication = cases.queued_signpost(signpost, by=clinician)
    signer = signpost.signatures.get(role="legal").printed_name
    places = {"review": publication.review_id, "case": publication.draft_id}
    review = page_of(client, Role.LEGAL, "review", places["review"])
    assert "A signpost: “Crisis line”." in review and "findahelpline.com" in review
    assert "Sign as" not in review and "Nobody has signed yet" not in review
    assert signer in review
    history = page_of(client, Role.AUDITOR, "case", places["case"])
    assert "signed in advance, sent by" in history and "No signature" not in history
    queue = client.get(reverse("queue") + "?tab=cleared").content.decode()
    assert "not signed" not in queue and ">Signpost<" in queue
    publishing.drive(publication.pk)
    watching.look(publication.pk)
    shown = page_of(client, Role.CLINICIAN, "publication", publication.pk)
    assert "The signpost “Crisis line”, signed in advance and sent by" in shown
    assert shown.count("findahelpline.com") == 2 and "exactly what was signed" in shown
    client.force_login(clinician)
    for name in ("drafts", "draft", "review"):
        ids = {"drafts": [], "draft": [places["case"]], "review": [places["review"]]}
        assert client.get(reverse(name, args=ids[name])).status_code == 200
    assert Review.objects.get().state == ReviewState.PUBLISHED
