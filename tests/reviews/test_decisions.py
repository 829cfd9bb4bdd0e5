"""Decisions: a code beside the words, and a list of what must change that its author answers."""

from __future__ import annotations

from uuid import UUID

import pytest

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed
from compliance.models import Event
from compliance.rules import RuleProfile
from compliance.rules.house_reason import HouseReason
from engage import drafting
from reviews import clearance, reasons, required_changes, workflow
from reviews.enums import ReasonCode, ReviewState, Role
from reviews.exceptions import GateClosed
from reviews.models import ChangeAnswer, Remark, RequiredChange, Review
from reviews.required_changes import Said
from tests import cases
from tests.laws.attacks import run, update, without_laws

pytestmark = pytest.mark.django_db

LIST = "Name the source.\n\n  Say it without the comparison. \n"
HOUSE = HouseReason("SOP-12", "Against our own procedure 12")


def sent_back(reason: str = LIST) -> Review:
    review = cases.review_at(ReviewState.SUBMITTED)
    return workflow.send_back(
        by=cases.person(Role.LEGAL), review_id=review.pk, code="missing_evidence", reason=reason
    )


def answer(review: Review, *said: Said) -> None:
    changes = review.required_changes.values_list("pk", flat=True)
    required_changes.answer(
        by=review.submitted_by,
        case_id=review.case_id,
        answers=dict(zip(changes, said, strict=True)),
    )


def submit(review: Review) -> Review:
    return drafting.submit(by=review.submitted_by, draft_id=review.case_id, answers={})


DONE, OPEN = Said(True, ""), Said(False, "")
WHY = Said(False, "It is on the label.")


def test_each_line_is_a_required_change() -> None:
    entries = required_changes.waiting(sent_back().case_id)
    assert [entry.words for entry in entries] == [
        "Name the source.",
        "Say it without the comparison.",
    ]
    assert [entry.answer for entry in entries] == [None, None]


def test_too_many_changes_are_refused_and_nothing_is_sent_back() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    with pytest.raises(BadInput, match="At most 20"):
        workflow.send_back(
            by=cases.person(Role.LEGAL), review_id=review.pk, code="tone", reason="x\n" * 21
        )
    review.refresh_from_db()
    assert review.state == ReviewState.SUBMITTED and not RequiredChange.objects.exists()


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ([OPEN, OPEN], "changes 1, 2"),
        ([DONE, OPEN], "change 2"),
        ([WHY, OPEN], "change 2"),
        ([DONE, WHY], ""),
        ([WHY, DONE], ""),
    ],
)
def test_reply_is_submitted_again_once_each_change_is_answered(
    said: list[Said], missing: str
) -> None:
    review = sent_back()
    answer(review, *said)
    if missing:
        with pytest.raises(GateClosed, match=missing):
            submit(review)
    else:
        assert submit(review).state == ReviewState.SUBMITTED


def test_answer_can_be_taken_back() -> None:
    review = sent_back()
    answer(review, DONE, WHY)
    answer(review, OPEN, WHY)
    with pytest.raises(GateClosed, match="change 1"):
        submit(review)


def test_same_answer_is_kept_once() -> None:
    review = sent_back()
    answer(review, DONE, WHY)
    answer(review, DONE, WHY)
    assert ChangeAnswer.objects.count() == 2
    assert Event.objects.filter(kind="changes_answered").count() == 1


def test_next_reviewers_sign_over_the_list_and_its_answers() -> None:
    review = sent_back()
    answer(review, DONE, WHY)
    again = submit(review)
    shown = required_changes.before(again)
    assert [(entry.said, bool(entry.answer)) for entry in shown] == [(DONE, True), (WHY, True)]
    seal = clearance.seal_digest(again)
    with without_laws():
        run(update(ChangeAnswer.objects.latest("id"), done=True))
        assert clearance.seal_digest(again) != seal


def test_list_of_a_reply_that_was_withdrawn_meanwhile_is_still_shown() -> None:
    review = sent_back()
    answer(review, DONE, DONE)
    again = submit(review)
    workflow.withdraw(
        by=review.submitted_by, review_id=again.pk, code="no_longer_needed", reason="One moment."
    )
    assert required_changes.waiting(review.case_id) == []
    assert len(required_changes.before(submit(review))) == 2


def test_first_submission_has_no_list() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    assert required_changes.before(review) == [] == required_changes.waiting(review.case_id)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CLINICIAN])
def test_answers_are_for_those_who_write(role: Role) -> None:
    with pytest.raises(NotAllowed):
        required_changes.answer(
            by=cases.person(role), case_id=sent_back().case_id, answers={UUID(int=0): DONE}
        )


def test_answer_longer_than_the_record_takes_is_refused() -> None:
    with pytest.raises(BadInput, match="2000"):
        answer(sent_back(), DONE, Said(False, "x" * 2001))


@pytest.mark.parametrize("verb", [workflow.send_back, workflow.refuse, workflow.withdraw])
@pytest.mark.parametrize("code", ["", "nonsense", "SOP-12", *ReasonCode.values])
def test_decision_takes_a_code_that_exists(verb, code: str) -> None:  # type: ignore[no-untyped-def]
    review = cases.review_at(ReviewState.SUBMITTED)
    decide = {"by": cases.person(Role.LEGAL), "review_id": review.pk, "reason": "Because."}
    if code in ReasonCode.values:
        verb(code=code, **decide)
        remark = Remark.objects.get()
        assert remark.reason_code == code and remark.reason_label == ReasonCode(code).label
        assert Event.objects.latest("id").facts["code"] == code
    else:
        with pytest.raises(BadInput, match="kind of reason"):
            verb(code=code, **decide)


def test_code_of_the_house_counts_in_its_community_and_keeps_what_it_said() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    here = cases.newest_version(review).draft.thread.community
    cases.profile_version(RuleProfile(reasons=(HOUSE,)), here=here)
    workflow.refuse(
        by=cases.person(Role.LEGAL), review_id=review.pk, code=HOUSE.code, reason="Because."
    )
    cases.profile_version(RuleProfile(), here=here)
    remark = Remark.objects.get()
    assert (remark.reason_code, remark.reason_label) == (HOUSE.code, HOUSE.label)
    assert (HOUSE.code, HOUSE.label) not in reasons.choices_for(review)


def test_reply_can_be_withdrawn_although_the_profile_was_damaged() -> None:
    review = cases.review_at(ReviewState.CLEARED)
    here = cases.newest_version(review).draft.thread.community
    held = cases.profile_version(RuleProfile(reasons=(HOUSE,)), here=here)
    with without_laws():
        run(update(held, digest="0" * 64))
    gone = workflow.withdraw(
        by=cases.person(Role.SAFETY), review_id=review.pk, code="safety", reason="At once."
    )
    assert gone.state == ReviewState.WITHDRAWN


def test_words_are_sealed_and_not_in_the_ledger() -> None:
    review = sent_back("Quetzalwords must go.")
    answer(review, Said(False, "Quetzalanswer."))
    facts = str(list(Event.objects.values_list("facts", flat=True)))
    assert "uetzal" not in facts
    change, given = RequiredChange.objects.get(), ChangeAnswer.objects.get()
    assert given.words is not None
    assert change.text.key_id == given.words.key_id == review.packet.key_id
    assert vault.unseal(given.words) == "Quetzalanswer."
