"""The deadlines of a safety case: its clocks, with what was done about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reviews import clocks
from reviews.clocks import Clock, Deed, Done
from reviews.enums import SafetyOutcome
from reviews.models import SafetyCase
from reviews.strikes import newest_facts

THE_SERVICE = "the service"
RECOUNTED_AT_ONCE = 200
# A disposal ends every deadline; with these outcomes it is also what some of them ask for.
_SAYS_DONE = {SafetyOutcome.FORWARDED: Deed.HAND_OFF, SafetyOutcome.SIGNPOSTED: Deed.HELP}


def clocks_of(case: SafetyCase) -> list[Clock]:
    """The deadlines of a case by their ends, met ones too."""
    newest = newest_facts(case)
    return clocks.clocks_of(
        case.rule_id,
        serious=bool(newest and newest.serious),
        aware_at=case.aware_at or case.opened_at,
        done=_done(case),
    )


def next_due(case: SafetyCase) -> datetime:
    """When the next deadline ends that is not met; `clocks.NEVER` if all are."""
    running = clocks.next_of(clocks_of(case))
    return running.due_at if running else clocks.NEVER


def _done(case: SafetyCase) -> Iterator[Done]:
    for hand_off in case.hand_offs.all():
        yield Done(hand_off.at, Deed.HAND_OFF, hand_off.by.printed_name)
    for help_ in case.help_given.all():
        by = help_.by.printed_name if help_.by else THE_SERVICE
        yield Done(help_.at, Deed.HELP, by)
    if case.disposed_at and case.disposed_by:
        by = case.disposed_by.printed_name
        yield Done(case.disposed_at, Deed.DISPOSAL, by)
        if said := _SAYS_DONE.get(SafetyOutcome(case.outcome)):
            yield Done(case.disposed_at, said, by)


def recount() -> int:
    """Brings `due_at` of open cases up to date with the settings; returns how many moved.

    What holds changes without anybody touching a case: an installation chooses other deadlines,
    another zone or other holidays.
    """
    moved = 0
    cases = SafetyCase.objects.filter(disposed_at=None).order_by("pk")
    rows = cases.prefetch_related("facts", "hand_offs__by", "help_given__by")
    for case in rows.iterator(chunk_size=RECOUNTED_AT_ONCE):
        due = next_due(case)
        if due != case.due_at:
            still = SafetyCase.objects.filter(pk=case.pk, disposed_at=None, due_at=case.due_at)
            moved += still.update(due_at=due)
    return moved
