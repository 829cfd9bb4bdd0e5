"""Deadlines of safety signals: what meets each, which is next, and whose days are counted."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from compliance.exceptions import BadInput, NotAllowed
from compliance.models import Event
from reviews import case_exports, case_summary, clocks, deadlines, safety
from reviews.clocks import Clock, Deed, Done
from reviews.enums import Role, SafetyOutcome
from reviews.exceptions import WrongState
from reviews.models import HelpGiven, SafetyCase, User
from reviews.tasks import recount_deadlines
from tests import cases

pytestmark = pytest.mark.django_db

SERIOUS = "The patch gave me a blood clot. I was admitted to hospital."
CRISIS = "I can't do another day of this, nobody would miss me."
AWARE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
EVERY_DEED = [Done(AWARE, deed, "Priya") for deed in Deed]


def event() -> SafetyCase:
    return cases.signals("AE-POSSIBLE", SERIOUS)[0]


def crisis() -> SafetyCase:
    return cases.signals("SAFE-CRISIS", CRISIS)[0]


@pytest.fixture
def officer() -> User:
    return cases.person(Role.SAFETY)


def clock(case: SafetyCase, name: str) -> Clock:
    return next(c for c in deadlines.clocks_of(case) if c.name == name)


def due(case: SafetyCase) -> datetime:
    case.refresh_from_db()
    return case.due_at


@pytest.mark.parametrize(
    ("rule_id", "deed", "met"),
    [
        ("AE-POSSIBLE", Deed.HAND_OFF, {"internal"}),
        ("AE-POSSIBLE", Deed.HELP, set()),
        ("AE-DEVICE", Deed.HAND_OFF, {"internal"}),
        ("SAFE-CRISIS", Deed.HELP, {"crisis"}),
        ("SAFE-CRISIS", Deed.HAND_OFF, set()),
        ("SAFE-MINOR", Deed.HAND_OFF, set()),
        ("SAFE-MINOR", Deed.DISPOSAL, {"policy"}),
    ],
)
def test_deadline_is_met_by_what_it_asks_for(rule_id: str, deed: Deed, met: set[str]) -> None:
    done = [Done(AWARE + timedelta(minutes=5), deed, "Priya")]
    found = clocks.clocks_of(rule_id, serious=True, aware_at=AWARE, done=done)
    assert {c.name for c in found if c.met} == met
    running = {c.name for c in found if c.done is None}
    assert running == (set() if deed == Deed.DISPOSAL else {c.name for c in found} - met)


@pytest.mark.parametrize("rule_id", ["AE-POSSIBLE", "AE-SPECIAL", "AE-DEVICE"])
@pytest.mark.parametrize("serious", [True, False])
def test_deadlines_of_authorities_run_until_the_disposal(rule_id: str, serious: bool) -> None:
    short = [done for done in EVERY_DEED if done.deed != Deed.DISPOSAL]
    found = clocks.clocks_of(rule_id, serious=serious, aware_at=AWARE, done=short)
    assert all(c.done is None for c in found if c.name != "internal")
    ended = clocks.clocks_of(rule_id, serious=serious, aware_at=AWARE, done=EVERY_DEED)
    assert clocks.next_of(ended) is None
    assert [c.name for c in ended if c.met] == ["internal"]


def test_first_deed_counts_and_may_be_late() -> None:
    early, late = timedelta(minutes=14), timedelta(minutes=16)
    for after, is_late in ((early, False), (late, True)):
        done = [
            Done(AWARE + after + more, Deed.HELP, "Priya") for more in (timedelta(1), timedelta())
        ]
        (found,) = clocks.clocks_of("SAFE-CRISIS", serious=False, aware_at=AWARE, done=done)
        assert found.done is not None and found.done.at == AWARE + after
        assert found.late == is_late and not found.overdue


def test_hand_off_meets_the_forwarding_and_the_next_deadline_follows(officer: User) -> None:
    case = event()
    aware = case.aware_at
    assert aware is not None and due(case) == aware + timedelta(hours=24)
    safety.hand_off(by=officer, case_id=case.pk, recipient="Argus", reference="")
    assert due(case) == aware + timedelta(days=15)
    met = clock(case, "internal")
    assert met.met and met.done is not None and met.done.by == officer.printed_name
    # A correction keeps what was met, and counts the deadlines of what holds since then.
    safety.correct(
        by=officer, case_id=case.pk, seen=1, serious=False, struck=[], reason="Day patient."
    )
    assert due(case) == aware + timedelta(days=90)


def test_help_meets_the_crisis_and_the_case_stays_open(officer: User) -> None:
    case = crisis()
    row = safety.record_help(by=officer, case_id=case.pk, how="A private message with the line.")
    assert due(case) == clocks.NEVER and case.disposed_at is None
    assert clock(case, "crisis").met and row.at >= case.opened_at
    assert Event.objects.get(kind="safety_helped").facts == {}
    safety.dispose(by=officer, case_id=case.pk, outcome=SafetyOutcome.NOT_VALID, reason="Lyrics.")
    with pytest.raises(WrongState):
        safety.record_help(by=officer, case_id=case.pk, how="Again.")


def test_help_says_how_and_fits_the_signal(officer: User) -> None:
    with pytest.raises(BadInput, match="how"):
        safety.record_help(by=officer, case_id=crisis().pk, how=" ")
    with pytest.raises(BadInput, match="no deadline"):
        safety.record_help(by=officer, case_id=event().pk, how="Told them.")
    with pytest.raises(NotAllowed):
        safety.record_help(by=cases.person(Role.CLINICIAN), case_id=crisis().pk, how="Told them.")
    assert not HelpGiven.objects.exists()


def test_posted_signpost_is_help_once(officer: User) -> None:
    case, publication = crisis(), uuid4()
    (row,) = safety.record_signpost(thread_id=case.thread_id, publication_id=publication)
    assert safety.record_signpost(thread_id=case.thread_id, publication_id=publication) == []
    assert row.by is None and due(case) == clocks.NEVER
    done = clock(case, "crisis").done
    assert done is not None and done.by == deadlines.THE_SERVICE
    event_ = Event.objects.get(kind="safety_helped")
    assert event_.actor == "system" and event_.facts == {"publication": str(publication)}


def test_signpost_is_no_help_for_an_adverse_event() -> None:
    case = event()
    assert safety.record_signpost(thread_id=case.thread_id, publication_id=uuid4()) == []
    assert clock(case, "internal").done is None


@pytest.mark.parametrize(
    ("outcome", "met"),
    [
        (SafetyOutcome.SIGNPOSTED, {"crisis"}),
        (SafetyOutcome.FORWARDED, set()),
        (SafetyOutcome.NOT_VALID, set()),
    ],
)
def test_disposal_ends_what_it_does_not_meet(
    officer: User, outcome: SafetyOutcome, met: set[str]
) -> None:
    case = crisis()
    safety.dispose(by=officer, case_id=case.pk, outcome=outcome, reason="Seen.")
    case.refresh_from_db()
    found = deadlines.clocks_of(case)
    assert clocks.next_of(found) is None
    assert {c.name for c in found if c.met} == met


@pytest.mark.parametrize("statement", [
    "UPDATE reviews_helpgiven SET by_id = NULL",
    "DELETE FROM reviews_helpgiven",
])  # fmt: skip
def test_help_that_was_given_stays(officer: User, statement: str) -> None:
    safety.record_help(by=officer, case_id=crisis().pk, how="Told them.")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@override_settings(SAFETY_CLOCKS=["internal", "crisis"])
def test_case_whose_deadlines_are_met_sorts_last(officer: User, client: Client) -> None:
    first, second, last = event(), event(), crisis()
    safety.hand_off(by=officer, case_id=first.pk, recipient="Argus", reference="")
    assert due(first) == clocks.NEVER
    client.force_login(officer)
    page = client.get(reverse("safety")).content.decode()
    places = [page.index(f"signal-{case.pk}") for case in (last, second, first)]
    assert places == sorted(places) and "every deadline is met" in page
    assert str(first.pk) not in client.get(reverse("safety") + "?tab=overdue").content.decode()
    shown = client.get(reverse("safety_case", args=[first.pk])).content.decode()
    assert ">Met</span>" in shown and "9998" not in shown and "Every deadline is met" in shown
    table = case_exports.as_table(by=officer, cases=[first])
    (row,) = csv.DictReader(io.StringIO(table))
    assert row["due_at"] == row["next_deadline"] == ""


def test_page_says_what_is_met_open_and_overdue(officer: User, client: Client) -> None:
    client.force_login(officer)
    case = event()
    address = reverse("safety_case", args=[case.pk])
    assert client.get(address).content.decode().count('<span class="chip">Open</span>') == 3
    with override_settings(SAFETY_CLOCKS=["internal"]):
        safety.hand_off(by=officer, case_id=case.pk, recipient="Argus", reference="")
        page = client.get(address).content.decode()
    assert ">Met</span>" in page and f"by {officer.printed_name}" in page
    safety.dispose(by=officer, case_id=case.pk, outcome=SafetyOutcome.NOT_VALID, reason="A joke.")
    page = client.get(address).content.decode()
    assert page.count(">Ended with the case</span>") == 2 and ">Met</span>" in page


def test_overdue_is_said(officer: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    case, later = event(), timezone.now() + timedelta(days=2)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    found = case_summary.summary_of(case)
    assert found.overdue and [c.name for c in found.clocks if c.overdue] == ["internal"]
    states = {
        d["name"]: d["state"] for d in case_exports.as_values(by=officer, case=case)["deadlines"]
    }
    assert states == {"internal": "overdue", "us_serious": "open", "eu_serious": "open"}


@pytest.mark.parametrize(
    ("zone", "aware", "expected"),
    [
        # 23:30 on Friday in New York is Saturday in UTC; the fifth work day after is a Friday.
        ("America/New_York", "2026-10-03T03:30:00+00:00", "2026-10-10T03:30:00+00:00"),
        ("UTC", "2026-10-03T03:30:00+00:00", "2026-10-09T03:30:00+00:00"),
        # 00:30 on Monday in Auckland is Sunday in UTC.
        ("Pacific/Auckland", "2026-06-07T12:30:00+00:00", "2026-06-14T12:30:00+00:00"),
        ("UTC", "2026-06-07T12:30:00+00:00", "2026-06-12T12:30:00+00:00"),
        # A minute before and after the midnight that ends a Friday in New York; summer time ends
        # in the week that follows, and the hour of the day stays.
        ("America/New_York", "2026-10-31T03:59:00+00:00", "2026-11-07T04:59:00+00:00"),
        ("America/New_York", "2026-10-31T04:01:00+00:00", "2026-11-06T05:01:00+00:00"),
    ],
)
def test_work_days_are_those_of_the_installation(zone: str, aware: str, expected: str) -> None:
    with override_settings(TIME_ZONE=zone, SAFETY_CLOCKS=["device_urgent"]):
        (found,) = clocks.clocks_of(
            "AE-DEVICE", serious=True, aware_at=datetime.fromisoformat(aware)
        )
    assert found.due_at == datetime.fromisoformat(expected)


def test_zone_of_a_reader_moves_no_deadline() -> None:
    aware = datetime.fromisoformat("2026-10-03T03:30:00+00:00")
    with override_settings(TIME_ZONE="America/New_York"):
        here = clocks.clocks_of("AE-DEVICE", serious=True, aware_at=aware)
        with timezone.override("Pacific/Auckland"):
            assert clocks.clocks_of("AE-DEVICE", serious=True, aware_at=aware) == here


def test_recount_follows_the_settings_and_leaves_disposed_cases(officer: User) -> None:
    case, other = event(), event()
    safety.dispose(by=officer, case_id=other.pk, outcome=SafetyOutcome.FORWARDED, reason="Sent.")
    before = due(other)
    assert deadlines.recount() == 0
    with override_settings(SAFETY_CLOCKS=["eu_serious"]):
        recount_deadlines()
    assert case.aware_at is not None and due(case) == case.aware_at + timedelta(days=15)
    assert due(other) == before
    assert deadlines.recount() == 1
