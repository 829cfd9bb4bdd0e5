"""Quiet hours and chosen times: nothing is posted before, but a signpost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.exceptions import BadInput, NotAllowed
from engage import communities, publications, publishing, timing
from engage.connectors.base import Posted
from engage.connectors.fields import settings_from
from engage.enums import ConnectorKind, PublicationState
from engage.models import Publication
from engage.quiet_hours import quiet_until
from reviews.enums import Role
from reviews.exceptions import WrongState
from tests import cases
from tests.laws.test_by_hand import waiting
from tests.laws.test_one_live_copy import REF, FakePlatform, platform

__all__ = ["platform"]  # a fixture

CHICAGO = {"quiet_hours": "22:00-07:00", "time_zone": "America/Chicago"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        # In winter Chicago is six hours behind UTC, in summer five.
        (CHICAGO, "2026-01-10T03:59", None),
        (CHICAGO, "2026-01-10T04:00", "2026-01-10T13:00"),
        (CHICAGO, "2026-01-10T12:59", "2026-01-10T13:00"),
        (CHICAGO, "2026-01-10T13:00", None),
        (CHICAGO, "2026-07-10T03:00", "2026-07-10T12:00"),
        # The night in which clocks go forward ends at seven by the clock all the same.
        (CHICAGO, "2026-03-08T05:00", "2026-03-08T12:00"),
        ({"quiet_hours": "12:00-14:00"}, "2026-01-10T12:30", "2026-01-10T14:00"),
        ({"quiet_hours": "12:00-14:00"}, "2026-01-10T14:00", None),
        ({}, "2026-01-10T03:00", None),
    ],
)
def test_quiet_hours_end(hours: dict[str, str], now: str, until: str | None) -> None:
    assert quiet_until(hours, at(now)) == (at(until) if until else None)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"quiet_hours": "late"}, "such as 22:00-07:00"),
        ({"quiet_hours": "25:00-07:00"}, "such as 22:00-07:00"),
        ({"quiet_hours": "07:00-07:00"}, "such as 22:00-07:00"),
        ({"time_zone": "Mars/Olympus"}, "such as America/Chicago"),
    ],
)
def test_quiet_hours_that_are_none_are_not_taken(written: dict[str, str], says: str) -> None:
    sandbox = {"base_url": "http://s.example", "board": "b", "token": "t"}
    with pytest.raises(ValueError, match=says):
        settings_from(ConnectorKind.SANDBOX, {**sandbox, **written}, {})
    taken = settings_from(ConnectorKind.SANDBOX, {**sandbox, "quiet_hours": "22:00 - 07:00"}, {})
    assert taken["quiet_hours"] == "22:00-07:00"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the time on."""
    now, passed = timezone.now, [timedelta()]
    monkeypatch.setattr(timezone, "now", lambda: now() + passed[0])

    def move(by: timedelta) -> None:
        passed[0] += by

    return move


def step(publication: Publication) -> PublicationState:
    """One sweep."""
    for due in publishing.claim_due():
        publishing.drive(due)
    return PublicationState(Publication.objects.get(pk=publication.pk).state)


def quiet_now(publication: Publication, **more: Any) -> None:
    """Its community has quiet hours that end in an hour."""
    now = timezone.now().astimezone(UTC)
    hours = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"
    before = communities.settings_of(publications.read(publication.pk).community)
    written = {name: str(value) for name, value in before.items()}
    communities.change_settings(
        by=cases.person(Role.ADMIN),
        community_id=publication.community_id,
        written={**written, "quiet_hours": hours, **more},
    )


@pytest.mark.django_db
class TestPosting:
    """With a platform that takes everything."""

    @pytest.fixture(autouse=True)
    def takes(self, platform: FakePlatform) -> FakePlatform:
        platform.outcomes = [Posted(REF)]
        return platform

    def test_it_waits_for_the_end_of_the_quiet_hours(
        self, platform: FakePlatform, clock: Callable[[timedelta], None]
    ) -> None:
        publication = cases.queued_publication()
        quiet_now(publication)
        assert step(publication) == PublicationState.QUEUED and not publication.attempts.exists()
        clock(timedelta(minutes=30))
        assert step(publication) == PublicationState.QUEUED and platform.sent == []
        clock(timedelta(minutes=31))
        assert step(publication) == PublicationState.LIVE

    def test_a_signpost_does_not_wait(self, platform: FakePlatform) -> None:
        publication = cases.queued_signpost()
        quiet_now(publication)
        timed = publications.read(publication.pk)
        assert timing.waits_until(timed, timezone.now()) is None
        assert step(publication) == PublicationState.LIVE

    def test_it_is_posted_at_the_chosen_time(
        self, platform: FakePlatform, clock: Callable[[timedelta], None]
    ) -> None:
        publication, author = cases.queued_publication(), cases.person(Role.CLINICIAN)
        later = timezone.now() + timedelta(hours=5)
        timing.schedule(by=author, publication_id=publication.pk, moment=later)
        assert step(publication) == PublicationState.QUEUED
        clock(timedelta(hours=4, minutes=59))
        assert step(publication) == PublicationState.QUEUED and platform.sent == []
        clock(timedelta(minutes=2))
        assert step(publication) == PublicationState.LIVE
        with pytest.raises(WrongState, match="posted already"):
            timing.schedule(by=author, publication_id=publication.pk, moment=None)

    def test_another_choice_holds_at_once(self, platform: FakePlatform) -> None:
        publication, author = cases.queued_publication(), cases.person(Role.CLINICIAN)
        later = timezone.now() + timedelta(days=2)
        timing.schedule(by=author, publication_id=publication.pk, moment=later)
        step(publication)
        timing.schedule(by=author, publication_id=publication.pk, moment=None)
        assert step(publication) == PublicationState.LIVE

    def test_no_time_after_its_clearance_and_by_nobody_else(self) -> None:
        publication = cases.queued_publication()
        with pytest.raises(BadInput, match="clearance ends"):
            timing.schedule(
                by=cases.person(Role.COMPLIANCE),
                publication_id=publication.pk,
                moment=timezone.now() + timedelta(days=30),
            )
        for role in (Role.LEGAL, Role.SAFETY, Role.ADMIN, Role.AUDITOR):
            with pytest.raises(NotAllowed):
                timing.schedule(by=cases.person(role), publication_id=publication.pk, moment=None)

    def test_on_its_page(self, client: Client) -> None:
        publication = cases.queued_publication()
        client.force_login(cases.person(Role.CLINICIAN))
        address = reverse("schedule", args=[publication.pk])
        assert client.post(address, {"moment": "soon"}).status_code == 400
        moment = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
        page = client.post(address, {"moment": moment}, follow=True).content.decode()
        assert "It waits: nothing is posted before" in page and f'value="{moment}"' in page
        page = client.post(address, {"moment": ""}, follow=True).content.decode()
        assert "as soon as it can be" in page and "It waits:" not in page


@pytest.mark.django_db
def test_text_is_not_handed_out_before_its_time() -> None:
    publication = waiting()
    clinician = cases.person(Role.CLINICIAN)
    timing.schedule(
        by=clinician, publication_id=publication.pk, moment=timezone.now() + timedelta(hours=1)
    )
    with pytest.raises(WrongState, match="not posted before"):
        publishing.hand_out(by=clinician, publication_id=publication.pk)
    assert not publication.attempts.exists()
