"""What must change before a reply is submitted again, and what its author made of it."""

from __future__ import annotations

import uuid

from django.db import models

from compliance.models import VaultText
from reviews.models.people import User
from reviews.models.review import Review


class RequiredChange(models.Model):
    """One thing that must change, as whoever sent the reply back wrote it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="required_changes")
    number = models.PositiveSmallIntegerField()  # its place in the list, from 1
    text = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["review", "number"], name="required_change_once")
        ]


class ChangeAnswer(models.Model):
    """What an author says of a required change; the newest counts, until the next submission.

    Neither done nor in words: what was said before is taken back.
    """

    id = models.BigAutoField(primary_key=True)
    change = models.ForeignKey(RequiredChange, on_delete=models.PROTECT, related_name="answers")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    done = models.BooleanField()
    words = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
