"""Every verb, ready to be done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings

from compliance.rules import Route
from engage import drafting, intake, no_replies, publishing, stops
from reviews import (
    absences,
    claims,
    corrections,
    examples,
    recalls,
    reminders,
    required_changes,
    reveal,
    safety,
    workflow,
)
from reviews.enums import ReviewState, Role, SafetyOutcome, Seat, Stage, Verdict
from reviews.models import (
    SafetyCase,
)
from reviews.required_changes import Said
from tests import cases

pytestmark = pytest.mark.django_db

Verb = Callable[[], Any]


def _receive() -> Verb:
    return partial(intake.receive, cases.community(), [cases.item("Hello.")], by="system")


def _start() -> Verb:
    return partial(drafting.start, by=cases.person(Role.CLINICIAN), post_id=cases.post().pk)


def _decide_not_to_reply() -> Verb:
    post, by = cases.post(), cases.person(Role.CLINICIAN)
    return partial(no_replies.decide, by=by, post_id=post.pk, reason="late", note="Long ago.")


def _reverse() -> Verb:
    post, by = cases.post(), cases.person(Role.CLINICIAN)
    no_replies.decide(by=by, post_id=post.pk, reason="late")
    return partial(drafting.start, by=by, post_id=post.pk)


def _save() -> Verb:
    draft = cases.draft()
    return partial(drafting.save, by=draft.started_by, draft_id=draft.pk, body="Something new.")


def _submit() -> Verb:
    draft = cases.draft()
    return partial(drafting.submit, by=draft.started_by, draft_id=draft.pk, answers={})


def _dispose() -> Verb:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    return partial(
        workflow.dispose,
        by=cases.person(Role.LEGAL),
        review_id=review.pk,
        finding_id=review.scan.findings.all()[0].pk,
        verdict=Verdict.ACCEPTED,
        reason="Fine.",
    )


def _remark() -> Verb:
    review = cases.review_at(ReviewState.SUBMITTED)
    person = cases.person(Role.LEGAL)
    return partial(workflow.remark, by=person, review_id=review.pk, body="Why?")


def _sign() -> Verb:
    review, counsel = cases.review_at(ReviewState.IN_REVIEW), cases.person(Role.LEGAL)
    return partial(cases.sign, review, Role.LEGAL, by=counsel)


def _decision(verb: Callable[..., Any]) -> Verb:
    review = cases.review_at(ReviewState.SUBMITTED)
    person = cases.person(Role.LEGAL)
    return partial(verb, by=person, review_id=review.pk, code="other", reason="No.")


def _answer_changes() -> Verb:
    review = cases.review_at(ReviewState.SENT_BACK)
    said = {change.pk: Said(True, "") for change in review.required_changes.all()}
    by, case_id = review.submitted_by, review.case_id
    return partial(required_changes.answer, by=by, case_id=case_id, answers=said)


def _sign_further() -> Verb:
    route = Route(medical_for=("every_reply",))
    review = cases.review_at(ReviewState.SUBMITTED, route=route)
    return partial(cases.sign, review, Seat.MEDICAL, by=cases.person(Role.MEDICAL))


def _suspend() -> Verb:
    review = cases.review_at(ReviewState.CLEARED)
    return partial(workflow.suspend, review_id=review.pk, why="thread_locked")


def _confirm() -> Verb:
    review = cases.review_at(ReviewState.SUSPENDED)
    return partial(cases.confirm, review, cases.signers(review)[0])


def _queue() -> Verb:
    return partial(publishing.queue, review_id=cases.review_at(ReviewState.CLEARED).pk)


def _reveal() -> Verb:
    post = cases.post("My name is Keisha Brandt and I have a question.")
    text = post.revisions.get().text
    finding = next(f for f in text.scan.findings.all() if f.entity)
    return partial(
        reveal.reveal,
        by=cases.person(Role.LEGAL),
        text_id=text.pk,
        finding_id=finding.pk,
        reason="To check.",
    )


def _dispose_safety() -> Verb:
    cases.post("I can't do another day of this, nobody would miss me.")
    case = SafetyCase.objects.all()[0]
    return partial(
        safety.dispose,
        by=cases.person(Role.SAFETY),
        case_id=case.pk,
        outcome=SafetyOutcome.FORWARDED,
        reason="Called.",
    )


def _signal() -> SafetyCase:
    return cases.signals("AE-POSSIBLE", "The patch gave me a blood clot.")[0]


def _correct_facts() -> Verb:
    return partial(
        safety.correct,
        by=cases.person(Role.SAFETY),
        case_id=_signal().pk,
        seen=1,
        serious=False,
        struck=[0],
        reason="Another patch.",
    )


def _hand_off() -> Verb:
    return partial(
        safety.hand_off,
        by=cases.person(Role.SAFETY),
        case_id=_signal().pk,
        recipient="Argus",
        reference="",
    )


def _record_help() -> Verb:
    (case,) = cases.signals("SAFE-CRISIS", "I can't do another day of this, nobody would miss me.")
    return partial(
        safety.record_help, by=cases.person(Role.SAFETY), case_id=case.pk, how="By a message."
    )


def _record_signpost() -> Verb:
    (case,) = cases.signals("SAFE-CRISIS", "I can't do another day of this, nobody would miss me.")
    return partial(safety.record_signpost, thread_id=case.thread_id, publication_id=uuid4())


def _dispose_duplicate() -> Verb:
    where, text = cases.community(), "The patch gave me a blood clot."
    first, second = cases.signals("AE-POSSIBLE", text, f"{text} Again.", where=where)
    return partial(
        safety.dispose,
        by=cases.person(Role.SAFETY),
        case_id=first.pk,
        outcome=SafetyOutcome.DUPLICATE,
        reason="The same person.",
        duplicate_of=second.pk,
    )


def _mark_false() -> Verb:
    text = cases.post("My name is Keisha Brandt and I have a question.").revisions.get().text
    return partial(
        corrections.mark_false,
        by=cases.person(Role.LEGAL),
        text_id=text.pk,
        finding_id=next(f for f in text.scan.findings.all() if f.entity).pk,
        everywhere=True,
    )


def _mark_missed() -> Verb:
    return partial(
        corrections.mark_missed,
        by=cases.person(Role.LEGAL),
        text_id=cases.post("I have been spotting.").revisions.get().text_id,
        words="spotting",
        kind="OTHER",
        everywhere=True,
    )


def _approve() -> Verb:
    proposal = cases.proposal()
    return partial(corrections.approve, by=cases.person(Role.LEGAL), proposal_id=proposal.pk)


def _decline() -> Verb:
    proposal, by = cases.proposal(), cases.person(Role.LEGAL)
    return partial(corrections.decline, by=by, proposal_id=proposal.pk, reason="A word.")


def _retire() -> Verb:
    entry, by = cases.listed_word(), cases.person(Role.LEGAL)
    return partial(corrections.retire, by=by, entry_id=entry.pk, reason="A word.")


def _export() -> Verb:
    cases.proposal()
    return partial(examples.export, by=cases.person(Role.LEGAL), reason="To train.")


def _stop() -> Verb:
    by = cases.person(Role.COMPLIANCE)
    return partial(stops.stop, by=by, community_id=None, reason="Why.")


def _lift() -> Verb:
    by, standing = cases.person(Role.COMPLIANCE), _stop()()
    return partial(stops.lift, by=by, stop_id=standing.pk, reason="Fine.")


def _claim() -> Verb:
    review = cases.review_at(ReviewState.SUBMITTED)
    return partial(claims.claim, by=cases.person(Role.LEGAL), review_id=review.pk)


def _release() -> Verb:
    take = _claim()
    claim = take()
    return partial(claims.release, by=claim.user, review_id=claim.review_id)


def _assign() -> Verb:
    review, to = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.LEGAL)
    by = cases.person(Role.COMPLIANCE)
    return partial(claims.assign, by=by, review_id=review.pk, to=to.pk)


def _end_claims() -> Verb:
    with override_settings(CLAIM_MINUTES=-1):
        _claim()()
    return claims.end_over


def _enter_absence() -> Verb:
    return partial(cases.absence, cases.person(Role.LEGAL), cases.person(Role.LEGAL))


def _end_absence() -> Verb:
    who = cases.person(Role.LEGAL)
    return partial(absences.end, by=who, absence_id=cases.absence(who).pk)


def _remind() -> Verb:
    review = cases.review_at(ReviewState.SUBMITTED)
    return partial(reminders._remind, review.pk, Stage.OVERDUE)


def _recall() -> Verb:
    cases.citing_review_at(ReviewState.CLEARED)
    return partial(cases.recall, by=cases.person(Role.LEGAL))


def _lift_recall() -> Verb:
    recall, by = cases.recall(), cases.person(Role.LEGAL)
    return partial(recalls.lift, by=by, recall_id=recall.pk, why="A mistake.")


def _open_relook() -> Verb:
    return partial(cases.relook, cases.queued_publication())


VERBS: dict[str, Callable[[], Verb]] = {
    "claim": _claim,
    "release": _release,
    "assign": _assign,
    "end_claims": _end_claims,
    "receive": _receive,
    "start": _start,
    "decide_not_to_reply": _decide_not_to_reply,
    "reverse": _reverse,
    "save": _save,
    "submit": _submit,
    "dispose": _dispose,
    "remark": _remark,
    "sign": _sign,
    "sign_further": _sign_further,
    "answer_changes": _answer_changes,
    "send_back": lambda: _decision(workflow.send_back),
    "refuse": lambda: _decision(workflow.refuse),
    "withdraw": lambda: _decision(workflow.withdraw),
    "suspend": _suspend,
    "confirm": _confirm,
    "queue": _queue,
    "stop": _stop,
    "lift": _lift,
    "reveal": _reveal,
    "dispose_safety": _dispose_safety,
    "dispose_duplicate": _dispose_duplicate,
    "correct_facts": _correct_facts,
    "hand_off": _hand_off,
    "record_help": _record_help,
    "record_signpost": _record_signpost,
    "mark_false": _mark_false,
    "mark_missed": _mark_missed,
    "approve": _approve,
    "decline": _decline,
    "retire": _retire,
    "export": _export,
    "enter_absence": _enter_absence,
    "end_absence": _end_absence,
    "remind": _remind,
    "recall": _recall,
    "lift_recall": _lift_recall,
    "open_relook": _open_relook,
}
