"""Intake: what arrived. Idempotent on community and post id; an edit adds a revision.

Every text goes into the vault at once and waits there for its scan.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from compliance import ledger, vault
from compliance.enums import Direction
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.models import DataKey
from engage.connectors.base import Item
from engage.enums import PostState
from engage.models import Community, Post, PostRevision, Thread

LONGEST_POST = 100_000  # characters
LONGEST_NAME = 1_000


class Arrival(enum.Enum):
    """What intake did with one item."""

    CREATED = "created"
    REVISED = "revised"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    ERASED = "erased"  # its thread was erased, so nothing of it is kept


NOTHING_NEW = (Arrival.UNCHANGED, Arrival.ERASED)


@dataclass(frozen=True, slots=True)
class Received:
    """One item's outcome; `post` is our row, None where the thread was erased."""

    arrival: Arrival
    post: Post | None


def receive(community: Community, items: Sequence[Item], *, by: str) -> list[Received]:
    """Stores posts, new revisions and deletions, all or nothing.

    Args:
        items: as the platform shows them now; redelivery is expected.
        by: the actor for the ledger: `person:<id>` or `system`.
    Returns:
        One outcome an item, in order.
    """
    from compliance.nudges import nudge
    from engage import tasks

    for last_try in (False, True):
        try:
            with transaction.atomic():
                received = [_receive(community, item, by) for item in items]
                if any(r.arrival not in NOTHING_NEW for r in received):
                    nudge(tasks.sweep_scans)
            return received
        except IntegrityError:
            # Somebody else stored the same post in this moment; the second look finds it.
            if last_try:
                raise
    raise AssertionError("unreachable")


def item_from_row(row: Any) -> tuple[str, Item]:
    """A pushed or imported row as (community slug, item).

    Args:
        row: a mapping with `community, thread_url, thread_title, post_id, parent_id, author,
            published_at, text`; `thread_id` and `deleted` are optional.
    Raises:
        BadInput: with the field and what it should be; never with its value.
    """
    if not isinstance(row, dict):
        raise BadInput("A row must be a JSON object.")
    names = ("community", "thread_url", "post_id", "author", "text")
    for name in names:
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise BadInput(f"{name} must be a text and not empty.")
    for name in ("thread_title", "parent_id", "thread_id"):
        if row.get(name) is not None and not isinstance(row[name], str):
            raise BadInput(f"{name} must be a text or null.")
    for name in (*names[:4], "thread_title", "parent_id"):
        if len(row.get(name) or "") > LONGEST_NAME:
            raise BadInput(f"{name} is longer than {LONGEST_NAME} characters.")
    if len(row["text"]) > LONGEST_POST:
        raise BadInput(f"text is longer than {LONGEST_POST} characters.")
    if "\x00" in row["text"]:
        raise BadInput("text holds a NUL character.")
    for name in (*names, "thread_title", "parent_id", "thread_id"):
        if _whole(row.get(name) or "") != (row.get(name) or ""):
            raise BadInput(f"{name} holds half of a character (a lone surrogate).")
    item = Item(
        post_id=row["post_id"],
        thread_id=row.get("thread_id") or row["thread_url"],
        thread_url=row["thread_url"],
        thread_title=row.get("thread_title") or "",
        parent_id=row.get("parent_id") or None,
        author=row["author"],
        published_at=_moment(row.get("published_at")),
        text=row["text"],
        deleted=row.get("deleted") is True,
    )
    return row["community"], item


def _moment(value: Any) -> datetime:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or (in_utc := _in_utc(moment)) is None:
        raise BadInput("published_at must be a date and time such as 2026-03-01T08:00:00Z.")
    return in_utc


def _in_utc(moment: datetime) -> datetime | None:
    aware = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    try:
        return aware.astimezone(UTC)
    except OverflowError:  # the first and the last day of the calendar
        return None


def _whole(text: str) -> str:
    # A lone surrogate is no character: it can't be stored, and would take its whole batch with it.
    return text.encode("utf-8", "replace").decode()


def _storable(item: Item) -> Item:
    """What a platform sent, in a form that can be kept; only what can't be is changed."""
    now = timezone.now()
    names = ("post_id", "thread_id", "thread_url", "thread_title", "author", "text")
    whole: dict[str, Any] = {
        name: _whole(getattr(item, name)).replace("\x00", "") for name in names
    }
    return replace(
        item,
        **whole,
        parent_id=_whole(item.parent_id) if item.parent_id else None,
        # A clock that is ahead would keep its posts on top of everything for as long.
        published_at=min(_in_utc(item.published_at) or now, now),
    )


def _receive(community: Community, item: Item, by: str) -> Received:
    item = _storable(item)
    digest = post_digest(community, item.post_id)
    post = (
        Post.objects.select_related("thread__key")
        .filter(community=community, external_digest=digest)
        .first()
    )
    thread = post.thread if post else _thread(community, item)
    if thread.key.destroyed_at:
        return Received(Arrival.ERASED, post)
    if post is None:
        arrival = Arrival.DELETED if item.deleted else Arrival.CREATED
        return Received(arrival, _new_post(community, thread, item, digest, by))
    _note_lock(post.thread, item, by)
    if item.deleted:
        if post.state == PostState.DELETED:
            return Received(Arrival.UNCHANGED, post)
        post.state = PostState.DELETED
        post.save(update_fields=["state"])
        _record(EventKind.POST_DELETED, post, by)
        return Received(Arrival.DELETED, post)
    restored = post.state == PostState.DELETED
    if restored:
        post.state = PostState.LIVE
        post.save(update_fields=["state"])
        _record(EventKind.POST_RESTORED, post, by)
    newest = post.revisions.select_related("text").order_by("-number")[0]
    if newest.text.digest == vault.digest(post.thread.key, item.text):
        return Received(Arrival.REVISED if restored else Arrival.UNCHANGED, post)
    _revise(post, item.text, newest.number + 1)
    _record(EventKind.POST_EDITED, post, by, revision=newest.number + 1)
    return Received(Arrival.REVISED, post)


def _thread(community: Community, item: Item) -> Thread:
    digest = vault.index_digest("thread", str(community.pk), item.thread_id)
    thread = (
        Thread.objects.select_related("key")
        .filter(community=community, external_digest=digest)
        .first()
    )
    if thread is None:
        key = vault.new_key()
        source = {"id": item.thread_id, "url": item.thread_url}
        thread = Thread.objects.create(
            community=community,
            external_digest=digest,
            key=key,
            source=vault.lock(key, source, about="thread.source"),
            title=vault.seal(key, item.thread_title or "Untitled", scan=Direction.INBOUND),
            locked=bool(item.locked),
            last_post_at=item.published_at,
        )
    return thread


def _new_post(community: Community, thread: Thread, item: Item, digest: str, by: str) -> Post:
    parent = item.parent_id
    post = Post.objects.create(
        community=community,
        thread=thread,
        external_digest=digest,
        parent_digest=post_digest(community, parent) if parent else "",
        author_digest=author_digest(thread.key, item.author),
        source=vault.lock(
            thread.key, {"id": item.post_id, "author": item.author}, about="post.source"
        ),
        published_at=item.published_at,
        state=PostState.DELETED if item.deleted else PostState.LIVE,
    )
    _revise(post, item.text, 1)
    _note_lock(thread, item, by)
    if item.published_at > thread.last_post_at:
        thread.last_post_at = item.published_at
        thread.save(update_fields=["last_post_at"])
    _record(EventKind.POST_ARRIVED, post, by, community=community.slug)
    return post


def post_digest(community: Community, post_id: str) -> str:
    """What a post of a community is looked up by."""
    return vault.index_digest("post", str(community.pk), post_id)


def author_digest(key: DataKey, handle: str) -> str:
    """Keyed digest of a handle: the same person within one thread, nobody beyond it."""
    return vault.digest(key, f"author:{handle.casefold()}")


def _revise(post: Post, text: str, number: int) -> None:
    sealed = vault.seal(post.thread.key, text, scan=Direction.INBOUND)
    PostRevision.objects.create(post=post, number=number, text=sealed)


def _note_lock(thread: Thread, item: Item, by: str) -> None:
    if item.locked not in (None, thread.locked):
        thread.locked = bool(item.locked)
        thread.save(update_fields=["locked"])
        kind = EventKind.THREAD_LOCKED if item.locked else EventKind.THREAD_UNLOCKED
        ledger.record(kind, by=by, subject=thread, case_id=thread.pk)


def _record(kind: EventKind, post: Post, by: str, **facts: Any) -> None:
    ledger.record(kind, by=by, subject=post, case_id=post.thread_id, **facts)
