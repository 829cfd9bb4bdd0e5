"""What the page of a publication says of possible breaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from compliance.exceptions import TextErased
from engage import breaches
from engage.breaches import Deadline
from engage.enums import BreachConclusion
from engage.models import BreachAssessment, Publication
from engage.views.sealed_words import said_in
from reviews import permissions
from reviews.models import User
from reviews.permissions import Permission


@dataclass(frozen=True, slots=True)
class Breach:
    """An assessment of a possible breach, its deadlines, and what was found."""

    assessment: BreachAssessment
    why: str
    deadlines: Sequence[tuple[Deadline, datetime]]
    factors: Sequence[tuple[str, str]]


def breaches_of(user: User, publication: Publication) -> dict[str, Any]:
    """The assessments, and what this person may do about them: a part of the page's context."""
    rows = publication.breach_assessments.select_related(
        "opened_by", "concluded_by", "why__key", "factors__key"
    )
    shown = [_shown(row) for row in rows]
    return {
        "breaches": shown,
        "can_open_breach": permissions.can_may(user, Permission.TEND)
        and publication.posted_at is not None
        and all(breach.assessment.concluded_at for breach in shown),
        "can_assess": permissions.can_may(user, Permission.ASSESS),
        "factors": list(breaches.FACTORS.items()),
        "conclusions": BreachConclusion.choices,
    }


def _shown(row: BreachAssessment) -> Breach:
    try:
        factors = breaches.factors_of(row)
    except TextErased:
        factors = []
    return Breach(row, said_in(row.why), breaches.deadlines_of(row), factors)
