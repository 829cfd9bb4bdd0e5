"""Second looks and golden cases as people meet them: blind until they answered, told afterwards."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from compliance import vault
from reviews import second_looks, workflow
from reviews.enums import Opinion, ReviewState, Role, Verdict
from reviews.models import GoldenCase, Review, SecondLook, Sight
from tests import cases

pytestmark = pytest.mark.django_db

# What the first reviewers said, in words that are nowhere else.
WHY, REMARK, VERDICT = "canary-decision", "canary-remark", "canary-verdict"


NAMES = ("Edda", "Odile")  # of the two


def a_refused_reply() -> Review:
    """Refused by compliance after counsel disposed of its finding and both had their say."""
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    counsel, officer = cases.person(Role.LEGAL), cases.person(Role.COMPLIANCE)
    for name, person in zip(NAMES, (counsel, officer), strict=True):
        person.first_name = name
        person.save(update_fields=["first_name"])
    for finding in review.scan.findings.all():
        workflow.dispose(
            by=counsel, review_id=review.pk, finding_id=finding.pk, verdict=Verdict.ACCEPTED,
            reason=VERDICT,
        )  # fmt: skip
    workflow.remark(by=officer, review_id=review.pk, body=REMARK)
    workflow.refuse(by=officer, review_id=review.pk, code="privacy", reason=WHY)
    return Review.objects.get(pk=review.pk)


@pytest.fixture
def look() -> SecondLook:
    review = a_refused_reply()
    first, opinion = second_looks.first_opinions(review)[Role.COMPLIANCE]
    return SecondLook.objects.create(
        review=review, user=cases.person(Role.COMPLIANCE), role=Role.COMPLIANCE, first=first,
        first_opinion=opinion,
    )  # fmt: skip


def form(look: SecondLook, **fields: str) -> dict[str, str]:
    verdicts = {f"verdict-{finding.pk}": "valid" for finding in second_looks.wanted(look)}
    return {**verdicts, "opinion": "send_back", "reason": "It says too much.", **fields}


def test_look_is_blind_until_it_is_answered(client: Client, look: SecondLook) -> None:
    client.force_login(look.user)
    assert look.first
    told = [WHY, REMARK, VERDICT, *NAMES, "Refused", "Privacy", str(look.review_id)]
    for address in (reverse("second_look", args=[look.pk]), reverse("quality"), reverse("notices")):
        page = client.get(address).content.decode()
        assert [words for words in told if words in page] == []
    page = client.get(reverse("second_look", args=[look.pk])).content.decode()
    assert "Studies show" in page and "CLM-PROVEN" in page  # the reply and what was found are there

    answered = client.post(reverse("answer_look", args=[look.pk]), form(look), follow=True)
    page = answered.content.decode()
    assert f"{look.first.printed_name} decided otherwise" in page and "refuse it" in page
    assert "Valid: must be changed; before: Accepted with reason" in page


def test_those_tests_of_blindness_would_see_it(client: Client, look: SecondLook) -> None:
    # The negative control: the review's own page says all of it.
    client.force_login(look.user)
    page = client.get(reverse("review", args=[look.review_id])).content.decode()
    assert all(words in page for words in (WHY, REMARK, VERDICT, *NAMES))


def test_refused_form_gives_back_what_was_typed(client: Client, look: SecondLook) -> None:
    client.force_login(look.user)
    answer = client.post(reverse("answer_look", args=[look.pk]), form(look, opinion="sign"))
    page = answer.content.decode()
    assert answer.status_code == 400 and "A text with a valid finding" in page
    assert "It says too much." in page and 'value="valid" required checked' in page
    assert WHY not in page
    look.refresh_from_db()
    assert look.closed_at is None


def test_only_who_was_asked_reads_it_and_overseers_once_it_is_answered(
    client: Client, look: SecondLook
) -> None:
    address = reverse("second_look", args=[look.pk])
    others = [cases.person(role) for role in (Role.COMPLIANCE, Role.AUDITOR, Role.LEGAL)]
    for other in others:
        client.force_login(other)
        assert client.get(address).status_code == 403
    client.force_login(look.user)
    client.post(reverse("answer_look", args=[look.pk]), form(look))
    for other, status in zip(others, (200, 200, 403), strict=True):
        client.force_login(other)
        assert client.get(address).status_code == status


def test_one_that_is_put_aside_says_nothing_of_what_was_decided(
    client: Client, look: SecondLook
) -> None:
    client.force_login(look.user)
    page = client.post(reverse("put_aside_look", args=[look.pk]), follow=True).content.decode()
    assert "Put aside" in page
    page = client.get(reverse("second_look", args=[look.pk])).content.decode()
    assert "without an opinion" in page and WHY not in page


def test_erased_thread_leaves_a_page_that_says_so(client: Client, look: SecondLook) -> None:
    vault.destroy_key(look.review.packet.key, by="system")
    client.force_login(look.user)
    assert client.get(reverse("second_look", args=[look.pk])).status_code == 410
    client.post(reverse("put_aside_look", args=[look.pk]))
    look.refresh_from_db()
    assert look.closed_at


def test_queue_says_that_one_waits_and_leads_on_to_it(client: Client) -> None:
    look = cases.second_look()
    client.force_login(look.user)
    page = client.get(reverse("queue")).content.decode()
    assert "1 second look waits for you" in page
    review = cases.review_at(ReviewState.SUBMITTED)
    for other in Review.objects.exclude(pk=review.pk).filter(state=ReviewState.SUBMITTED):
        cases.sign(other, Role.LEGAL)
    answer = client.post(
        reverse("refuse", args=[review.pk]),
        {"code": "other", "reason": "No.", "then": "next"},
        follow=True,
    )
    assert answer.redirect_chain[-1][0] == reverse("second_look", args=[look.pk])


def test_golden_case_from_its_proposal_to_what_a_reviewer_is_told(client: Client) -> None:
    review = a_refused_reply()
    officer, counsel, tested = (
        cases.person(role) for role in (Role.COMPLIANCE, Role.LEGAL, Role.LEGAL)
    )
    client.force_login(officer)
    page = client.get(reverse("review", args=[review.pk])).content.decode()
    assert "make it a golden case" in page
    address = reverse("propose_golden", args=[review.pk])
    assert WHY not in client.get(address).content.decode()
    verdicts = {f"verdict-{f.pk}": "valid" for f in review.scan.findings.all()}
    refused = client.post(address, {**verdicts, "opinion": "refuse", "why": " "})
    assert refused.status_code == 400 and "Please write why" in refused.content.decode()
    page = client.post(
        address, {**verdicts, "opinion": "refuse", "why": "It compares drugs."}, follow=True
    ).content.decode()
    assert "somebody else must approve it" in page
    case = GoldenCase.objects.get()
    assert client.get(address).status_code == 409  # it is one already

    client.force_login(counsel)
    assert (
        "It compares drugs." in client.get(reverse("golden_case", args=[case.pk])).content.decode()
    )
    assert Sight.objects.filter(review=review, user=counsel).exists()  # so it is not given to them
    client.post(reverse("approve_golden", args=[case.pk]))
    case.refresh_from_db()
    assert case.in_use

    look = SecondLook.objects.create(review=review, golden_case=case, user=tested, role=Role.LEGAL)
    client.force_login(tested)
    before = client.get(reverse("second_look", args=[look.pk])).content.decode()
    assert "olden" not in before and "It compares drugs." not in before
    page = client.post(
        reverse("answer_look", args=[look.pk]), form(look, opinion="refuse"), follow=True
    ).content.decode()
    assert "That is right." in page and "It compares drugs." in page


def test_page_of_reviewers_shows_figures_and_doubts(client: Client) -> None:
    look = cases.second_look()
    second_looks.answer(
        by=look.user, look_id=look.pk, opinion=Opinion.REFUSE, verdicts={}, reason="No."
    )
    client.force_login(cases.person(Role.AUDITOR))
    page = client.get(reverse("quality")).content.decode()
    assert "0 of 1 the same" in page and "would not have signed" in page
    client.force_login(cases.person(Role.LEGAL))
    page = client.get(reverse("quality")).content.decode()
    assert "Your figures" in page and "0 of 1" not in page
