"""What was sent, and what is known of it?"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from compliance.models import VaultText
from engage.enums import MAYBE_LIVE, AttemptOutcome, PublicationState, Word
from engage.models.communities import Community
from engage.models.drafts import Draft
from reviews.models import Review, User


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
