"""Working time: due times by policy, weekends, holidays, changes of the clock."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from reviews import work_time
from reviews.checks import calendar_makes_sense
from reviews.enums import ReviewState, Role
from reviews.models import Review
from tests import cases


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


# 25 November 2026 is a Wednesday; the 26th is Thanksgiving.
@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-23 10:00", 4, "2026-11-23 14:00"),
        ("2026-11-23 15:00", 4, "2026-11-24 11:00"),
        ("2026-11-23 03:00", 4, "2026-11-23 13:00"),  # before work begins
        ("2026-11-23 20:00", 4, "2026-11-24 13:00"),  # after it ended
        ("2026-11-25 16:00", 2, "2026-11-27 10:00"),  # over a holiday
        ("2026-11-27 16:00", 2, "2026-11-30 10:00"),  # over a weekend
        ("2026-11-28 12:00", 8, "2026-11-30 17:00"),  # from a weekend, to the end of a day
        ("2026-11-23 09:00", 8, "2026-11-23 17:00"),
        ("2026-11-23 09:00", 0, "2026-11-23 09:00"),
    ],
)
def test_due_after_counts_working_hours(start: str, hours: float, expected: str) -> None:
    assert work_time.due_after(at(start), hours) == at(expected)
    assert work_time.hours_between(at(start), at(expected)) == hours


@pytest.mark.parametrize(
    ("settings", "start", "expected"),
    [
        ({"WEEKEND": ["fri", "sat"]}, "2026-11-22 16:00", "2026-11-23 10:00"),  # Sunday is worked
        ({"HOLIDAYS_OF": "DE-BY"}, "2027-01-05 16:00", "2027-01-07 10:00"),  # Epiphany in Bavaria
        ({"HOLIDAYS_OF": "DE-BE"}, "2027-01-05 16:00", "2027-01-06 10:00"),  # not in Berlin
        ({"WORKING_HOURS": "10:00-18:30"}, "2026-11-23 18:00", "2026-11-24 11:30"),
        ({"TIME_ZONE": "America/New_York"}, "2026-11-23 21:00", "2026-11-24 15:00"),
    ],
)
def test_calendar_is_that_of_the_installation(
    settings: dict[str, object], start: str, expected: str
) -> None:
    with override_settings(**settings):
        assert work_time.due_after(at(start), 2) == at(expected)


def test_hour_of_the_clock_stays_over_its_change() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    with override_settings(TIME_ZONE="Europe/Stockholm", HOLIDAYS_OF="SE"):
        friday = datetime(2026, 10, 23, 16, tzinfo=zone)  # summer time ends on Sunday
        due = work_time.due_after(friday, 2).astimezone(zone)
    assert (due.date(), due.hour) == (date(2026, 10, 26), 10)


@given(st.integers(0, 2 * 365 * 24 * 60), st.integers(0, 400))
def test_hours_between_undoes_due_after(minutes: int, quarters: int) -> None:
    start = at("2026-01-01") + timedelta(minutes=minutes)
    due = work_time.due_after(start, quarters / 4)
    assert work_time.hours_between(start, due) == pytest.approx(quarters / 4)
    assert due >= start


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-25 12:00", "in 2 working days"),
        ("2026-11-27 13:00", "in 7 working hours"),
        ("2026-11-30 11:00", "in 1 working hour"),
        ("2026-11-30 11:30", "in less than a working hour"),
        ("2026-11-30 12:00", "less than a working hour ago"),
        ("2026-11-30 15:30", "3 working hours ago"),
        ("2026-12-05 12:00", "4 working days ago"),
    ],
)
def test_due_time_in_words(now: str, expected: str) -> None:
    assert work_time.in_words(at("2026-11-30 12:00"), at(now)) == expected


@pytest.mark.parametrize(
    ("severities", "hours"),
    [
        ([], 16),
        (["info"], 16),
        (["warn", "info"], 12),
        (["warn", "needs_legal"], 8),
        (["block"], 4),
    ],
)
def test_review_is_due_by_the_worst_finding(severities: list[str], hours: float) -> None:
    start = at("2026-11-23 09:00")
    assert work_time.review_due(severities, start) == work_time.due_after(start, hours)


@pytest.mark.django_db
def test_submitted_review_is_due_in_working_time() -> None:
    worse = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    due = work_time.due_after(worse.submitted_at, 8)  # CLM-PROVEN needs legal
    assert abs(worse.due_at - due) < timedelta(seconds=5)
    assert worse.due_at < cases.review_at(ReviewState.SUBMITTED).due_at


@pytest.mark.parametrize(
    "wrong",
    [
        {"WEEKEND": ["sunday"]},
        {"WEEKEND": list(work_time.WEEKDAYS)},
        {"WORKING_HOURS": "17:00-09:00"},
        {"WORKING_HOURS": "nine to five"},
        {"HOLIDAYS_OF": "XX"},
        {"REVIEW_HOURS": {"block": 4}},
        {"REVIEW_HOURS": {"block": 4, "needs_legal": 8, "warn": 0, "info": 1, "none": 1}},
    ],
)
def test_calendar_without_sense_is_reported(wrong: dict[str, object]) -> None:
    with override_settings(**wrong):
        assert [e.id for e in calendar_makes_sense(None)] == ["reviews.E002"]
    assert calendar_makes_sense(None) == []


@pytest.mark.django_db
def test_pages_say_when_it_is_due_and_when_a_clearance_ends(client: Client) -> None:
    waits, cleared = cases.review_at(ReviewState.SUBMITTED), cases.review_at(ReviewState.CLEARED)
    client.force_login(cases.person(Role.LEGAL))
    for address in (reverse("queue"), reverse("review", args=[waits.pk])):
        assert re.search(r"\(in \d+ working", client.get(address).content.decode())

    def marked() -> list[bool]:
        pages = (reverse("queue") + "?tab=cleared", reverse("review", args=[cleared.pk]))
        warnings = ('chip warn">clearance ends', "clearance ends soon")
        shown = [client.get(page).content.decode() for page in pages]
        return [warning in page for warning, page in zip(warnings, shown, strict=True)]

    assert marked() == [False, False]
    with override_settings(EXPIRES_SOON_DAYS=15):
        assert marked() == [True, True]
    assert Review.objects.get(pk=cleared.pk).expires_at > timezone.now()  # type: ignore[operator]  # cleared
