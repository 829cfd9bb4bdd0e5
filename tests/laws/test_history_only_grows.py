"""Law 6: a change and its ledger entry commit together; the ledger can only grow; who changes
history as owner of the database is found out by anybody who holds an earlier checkpoint."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection

from compliance.ledger import log
from compliance.ledger.checkpoints import BadCheckpoint
from compliance.ledger.events import NotACode
from compliance.ledger.events import record as real_record
from compliance.ledger.kinds import EventKind
from compliance.models import Checkpoint, Event, Leaf
from reviews.enums import ReviewState
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws
from tests.laws.rows import rows_now
from tests.laws.verbs import VERBS

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


@pytest.mark.parametrize("name", VERBS)
def test_verb_is_undone_when_its_ledger_entry_fails(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verb, before = VERBS[name](), None
    before = rows_now()

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the ledger is broken")

    monkeypatch.setattr("compliance.ledger.record", broken)
    with pytest.raises(RuntimeError):
        verb()
    assert rows_now() == before


@pytest.mark.parametrize("name", VERBS)
def test_verb_writes_the_ledger(name: str) -> None:
    # The negative control: the same verb, with a working ledger, changes something.
    verb = VERBS[name]()
    before, events = rows_now(), Event.objects.count()
    verb()
    assert rows_now() != before
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
