"""What became of a reply that is live?"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from compliance.models import VaultText
from engage.enums import BreachConclusion, IncidentKind, IncidentOutcome, RelookCause, RelookOutcome
from engage.models.publications import Publication
from reviews.models import Recall, User


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
