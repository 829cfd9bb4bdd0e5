"""What arrived, what do we answer, what is live? Every text is a row in the vault."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from compliance.models import DataKey, VaultText
from engage.enums import (
    MAYBE_LIVE,
    AttemptOutcome,
    BreachConclusion,
    ConnectorKind,
    IncidentKind,
    IncidentOutcome,
    NoReplyReason,
    PostState,
    PublicationState,
    RelookCause,
    RelookOutcome,
    Word,
)
from reviews.models import Recall, Review, TopicWatch, User


class Community(models.Model):
    """One online community and how we behave in it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=100)
    about = models.CharField(max_length=300, blank=True)
    connector = models.CharField(max_length=12, choices=ConnectorKind)
    key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+")
    settings = models.BinaryField()  # locked: addresses and credentials
    cursor = models.BinaryField(null=True)  # locked: where reading goes on
    # "{author}", "{credentials}" and "{affiliation}" are filled in; added to every reply.
    disclosure_line = models.CharField(max_length=400, blank=True)
    max_length = models.PositiveIntegerField(default=10_000)
    next_poll_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)
    poll_failures = models.PositiveIntegerField(default=0)
    poll_error = models.CharField(max_length=60, blank=True)  # a code, never text
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "communities"


class PushedMessage(models.Model):
    """A signed message that was stored, so that it counts once. Forgotten after some days."""

    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+")
    message_id = models.CharField(max_length=100)
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "message_id"], name="pushed_once")
        ]
        indexes = [models.Index(fields=["taken_at"], name="pushed_when")]


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


class Draft(models.Model):
    """A reply in the making; its id names the case in the ledger."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="drafts")
    reply_to = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="drafts")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="drafts")
    started_at = models.DateTimeField(auto_now_add=True)
    # The live reply that it is to take the place of.
    corrects = models.ForeignKey(
        "Publication", null=True, on_delete=models.PROTECT, related_name="corrections"
    )


class DraftVersion(models.Model):
    """What the draft said when somebody saved it. Never changed: a change is a new version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    body = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    # The body as it would be posted, disclosure line included: this is what is scanned.
    text = models.OneToOneField(VaultText, on_delete=models.PROTECT, related_name="draft_version")
    # What the author attached as evidence, one reference a line; None for none.
    references = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="version_once")]


class NoReply(models.Model):
    """Somebody decided that a post gets no reply; whoever begins or submits one reverses that."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="no_replies")
    reason = models.CharField(max_length=12, choices=NoReplyReason)
    note = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    reversed_at = models.DateTimeField(null=True)
    reversed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reversed_for = models.ForeignKey(Draft, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["post"], name="no_reply_once", condition=Q(reversed_at__isnull=True)
            ),
            models.CheckConstraint(
                name="no_reply_reversed_whole",
                condition=Q(reversed_at=None, reversed_by=None, reversed_for=None)
                | Q(
                    reversed_at__isnull=False,
                    reversed_by__isnull=False,
                    reversed_for__isnull=False,
                ),
            ),
        ]


class Publication(models.Model):
    """One cleared reply on its way to, or in, its community."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="publication")
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="publications")
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="publications")
    text_digest = models.CharField(max_length=64)
    # Frozen before the first send: {"body": ...} as the connector prepared it, text included.
    request = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    queued_at = models.DateTimeField(auto_now_add=True)
    # These change:
    state = models.CharField(
        max_length=12, choices=PublicationState, default=PublicationState.QUEUED
    )
    due_at = models.DateTimeField(null=True)  # when a sweep looks at it next
    not_before = models.DateTimeField(null=True)  # somebody chose when it is posted
    reference = models.BinaryField(null=True)  # locked: {"ref", "url"} on the platform
    posted_at = models.DateTimeField(null=True)
    watch_due_at = models.DateTimeField(null=True)  # when its live copy is looked at next
    # Of our post on the platform, so that reading it back is known as ours.
    post_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-queued_at"]
        indexes = [
            models.Index(fields=["due_at"], name="publication_due"),
            models.Index(fields=["watch_due_at"], name="publication_watch"),
            models.Index(fields=["community", "post_digest"], name="publication_post"),
        ]


class Attempt(models.Model):
    """One send, committed before the network is touched (law 4)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=10, choices=AttemptOutcome, default=AttemptOutcome.SENDING
    )
    reason = models.CharField(max_length=60, blank=True)  # a code, never text
    ended_at = models.DateTimeField(null=True)
    empty_looks = models.PositiveIntegerField(default=0)  # look-ups that found nothing
    # Who was shown the text to post it by hand; None where nobody was.
    handed_to = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "number"], name="attempt_number"),
            models.UniqueConstraint(
                fields=["publication"],
                name="attempt_one_may_be_live",
                condition=Q(outcome__in=[outcome.value for outcome in MAYBE_LIVE]),
            ),
        ]


class Statement(models.Model):
    """What a person said of one posting, after they looked or posted by hand."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="statements")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    says = models.CharField(max_length=8, choices=Word)
    checked = models.BooleanField()  # the signed text was found at the address, or is in our thread
    note = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    screenshot = models.CharField(max_length=64, blank=True)  # SHA-256 of a picture kept elsewhere

    class Meta:
        ordering = ["at"]


class Stop(models.Model):
    """Nothing is posted in a community, or anywhere, until somebody lifts it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    community = models.ForeignKey(  # None for everywhere
        Community, null=True, on_delete=models.PROTECT, related_name="stops"
    )
    key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    reason = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    why_lifted = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(  # of two who stop the same at once, one row stands
                Coalesce("community", models.Value(uuid.UUID(int=0))),
                name="stop_once",
                condition=Q(lifted_at__isnull=True),
            ),
            models.CheckConstraint(
                name="stop_lifted_whole",
                condition=Q(lifted_by=None, lifted_at=None, why_lifted=None)
                | Q(lifted_by__isnull=False, lifted_at__isnull=False, why_lifted__isnull=False),
            ),
        ]

    @property
    def where(self) -> str:
        """What is stopped, for a sentence."""
        return f"in {self.community.name}" if self.community else "everywhere"


class LiveCopy(models.Model):
    """The reply as its platform stored it, when we looked and it had changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="live_copies"
    )
    seen_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10)
    text = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["seen_at"]


class Incident(models.Model):
    """Something happened to a live reply that a person should see."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="incidents")
    kind = models.CharField(max_length=12, choices=IncidentKind)
    copy = models.ForeignKey(LiveCopy, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-opened_at"]


class FollowUp(models.Model):
    """Who sees to an incident, until when, and what came of it. It begins with its incident."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="follow_up")
    due_at = models.DateTimeField()
    # These change:
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    # These change, once:
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=IncidentOutcome, blank=True)
    note = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [models.Index(fields=["due_at", "id"], name="follow_up_due")]
        constraints = [
            models.CheckConstraint(
                name="follow_up_closed_whole",
                condition=Q(closed_at=None, closed_by=None, outcome="", note=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False, note__isnull=False)
                & ~Q(outcome=""),
            ),
        ]


class BreachAssessment(models.Model):
    """Whether a reply disclosed what it must not: looked into by those who answer for it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="breach_assessments"
    )
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    discovered_at = models.DateTimeField()  # from when on its deadlines count
    why = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    # These change, once:
    concluded_at = models.DateTimeField(null=True)
    concluded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    conclusion = models.CharField(max_length=8, choices=BreachConclusion, blank=True)
    factors = models.ForeignKey(  # JSON, by the names in engage/breaches.py
        VaultText, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["discovered_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication"], name="breach_one_open", condition=Q(concluded_at=None)
            ),
            models.CheckConstraint(
                name="breach_concluded_whole",
                condition=Q(concluded_at=None, concluded_by=None, conclusion="", factors=None)
                | Q(concluded_at__isnull=False, concluded_by__isnull=False, factors__isnull=False)
                & ~Q(conclusion=""),
            ),
        ]


class Relook(models.Model):
    """A live reply that somebody must look at again, and what they made of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="relooks")
    cause = models.CharField(max_length=8, choices=RelookCause)
    recall = models.ForeignKey(Recall, null=True, on_delete=models.PROTECT, related_name="relooks")
    opened_at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=RelookOutcome, blank=True)
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication"],
                name="relook_one_by_time",
                condition=Q(cause="time", decided_at=None),
            ),
            models.UniqueConstraint(fields=["publication", "recall"], name="relook_once_a_recall"),
            models.CheckConstraint(
                name="relook_says_of_which_recall",
                condition=Q(cause="time", recall=None) | Q(cause="recall", recall__isnull=False),
            ),
            models.CheckConstraint(
                name="relook_decided_whole",
                condition=Q(decided_at=None, decided_by=None, reason=None, outcome="")
                | Q(
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                    reason__isnull=False,
                    outcome__in=["still_right", "withdrawn"],
                ),
            ),
        ]
