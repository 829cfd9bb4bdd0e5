"""The seats of a review on its pages: who signed, whose turn it is, and why somebody is asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance.rules import Route
from engage.models import Draft
from reviews.enums import ReviewState, Role, Seat
from reviews.models import Review, RoleGrant, User
from tests import cases

pytestmark = pytest.mark.django_db

ROUTE = Route("compliance_first", ("CLM-PROVEN",), ("needs_legal",))


@pytest.fixture
def review() -> Review:
    submitted = cases.review_at(ReviewState.SUBMITTED, flagged=True, route=ROUTE)
    cases.dispose_all(submitted)
    return submitted


def open_page(client: Client, review: Review, by: User) -> Any:
    client.force_login(by)
    return client.get(reverse("review", args=[review.pk]))


def sign(client: Client, review: Review, seat: Seat) -> str:
    page = open_page(client, review, cases.person(seat.role))
    fields = {"seat": seat, "password": cases.PASSWORD, "seen": page.context["seal"]}
    answer = client.post(reverse("sign", args=[review.pk]), fields, follow=True)
    return str(answer.content.decode())


def test_everybody_signs_on_the_page_in_turn(client: Client, review: Review) -> None:
    page = sign(client, review, Seat.MEDICAL)
    assert "3 more signatures are needed: compliance, legal and second legal." in page
    assert "Asked for here because of CLM-PROVEN (" in page
    sign(client, review, Seat.COMPLIANCE)
    page = sign(client, review, Seat.LEGAL)
    assert "One more signature is needed: second legal." in page
    page = sign(client, review, Seat.SECOND_LEGAL)
    assert "the reply is cleared" in page
    assert "as a medical peer" in page and "as a second legal counsel" in page


def test_seat_that_is_not_due_says_who_is_first(client: Client, review: Review) -> None:
    page = open_page(client, review, cases.person(Role.LEGAL)).content.decode()
    assert "first by compliance and medical review" in page
    assert "Your password" not in page
    assert page.count(">next</span>") == 2 and page.count(">later</span>") == 2


def test_medical_reviewer_who_is_not_asked_may_comment_alone(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    page = open_page(client, review, cases.person(Role.MEDICAL)).content.decode()
    assert "No signature as medical reviewer is asked for here" in page
    assert "Send back for changes" not in page and "it stays in the record" in page


def test_person_with_two_roles_chooses_and_signs_once(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED, route=Route(medical_for=("every_reply",)))
    both = cases.person(Role.LEGAL)
    RoleGrant.objects.create(user=both, role=Role.MEDICAL)
    page = open_page(client, review, both).content.decode()
    assert 'value="legal" required' in page and 'value="medical" required' in page
    assert "Asked for here because of every reply" in page


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role.COMPLIANCE, "Your signature is wanted"),
        (Role.MEDICAL, "Your signature is wanted"),
        (Role.LEGAL, "Look at its findings. Yours comes after compliance and medical review"),
        (Role.AUDITOR, "Waits for somebody else"),
    ],
)
def test_queue_says_whose_turn_it_is(
    client: Client, review: Review, role: Role, words: str
) -> None:
    client.force_login(cases.person(role))
    page = client.get(reverse("queue")).content.decode()
    assert words in page and "Second legal not signed" in page


def test_author_is_told_who_has_it(client: Client) -> None:
    draft = cases.draft()
    cases.routed(Route("legal_first", ("every_reply",)), draft.thread.community)
    client.force_login(Draft.objects.get(pk=draft.pk).started_by)
    fields = {"body": cases.CLEAN, "submit": "1"}
    page = client.post(reverse("draft", args=[draft.pk]), fields, follow=True).content.decode()
    assert "Submitted. Legal and medical review have it now, then compliance." in page


def test_every_signature_is_shown_where_the_reply_is(client: Client) -> None:
    cases.review_at(ReviewState.CLEARED, flagged=True, route=ROUTE)
    review = Review.objects.get()
    client.force_login(cases.person(Role.AUDITOR))
    page = client.get(reverse("case", args=[review.case_id])).content.decode()
    for signature in review.signatures:
        assert signature.printed_name in page and signature.meaning in page
    assert len(review.signatures) == 4
