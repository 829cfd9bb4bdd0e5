"""Safety signals, what was found in them and what was done."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from compliance.models import DataKey, VaultText
from reviews.enums import SafetyOutcome
from reviews.models.people import User


class SafetyCase(models.Model):
    """One safety signal of one post; open until a safety officer disposes of it (law 9)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread_id = models.UUIDField(db_index=True)  # engage.Thread; no key points up the layers
    community_name = models.CharField(max_length=100)
    text = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    rule_id = models.CharField(max_length=40)
    opened_at = models.DateTimeField(auto_now_add=True)
    # When the service received the post: all deadlines count from here. None for older cases,
    # where it was when the case was opened.
    aware_at = models.DateTimeField(null=True)
    # Of the next deadline that is not met; `clocks.NEVER` if all are.
    due_at = models.DateTimeField()
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    disposed_at = models.DateTimeField(null=True)
    disposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=SafetyOutcome, blank=True)
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    # The case under which it is known already; None for duplicates of before this was asked.
    duplicate_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="duplicates"
    )

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(fields=["text", "rule_id"], name="safety_case_once"),
            models.CheckConstraint(
                name="safety_case_disposed_whole",
                condition=Q(disposed_at__isnull=True)
                | Q(disposed_by__isnull=False, reason__isnull=False) & ~Q(outcome=""),
            ),
        ]

    @property
    def key(self) -> DataKey:
        """The data key of the thread."""
        return self.text.key


class CaseFacts(models.Model):
    """What was found in the post of a safety case; a correction is a new row. Offsets, never text.

    Number 1 is what the machine found when the case was opened. `found` is what holds from then
    on: what a row leaves out was struck by it, what is in it again was taken back.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(SafetyCase, on_delete=models.PROTECT, related_name="facts")
    number = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    serious = models.BooleanField()
    found = models.JSONField()  # [{"start", "end", "kind", "code"}], as case_facts.Fact
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="case_facts_once"),
            models.CheckConstraint(
                name="case_facts_corrected_with_reason",
                condition=Q(by__isnull=True) | Q(reason__isnull=False),
            ),
        ]


class HandOff(models.Model):
    """A case was handed to a safety team or system outside, with what they call it there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(SafetyCase, on_delete=models.PROTECT, related_name="hand_offs")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    reference = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at"]


class HelpGiven(models.Model):
    """Somebody in danger was told where help is: a signpost was posted, or a person did it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(SafetyCase, on_delete=models.PROTECT, related_name="help_given")
    at = models.DateTimeField(auto_now_add=True)
    # None where the service posted a signpost.
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    how = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    # engage.Publication; no key points up the layers
    publication_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["case", "publication_id"], name="help_given_once"),
            models.CheckConstraint(
                name="help_given_by_somebody",
                condition=Q(by__isnull=False, how__isnull=False) | Q(publication_id__isnull=False),
            ),
        ]
