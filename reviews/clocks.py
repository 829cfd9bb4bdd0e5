"""Which deadlines a safety signal has, when each of them ends, and what meets it.

All begin when the service became aware of the post: 21 CFR 314.80(c)(1)(i) counts from the receipt
of the information, 21 CFR 803.3 from the day on which one becomes aware. Which of them bind an
installation depends on what it is (a user facility, a manufacturer, a marketing-authorisation
holder), so `SAFETY_CLOCKS` names those that are shown.

A deadline is met by what it asks for: help by help, forwarding by a hand-off. What is reported to
an authority is reported elsewhere, so those deadlines run until the case is disposed of.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from reviews.work_time import public_holidays

URGENT_RULES = frozenset({"SAFE-CRISIS", "SAFE-URGENT", "SAFE-VIOLENCE"})
DRUG_RULES = frozenset({"AE-POSSIBLE", "AE-SPECIAL"})
DEVICE_RULES = frozenset({"AE-DEVICE"})
EVENT_RULES = DRUG_RULES | DEVICE_RULES

# When the next deadline of a case is whose deadlines are all met: it sorts behind every other.
# A year before the last one, so that it can be shown in every time zone.
NEVER = datetime(9998, 12, 31, tzinfo=UTC)


class Deed(enum.StrEnum):
    """What meets a deadline."""

    HELP = "help was offered"
    HAND_OFF = "handed off"
    DISPOSAL = "disposed of"


@dataclass(frozen=True, slots=True, order=True)
class Done:
    """Something that was done about a signal.

    Attributes:
        at: when.
        deed: what.
        by: printed name of who did it, or "the service".
    """

    at: datetime
    deed: Deed
    by: str


@dataclass(frozen=True, slots=True)
class Rule:
    """When a deadline holds, and how long it is.

    Attributes:
        label: what is to be done by then.
        source: where the deadline comes from.
        rules: the signals that it holds for; empty for all that have no other.
        serious: True for serious events alone, False for others alone, None for both.
        length: from awareness; 0 where work days are counted.
        work_days: days that are neither weekend nor public holiday, in the installation's zone.
        met_by: what meets it; None for what is done elsewhere. A disposal ends every deadline.
    """

    label: str
    source: str
    rules: frozenset[str]
    serious: bool | None = None
    length: timedelta = timedelta()
    work_days: int = 0
    met_by: Deed | None = None


RULES = {
    "crisis": Rule(
        "say where help is", "policy of the installation", URGENT_RULES,
        length=timedelta(minutes=15), met_by=Deed.HELP,
    ),
    "internal": Rule(
        "forward to the safety team", "industry practice", EVENT_RULES,
        length=timedelta(hours=24), met_by=Deed.HAND_OFF,
    ),
    "us_serious": Rule(
        "report to FDA, if unexpected", "21 CFR 314.80(c)(1)(i)", DRUG_RULES, serious=True,
        length=timedelta(days=15),
    ),
    "eu_serious": Rule(
        "report in the EU", "GVP Module VI, VI.B.7", DRUG_RULES, serious=True,
        length=timedelta(days=15),
    ),
    "eu_other": Rule(
        "report in the EU", "GVP Module VI, VI.B.7", DRUG_RULES, serious=False,
        length=timedelta(days=90),
    ),
    "device_facility": Rule(
        "report as a user facility", "21 CFR 803.10(a)", DEVICE_RULES, serious=True, work_days=10
    ),
    "device_manufacturer": Rule(
        "report as a manufacturer", "21 CFR 803.10(c)(1)", DEVICE_RULES, length=timedelta(days=30)
    ),
    "device_urgent": Rule(
        "report as a manufacturer, if remedial action is needed", "21 CFR 803.10(c)(2)",
        DEVICE_RULES, serious=True, work_days=5,
    ),
}  # fmt: skip
OTHERWISE = Rule(
    "look at it", "policy of the installation", frozenset(), length=timedelta(hours=24),
    met_by=Deed.DISPOSAL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline of one signal.

    Attributes:
        done: what met or ended it; None while it runs.
        met: whether what was done is what the deadline asks for; False where it only ended with
            the case.
    """

    name: str
    label: str
    source: str
    due_at: datetime
    done: Done | None = None
    met: bool = False

    @property
    def late(self) -> bool:
        """Whether it was met or ended after its time."""
        return self.done is not None and self.done.at > self.due_at

    @property
    def overdue(self) -> bool:
        """Whether it runs although its time is over."""
        return self.done is None and self.due_at < timezone.now()


def clocks_of(
    rule_id: str, *, serious: bool, aware_at: datetime, done: Iterable[Done] = ()
) -> list[Clock]:
    """The deadlines of a signal by their ends, met ones too; there is always one.

    Args:
        rule_id: of the signal.
        serious: whether the event is.
        aware_at: when the service became aware of the post.
        done: what was done about it so far.
    """
    deeds = sorted(done)
    chosen = [
        (name, rule)
        for name, rule in RULES.items()
        if name in settings.SAFETY_CLOCKS
        and rule_id in rule.rules
        and rule.serious in (None, serious)
    ]
    return sorted(
        (_clock(name, rule, aware_at, deeds) for name, rule in chosen or [("policy", OTHERWISE)]),
        key=lambda clock: clock.due_at,
    )


def next_of(clocks: Iterable[Clock]) -> Clock | None:
    """The deadline that ends first among those that still run; None if none does."""
    return min(
        (clock for clock in clocks if clock.done is None),
        key=lambda clock: clock.due_at,
        default=None,
    )


def needs(rule_id: str, deed: Deed) -> bool:
    """Whether a signal of this rule has a deadline that this deed meets."""
    return any(
        rule.met_by == deed and rule_id in rule.rules and name in settings.SAFETY_CLOCKS
        for name, rule in RULES.items()
    )


def unknown_clocks(names: Iterable[str]) -> list[str]:
    """The names among these that mean no clock."""
    return sorted(set(names) - RULES.keys())


def _clock(name: str, rule: Rule, aware_at: datetime, deeds: list[Done]) -> Clock:
    answers = [done for done in deeds if done.deed == rule.met_by]
    ends = [done for done in deeds if done.deed == Deed.DISPOSAL]
    done = next(iter([*answers, *ends]), None)
    return Clock(
        name, rule.label, rule.source, _end(rule, aware_at), done=done, met=bool(answers)
    )  # fmt: skip


def _end(rule: Rule, aware_at: datetime) -> datetime:
    if not rule.work_days:
        return aware_at + rule.length
    # Days begin and end where the installation is, and so does the hour after a change of clocks.
    here = aware_at.astimezone(timezone.get_default_timezone())
    day, left = here.date(), rule.work_days
    while left:
        day += timedelta(days=1)
        left -= _is_work_day(day)
    return (here + (day - here.date())).astimezone(UTC)


def _is_work_day(day: date) -> bool:
    # 21 CFR 803.3: Monday to Friday, whatever the weekend of the installation is.
    return day.weekday() < 5 and day not in public_holidays()
