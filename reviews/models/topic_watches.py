"""What people want to hear of."""

from __future__ import annotations

import uuid

from django.db import models

from compliance.models import DataKey
from reviews.models.people import User


class TopicWatch(models.Model):
    """Topics and words; their owner is told of threads that speak of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="topic_watches")
    key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+")
    # Locked: {"name", "topics", "words"}. Somebody may write a name into it (law 7).
    content = models.BinaryField()
    community_id = models.UUIDField(null=True)  # of engage.Community; None for all
    began_at = models.DateTimeField(auto_now_add=True)
    # Changes, once:
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["began_at"]
        verbose_name_plural = "topic watches"
        indexes = [
            models.Index(
                fields=["owner"], name="watch_standing", condition=models.Q(ended_at__isnull=True)
            )
        ]
