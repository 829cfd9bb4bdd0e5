"""Words that were signed before anybody needed them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from reviews.enums import Role
from reviews.models.people import Proved, User


class Signpost(models.Model):
    """Where to find help, in words that are signed twice before anybody needs them (law 1).

    A template without any person in it, posted exactly as it stands. Only the retirement changes
    it: other words are another signpost, with signatures of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=100)
    answers = models.JSONField()  # the safety rules that it is for, e.g. ["SAFE-CRISIS"]
    # engage.Community; None for every community. No foreign key points up the layers.
    community_id = models.UUIDField(null=True)
    community_name = models.CharField(max_length=100, blank=True)
    text = models.TextField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["written_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="signpost_retired_whole",
                condition=Q(retired_at__isnull=True, retired_by__isnull=True)
                | Q(retired_at__isnull=False, retired_by__isnull=False),
            )
        ]


class SignpostSignature(Proved):
    """One signature under one signpost, given before it is posted anywhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    signpost = models.ForeignKey(Signpost, on_delete=models.PROTECT, related_name="signatures")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=Role)
    digest = models.CharField(max_length=64)
    printed_name = models.CharField(max_length=310)
    meaning = models.CharField(max_length=200)
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at"]
        constraints = [
            models.UniqueConstraint(fields=["signpost", "role"], name="signpost_once_a_role"),
            models.UniqueConstraint(fields=["signpost", "user"], name="signpost_once_a_person"),
            models.CheckConstraint(
                name="signpost_signature_role", condition=Q(role__in=["compliance", "legal"])
            ),
        ]
