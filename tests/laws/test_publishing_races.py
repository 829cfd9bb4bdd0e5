"""Laws 1 and 4 when a worker posts in the moment in which another one does, or in which somebody
revokes the reply: one call, and none whose attempt was committed after the revocation. On
PostgreSQL, with negative controls.

What was committed first is read in the ledger: a revocation and an attempt write their events while
they hold the same row locked, so that the numbers of the events are in the order of the commits.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from compliance.ledger import events
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from engage import communities, publications, publishing, stops
from engage.connectors.base import (
    Caps,
    Idempotency,
    Intent,
    Outcome,
    Prepared,
    Refused,
)
from engage.enums import PublicationState
from engage.models import Publication, Stop
from reviews import workflow
from reviews.enums import Role
from tests import cases
from tests.laws.attacks import run
from tests.laws.test_races import Verb, at_the_same_time

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = pytest.mark.parametrize("rounds", [40, pytest.param(10_000, marks=pytest.mark.long)])
LATEST = 0.12  # seconds by which the other one may begin later: a sending takes half of it
REVOKED = (EventKind.PUBLISHING_STOPPED, EventKind.WITHDRAWN)


class FakePlatform:
    """A fake that takes nothing, so that the same reply can be sent anew; it counts its calls."""

    caps = Caps(Idempotency.LOOKUP, client_timeout_seconds=5, quiet_seconds=0)

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()

    def prepare(self, intent: Intent) -> Prepared:
        return Prepared({"text": intent.text, "tag": intent.tag})

    def publish(self, prepared: Prepared) -> Outcome:
        with self._lock:
            self.calls += 1
        return Refused("not_now")


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePlatform]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time anyway")
    fake = FakePlatform()
    monkeypatch.setattr(communities, "connector_for", lambda kind, settings: fake)
    monkeypatch.setattr(events, "LISTENERS", [])  # nobody needs to be told
    yield fake


def sending(publication: Publication) -> Verb:
    """A worker that sends a publication, which is queued as if nobody had sent it yet."""
    Publication.objects.filter(pk=publication.pk).update(
        state=PublicationState.QUEUED, due_at=timezone.now()
    )
    return partial(publishing.send, publication.pk)


def soon(verb: Verb, rng: random.Random) -> Verb:
    """The verb, a moment later."""
    moment = rng.uniform(0, LATEST)

    def later() -> object:
        time.sleep(moment)
        return verb()

    return later


# Two workers


def two_workers(platform: FakePlatform, publication: Publication, rng: random.Random) -> int:
    """How often the network is called for one publication that two workers send."""
    before, send = platform.calls, sending(publication)
    at_the_same_time(send, soon(send, rng) if rng.random() < 0.5 else send)
    return platform.calls - before


@ROUNDS
def test_two_workers_at_one_publication_make_one_call(platform: FakePlatform, rounds: int) -> None:
    publication, rng = cases.queued_publication(), random.Random(1)
    for number in range(1, rounds + 1):
        assert two_workers(platform, publication, rng) == 1, f"race {number}"
    assert publication.attempts.count() == rounds
    print(f"two workers: {rounds} races, {platform.calls} calls")


def test_two_workers_without_the_lock_are_caught(
    platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publications, "lock", publications.read)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **how: self.all())
    publication, rng = cases.queued_publication(), random.Random(1)
    calls = (two_workers(platform, publication, rng) for _ in range(200))
    assert any(made > 1 for made in calls), "nobody sent twice although nothing is locked"


# Somebody who revokes, and a worker


class Revocations:
    """Ways to revoke a reply, and back to where it can be revoked again."""

    def __init__(self) -> None:
        self.officer = cases.person(Role.COMPLIANCE)
        self._publication = cases.queued_publication()
        self._stop: Stop | None = None

    def stop_here(self) -> tuple[Publication, Verb]:
        return self._publication, partial(self._stopped, self._publication.community_id)

    def stop_everywhere(self) -> tuple[Publication, Verb]:
        return self._publication, partial(self._stopped, None)

    def withdraw(self) -> tuple[Publication, Verb]:
        once = cases.queued_publication()
        why = {"code": "other", "reason": "Not now."}
        author = once.review.submitted_by
        return once, partial(workflow.withdraw, by=author, review_id=once.review_id, **why)

    def _stopped(self, community_id: UUID | None) -> None:
        self._stop = stops.stop(by=self.officer, community_id=community_id, reason="A complaint.")

    def undo(self) -> None:
        """Lifts the stop of this race, if it was one."""
        if self._stop:
            stops.lift(by=self.officer, stop_id=self._stop.pk, reason="It was settled.")
            self._stop = None


def revoke_against_publish(platform: FakePlatform, rounds: int) -> Counter[str]:
    """What happened in so many races; of every nine, one withdraws and the others stop."""
    rng, revocations, seen = random.Random(2), Revocations(), Counter[str]()
    for number in range(rounds):
        ways = (revocations.withdraw, *[revocations.stop_here, revocations.stop_everywhere] * 4)
        publication, revoke = ways[number % len(ways)]()
        before, last = platform.calls, Event.objects.latest("pk").pk
        at_the_same_time(sending(publication), soon(revoke, rng))
        told = Event.objects.filter(pk__gt=last)
        revoked = told.filter(kind__in=REVOKED).values_list("pk", flat=True).get()
        attempt = told.filter(kind=EventKind.ATTEMPT_STARTED).values_list("pk", flat=True).first()
        calls = platform.calls - before
        seen["races"] += 1
        seen["revoked first"] += attempt is None
        seen["posted after the revocation"] += attempt is not None and attempt > revoked
        seen["called without an attempt"] += calls != (attempt is not None)
        revocations.undo()
    return seen


@ROUNDS
def test_nothing_is_posted_whose_attempt_was_committed_after_the_revocation(
    platform: FakePlatform, rounds: int
) -> None:
    seen = revoke_against_publish(platform, rounds)
    print("revoke against publish:", dict(seen))
    assert seen["posted after the revocation"] == seen["called without an attempt"] == 0
    assert 0 < seen["revoked first"] < rounds  # neither always comes first


def test_a_stop_that_is_not_asked_for_under_the_lock_is_caught(
    platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked_too_early(community_id: UUID) -> bool:
        found = stops.of_community(community_id).exists()
        time.sleep(LATEST / 2)
        return found

    monkeypatch.setattr(stops, "holds", asked_too_early)
    # The database refuses such an attempt as well, in every thread: that is taken away for real.
    stops_laws = "ALTER TABLE engage_attempt {} TRIGGER law_engage_attempt_not_stopped"
    run(stops_laws.format("DISABLE"))
    try:
        assert revoke_against_publish(platform, 40)["posted after the revocation"]
    finally:
        run(stops_laws.format("ENABLE"))
