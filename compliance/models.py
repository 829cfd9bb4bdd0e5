"""What is in a text, which policy holds, and what happened: the tables below everything else."""

from __future__ import annotations

import uuid

from django.db import models

from compliance.enums import Basis, Direction, ListEffect, ScanState, Severity


class DataKey(models.Model):
    """The key of one thread (or of one community's settings), wrapped under the master key.

    Destroying it makes everything that was sealed with it unreadable (law 7).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped = models.BinaryField(null=True)
    master = models.CharField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)
    destroyed_at = models.DateTimeField(null=True)
    legal_hold_since = models.DateTimeField(null=True)


class VaultText(models.Model):
    """One text, sealed. Only `scan*` ever changes; every other table refers to texts by id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="texts")
    ciphertext = models.BinaryField()
    digest = models.CharField(max_length=64)  # HMAC under the data key: dies with it
    direction = models.CharField(max_length=8, choices=Direction, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    scan_state = models.CharField(max_length=8, choices=ScanState, default=ScanState.EXEMPT)
    scan = models.ForeignKey("Scan", null=True, on_delete=models.PROTECT, related_name="texts")
    scan_due_at = models.DateTimeField(null=True)
    scan_attempts = models.PositiveIntegerField(default=0)
    held_by = models.CharField(max_length=40, blank=True)  # the scanner that could not read it

    class Meta:
        indexes = [
            models.Index(
                fields=["scan_due_at"],
                name="vaulttext_due",
                condition=models.Q(scan_state__in=["pending", "held"]),
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="vaulttext_scanned_has_scan",
                condition=~models.Q(scan_state="scanned") | models.Q(scan__isnull=False),
            )
        ]


class RuleSetVersion(models.Model):
    """One immutable version of the rules; `version` is the digest of `content`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.CharField(max_length=16, unique=True)
    content = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)


class RuleProfileVersion(models.Model):
    """What differs from the shipped rules in one community from some moment on.

    Its id is that of the change that a second person approved (reviews/profile_changes.py); the
    database refuses one without. The newest one whose time has come holds.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    community_id = models.UUIDField()  # engage.Community; no key points up the layers
    number = models.PositiveIntegerField()
    content = models.JSONField()  # compliance.rules.RuleProfile
    digest = models.CharField(max_length=64)
    active_from = models.DateTimeField()

    class Meta:
        ordering = ["community_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["community_id", "number"], name="rule_profile_once")
        ]


class Scan(models.Model):
    """What the scanners of one engine found in one text in one context under one rule set."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    text_digest = models.CharField(max_length=64)
    context_digest = models.CharField(max_length=64)
    rule_set = models.ForeignKey(RuleSetVersion, on_delete=models.PROTECT)
    engine = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["text_digest", "context_digest", "rule_set", "engine"], name="scan_once"
            )
        ]


class Finding(models.Model):
    """Where one rule fired. Offsets, never text."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="findings")
    rule_id = models.CharField(max_length=40)
    severity = models.CharField(max_length=12, choices=Severity)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    confidence = models.FloatField()
    scanner = models.CharField(max_length=40)
    entity = models.CharField(max_length=20, blank=True)
    basis = models.CharField(max_length=8, choices=Basis, default=Basis.PATTERN)

    class Meta:
        ordering = ["start", "end", "rule_id"]
        constraints = [
            models.CheckConstraint(
                name="finding_span", condition=models.Q(start__lte=models.F("end"))
            )
        ]


class ListedWord(models.Model):
    """Words that every scan treats in the same way, approved by two people.

    Its id is that of the proposal that was approved (reviews/corrections.py); the database refuses
    one without. Only the retirement changes it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    effect = models.CharField(max_length=8, choices=ListEffect)
    kind = models.CharField(max_length=20, blank=True)  # of identifier; "" for what is nobody's
    value = models.OneToOneField(VaultText, on_delete=models.PROTECT, related_name="+")
    active_from = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["active_from", "id"]
        indexes = [
            models.Index(
                fields=["active_from"],
                name="listedword_active",
                condition=models.Q(retired_at__isnull=True),
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="listedword_kind",
                condition=models.Q(effect="allow", kind="")
                | models.Q(effect="deny") & ~models.Q(kind=""),
            ),
            models.CheckConstraint(
                name="listedword_retired_whole",
                condition=models.Q(retired_at__isnull=True, reason__isnull=True)
                | models.Q(retired_at__isnull=False, reason__isnull=False),
            ),
        ]


class Event(models.Model):
    """One thing that happened. Ids, rule hits, keyed digests and codes; never text (law 7)."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    actor = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=60)
    case_id = models.CharField(max_length=60, blank=True, db_index=True)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [
            # Asked before each signature; there are few of these among many events.
            models.Index(
                fields=["actor", "at"],
                name="event_failed_proofs",
                condition=models.Q(kind="proof_failed"),
            )
        ]


class Leaf(models.Model):
    """One event's place in the Merkle log; the row id is the leaf index plus one."""

    id = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT)
    hash = models.CharField(max_length=64)


class Checkpoint(models.Model):
    """A signed statement of how large the log was and what its root hash was."""

    id = models.BigIntegerField(primary_key=True)  # the tree size
    root = models.CharField(max_length=64)
    frontier = models.JSONField()  # roots of the perfect subtrees, largest first
    note = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
