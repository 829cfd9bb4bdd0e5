"""How do we reach a community, and what may we do there?"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from compliance.models import DataKey, VaultText
from engage.enums import ConnectorKind
from reviews.models import User


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
