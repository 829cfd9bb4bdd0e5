"""The API of reviews: the same verbs behind it as behind the pages, and the same masks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from engage import drafting
from reviews import workflow
from reviews.enums import ReviewState, Role, Seat
from reviews.models import Review, User
from reviews.tokens import create_token
from tests import cases

pytestmark = pytest.mark.django_db

NAMED = "My name is Keisha Brandt and I have been spotting for weeks."


def ask(client: Client, by: User, name: str, review: Review | None = None, body: Any = None) -> Any:
    """One request with a token of `by`; a GET without a body."""
    address = reverse(f"api_{name}", args=[review.pk] if review else [])
    headers = {"Authorization": f"Bearer {create_token(by=by, name='test')}"}
    if body is None:
        return client.get(address, headers=headers)
    return client.post(address, json.dumps(body), "application/json", headers=headers)


def test_review_is_signed_twice_and_cleared(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    counsel, officer = cases.person(Role.LEGAL), cases.person(Role.COMPLIANCE)
    seen = ask(client, counsel, "review", review).json()
    assert "dispose" in seen["may"] and seen["why_not_sign"]
    [finding] = [f["id"] for f in seen["findings"] if f["must_be_disposed_of"]]
    said = {"finding": finding, "verdict": "accepted", "reason": "In line with the label."}
    assert ask(client, counsel, "dispose", review, said).status_code == 200
    for who, seat in ((counsel, Seat.LEGAL), (officer, Seat.COMPLIANCE)):
        seen = ask(client, who, "review", review).json()
        assert seen["signing_seats"] == [seat.value] and not seen["why_not_sign"]
        form = {"seat": seat, "password": cases.PASSWORD, "seen": seen["seal"]}
        signed = ask(client, who, "sign", review, form)
        assert signed.status_code == 200
    assert signed.json()["state"] == ReviewState.CLEARED
    assert all(seat["signature"]["meaning"] for seat in signed.json()["seats"])


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"password": "wrong"}, 403),
        ({"seen": "other"}, 409),
        ({"seat": "nowhere"}, 400),
        ({"seat": "legal"}, 403),
    ],
)
def test_signature_that_is_not_right_is_refused(
    client: Client, wrong: dict[str, str], status: int
) -> None:
    review, officer = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.COMPLIANCE)
    seal = ask(client, officer, "review", review).json()["seal"]
    form = {"seat": "compliance", "password": cases.PASSWORD, "seen": seal, **wrong}
    refused = ask(client, officer, "sign", review, form)
    assert refused.status_code == status
    assert Review.objects.get(pk=review.pk).state == ReviewState.SUBMITTED
    assert cases.PASSWORD not in refused.content.decode()


@pytest.mark.parametrize("name", ["send_back", "refuse", "withdraw"])
def test_decision_carries_its_reason(client: Client, name: str) -> None:
    review, officer = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.COMPLIANCE)
    assert ask(client, officer, name, review, {"reason": "Say it plainly."}).status_code == 400
    form = {"code": "tone", "reason": "Say it plainly."}
    done = ask(client, officer, name, review, form).json()
    assert done["remarks"][-1]["body"] == "Say it plainly."
    assert done["remarks"][-1]["by"] == officer.printed_name
    assert "sign" not in done["may"]


def test_claim_assign_and_release(client: Client) -> None:
    review, officer = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.COMPLIANCE)
    counsel = cases.person(Role.LEGAL)
    assert ask(client, officer, "claim", review, {}).status_code == 200
    assert ask(client, officer, "claim", review, {}).status_code == 409
    assert ask(client, officer, "assign", review, {"to": str(counsel.pk)}).status_code == 200
    assert ask(client, officer, "assign", review, {"to": "nobody"}).status_code == 400
    assert set(review.claims.values_list("user", flat=True)) == {officer.pk, counsel.pk}
    assert ask(client, officer, "release", review, {}).status_code == 200


def test_queue_has_the_filters_and_the_pages_of_its_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviews.views.queue.PAGE", 2)
    reviews = [cases.review_at(ReviewState.SUBMITTED) for _ in range(3)]
    officer = cases.person(Role.COMPLIANCE)
    first = ask(client, officer, "reviews").json()
    assert len(first["results"]) == 2 and not first["previous"]
    token = create_token(by=officer, name="test")
    address = f"{reverse('api_reviews')}?{first['next']}"
    second = client.get(address, headers={"Authorization": f"Bearer {token}"}).json()
    found = {row["id"] for row in (*first["results"], *second["results"])}
    assert found == {str(review.pk) for review in reviews}
    assert not second["next"]


def test_no_answer_names_anybody(client: Client) -> None:
    # Law 7: an identifier of the thread leaves as its pseudonym alone.
    author = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=author, post_id=cases.post(NAMED).pk)
    drafting.save(by=author, draft_id=draft.pk, body=cases.CLEAN)
    review = drafting.submit(by=author, draft_id=draft.pk, answers={})
    officer = cases.person(Role.COMPLIANCE)
    for name in ("review", "confirm", "reviews"):
        answer = ask(client, officer, name, None if name == "reviews" else review)
        assert answer.status_code == 200
        assert "Keisha" not in answer.content.decode()
    assert "[Name 1]" in ask(client, officer, "review", review).content.decode()


def test_confirmation_stands_for_what_moved(client: Client) -> None:
    review = cases.review_at(ReviewState.CLEARED)
    workflow.suspend(review_id=review.pk, why="answered_post_edited")
    for signer in cases.signers(review):
        moved = ask(client, signer, "confirm", review).json()
        form = {"password": cases.PASSWORD, "seen": moved["seen"]}
        confirmed = ask(client, signer, "confirm", review, form)
        assert confirmed.status_code == 200
    assert confirmed.json()["state"] == ReviewState.CLEARED


def test_safety_officer_withdraws_without_reading(client: Client) -> None:
    review, officer = cases.review_at(ReviewState.CLEARED), cases.person(Role.SAFETY)
    assert ask(client, officer, "review", review).status_code == 403
    done = ask(client, officer, "withdraw", review, {"code": "safety", "reason": "A risk."})
    assert done.json() == {"id": str(review.pk), "state": ReviewState.WITHDRAWN}


def test_session_needs_the_token_of_its_forms() -> None:
    # Another site could send a form with the cookie; a JSON answer must not make that a way in.
    client = Client(enforce_csrf_checks=True)
    review, officer = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.COMPLIANCE)
    client.force_login(officer)
    address = reverse("api_claim", args=[review.pk])
    assert client.post(address, "{}", "application/json").status_code == 403


def test_unknown_review_is_not_found(client: Client) -> None:
    review, officer = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.COMPLIANCE)
    for name, body in (("review", None), ("claim", {}), ("remark", {"body": "Hello."})):
        gone = Review(pk=review.case_id)
        assert ask(client, officer, name, gone, body).status_code == 404
