"""What a reply rests on, and what may be rested on no more."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from compliance.models import DataKey, Scan, VaultText
from reviews.enums import EvidenceKind, RecallCause
from reviews.models.people import User


class Citation(models.Model):
    """Evidence that one exact text of a reply cites: keyed digests, never the words (law 7).

    Kept when a version is saved, so that a recall finds it without unsealing anything.
    """

    text = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="citations")
    # The scan that saw an approved claim in the text; None for a reference or an address.
    scan = models.ForeignKey(Scan, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, db_index=True)  # reviews/evidence.py says of what
    line = models.PositiveSmallIntegerField(default=0)  # of the references; 0 for the text itself

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["text", "digest"], name="citation_once", condition=Q(scan=None)
            ),
            models.UniqueConstraint(fields=["text", "scan", "digest"], name="citation_once_a_scan"),
        ]


class Recall(models.Model):
    """A reference or an approved claim that may be cited no more, and why. Lifted at most once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=EvidenceKind)
    cause = models.CharField(max_length=10, choices=RecallCause)
    community_id = models.UUIDField(null=True)  # engage.Community, of a claim
    community_name = models.CharField(max_length=100, blank=True)
    key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    what = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    # None for what the service recalls: a claim that ended, or left its profile.
    why = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    instead = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    recalled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    recalled_at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_why = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-recalled_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="recall_by_a_person_says_why",
                condition=Q(recalled_by=None, why=None, cause__in=["expired", "removed"])
                | Q(recalled_by__isnull=False, why__isnull=False),
            ),
            models.CheckConstraint(
                name="recall_lifted_whole",
                condition=Q(lifted_at=None, lifted_by=None, lifted_why=None)
                | Q(
                    lifted_at__isnull=False,
                    lifted_by__isnull=False,
                    lifted_why__isnull=False,
                    recalled_by__isnull=False,
                ),
            ),
        ]


class Recalled(models.Model):
    """One digest that a recall names."""

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="digests")
    digest = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recall", "digest"], name="recalled_once")]
