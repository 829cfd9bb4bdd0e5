"""Reminders: those who are asked to act are told that a deadline is near, and that it is missed.

Deadlines pass without a ledger entry, so a sweep tells of them: once a deadline, kind and person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from reviews import notices
from reviews.enums import NoticeKind, ReviewState
from reviews.models import Notice, Review, SafetyCase

LAST_PART = 4  # a deadline is near in the last quarter of its time,
LONGEST = timedelta(days=1)  # and at most so long before it ends
KINDS = {
    Review: (NoticeKind.DUE_SOON, NoticeKind.OVERDUE),
    SafetyCase: (NoticeKind.SAFETY_DUE_SOON, NoticeKind.SAFETY_OVERDUE),
}
OPEN = {
    Review: Q(state__in=(ReviewState.SUBMITTED, ReviewState.IN_REVIEW)),
    SafetyCase: Q(disposed_at=None),
}


def remind() -> int:
    """Tells of every deadline that is near or missed; returns how many notices were written."""
    return _remind_of(Review) + _remind_of(SafetyCase)


def _remind_of(model: type[Review] | type[SafetyCase]) -> int:
    now, written = timezone.now(), 0
    rows = model.objects.filter(OPEN[model], due_at__lte=now + LONGEST)
    near = cast(list[Review | SafetyCase], list(rows))
    told = set(
        Notice.objects.filter(about_id__in=[row.pk for row in near], kind__in=KINDS[model])
        .order_by()
        .values_list("about_id", "kind", "due_at")
    )
    for row in near:
        kind = _kind(row, now)
        if kind and (row.pk, kind, row.due_at) not in told:
            written += _tell(row, kind)
    return written


def _kind(row: Review | SafetyCase, now: datetime) -> NoticeKind | None:
    soon, overdue = KINDS[type(row)]
    if row.due_at <= now:
        return overdue
    start = row.submitted_at if isinstance(row, Review) else row.aware_at or row.opened_at
    near = min((row.due_at - start) / LAST_PART, LONGEST)
    return soon if row.due_at - now <= near else None


@transaction.atomic
def _tell(row: Review | SafetyCase, kind: NoticeKind) -> int:
    # Locked and looked at again: somebody may have acted, or another sweep be at the same row.
    locked = type(row).objects.select_for_update(of=("self",))
    target = locked.filter(OPEN[type(row)], pk=row.pk, due_at=row.due_at).first()
    if target is None:
        return 0
    return len(notices.write(kind, target, about_id=target.pk, due_at=target.due_at))
