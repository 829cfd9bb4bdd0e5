"""Catching up: what is read besides the news. One thread by its address, which is then followed for
some weeks, or what was said in a community before it was listened to.

The row says how far it came; a sweep goes on with it (law 5).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.nudges import nudge
from engage import intake
from engage.communities import connect
from engage.connectors.base import ConnectorError, Item, NoThreadHere, Page, ReadsBack, ReadsThreads
from engage.enums import PostState
from engage.listening import delay_after
from engage.models import Community, Post, Reading, Thread
from reviews import permissions
from reviews.exceptions import WrongState
from reviews.models import User
from reviews.permissions import Permission

log = structlog.get_logger()

LEASE = timedelta(minutes=2)  # more than one call of a connector takes
MOMENT = timedelta(seconds=5)
TURN = 20.0  # seconds of a worker at a time; a sweep hands it out again
LONGEST_ADDRESS = 1_000
FOLLOWED = timedelta(days=60)  # since the last post, or since somebody asked
FURTHEST = timedelta(days=3_650)
MENDING = timedelta(hours=1)  # what only a person can put right is not asked for again before
# How long until a thread is read again, by the time since its last post.
PACE = (
    (timedelta(hours=6), timedelta(minutes=2)),
    (timedelta(days=2), timedelta(minutes=15)),
    (timedelta(days=14), timedelta(hours=2)),
    (FOLLOWED, timedelta(hours=12)),
)


def can_read_threads(community: Community) -> bool:
    """Whether its connector finds a thread by the address. Asks nobody."""
    return _is(community, ReadsThreads)


def can_read_back(community: Community) -> bool:
    """Whether its connector reads what was said before. Asks nobody."""
    return _is(community, ReadsBack)


def _is(community: Community, kind: type) -> bool:
    try:
        return isinstance(connect(community), kind)
    except ValueError:  # it is pushed or imported, or its settings are incomplete
        return False


@transaction.atomic
def read_thread(*, by: User, community_id: UUID, address: str) -> Reading:
    """Has a thread read, and followed. One that is read already is read again at once.

    Args:
        address: as a browser shows it.
    Raises:
        NotAllowed: not this person.
        BadInput: the community has no such addresses, or this is none.
    """
    permissions.check_may(by, Permission.ADD_THREADS)
    community = Community.objects.select_related("key").get(pk=community_id)
    address = address.strip()
    place = urlsplit(address)
    if place.scheme not in ("http", "https") or not place.netloc or len(address) > LONGEST_ADDRESS:
        raise BadInput(
            "Give the address of the thread as the browser shows it: it begins with https://."
        )
    if not can_read_threads(community):
        raise BadInput(f"Threads of {community.name} can't be read by their address.")
    digest = vault.index_digest("reading", str(community.pk), address)
    followed = Reading.objects.filter(community=community, address_digest=digest)
    if known := followed.exclude(due_at=None).first():
        Reading.objects.filter(pk=known.pk).update(due_at=timezone.now())
    else:
        known = Reading.objects.create(
            community=community,
            address=vault.lock(community.key, {"address": address}, about="reading.address"),
            address_digest=digest,
            by=by,
            due_at=timezone.now(),
        )
        _record(EventKind.READING_STARTED, known, by.actor)
    _go_on(known)
    return known


@transaction.atomic
def read_back(*, by: User, community_id: UUID, since: datetime) -> Reading:
    """Has read what was said in a community since a day, up to when it was listened to.

    Args:
        since: time-zone aware, in the past.
    Raises:
        NotAllowed: not this person.
        BadInput: the community can't be read back, or not so far.
        WrongState: that is being done.
    """
    permissions.check_may(by, Permission.MANAGE)
    community = (
        Community.objects.select_for_update(of=("self",)).select_related("key").get(pk=community_id)
    )
    if not can_read_back(community):
        raise BadInput(f"What was said before can't be read in {community.name}.")
    if not timezone.now() - FURTHEST < since < timezone.now():
        raise BadInput("Choose a day in the last ten years.")
    if Reading.objects.filter(community=community).exclude(since=None).exclude(due_at=None):
        raise WrongState("It is being read back already. Wait until that is over, or stop it.")
    reading = Reading.objects.create(community=community, since=since, by=by, due_at=timezone.now())
    _record(EventKind.READING_STARTED, reading, by.actor, since=since.date().isoformat())
    _go_on(reading)
    return reading


@transaction.atomic
def stop(*, by: User, reading_id: UUID) -> Reading:
    """Reads no further; what was read stays.

    Raises:
        NotAllowed: not this person.
        WrongState: it is over.
    """
    reading = Reading.objects.select_for_update(of=("self",)).get(pk=reading_id)
    permissions.check_may(by, Permission.ADD_THREADS if reading.is_thread else Permission.MANAGE)
    if reading.due_at is None:
        raise WrongState("It is over already.")
    _end(reading, "stopped", by=by.actor)
    reading.save()
    return reading


def address_of(reading: Reading) -> str:
    """The address of a thread that is read for itself."""
    sealed = bytes(reading.address or b"")
    return str(vault.unlock(reading.community.key, sealed, about="reading.address")["address"])


def claim_due() -> list[UUID]:
    """Readings that are due, each for one caller and one lease."""
    now = timezone.now()
    due = Reading.objects.filter(due_at__lte=now)
    return [
        pk
        for pk in due.values_list("pk", flat=True)
        if due.filter(pk=pk).update(due_at=now + LEASE)
    ]


def community_of(reading_id: UUID) -> UUID:
    """Where it is read."""
    return Reading.objects.values_list("community", flat=True).get(pk=reading_id)


def give_back(reading_id: UUID) -> None:
    """Something else is read there now: it is handed out again after a moment."""
    soon = timezone.now() + MOMENT
    Reading.objects.filter(pk=reading_id).exclude(due_at=None).update(due_at=soon)


def run(reading_id: UUID) -> None:
    """Goes on until there is nothing to do now, or for one turn. May run twice at the same time."""
    until = time.monotonic() + TURN
    while step(reading_id):
        if time.monotonic() > until:
            Reading.objects.filter(pk=reading_id).exclude(due_at=None).update(due_at=timezone.now())
            return


def step(reading_id: UUID) -> bool:
    """Reads the thread, or the next page; whether there is more to do at once."""
    reading = Reading.objects.select_related("community__key", "thread__key").get(pk=reading_id)
    if reading.due_at is None:
        return False
    if reading.thread and reading.thread.key.destroyed_at:
        return _forget(reading)
    try:
        connector = connect(reading.community)
        if reading.is_thread:
            assert isinstance(connector, ReadsThreads)
            known = _ids_of(reading.thread) if reading.thread else []
            return _keep(reading, Page(connector.fetch_thread(address_of(reading), known)))
        assert isinstance(connector, ReadsBack) and reading.since
        return _keep(reading, connector.fetch_back(reading.since, _cursor_of(reading)))
    except ConnectorError as error:
        _failed(reading, error)
    except ValueError:
        _failed(reading, ConnectorError("incomplete_settings", retry=False))
    return False


def _ids_of(thread: Thread) -> list[str]:
    posts = Post.objects.filter(thread=thread, state=PostState.LIVE)
    sources = posts.order_by("-arrived_at").values_list("source", flat=True)
    return [
        str(vault.unlock(thread.key, bytes(source), about="post.source")["id"])
        for source in sources
    ]


def _cursor_of(reading: Reading) -> dict[str, object]:
    if not reading.cursor:
        return {}
    cursor: dict[str, object] = vault.unlock(
        reading.community.key, bytes(reading.cursor), about="reading.cursor"
    )
    return cursor


@transaction.atomic
def _keep(reading: Reading, page: Page) -> bool:
    """Stores what was read with how far it is; False if there is no more to do now."""
    mine = Reading.objects.select_for_update(of=("self",)).select_related("community__key")
    now = mine.get(pk=reading.pk)
    if now.steps != reading.steps or now.due_at is None:
        return False  # somebody else read the same, or stopped it
    items = page.items if now.is_thread else _unknown(now.community, page.items)
    received = intake.receive(now.community, items, by="system")
    now.steps += 1
    now.posts = len(page.items) if now.is_thread else now.posts + len(page.items)
    now.new += sum(r.arrival is intake.Arrival.CREATED for r in received)
    moments = [item.published_at for item in page.items if not item.deleted]
    now.reached = min([*moments, *([now.reached] if now.reached else [])], default=None)
    now.read_at, now.failures, now.error = timezone.now(), 0, ""
    if now.is_thread:
        now.thread = next((r.post.thread for r in received if r.post), now.thread)
        now.due_at = _next_look(now)
    else:
        further = dict(page.cursor)
        now.cursor = vault.lock(now.community.key, further, about="reading.cursor")
        now.due_at = timezone.now() + LEASE if further else None
    if now.due_at is None:
        _end(now, "", by="system")
    now.save()
    return bool(now.due_at and not now.is_thread)


def _unknown(community: Community, items: Sequence[Item]) -> list[Item]:
    # What is known is known as it is now: a list may say less of it.
    digests = {intake.post_digest(community, item.post_id): item for item in items}
    known = Post.objects.filter(community=community, external_digest__in=digests)
    there = set(known.values_list("external_digest", flat=True))
    return [item for key, item in digests.items() if key not in there and not item.deleted]


def _next_look(reading: Reading) -> datetime | None:
    """When a thread is read again; None once nobody can expect anything of it."""
    now = timezone.now()
    last = reading.thread.last_post_at if reading.thread else reading.started_at
    quiet = now - max(last, reading.started_at)
    pace = next((pace for longest, pace in PACE if quiet < longest), None)
    return now + pace if pace else None


def _failed(reading: Reading, error: ConnectorError) -> None:
    with transaction.atomic():
        now = Reading.objects.select_for_update(of=("self",)).get(pk=reading.pk)
        if now.steps != reading.steps or now.due_at is None:
            return
        now.steps, now.failures, now.error = now.steps + 1, now.failures + 1, error.code[:60]
        if error.retry:
            now.due_at = timezone.now() + delay_after(now.failures, error.wait)
        elif isinstance(error, NoThreadHere) or error.code == "gone":
            _end(now, now.error, by="system")
        else:  # somebody has to mend something first
            now.due_at = timezone.now() + delay_after(now.failures, MENDING.total_seconds())
        now.save()
    log.warning("reading_failed", reading=str(reading.pk), code=error.code)


@transaction.atomic
def _forget(reading: Reading) -> bool:
    # Its thread was erased: where it was is nobody's business any more.
    now = Reading.objects.select_for_update(of=("self",)).get(pk=reading.pk)
    if now.due_at is not None:
        now.address = b""
        _end(now, "erased", by="system")
        now.save()
    return False


def _end(reading: Reading, code: str, *, by: str) -> None:
    reading.due_at, reading.error = None, code
    _record(EventKind.READING_ENDED, reading, by, code=code or "done", posts=reading.posts)


def _go_on(reading: Reading) -> None:
    from engage import tasks

    nudge(tasks.run_reading, [reading.pk])


def _record(kind: EventKind, reading: Reading, by: str, **facts: str | int) -> None:
    what = "thread" if reading.is_thread else "history"
    slug = reading.community.slug
    ledger.record(kind, by=by, subject=reading, case_id="", community=slug, what=what, **facts)
