"""What happens to posts: one verb, one transaction, one change number."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from engage.sandbox.models import Board, Post, PostState, Thread


class Declined(Exception):
    """The community does not do this. `code` is for programs, the message for people."""

    def __init__(self, status: int, code: str, sentence: str, wait: float = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.wait = wait


@transaction.atomic
def open_thread(
    *, board: Board, title: str, author: str, text: str, at: datetime | None = None
) -> Post:
    """Starts a conversation; returns its first post. `at` backdates it."""
    check_text(text)
    at = at or timezone.now()
    thread = Thread.objects.create(board=board, title=title, created_at=at)
    return Post.objects.create(
        thread=thread, author=author, text=text, change=_next(), created_at=at, updated_at=at
    )


@transaction.atomic
def reply(
    *,
    thread_id: int,
    parent_id: int | None,
    author: str,
    text: str,
    tag: str = "",
    hold: bool = False,
    at: datetime | None = None,
) -> Post:
    """Adds a reply. The same call twice adds two: this community knows no idempotency.

    Args:
        parent_id: the post that is answered; None answers the first post.
        tag: stored with the post, and not looked at.
        hold: the reply waits for a moderator, as on a board that holds every post.
    Raises:
        Declined: too long, locked, the parent is not here any more, too soon after the last one.
    """
    check_text(text)
    thread = Thread.objects.select_related("board").get(pk=thread_id)
    parent = thread.posts.filter(pk=parent_id) if parent_id else thread.posts.order_by("pk")
    answered = parent.first()
    if thread.locked:
        raise Declined(403, "thread_locked", "This thread is locked: it takes no more replies.")
    if answered is None:
        raise Declined(404, "no_such_parent", "The post to reply to is not in this thread.")
    if answered.state != PostState.LIVE:
        raise Declined(410, "parent_gone", "The post to reply to is not shown any more.")
    _check_flood(thread.board, author)
    pending = hold or thread.board.holds_posts
    at = at or timezone.now()
    return Post.objects.create(
        thread=thread,
        parent=answered,
        author=author,
        text=text,
        tag=tag,
        state=PostState.PENDING if pending else PostState.LIVE,
        was_live=not pending,
        change=_next(),
        created_at=at,
        updated_at=at,
    )


@transaction.atomic
def edit(*, post_id: int, text: str, expected_version: str | None) -> Post:
    """Replaces the text, if it is still the version that the client saw (None: whatever it is)."""
    check_text(text)
    post = Post.objects.get(pk=post_id)
    if post.state == PostState.GONE:
        raise Declined(410, "gone", "This post was removed; it can't be edited.")
    if expected_version is not None and expected_version != post.version_token:
        raise Declined(409, "version_conflict", "The post was edited since you read it.")
    post.text, post.version = text, post.version + 1
    return _changed(post)


@transaction.atomic
def remove(*, post_id: int) -> Post:
    """Leaves a tombstone without text; removing twice is fine."""
    post = Post.objects.get(pk=post_id)
    if post.state == PostState.GONE:
        return post
    post.state, post.text = PostState.GONE, ""
    return _changed(post)


@transaction.atomic
def moderate(*, post_id: int, state: PostState) -> Post:
    """Approves or shows (LIVE) or hides (HIDDEN) a post; a removed one stays removed."""
    post = Post.objects.get(pk=post_id)
    if post.state == PostState.GONE:
        raise Declined(410, "gone", "This post was removed; there is nothing to moderate.")
    if post.state == state:
        return post
    post.state = state
    post.was_live = post.was_live or state == PostState.LIVE
    return _changed(post)


@transaction.atomic
def lock(*, thread_id: int, locked: bool) -> Thread:
    """Locks or unlocks a thread, and shows that as a change of its first post."""
    thread = Thread.objects.get(pk=thread_id)
    if thread.locked != locked:
        thread.locked = locked
        thread.save(update_fields=["locked"])
        _changed(thread.posts.order_by("pk")[0])
    return thread


def check_text(text: str) -> None:
    """Raises Declined unless the text can be stored unchanged."""
    if not text.strip():
        raise Declined(400, "empty", "Write something: a post can't be empty.")
    if len(text) > settings.SANDBOX_MAX_LENGTH:
        raise Declined(
            400, "too_long", f"A post has at most {settings.SANDBOX_MAX_LENGTH} characters."
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Declined(400, "bad_text", "The text is not valid Unicode.") from None
    if "\x00" in text:
        raise Declined(400, "bad_text", "The text holds a NUL character; leave it out.")


def _check_flood(board: Board, author: str) -> None:
    seconds = settings.SANDBOX_FLOOD_SECONDS if board.flood_seconds is None else board.flood_seconds
    if not seconds:
        return
    now = timezone.now()
    recent = Post.objects.filter(
        thread__board=board, author=author, created_at__gt=now - timedelta(seconds=seconds)
    ).order_by("-created_at")
    if last := recent.first():
        wait = max(1.0, (last.created_at + timedelta(seconds=seconds) - now).total_seconds())
        raise Declined(429, "flood", "You are posting too fast: wait a moment.", wait=wait)


def _changed(post: Post) -> Post:
    post.change, post.updated_at = _next(), timezone.now()
    post.save()
    return post


def _next() -> int:
    """The next change number; safe because there is one writer at a time."""
    return (Post.objects.aggregate(newest=Max("change"))["newest"] or 0) + 1
