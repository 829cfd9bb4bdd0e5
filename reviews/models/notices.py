"""What people are told, how they want to be told, and what became of sending it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from compliance.models import DataKey, Event
from reviews.enums import Channel, DeliveryState, NoticeGroup, Pace
from reviews.models.people import User


class Notice(models.Model):
    """One thing that one person is told. Fixed words and a link; never text of anybody (law 7).

    Written in the transaction of the event that it tells of, or by a sweep for a deadline.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=20)  # NoticeKind
    place = models.CharField(max_length=16)  # Place
    about_id = models.UUIDField()  # of what is shown at the place
    title = models.CharField(max_length=220)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(Event, null=True, on_delete=models.PROTECT, related_name="notices")
    due_at = models.DateTimeField(null=True)  # the deadline that it tells of
    # Kept in the list and not counted: the person wants no such notices here.
    quiet = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # Changes, once: read by the person, or settled by what happened since.
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["recipient", "created_at", "id"], name="notice_list"),
            models.Index(fields=["about_id"], name="notice_about"),
            models.Index(
                fields=["recipient"], name="notice_unread", condition=Q(read_at=None, quiet=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "event", "kind"], name="notice_once_an_event"
            ),
            models.UniqueConstraint(
                fields=["recipient", "kind", "about_id", "due_at"], name="notice_once_a_deadline"
            ),
            models.CheckConstraint(
                name="notice_has_a_cause",
                condition=Q(event__isnull=False, due_at__isnull=True)
                | Q(event__isnull=True, due_at__isnull=False),
            ),
        ]


class Delivery(models.Model):
    """One notice on its way to one person outside the product; a sweep sends what is due.

    At least once: who died between sending and saying so sends again, under the same message id.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel)
    digest = models.BooleanField(default=False)
    # These change until it is sent, given up or dropped:
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.WAITING)
    due_at = models.DateTimeField(null=True)  # of the next try; later while it is handed out
    taken_until = models.DateTimeField(null=True)  # one worker is sending it
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=40, blank=True)  # a code, never text
    # What goes out together has the same, from the first try on: the id of its first delivery.
    message = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(state="waiting")),
            models.Index(fields=["message"], name="delivery_message"),
            models.Index(fields=["state", "ended_at"], name="delivery_ended"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="delivery_once"),
            models.CheckConstraint(
                name="delivery_channel", condition=Q(channel__in=["email", "webhook"])
            ),
            models.CheckConstraint(
                name="delivery_waits_or_ended",
                condition=Q(state="waiting", due_at__isnull=False, ended_at__isnull=True)
                | ~Q(state="waiting") & Q(due_at__isnull=True, ended_at__isnull=False),
            ),
        ]


class NoticeAddress(models.Model):
    """Where and when one person is told; without a row, the defaults hold. Their e-mail address
    is `User.email`."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="notice_address")
    key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    webhook = models.BinaryField(null=True)  # locked: the address is a credential
    digest_hour = models.PositiveSmallIntegerField()
    zone = models.CharField(max_length=64)  # an IANA name

    class Meta:
        constraints = [
            models.CheckConstraint(name="notice_digest_hour", condition=Q(digest_hour__lte=23))
        ]


class NoticeChoice(models.Model):
    """How one person wants notices of one group on one channel, where that is not the default."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notice_choices")
    group = models.CharField(max_length=8, choices=NoticeGroup)
    channel = models.CharField(max_length=8, choices=Channel)
    pace = models.CharField(max_length=8, choices=Pace)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "group", "channel"], name="notice_choice_once"),
            models.CheckConstraint(
                name="notice_choice_no_digest_here",
                condition=~Q(channel="in_app", pace="digest"),
            ),
        ]
