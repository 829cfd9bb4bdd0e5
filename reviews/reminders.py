"""Reminders of reviews that wait: due soon, overdue, escalated. Rows, each written once (law 5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance import ledger
from compliance.ledger.kinds import EventKind
from reviews import absences, routes, work_time
from reviews.enums import ReviewState, Role, Stage
from reviews.models import Reminded, Reminder, Review, User

WAITING = (ReviewState.SUBMITTED, ReviewState.IN_REVIEW)


def remind_due(now: datetime | None = None) -> int:
    """Writes the reminders that are due; returns how many. Nobody is reminded outside working time.

    Args:
        now: the present, if not given.
    """
    now = now or timezone.now()
    if not work_time.is_working(now):
        return 0
    soon = work_time.due_after(now, settings.REMIND_HOURS)
    waiting = Review.objects.filter(state__in=WAITING, due_at__lte=soon)
    unfinished = waiting.exclude(reminders__stage=Stage.ESCALATED).prefetch_related("reminders")
    return sum(
        _remind(review.pk, stage)
        for review in unfinished
        for stage in stages_of(review, now)
        if stage not in {reminder.stage for reminder in review.reminders.all()}
    )


def stages_of(review: Review, now: datetime) -> list[Stage]:
    """How urgently a review waits; one that is overdue is not due soon any more."""
    if review.due_at > now:
        soon = work_time.hours_between(now, review.due_at) <= settings.REMIND_HOURS
        return [Stage.DUE_SOON] if soon else []
    late = work_time.due_after(review.due_at, settings.ESCALATE_HOURS) <= now
    return [Stage.OVERDUE, Stage.ESCALATED] if late else [Stage.OVERDUE]


@transaction.atomic
def _remind(review_id: UUID, stage: Stage) -> bool:
    review = Review.objects.select_for_update(of=("self",)).get(pk=review_id)
    if not review.waits or review.reminders.filter(stage=stage).exists():
        return False  # somebody signed it, or another sweep was quicker
    people = wanted(review)
    if stage == Stage.ESCALATED:
        officers = _present(review, [Role.COMPLIANCE])
        people += [officer for officer in officers if officer not in people]
    reminder = Reminder.objects.create(review=review, stage=stage)
    Reminded.objects.bulk_create(Reminded(reminder=reminder, person=p) for p in people)
    ledger.record(
        EventKind.REMINDED,
        by="system",
        subject=review,
        case_id=review.case_id,
        stage=str(stage),
        named=[str(person.pk) for person in people],
    )
    return True


def wanted(review: Review) -> list[User]:
    """Who may sign this review and has not; nobody who is away. Their delegates may sign too."""
    roles = {wanted.seat.role for wanted in routes.due_seats(review)}
    signers = {signature.user_id for signature in review.signatures}
    return [person for person in _present(review, roles) if person.pk not in signers]


def _present(review: Review, roles: Iterable[Role]) -> list[User]:
    people = (
        User.objects.filter(is_active=True, role_grants__role__in=list(roles))
        .exclude(pk__in=review.authors.values("user"))
        .exclude(pk__in=absences.away_now().values("person"))
    )
    return list(people.distinct().order_by("last_name", "username"))
