"""What the scanners got wrong, and words that are proposed for the list."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from compliance.models import DataKey, Finding, VaultText
from reviews.enums import Mistake, ProposalState
from reviews.models.people import User


class Correction(models.Model):
    """A labelled example: where a scan missed an identifier, or saw one that is none.

    Offsets in a text that stays sealed where it is, never the words (law 7).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    text = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="corrections")
    finding = models.ForeignKey(Finding, null=True, on_delete=models.PROTECT, related_name="+")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)  # of identifier, or what it was taken for
    verdict = models.CharField(max_length=8, choices=Mistake)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "start"]
        constraints = [
            models.UniqueConstraint(fields=["text", "start", "end"], name="correction_once"),
            models.CheckConstraint(name="correction_span", condition=Q(start__lt=models.F("end"))),
            models.CheckConstraint(
                name="correction_false_has_finding",
                condition=Q(verdict="false", finding__isnull=False)
                | Q(verdict="missed", finding__isnull=True),
            ),
        ]


class Proposal(models.Model):
    """The words of a correction, proposed for the list; a second person decides.

    The words are read from the corrected text. Only with the approval are they sealed under `key`,
    in an entry of the list that has the id of the proposal.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    correction = models.OneToOneField(Correction, on_delete=models.PROTECT, related_name="proposal")
    key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    # These change, once:
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.WAITING)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["correction__at", "id"]
        constraints = [
            models.CheckConstraint(
                name="proposal_decided_whole",
                condition=Q(state="waiting", decided_by=None, decided_at=None, reason=None)
                | Q(state="approved", decided_by__isnull=False, decided_at__isnull=False)
                | Q(
                    state="declined",
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    reason__isnull=False,
                ),
            )
        ]
