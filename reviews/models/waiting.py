"""What waits for whom: reminders of reviews that are due, and people who are away."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q

from reviews.enums import Stage
from reviews.models.people import User
from reviews.models.review import Review


class Reminder(models.Model):
    """A review is due soon, overdue or escalated, and who was named for it; once for each."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="reminders")
    stage = models.CharField(max_length=10, choices=Stage)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["review", "stage"], name="reminder_once")]


class Reminded(models.Model):
    """Somebody whom a reminder names."""

    reminder = models.ForeignKey(Reminder, on_delete=models.PROTECT, related_name="named")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["reminder", "person"], name="reminded_once")]


class Absence(models.Model):
    """Somebody is away, from the first day to the last one, in the zone of the installation.

    A delegate gets no right by it: what waits for the absent person waits for them too, as far as
    they may sign it themselves.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences")
    first_day = models.DateField()
    last_day = models.DateField()
    delegate = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="stands_in"
    )
    entered_at = models.DateTimeField(auto_now_add=True)
    # This changes, once: they came back before, or never left.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["first_day", "entered_at"]
        constraints = [
            models.CheckConstraint(name="absence_days", condition=Q(first_day__lte=F("last_day"))),
            models.CheckConstraint(
                name="absence_delegate_is_another",
                condition=Q(delegate__isnull=True) | ~Q(delegate=F("person")),
            ),
        ]

    def overlaps(self, first_day: date, last_day: date) -> bool:
        """Whether it holds on one of these days."""
        return self.ended_at is None and self.first_day <= last_day and first_day <= self.last_day
