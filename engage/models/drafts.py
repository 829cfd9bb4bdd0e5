"""What do we answer, or why not?"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from compliance.models import VaultText
from engage.enums import NoReplyReason
from engage.models.threads import Post, Thread
from reviews.models import User


class Draft(models.Model):
    """A reply in the making; its id names the case in the ledger."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="drafts")
    reply_to = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="drafts")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="drafts")
    started_at = models.DateTimeField(auto_now_add=True)
    # The live reply that it is to take the place of.
    corrects = models.ForeignKey(
        "Publication", null=True, on_delete=models.PROTECT, related_name="corrections"
    )


class DraftVersion(models.Model):
    """What the draft said when somebody saved it. Never changed: a change is a new version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    body = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    # The body as it would be posted, disclosure line included: this is what is scanned.
    text = models.OneToOneField(VaultText, on_delete=models.PROTECT, related_name="draft_version")
    # What the author attached as evidence, one reference a line; None for none.
    references = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="version_once")]


class NoReply(models.Model):
    """Somebody decided that a post gets no reply; whoever begins or submits one reverses that."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="no_replies")
    reason = models.CharField(max_length=12, choices=NoReplyReason)
    note = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    reversed_at = models.DateTimeField(null=True)
    reversed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reversed_for = models.ForeignKey(Draft, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["post"], name="no_reply_once", condition=Q(reversed_at__isnull=True)
            ),
            models.CheckConstraint(
                name="no_reply_reversed_whole",
                condition=Q(reversed_at=None, reversed_by=None, reversed_for=None)
                | Q(
                    reversed_at__isnull=False,
                    reversed_by__isnull=False,
                    reversed_for__isnull=False,
                ),
            ),
        ]
