"""What was decided, what had to change and what its author said of it stays as it was, and nothing
is submitted again before the list is answered; raw SQL included."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from engage import drafting
from reviews import required_changes, workflow
from reviews.enums import RemarkKind, ReviewState, Role
from reviews.models import ChangeAnswer, Remark, RequiredChange, Review
from reviews.required_changes import Said
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws

pytestmark = pytest.mark.django_db


def sent_back() -> Review:
    review = cases.review_at(ReviewState.SUBMITTED)
    return workflow.send_back(
        by=cases.person(Role.LEGAL), review_id=review.pk, code="tone", reason="Softer.\nShorter."
    )


def answered(*said: Said) -> Review:
    review = sent_back()
    changes = review.required_changes.values_list("pk", flat=True)
    answers = dict(zip(changes, said or (Said(True, ""), Said(True, "")), strict=True))
    required_changes.answer(by=review.submitted_by, case_id=review.case_id, answers=answers)
    return review


def answer_row(review: Review, **more: object) -> ChangeAnswer:
    """An unsaved answer to the first change."""
    values: dict[str, object] = {
        "id": 9_000_001,
        "change": review.required_changes.all()[0],
        "by": review.submitted_by,
        "done": True,
        "at": timezone.now(),
    }
    return ChangeAnswer(**{**values, **more})


def submitted_again(review: Review) -> str:
    """The review as somebody with a shell puts it there once more."""
    again = Review.objects.get(pk=review.pk)
    again.pk, again.packet = uuid.uuid4(), cases.spare_text(review.packet.key)
    again.state, again.decided_at = ReviewState.SUBMITTED, None
    again.submitted_at = timezone.now()
    return insert(again)


def submitted_with_an_open_list() -> str:
    return submitted_again(sent_back())


def submitted_with_one_change_open() -> str:
    return submitted_again(answered(Said(True, ""), Said(False, "")))


def submitted_after_an_answer_was_taken_back() -> str:
    review = answered()
    run(insert(answer_row(review, done=False)))
    return submitted_again(review)


def answered_after_it_was_submitted_again() -> str:
    review = answered()
    drafting.submit(by=review.submitted_by, draft_id=review.case_id, answers={})
    return insert(answer_row(review, done=False))


def asked_for_later() -> str:
    review = sent_back()
    text = cases.spare_text(review.packet.key)
    return insert(RequiredChange(id=uuid.uuid4(), review=review, number=3, text=text))


def change_reworded() -> str:
    review = sent_back()
    spare = cases.spare_text(review.packet.key)
    return update(review.required_changes.all()[0], text_id=spare.pk)


def change_removed() -> str:
    return delete(sent_back().required_changes.all()[0])


def change_replaced() -> str:
    review = sent_back()
    change = review.required_changes.all()[0]
    change.text = cases.spare_text(review.packet.key)
    return insert(change, replace=True)


def answer_changed() -> str:
    answered()
    return update(ChangeAnswer.objects.all()[0], done=False)


def answer_removed() -> str:
    answered()
    return delete(ChangeAnswer.objects.all()[0])


def decision(kind: RemarkKind) -> str:
    review = cases.review_at(ReviewState.SUBMITTED)
    remark = Remark(
        id=uuid.uuid4(),
        review=review,
        by=cases.person(Role.LEGAL),
        kind=kind,
        body=cases.spare_text(review.packet.key),
        at=timezone.now(),
    )
    return insert(remark)


def sent_back_without_a_code() -> str:
    return decision(RemarkKind.SEND_BACK)


def refused_without_a_code() -> str:
    return decision(RemarkKind.REFUSE)


def withdrawn_without_a_code() -> str:
    return decision(RemarkKind.WITHDRAW)


def code_changed() -> str:
    sent_back()
    return update(Remark.objects.get(), reason_code="safety")


ATTACKS = [
    submitted_with_an_open_list,
    submitted_with_one_change_open,
    submitted_after_an_answer_was_taken_back,
    answered_after_it_was_submitted_again,
    asked_for_later,
    change_reworded,
    change_removed,
    change_replaced,
    answer_changed,
    answer_removed,
    sent_back_without_a_code,
    refused_without_a_code,
    withdrawn_without_a_code,
    code_changed,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_submission_with_an_answered_list_passes() -> None:
    # The negative control: what the laws let pass, and a comment without a code.
    run(submitted_again(answered()))
    run(decision(RemarkKind.COMMENT))
