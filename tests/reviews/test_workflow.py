"""Every transition times every actor, generated from the enums: a new state fails until it has a
place in the table."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from compliance.exceptions import BadInput, NotAllowed, Refusal
from reviews import permissions, required_changes, workflow
from reviews.enums import Action, ReviewState, Role, Seat, Verdict
from reviews.exceptions import GateClosed, NotFresh, WrongState
from reviews.freshness import Proof
from reviews.management.commands.workflow_diagram import document
from reviews.models import Review, RoleGrant, User
from reviews.permissions import PERMISSIONS, Permission
from reviews.policy import TRANSITIONS
from reviews.required_changes import Said
from tests import cases

pytestmark = pytest.mark.django_db

BY_PEOPLE = {
    Action.SIGN: Permission.SIGN,
    Action.SEND_BACK: Permission.DECIDE,
    Action.REFUSE: Permission.DECIDE,
    Action.WITHDRAW: Permission.WITHDRAW,
    Action.CONFIRM: Permission.SIGN,
}


def act(action: Action, review: Review, by: User) -> None:
    if action == Action.SIGN:
        held = (seat for seat in Seat if seat.role in by.roles)
        cases.sign(review, next(held, Seat.LEGAL), by=by)
        return
    if action == Action.CONFIRM:
        cases.confirm(review, by)
        return
    verbs: dict[Action, Any] = {
        Action.SEND_BACK: workflow.send_back,
        Action.REFUSE: workflow.refuse,
        Action.WITHDRAW: workflow.withdraw,
    }
    verbs[action](by=by, review_id=review.pk, code="other", reason="Because.")


@pytest.mark.parametrize("state", ReviewState)
def test_transition(state: ReviewState) -> None:
    review = cases.review_at(state)
    people = {role: cases.person(role) for role in Role}
    wrong = []
    for action, role in product(BY_PEOPLE, Role):
        with cases.undone():
            after = after_by(action, state, role)
            try:
                act(action, review, people[role])
                came_to = Review.objects.get(pk=review.pk).state
            except Refusal:
                came_to = None
                assert Review.objects.get(pk=review.pk).state == state
            if came_to != after:
                wrong.append((action, role, came_to, after))
    assert not wrong


def after_by(action: Action, state: ReviewState, role: Role) -> ReviewState | None:
    """Where an action by somebody new leads; None if it is refused."""
    if role not in PERMISSIONS[BY_PEOPLE[action]]:
        return None
    if action == Action.WITHDRAW and role == Role.CLINICIAN:
        return None  # clinicians withdraw what they wrote, and nothing else
    if role == Role.MEDICAL:
        return None  # no medical review is asked for
    if action == Action.CONFIRM:
        return None  # only those who signed do; theirs is the test after this one
    if action == Action.SIGN and state == ReviewState.IN_REVIEW:
        if role == Role.COMPLIANCE:
            return None  # that signature is there already
        return ReviewState.CLEARED  # by the last one that was wanted
    return TRANSITIONS[action].get(state)


@pytest.mark.parametrize("state", ReviewState)
def test_confirm_by_those_who_signed(state: ReviewState) -> None:
    review = cases.review_at(state)
    for by in cases.signers(review):
        assert permissions.can_confirm(by, review) == (state in TRANSITIONS[Action.CONFIRM])
        if state in TRANSITIONS[Action.CONFIRM]:
            act(Action.CONFIRM, review, by)
        else:
            with pytest.raises(WrongState):
                act(Action.CONFIRM, review, by)
    after = TRANSITIONS[Action.CONFIRM].get(state, state)
    assert Review.objects.get(pk=review.pk).state == after


@pytest.mark.parametrize("state", ReviewState)
def test_withdraw_by_the_author(state: ReviewState) -> None:
    review = cases.review_at(state)
    if state in TRANSITIONS[Action.WITHDRAW]:
        act(Action.WITHDRAW, review, review.submitted_by)
        assert Review.objects.get(pk=review.pk).state == ReviewState.WITHDRAWN
    else:
        with pytest.raises(WrongState):
            act(Action.WITHDRAW, review, review.submitted_by)


@pytest.mark.parametrize("state", ReviewState)
def test_button_and_endpoint_agree(state: ReviewState) -> None:
    review = cases.review_at(state)
    for by in [cases.person(role) for role in Role]:
        offered = {
            Action.SIGN: permissions.can_sign(by, review),
            Action.SEND_BACK: permissions.can_decide(by, review, Action.SEND_BACK),
            Action.WITHDRAW: permissions.can_withdraw(by, review),
            Action.CONFIRM: permissions.can_confirm(by, review),
        }
        for action in (action for action, shown in offered.items() if not shown):
            copy = Review.objects.get(pk=review.pk)
            with pytest.raises(Refusal):
                act(action, copy, by)


def test_transitions_and_the_database_agree() -> None:
    import importlib

    moves = importlib.import_module("reviews.migrations.0012_confirmations").MOVES
    table = {(a.value, b.value) for ways in TRANSITIONS.values() for a, b in ways.items()}
    assert set(moves) == {(a, b) for a, b in table if a != b}


def test_every_action_is_somebodys() -> None:
    by_the_service = {Action.CLEAR, Action.SUSPEND, Action.EXPIRE, Action.PUBLISH}
    assert set(Action) == set(BY_PEOPLE) | by_the_service == set(TRANSITIONS)


def test_every_permission_has_a_row() -> None:
    assert set(PERMISSIONS) == set(Permission)


def test_workflow_document_is_up_to_date() -> None:
    path = Path(settings.BASE_DIR) / "docs" / "workflow.md"
    assert path.read_text() == document(), "run `manage.py workflow_diagram`"


def test_sign_with_a_wrong_password_is_refused() -> None:
    review, by = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.LEGAL)
    with pytest.raises(NotFresh):
        workflow.sign(by=by, review_id=review.pk, seat=Seat.LEGAL, proof=Proof("guess"), seen="")


def test_whoever_may_never_sign_is_told_which_roles_it_takes() -> None:
    review, clinician = cases.review_at(ReviewState.CLEARED), cases.person(Role.CLINICIAN)
    for check, what, given in (
        (permissions.check_may_sign, "sign", (review, Seat.LEGAL)),
        (permissions.check_may_confirm, "sign", (review,)),
        (permissions.check_may_claim, "claim or assign reviews", (review,)),
        (permissions.check_may_assign, "claim or assign reviews", (review,)),
    ):
        with pytest.raises(NotAllowed, match=f"{what}: that takes the role compliance officer or"):
            check(clinician, *given)


def test_author_is_told_that_they_wrote_it() -> None:
    review = cases.review_at(ReviewState.CLEARED)
    RoleGrant.objects.create(user=review.submitted_by, role=Role.LEGAL)
    author = User.objects.get(pk=review.submitted_by_id)
    for check in (permissions.check_may_confirm, permissions.check_may_assign):
        with pytest.raises(NotAllowed, match="You wrote a version"):
            check(author, review)


def test_sign_keeps_printed_name_time_and_meaning() -> None:
    review = cases.review_at(ReviewState.CLEARED)
    for sign_off in review.sign_offs.all():
        assert sign_off.printed_name and sign_off.meaning and sign_off.signed_at.tzinfo


def test_sign_with_an_undisposed_finding_is_refused() -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    with pytest.raises(GateClosed, match="without a disposition"):
        cases.sign(review, Role.COMPLIANCE)


def test_sign_when_a_finding_is_valid_is_refused() -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    counsel = cases.person(Role.LEGAL)
    for finding in review.scan.findings.all():
        workflow.dispose(
            by=counsel,
            review_id=review.pk,
            finding_id=finding.pk,
            verdict=Verdict.VALID,
            reason="It is a comparison.",
        )
    with pytest.raises(GateClosed, match="valid"):
        cases.sign(review, Role.COMPLIANCE)


def test_needs_legal_finding_disposed_by_compliance_does_not_count() -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    officer = cases.person(Role.COMPLIANCE)
    for finding in review.scan.findings.all():
        workflow.dispose(
            by=officer,
            review_id=review.pk,
            finding_id=finding.pk,
            verdict=Verdict.ACCEPTED,
            reason="Fine.",
        )
    with pytest.raises(GateClosed, match="legal counsel"):
        cases.sign(review, Role.COMPLIANCE)


def test_dispose_by_the_author_is_refused() -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    with pytest.raises(NotAllowed):
        workflow.dispose(
            by=review.submitted_by,
            review_id=review.pk,
            finding_id=review.scan.findings.all()[0].pk,
            verdict=Verdict.FALSE_ALARM,
            reason="I say so.",
        )


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001])
def test_decision_without_a_proper_reason_is_refused(reason: str) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    with pytest.raises(BadInput):
        workflow.refuse(
            by=cases.person(Role.LEGAL), review_id=review.pk, code="other", reason=reason
        )


def test_draft_sent_back_can_be_changed_and_submitted_again() -> None:
    from engage import drafting

    review = cases.review_at(ReviewState.SENT_BACK)
    author = review.submitted_by
    done = {change.pk: Said(True, "") for change in review.required_changes.all()}
    required_changes.answer(by=author, case_id=review.case_id, answers=done)
    drafting.save(by=author, draft_id=review.case_id, body=cases.CLEAN + " For most people.")
    again = drafting.submit(by=author, draft_id=review.case_id, answers={})
    assert again.pk != review.pk and again.state == ReviewState.SUBMITTED
