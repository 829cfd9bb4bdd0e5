"""Who works on a review just now, so that two people don't do the same work."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from reviews.enums import ClaimEnd, Role
from reviews.models.people import User
from reviews.models.review import Review


class Claim(models.Model):
    """Somebody works on a review in one role, from `since` until `until` at most.

    A courtesy: it neither gives nor takes the right to sign. `until` moves while the person acts;
    a claim that has ended stays as it is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="claims")
    role = models.CharField(max_length=12, choices=Role)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="claims")
    # Who gave it to them; None if they took it.
    assigned_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=10, choices=ClaimEnd, blank=True)

    class Meta:
        ordering = ["since"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "role"],
                name="claim_one_a_role",
                condition=Q(ended_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["review", "user"],
                name="claim_one_a_person",
                condition=Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                name="claim_ended_whole",
                condition=Q(ended_at__isnull=True, ended="")
                | Q(ended_at__isnull=False) & ~Q(ended=""),
            ),
        ]


class Presence(models.Model):
    """Somebody had the page of a review open at `seen_at`. Not history: stale rows are deleted."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="presences")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="presence_once")]
