"""What was said in a community? Every text is a row in the vault."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from compliance.models import DataKey, VaultText
from engage.enums import PostState
from engage.models.communities import Community
from reviews.models import TopicWatch, User


class Thread(models.Model):
    """One conversation. Its data key seals everything that is said in and about it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="threads")
    external_digest = models.CharField(max_length=64)
    key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="thread")
    source = models.BinaryField()  # locked: {"id", "url"} on the platform
    title = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    locked = models.BooleanField(default=False)
    title_triaged = models.BooleanField(default=False)  # looked at for safety signals (law 9)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_post_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_post_at", "-id"]
        indexes = [models.Index(fields=["-last_post_at", "-id"], name="thread_inbox")]
        constraints = [
            models.UniqueConstraint(fields=["community", "external_digest"], name="thread_once")
        ]


class Post(models.Model):
    """One contribution to a thread, by somebody who is named only in the vault."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="posts")
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="posts")
    external_digest = models.CharField(max_length=64)
    parent_digest = models.CharField(max_length=64, blank=True)
    author_digest = models.CharField(max_length=64)  # the same person writes again (law 3)
    source = models.BinaryField()  # locked: {"id", "author"} on the platform
    published_at = models.DateTimeField()
    arrived_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, choices=PostState, default=PostState.LIVE)
    # Set once a sweep has looked at the newest scan for safety signals (law 9).
    triaged_revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["published_at", "arrived_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["community", "external_digest"], name="post_once")
        ]


class PostRevision(models.Model):
    """What a post said from some moment on; an edit adds one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.OneToOneField(VaultText, on_delete=models.PROTECT, related_name="post_revision")
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="revision_once")]


class Reading(models.Model):
    """What is read besides the news: one thread, or what was said since a day (`since`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="readings")
    # Of a thread; locked: {"address"}. Empty once the thread was erased.
    address = models.BinaryField(null=True)
    address_digest = models.CharField(max_length=64, blank=True)
    thread = models.ForeignKey(Thread, null=True, on_delete=models.PROTECT, related_name="readings")
    since = models.DateTimeField(null=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(auto_now_add=True)
    # These change:
    cursor = models.BinaryField(null=True)  # locked: where it goes on
    steps = models.PositiveIntegerField(default=0)
    posts = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    reached = models.DateTimeField(null=True)  # the oldest post that was read
    read_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=60, blank=True)  # a code, never text
    due_at = models.DateTimeField(null=True)  # None: it is over

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["due_at"], name="reading_due", condition=Q(due_at__isnull=False))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["community", "address_digest"],
                name="reading_once",
                condition=Q(due_at__isnull=False),
            ),
            models.CheckConstraint(
                name="reading_of_one_kind",
                condition=Q(since=None, address__isnull=False)
                | Q(since__isnull=False, address=None),
            ),
        ]

    @property
    def is_thread(self) -> bool:
        """Whether it is one thread, and not what was said since a day."""
        return self.since is None

    @property
    def percent(self) -> int:
        """How far back it has come on its way to `since`."""
        if self.since is None or self.due_at is None:
            return 100
        gone = self.started_at - (self.reached or self.started_at)
        return max(0, min(99, int(100 * gone / (self.started_at - self.since))))


class WatchHit(models.Model):
    """A thread that speaks of what somebody watches for; once for each thread."""

    watch = models.ForeignKey(TopicWatch, on_delete=models.PROTECT, related_name="hits")
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="watch_hits")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watch", "thread"], name="watch_hit_once")]
