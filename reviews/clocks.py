"""Which deadlines a safety signal has, and when each of them ends.

All begin when the service became aware of the post: 21 CFR 314.80(c)(1)(i) counts from the receipt
of the information, 21 CFR 803.3 from the day on which one becomes aware. Which of them bind an
installation depends on what it is (a user facility, a manufacturer, a marketing-authorisation
holder), so `SAFETY_CLOCKS` names those that are shown.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import holidays
from django.conf import settings

URGENT_RULES = frozenset({"SAFE-CRISIS", "SAFE-URGENT", "SAFE-VIOLENCE"})
DRUG_RULES = frozenset({"AE-POSSIBLE", "AE-SPECIAL"})
DEVICE_RULES = frozenset({"AE-DEVICE"})
EVENT_RULES = DRUG_RULES | DEVICE_RULES


@dataclass(frozen=True, slots=True)
class Rule:
    """When a deadline holds, and how long it is.

    Attributes:
        label: what is to be done by then.
        source: where the deadline comes from.
        rules: the signals that it holds for; empty for all that have no other.
        serious: True for serious events alone, False for others alone, None for both.
        length: from awareness; 0 where work days are counted.
        work_days: days that are neither weekend nor public holiday.
    """

    label: str
    source: str
    rules: frozenset[str]
    serious: bool | None = None
    length: timedelta = timedelta()
    work_days: int = 0


RULES = {
    "crisis": Rule(
        "say where help is", "policy of the installation", URGENT_RULES,
        length=timedelta(minutes=15),
    ),
    "internal": Rule(
        "forward to the safety team", "industry practice", EVENT_RULES, length=timedelta(hours=24)
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
    "look at it", "policy of the installation", frozenset(), length=timedelta(hours=24)
)


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline of one signal."""

    name: str
    label: str
    source: str
    due_at: datetime


def clocks_of(rule_id: str, *, serious: bool, aware_at: datetime) -> list[Clock]:
    """The deadlines of a signal, the next one first; there is always one.

    Args:
        rule_id: of the signal.
        serious: whether the event is.
        aware_at: when the service became aware of the post.
    """
    found = [
        Clock(name, rule.label, rule.source, _end(rule, aware_at))
        for name, rule in RULES.items()
        if name in settings.SAFETY_CLOCKS
        and rule_id in rule.rules
        and rule.serious in (None, serious)
    ]
    if not found:
        found = [Clock("policy", OTHERWISE.label, OTHERWISE.source, _end(OTHERWISE, aware_at))]
    return sorted(found, key=lambda clock: clock.due_at)


def unknown_clocks(names: Iterable[str]) -> list[str]:
    """The names among these that mean no clock."""
    return sorted(set(names) - RULES.keys())


def _end(rule: Rule, aware_at: datetime) -> datetime:
    if not rule.work_days:
        return aware_at + rule.length
    day, left = aware_at.date(), rule.work_days
    while left:
        day += timedelta(days=1)
        left -= _is_work_day(day)
    return aware_at + (day - aware_at.date())


def _is_work_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _public_holidays(settings.HOLIDAYS_OF)


@functools.cache
def _public_holidays(country: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country)
