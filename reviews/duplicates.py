"""Which other case a signal is known under: what may be chosen, and what may not.

A case may only be known under one that is no duplicate itself. So there are no circles: whichever
of two choices is written last meets a case that is a duplicate already.
"""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from django.db.models import Case, Q, QuerySet, When
from django.utils import timezone

from compliance.exceptions import BadInput
from reviews.enums import SafetyOutcome
from reviews.models import SafetyCase

CHOSEN_FROM = 30  # cases; any other is named by its address
LOOKED_BACK = timedelta(days=90)
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


def candidates(case: SafetyCase) -> QuerySet[SafetyCase]:
    """Cases that this one may be known under: those of its thread first, then the newest.

    Open ones, and those disposed of in the last 90 days, of the same community.
    """
    lately = timezone.now() - LOOKED_BACK
    return (
        SafetyCase.objects.filter(community_name=case.community_name)
        .filter(Q(disposed_at=None) | Q(disposed_at__gte=lately))
        .exclude(pk=case.pk)
        .exclude(outcome=SafetyOutcome.DUPLICATE)
        .order_by(Case(When(thread_id=case.thread_id, then=0), default=1), "-opened_at", "pk")
    )[:CHOSEN_FROM]


def id_in(written: str) -> UUID | None:
    """The id of a case in what somebody pasted: an id, or the address of its page."""
    found = _UUID.findall(written)
    return UUID(found[-1]) if found else None


def lock(*case_ids: UUID | None) -> None:
    """Locks both cases in one order, so that two disposals don't wait for each other."""
    pairs = SafetyCase.objects.select_for_update().filter(pk__in=[pk for pk in case_ids if pk])
    list(pairs.order_by("pk").values_list("pk"))


def check(case: SafetyCase, other_id: UUID | None) -> SafetyCase:
    """The other case.

    Raises:
        BadInput: it can't be; the message says why and what to do.
    """
    if other_id is None:
        raise BadInput("Say under which signal it is known: choose one, or paste its address.")
    if other_id == case.pk:
        raise BadInput("A signal can't be known under itself. Choose the other one.")
    other = SafetyCase.objects.filter(pk=other_id, community_name=case.community_name).first()
    if other is None:
        raise BadInput("There is no such signal in this community. Check the address.")
    if other.outcome == SafetyOutcome.DUPLICATE:
        where = f" Its id is {other.duplicate_of_id}." if other.duplicate_of_id else ""
        raise BadInput(
            "That signal is itself known under another one; choose the one it is known "
            f"under.{where}"
        )
    return other
