"""Working time of the installation: when a review is due, and how long that is from now.

A pure function of the settings (`WEEKEND`, `WORKING_HOURS`, `HOLIDAYS_OF`, `TIME_ZONE`) and of its
arguments. The deadlines of safety signals are other people's law and are in reviews/clocks.py.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import holidays
from django.conf import settings
from django.utils import timezone

from compliance.enums import Severity

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOTHING_FOUND = "none"  # in REVIEW_HOURS: the scanners found nothing
FARTHEST = 10_000  # days that are looked at, so that no calendar keeps anybody waiting for ever


def review_due(severities: Iterable[str], submitted_at: datetime) -> datetime:
    """When a review must be decided.

    Args:
        severities: of what was found in the reply; the worst one counts.
        submitted_at: from when on.
    """
    worst = min((Severity(s) for s in severities), key=lambda s: s.rank, default=None)
    return due_after(submitted_at, settings.REVIEW_HOURS[worst.value if worst else NOTHING_FOUND])


def due_after(start: datetime, hours: float) -> datetime:
    """The moment at which so many working hours are over.

    Args:
        start: any moment; outside working time the first hour begins with the next working day.
        hours: 0 or more.
    """
    left = timedelta(hours=hours)
    for opens, closes in _windows(start):
        begin = max(opens, start)
        if begin + left <= closes:
            return begin + left
        left -= closes - begin
    raise ValueError("There is no working time in this calendar.")


def hours_between(start: datetime, end: datetime) -> float:
    """Working hours from one moment to a later one; 0 if it is not later."""
    total = timedelta()
    for opens, closes in _windows(start):
        if opens >= end:
            break
        total += min(closes, end) - max(opens, start)
    return total / timedelta(hours=1)


def is_working(moment: datetime) -> bool:
    """Whether people work at this moment."""
    opens, closes = next(_windows(moment))
    return opens <= moment < closes


def is_work_day(day: date) -> bool:
    """Whether people work on this day, in the zone of the installation."""
    return WEEKDAYS[day.weekday()] not in settings.WEEKEND and day not in public_holidays()


def in_words(due: datetime, now: datetime) -> str:
    """How long until then, or since: "in 3 working hours", "2 working days ago"."""
    if due > now:
        return f"in {_amount(hours_between(now, due))}"
    return f"{_amount(hours_between(due, now))} ago"


def public_holidays() -> holidays.HolidayBase:
    """Those of `HOLIDAYS_OF`: a country, or a part of one, e.g. "US" or "DE-BY"."""
    return _public_holidays(settings.HOLIDAYS_OF)


@functools.cache
def _public_holidays(place: str) -> holidays.HolidayBase:
    country, _, part = place.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


def working_hours() -> tuple[time, time]:
    """When a working day begins and ends.

    Raises:
        ValueError: `WORKING_HOURS` says no such thing.
    """
    opens, _, closes = settings.WORKING_HOURS.partition("-")
    hours = time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())
    if hours[0] >= hours[1]:
        raise ValueError("A working day ends after it begins.")
    return hours


def _windows(start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The working days that are not over at `start`, each as its two ends, in UTC."""
    zone, (opens, closes) = timezone.get_default_timezone(), working_hours()
    day = start.astimezone(zone).date()
    for _ in range(FARTHEST):
        ends = datetime.combine(day, closes, zone).astimezone(UTC)
        if is_work_day(day) and ends > start:
            yield datetime.combine(day, opens, zone).astimezone(UTC), ends
        day += timedelta(days=1)


def _amount(hours: float) -> str:
    opens, closes = working_hours()
    minutes = (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
    days = int(hours * 60 / minutes)
    if hours < 1:
        return "less than a working hour"
    if days < 2:
        return f"{int(hours)} working hour{'s' * (int(hours) != 1)}"
    return f"{days} working days"
