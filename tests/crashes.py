"""Publishing on a platform that fails in every way, by workers that die at every point.

A fake platform with a clock of its own holds the truth: what is there, how often, since when. It
loses requests, loses answers, answers 502 after it did the work, does the work late (but within its
quiet window), and shows what is there with a delay. Workers die before and after every commit, in
the middle of a transaction, and around every call of the network.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from engage import communities, drafting, publications, publishing, withdrawing
from engage.connectors.base import (
    Ambiguous,
    Caps,
    ConnectorError,
    Found,
    Idempotency,
    Intent,
    Live,
    LiveState,
    Lookup,
    NotFound,
    Outcome,
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
)
from engage.enums import PublicationState
from engage.models import Post, Publication
from reviews import workflow
from reviews.enums import ReviewState, Role
from reviews.models import User
from tests import cases

A_BATCH = 40  # publications under way at once
STEPS = 400  # sweeps after which what is not at rest counts as lost
CRASHES = 0.12  # of the points that a worker passes
WITHDRAWN = 0.15  # of the replies, at some moment
FAULTS = ("request lost", "answer lost", "502 after it", "done late", "refused", "slow down")
Drive = Callable[["World", Publication], None]


class Crash(BaseException):
    """A worker dies. No handler of the product catches it."""


@dataclass
class Toll:
    """What came of a run.

    Attributes:
        crashes: by the point at which a worker died.
        lost: replies that never came to rest.
        twice: replies that stood on the platform twice, for however short a time.
        differ: replies of which we say something else than what is true.
    """

    publications: int = 0
    crashes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    twice: int = 0
    differ: int = 0

    def __str__(self) -> str:
        return (
            f"{self.publications} publications, {sum(self.crashes.values())} crashes at "
            f"{len(self.crashes)} points, {sum(self.faults.values())} faults: {self.lost} lost, "
            f"{self.twice} twice, {self.differ} differ; {dict(self.outcomes)}; "
            f"{dict(self.crashes)}; {dict(self.faults)}"
        )


class Platform:
    """A fake: it fails by chance, and knows what is true."""

    caps = Caps(Idempotency.LOOKUP, client_timeout_seconds=10, quiet_seconds=30)

    def __init__(self, world: World) -> None:
        self.world = world
        self.there: dict[str, list[datetime]] = {}  # by tag: since when each copy is there
        self.late: list[tuple[datetime, str]] = []  # what is done later
        self.most: Counter[str] = Counter()  # the most copies at once, by tag
        self.answers = {"taken": 8} | dict.fromkeys(FAULTS, 1)  # and how often each comes

    def prepare(self, intent: Intent) -> Prepared:
        return Prepared({"text": intent.text, "tag": intent.tag})

    def publish(self, prepared: Prepared) -> Outcome:
        tag = str(prepared.body["tag"])
        self.world.dies("before the network")
        outcome = self._publish(tag)
        self.world.dies("after the network")
        return outcome

    def _publish(self, tag: str) -> Outcome:
        kind = self.world.chance.choices(list(self.answers), list(self.answers.values()))[0]
        self.world.toll.faults[kind] += kind != "taken"
        match kind:
            case "request lost":
                return Unknown("timeout")
            case "refused":
                return Refused("banned")
            case "slow down":
                return RetryAfter(5)
            case "done late":
                wait = self.world.chance.uniform(1, self.caps.quiet_seconds + 9)
                self.late.append((self.world.now + timedelta(seconds=wait), tag))
                return Unknown("timeout")
        self._stands(tag, self.world.now)
        if kind == "taken":
            return Posted({"post_id": tag}, "https://community.example/1")
        return Unknown("connection" if kind == "answer lost" else "http_502")

    def _stands(self, tag: str, since: datetime) -> None:
        copies = self.there.setdefault(tag, [])
        copies.append(since)
        self.most[tag] = max(self.most[tag], len(copies))

    def pass_time(self) -> None:
        """Does what is due by now."""
        for at, tag in [entry for entry in self.late if entry[0] <= self.world.now]:
            self.late.remove((at, tag))
            self._stands(tag, at)

    def find_published(self, prepared: Prepared) -> Lookup:
        tag = str(prepared.body["tag"])
        self.world.dies("before the look")
        if self.world.chance.random() < 0.2:
            self.world.toll.faults["look failed"] += 1
            raise ConnectorError("timeout")
        # What is there shows some seconds late.
        seen_since = self.world.now - timedelta(seconds=self.world.chance.uniform(0, 8))
        copies = [since for since in self.there.get(tag, []) if since <= seen_since]
        self.world.dies("after the look")
        if not copies:
            return NotFound()
        return Found({"post_id": tag}) if len(copies) == 1 else Ambiguous(len(copies))

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        return Live(LiveState.LIVE if self.there.get(ref["post_id"]) else LiveState.GONE)

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        self.world.dies("before taking it down")
        if self.world.chance.random() < 0.2:
            self.world.toll.faults["taking down failed"] += 1
            raise ConnectorError("timeout")
        if copies := self.there.get(str(ref["post_id"])):
            copies.pop()
        self.world.dies("after taking it down")


class World:
    """A clock, a platform, and workers that die.

    Args:
        patch: undone by the caller; what the product asks is put in the place of it.
        rate: how often a worker dies at a point that it passes.
    """

    def __init__(self, patch: pytest.MonkeyPatch, seed: int, rate: float = CRASHES) -> None:
        self.chance, self.rate, self.toll = random.Random(seed), rate, Toll()
        self.now = timezone.now()
        self.people: dict[Role, User] = {}
        self.alive = True  # only workers die
        self.platform = Platform(self)
        patch.setattr(timezone, "now", lambda: self.now)
        patch.setattr(communities, "connector_for", lambda kind, settings: self.platform)
        for module, name in (
            (publishing, "_begin"),
            (publishing, "_end"),
            (publishing, "_settled"),
            (withdrawing, "take_down"),
        ):
            patch.setattr(module, name, self._dying(getattr(module, name), name.strip("_")))
        # The last thing in a transaction: who dies here leaves nothing of it.
        patch.setattr(publications, "record", self._dying_inside(publications.record))

    def cleared(self, post: Post) -> Publication:
        """A reply that was signed twice and waits to be posted; the same three people each time."""
        if not self.people:
            self.people = {
                role: cases.person(role) for role in (Role.CLINICIAN, Role.COMPLIANCE, Role.LEGAL)
            }
        author = self.people[Role.CLINICIAN]
        draft = drafting.start(by=author, post_id=post.pk)
        drafting.save(by=author, draft_id=draft.pk, body=cases.CLEAN)
        review = drafting.submit(by=author, draft_id=draft.pk, answers={})
        for role in (Role.COMPLIANCE, Role.LEGAL):
            cases.sign(review, role, by=self.people[role])
        publication = publishing.queue(review_id=review.pk)
        assert publication is not None
        return publication

    def dies(self, point: str) -> None:
        """Here a worker may die."""
        if not self.alive and self.chance.random() < self.rate:
            self.toll.crashes[point] += 1
            raise Crash(point)

    def _dying(self, verb: Callable[..., Any], name: str) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            self.dies(f"before {name}")
            answer = verb(*args, **named)
            self.dies(f"after {name} was committed")
            return answer

        return called

    def _dying_inside(self, record: Callable[..., None]) -> Callable[..., None]:
        def called(*args: Any, **named: Any) -> None:
            record(*args, **named)
            self.dies("before a commit")

        return called

    def work(self, publication: Publication, drive: Drive) -> None:
        """A worker takes a publication one step further, or dies."""
        self.alive = False
        try:
            drive(self, publication)
        except Crash:
            pass
        finally:
            self.alive = True

    def pass_time(self) -> None:
        """Some seconds go by."""
        self.now += timedelta(seconds=self.chance.uniform(1, 25))
        self.platform.pass_time()


def as_it_is(world: World, publication: Publication) -> None:
    """How the product drives a publication."""
    publishing.drive(publication.pk)


def lock_send_mark(world: World, publication: Publication) -> None:
    """The negative control: the row is locked, the reply sent, and then marked as sent."""
    with transaction.atomic():
        row = publications.lock(publication.pk)
        if row.state != PublicationState.QUEUED:
            return
        outcome = world.platform.publish(Prepared(publications.request_of(row)))
        ends = {Posted: PublicationState.LIVE, Refused: PublicationState.REFUSED}
        if state := ends.get(type(outcome)):
            Publication.objects.filter(pk=row.pk).update(state=state, due_at=None)


def play(world: World, count: int, drive: Drive = as_it_is, withdraw: float = WITHDRAWN) -> Toll:
    """Publishes so many replies, and compares what we say of each with what is true."""
    while (left := count - world.toll.publications) > 0:
        _play_batch(world, min(A_BATCH, left), drive, withdraw)
    return world.toll


def _play_batch(world: World, count: int, drive: Drive, withdraw: float) -> None:
    post = cases.post()
    batch = [world.cleared(post) for _ in range(count)]
    world.toll.publications += count
    moving = {publication.pk: publication for publication in batch}
    for _ in range(STEPS):
        world.pass_time()
        if withdraw:
            _withdraw_some(world, list(moving.values()), withdraw)
            withdrawing.follow_withdrawals()
        due = Publication.objects.filter(pk__in=moving, due_at__lte=world.now)
        for publication in due.order_by("due_at"):
            world.work(publication, drive)
        for publication in Publication.objects.filter(pk__in=moving):
            if publication.due_at is None and not _to_be_taken_down(publication):
                moving.pop(publication.pk)
        if not moving and not world.platform.late:
            break
    world.toll.lost += len(moving)
    for publication in batch:
        _compare(world, publications.read(publication.pk))


def _withdraw_some(world: World, moving: list[Publication], share: float) -> None:
    for publication in moving:
        if world.chance.random() < share / 20:
            review = publications.read(publication.pk).review
            if review.state in (ReviewState.CLEARED, ReviewState.PUBLISHED):
                author = review.submitted_by
                workflow.withdraw(by=author, review_id=review.pk, code="other", reason="Wrong.")


def _to_be_taken_down(publication: Publication) -> bool:
    withdrawn = publications.read(publication.pk).review.state == ReviewState.WITHDRAWN
    return withdrawn and publication.state in (PublicationState.LIVE, PublicationState.QUEUED)


def _compare(world: World, publication: Publication) -> None:
    tag = str(publications.request_of(publication)["tag"])
    copies = len(world.platform.there.get(tag, []))
    stands = publication.state in (PublicationState.LIVE, PublicationState.TAKING_DOWN)
    world.toll.outcomes[publication.state] += 1
    world.toll.twice += world.platform.most[tag] > 1
    world.toll.differ += stands != (copies > 0)
