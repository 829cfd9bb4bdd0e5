"""Changes of the rules of a community."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from compliance.models import DataKey, VaultText
from reviews.enums import ChangeState
from reviews.models.people import User


class ProfileChange(models.Model):
    """Another rule profile for a community, as one person proposed it; a second one decides.

    The content is the whole profile, not a difference: what is approved is what was read.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    community_id = models.UUIDField()  # engage.Community; no key points up the layers
    community_name = models.CharField(max_length=100)
    number = models.PositiveIntegerField()  # counted in its community
    content = models.JSONField()  # compliance.rules.RuleProfile
    digest = models.CharField(max_length=64)
    active_from = models.DateTimeField()  # as wished; never before the approval
    key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    why = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    state = models.CharField(max_length=10, choices=ChangeState, default=ChangeState.WAITING)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["community_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["community_id", "number"], name="profile_change_once"),
            models.UniqueConstraint(
                fields=["community_id"],
                name="profile_change_one_waits",
                condition=Q(state="waiting"),
            ),
            models.CheckConstraint(
                name="profile_change_decided_whole",
                condition=Q(state="waiting", decided_by=None, decided_at=None, reason=None)
                | Q(state="approved", decided_by__isnull=False, decided_at__isnull=False)
                | Q(
                    state="declined",
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    reason__isnull=False,
                ),
            ),
        ]


class Replay(models.Model):
    """What a proposed profile would have found in the history of its community, and what not."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    change = models.OneToOneField(ProfileChange, on_delete=models.PROTECT, related_name="replay")
    due_at = models.DateTimeField(null=True)  # when a sweep goes on with it; a lease while it does
    total = models.PositiveIntegerField(null=True)  # texts; None before they were counted
    done = models.PositiveIntegerField(default=0)
    cursor = models.UUIDField(null=True)  # the last text that was looked at
    result = models.JSONField(default=dict)  # counts, and samples as offsets; never text
    finished_at = models.DateTimeField(null=True)
