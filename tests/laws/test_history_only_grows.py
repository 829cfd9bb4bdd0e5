"""Law 6: a change and its ledger entry commit together; the ledger can only grow; who changes
history as owner of the database is found out by anybody who holds an earlier checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.test import override_settings

from compliance.ledger import log
from compliance.ledger.checkpoints import BadCheckpoint
from compliance.ledger.events import NotACode
from compliance.ledger.events import record as real_record
from compliance.ledger.kinds import EventKind
from compliance.models import Checkpoint, Event, Leaf, ListedWord, VaultText
from compliance.rules import Route
from engage import drafting, intake, no_replies, publishing, stops
from engage.models import Draft, DraftVersion, NoReply, Post, Publication, Relook, Stop
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
    Absence,
    CaseFacts,
    ChangeAnswer,
    Citation,
    Claim,
    Confirmation,
    Correction,
    Disposition,
    FurtherSignOff,
    HandOff,
    HelpGiven,
    Proposal,
    Recall,
    Recalled,
    Remark,
    Reminded,
    Reminder,
    RequiredChange,
    Reveal,
    Review,
    SafetyCase,
    SignOff,
)
from reviews.required_changes import Said
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws

pytestmark = pytest.mark.django_db


def changed_event() -> str:
    cases.post()
    return update(Event.objects.all()[0], actor="person:nobody")


def deleted_event() -> str:
    cases.post()
    return delete(Event.objects.order_by("-id")[0])


def replaced_event() -> str:
    cases.post()
    event = Event.objects.all()[0]
    event.actor, event.facts = "person:nobody", "{}"
    return insert(event, replace=True)


def changed_leaf() -> str:
    cases.post()
    log.sequence()
    return update(Leaf.objects.all()[0], hash="0" * 64)


def changed_checkpoint() -> str:
    cases.post()
    log.sequence()
    return update(Checkpoint.objects.all()[0], root="0" * 64)


ATTACKS = [changed_event, deleted_event, replaced_event, changed_leaf, changed_checkpoint]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_bulk_update_of_events_is_refused() -> None:
    cases.post()
    events = list(Event.objects.all())
    events[0].actor = "person:nobody"
    with pytest.raises(IntegrityError):
        Event.objects.bulk_update(events, ["actor"])


def test_emptying_the_table_is_refused() -> None:
    cases.post()
    truncate = "TRUNCATE compliance_event CASCADE"
    with pytest.raises(IntegrityError):
        run(truncate if connection.vendor == "postgresql" else "DELETE FROM compliance_event")


def test_verify_agrees_with_an_untouched_history() -> None:
    cases.review_at(ReviewState.CLEARED)
    log.sequence()
    cases.review_at(ReviewState.SENT_BACK)
    kept = Checkpoint.objects.latest("id").note
    log.sequence()
    assert log.verify([kept]).size == Event.objects.count()


def test_verify_finds_a_changed_event() -> None:
    cases.review_at(ReviewState.CLEARED)
    log.sequence()
    with without_laws():
        run(update(Event.objects.get(kind="cleared"), actor="person:nobody"))
    with pytest.raises(log.HistoryChanged, match="not what was recorded"):
        log.verify()


def test_verify_finds_a_removed_event() -> None:
    cases.review_at(ReviewState.CLEARED)
    log.sequence()
    event = Event.objects.get(kind="signed", facts__role="legal")
    with without_laws():
        run(f"DELETE FROM reviews_notice WHERE event_id = {event.pk}")  # it points there
        run(delete(event.leaf))
        run(delete(event))
    with pytest.raises(log.HistoryChanged, match="missing"):
        log.verify()


def rewrite_everything() -> None:
    """What the owner of the database can do at most: change an event and build the log anew."""
    with without_laws():
        run("DELETE FROM compliance_leaf")
        run("DELETE FROM compliance_checkpoint")
        run(update(Event.objects.get(kind="cleared"), actor="person:nobody"))
        log.sequence()


def test_verify_against_a_kept_checkpoint_finds_a_rewritten_history() -> None:
    cases.review_at(ReviewState.CLEARED)
    log.sequence()
    kept = Checkpoint.objects.latest("id").note
    rewrite_everything()
    with pytest.raises(log.HistoryChanged, match="checkpoint"):
        log.verify([kept])


def test_verify_without_a_kept_checkpoint_does_not_find_it() -> None:
    # The negative control: it is the kept checkpoint that finds it, nothing else.
    cases.review_at(ReviewState.CLEARED)
    log.sequence()
    rewrite_everything()
    log.verify()


def test_verify_finds_a_log_that_shrank() -> None:
    cases.review_at(ReviewState.CLEARED)
    log.sequence()
    kept = Checkpoint.objects.latest("id").note
    last = Leaf.objects.latest("id")
    with without_laws():
        run(delete(last))
        run("DELETE FROM compliance_checkpoint")
    with pytest.raises(log.HistoryChanged, match="shrank"):
        log.verify([kept])


def test_verify_with_a_forged_checkpoint_is_refused() -> None:
    cases.post()
    log.sequence()
    note = Checkpoint.objects.latest("id").note
    size = note.splitlines()[1]
    with pytest.raises(BadCheckpoint):
        log.verify([note.replace(f"\n{size}\n", f"\n{int(size) + 1}\n")])


@pytest.mark.parametrize(
    "fact", ["She was seen on Tuesday", "a b", "x" * 101, "Grüße", "line\nbreak"]
)
def test_record_with_text_is_refused(fact: str) -> None:
    post = cases.post()
    with pytest.raises(NotACode):
        real_record(EventKind.POST_ARRIVED, by="system", subject=post, note=fact)


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
TABLES = (
    Post,
    Draft,
    DraftVersion,
    Review,
    SignOff,
    FurtherSignOff,
    Confirmation,
    Disposition,
    Remark,
    RequiredChange,
    ChangeAnswer,
    Reveal,
    Publication,
    Correction,
    Proposal,
    ListedWord,
    VaultText,
    CaseFacts,
    HandOff,
    HelpGiven,
    Stop,
    NoReply,
    Claim,
    Absence,
    Citation,
    Recall,
    Recalled,
    Reminded,
    Reminder,
    Relook,
)


def _state() -> list[Any]:
    rows: list[Any] = [table.objects.count() for table in TABLES]  # type: ignore[attr-defined]  # models
    rows += sorted(Review.objects.values_list("pk", "state"))
    rows += sorted(Stop.objects.values_list("pk", "lifted_at"))
    rows += sorted(NoReply.objects.values_list("pk", "reversed_at"))
    rows += sorted(Claim.objects.values_list("pk", "ended"))
    rows += sorted(Recall.objects.values_list("pk", "lifted_at"))
    rows += sorted(Absence.objects.values_list("pk", "ended_at"))
    rows += sorted(Proposal.objects.values_list("pk", "state"))
    rows += sorted(ListedWord.objects.values_list("pk", "retired_at"))
    rows += list(SafetyCase.objects.order_by("pk").values_list("disposed_at", "due_at"))
    return rows


@pytest.mark.parametrize("name", VERBS)
def test_verb_is_undone_when_its_ledger_entry_fails(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verb, before = VERBS[name](), None
    before = _state()

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the ledger is broken")

    monkeypatch.setattr("compliance.ledger.record", broken)
    with pytest.raises(RuntimeError):
        verb()
    assert _state() == before


@pytest.mark.parametrize("name", VERBS)
def test_verb_writes_the_ledger(name: str) -> None:
    # The negative control: the same verb, with a working ledger, changes something.
    verb = VERBS[name]()
    before, events = _state(), Event.objects.count()
    verb()
    assert _state() != before
    assert Event.objects.count() > events


def test_law_triggers_stand_after_migrate() -> None:
    from compliance.checks import expected_triggers, installed_triggers

    assert installed_triggers("default") == expected_triggers("default")


def test_check_reports_a_missing_trigger() -> None:
    from compliance.checks import law_triggers_stand

    assert law_triggers_stand(None, ["default"]) == []
    with without_laws():
        if connection.vendor == "postgresql":
            run("ALTER TABLE compliance_event DISABLE TRIGGER law_compliance_event_no_update")
        assert [e.id for e in law_triggers_stand(None, ["default"])] == ["compliance.E001"]
