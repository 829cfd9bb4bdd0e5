"""Reminders of safety deadlines: who owns a signal is told that one is near, and that it is missed.

Deadlines pass without a ledger entry, so a sweep tells of them: once a deadline, kind and person.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from reviews import notices
from reviews.enums import NoticeKind
from reviews.models import Notice, SafetyCase

LAST_PART = 4  # a deadline is near in the last quarter of its time,
LONGEST = timedelta(days=1)  # and at most so long before it ends
KINDS = (NoticeKind.SAFETY_DUE_SOON, NoticeKind.SAFETY_OVERDUE)


def remind() -> int:
    """Tells of every deadline that is near or missed; returns how many notices were written."""
    now, written = timezone.now(), 0
    near = list(SafetyCase.objects.filter(disposed_at=None, due_at__lte=now + LONGEST))
    told = set(
        Notice.objects.filter(about_id__in=[case.pk for case in near], kind__in=KINDS)
        .order_by()
        .values_list("about_id", "kind", "due_at")
    )
    for case in near:
        kind = _kind(case, now)
        if kind and (case.pk, kind, case.due_at) not in told:
            written += _tell(case, kind)
    return written


def _kind(case: SafetyCase, now: datetime) -> NoticeKind | None:
    if case.due_at <= now:
        return NoticeKind.SAFETY_OVERDUE
    whole = case.due_at - (case.aware_at or case.opened_at)
    near = min(whole / LAST_PART, LONGEST)
    return NoticeKind.SAFETY_DUE_SOON if case.due_at - now <= near else None


@transaction.atomic
def _tell(case: SafetyCase, kind: NoticeKind) -> int:
    # Locked and looked at again: somebody may have acted, or another sweep be at the same case.
    locked = SafetyCase.objects.select_for_update(of=("self",))
    target = locked.filter(disposed_at=None, pk=case.pk, due_at=case.due_at).first()
    if target is None:
        return 0
    return len(notices.write(kind, target, about_id=target.pk, due_at=target.due_at))
