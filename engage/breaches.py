"""Possible breaches: a live reply may have disclosed what it must not.

An impermissible disclosure is presumed to be a breach unless an assessment of four factors shows a
low probability that anything was compromised (45 CFR 164.402(2)). The reply is taken down and kept;
the deadlines count from discovery.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from engage import publications
from engage.enums import BreachConclusion
from engage.models import BreachAssessment
from reviews import permissions
from reviews.exceptions import WrongState
from reviews.models import User
from reviews.permissions import Permission

LONGEST = 5_000  # characters of each answer
# What is assessed, by name: 45 CFR 164.402(2)(i) to (iv).
FACTORS = {
    "nature": "What was disclosed, how much of it, and how likely it tells who somebody is",
    "recipient": "Who could read it, and whether they must keep it to themselves",
    "acquired": "Whether it was in fact seen or copied, as far as can be known",
    "mitigation": "What was done to limit the harm, and how far that reaches",
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that must be done within a time of the discovery, if it is a breach."""

    label: str
    source: str
    within: timedelta


DEADLINES = {
    "eu": Deadline("tell the authority", "GDPR, Article 33(1)", timedelta(hours=72)),
    "us": Deadline("tell those concerned", "45 CFR 164.404(b)", timedelta(days=60)),
}


def unknown_deadlines() -> list[str]:
    """Names in the setting BREACH_DEADLINES that mean none."""
    return sorted(set(settings.BREACH_DEADLINES) - DEADLINES.keys())


def waiting() -> QuerySet[BreachAssessment]:
    """What was not concluded yet, the earliest discovered first."""
    return BreachAssessment.objects.filter(concluded_at=None)


def deadlines_of(assessment: BreachAssessment) -> list[tuple[Deadline, datetime]]:
    """What must be done until when, the next first."""
    chosen = [DEADLINES[name] for name in settings.BREACH_DEADLINES]
    due = [(deadline, assessment.discovered_at + deadline.within) for deadline in chosen]
    return sorted(due, key=lambda pair: pair[1])


@transaction.atomic
def open_assessment(*, by: User, publication_id: UUID, why: str) -> BreachAssessment:
    """Begins one; the deadlines count from now on.

    Raises:
        NotAllowed, WrongState: the message says why.
        BadInput: nothing was written down.
    """
    permissions.check_may(by, Permission.TEND)
    publication = publications.lock(publication_id)
    if publication.posted_at is None:
        raise WrongState("It was never in its community, so nothing was disclosed there.")
    if waiting().filter(publication=publication).exists():
        raise WrongState("This is being assessed already. Reload the page.")
    assessment = BreachAssessment.objects.create(
        publication=publication,
        opened_by=by,
        discovered_at=timezone.now(),
        why=vault.seal(publication.request.key, _checked(why, "what may have been disclosed")),
    )
    _record(EventKind.BREACH_OPENED, assessment, by)
    return assessment


@transaction.atomic
def conclude(
    *, by: User, assessment_id: UUID, conclusion: str, factors: Mapping[str, str]
) -> BreachAssessment:
    """Says what the assessment came to.

    Args:
        factors: what was found, by the names in FACTORS.
    Raises:
        NotAllowed, WrongState: the message says why.
        BadInput: the conclusion is none, or a factor is left out.
    """
    permissions.check_may(by, Permission.ASSESS)
    BreachAssessment.objects.select_for_update().get(pk=assessment_id)
    assessment = BreachAssessment.objects.select_related("publication__request__key").get(
        pk=assessment_id
    )
    if assessment.concluded_at:
        raise WrongState("Somebody concluded this already. Reload the page.")
    if conclusion not in BreachConclusion:
        raise BadInput("Choose what the assessment came to.")
    found = {name: _checked(factors.get(name, ""), label) for name, label in FACTORS.items()}
    assessment.factors = vault.seal(assessment.publication.request.key, json.dumps(found))
    assessment.conclusion = conclusion
    assessment.concluded_at, assessment.concluded_by = timezone.now(), by
    assessment.save(update_fields=["factors", "conclusion", "concluded_at", "concluded_by"])
    _record(EventKind.BREACH_CONCLUDED, assessment, by, conclusion=conclusion)
    return assessment


def factors_of(assessment: BreachAssessment) -> list[tuple[str, str]]:
    """Each factor in words, with what was found; empty while it is open.

    Raises:
        TextErased: the thread was erased.
    """
    if assessment.factors is None:
        return []
    found = json.loads(vault.unseal(assessment.factors))
    return [(label, found[name]) for name, label in FACTORS.items()]


def _checked(words: str, what: str) -> str:
    words = words.strip()
    if not words or len(words) > LONGEST:
        raise BadInput(
            f"Write down, in at most {LONGEST:,} characters: {what[0].lower()}{what[1:]}."
        )
    return words


def _record(kind: EventKind, assessment: BreachAssessment, by: User, **facts: str) -> None:
    publication = assessment.publication
    ledger.record(kind, by=by.actor, subject=publication, case_id=publication.draft_id, **facts)
