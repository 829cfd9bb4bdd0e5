"""Who has the page of a review open just now. Nothing is decided by it, so the ledger is spared."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from reviews.models import Presence, Review, User
from reviews.permissions import Permission, can_may

STALE = timedelta(seconds=60)  # the page says every 20 seconds that it is still open


def note(*, by: User, review: Review) -> None:
    """This person has the page open; noted of those alone whose work others may want to know of."""
    if not can_may(by, Permission.CLAIM):
        return
    Presence.objects.bulk_create(
        [Presence(review=review, user=by, seen_at=timezone.now())],
        update_conflicts=True,
        unique_fields=["review", "user"],
        update_fields=["seen_at"],
    )


def fresh(now: datetime, *, but: User) -> QuerySet[Presence]:
    """Who is looking at this moment, beside the person who asks."""
    return Presence.objects.filter(seen_at__gt=now - STALE).exclude(user=but)


def names(review: Review, *, but: User) -> list[str]:
    """The names of the others who look at a review, those who came first first."""
    looking = fresh(timezone.now(), but=but).filter(review=review).select_related("user")
    return [one.user.printed_name for one in looking.order_by("pk")]


def forget_stale() -> None:
    """Deletes what is of no use any more."""
    Presence.objects.filter(seen_at__lte=timezone.now() - STALE).delete()
