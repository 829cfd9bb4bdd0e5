"""Boards, threads and posts of the sandbox community, and the faults it plays on demand."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class PostState(models.TextChoices):
    """How a post stands."""

    LIVE = "live", "Live"
    PENDING = "pending", "Held for a moderator"
    HIDDEN = "hidden", "Hidden by a moderator"
    GONE = "gone", "Removed"


class Board(models.Model):
    """One community. With `holds_posts` new replies wait for a moderator."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    about = models.CharField(max_length=400, blank=True)
    holds_posts = models.BooleanField(default=False)
    flood_seconds = models.FloatField(null=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.slug


class Thread(models.Model):
    """A conversation; its first post opens it."""

    board = models.ForeignKey(Board, models.CASCADE, related_name="threads")
    title = models.CharField(max_length=300)
    locked = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.pk)


class Post(models.Model):
    """A post as it stands now. Rows are never deleted: a removed post stays as a tombstone.

    `change` grows with everything that happens to any post, in the order of commits; `version`
    grows with edits only.
    """

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="posts")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="replies")
    author = models.CharField(max_length=80)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=PostState, default=PostState.LIVE)
    # What the client called it. Not unique, and on purpose: the same request twice is two posts.
    tag = models.CharField(max_length=200, blank=True, db_index=True)
    version = models.PositiveIntegerField(default=1)
    change = models.PositiveBigIntegerField(unique=True)
    was_live = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def edited(self) -> bool:
        return self.version > 1

    @property
    def version_token(self) -> str:
        """Changes with every edit; opaque to clients."""
        return f"{self.pk}.{self.version}"


class FaultKind(models.TextChoices):
    """What goes wrong. `before` and `after` say whether the work was done and committed."""

    REFUSE = "refuse", "403 with a code, nothing done"
    FLOOD = "flood", "429 with Retry-After, nothing done"
    ERROR_BEFORE = "error_before", "500, nothing done"
    ERROR_AFTER = "error_after", "500, work done"
    CUT_BEFORE = "cut_before", "connection closed without an answer, nothing done"
    CUT_AFTER = "cut_after", "connection closed without an answer, work done"
    SLOW = "slow", "waits, then does the work and answers"
    SLOW_AFTER = "slow_after", "does the work, then waits and answers"
    GARBLE_AFTER = "garble_after", "work done, and an answer that can't be read"
    HOLD = "hold", "the post is held for a moderator"


class Operation(models.TextChoices):
    """Which requests a fault is for."""

    PUBLISH = "publish", "new replies"
    EDIT = "edit", "edits"
    DELETE = "delete", "removals"
    READ = "read", "reading one post, finding by tag and listing changes"


class Fault(models.Model):
    """A fault that plays for the next `remaining` requests (None: until cleared).

    With a `probability` below 1 each request draws from a sequence that `seed` fixes.
    """

    kind = models.CharField(max_length=16, choices=FaultKind)
    operation = models.CharField(max_length=8, choices=Operation, default=Operation.PUBLISH)
    board = models.ForeignKey(Board, models.CASCADE, null=True)
    remaining = models.PositiveIntegerField(null=True, default=1)
    probability = models.FloatField(default=1.0)
    seed = models.CharField(max_length=80, default="0")
    seconds = models.FloatField(default=0)
    code = models.SlugField(default="not_permitted")
    draws = models.PositiveIntegerField(default=0)
    hits = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.operation} {self.kind}"
