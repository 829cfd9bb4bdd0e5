"""Incidents: something happened to a live reply, and somebody sees to it in time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from engage.enums import IncidentKind, IncidentOutcome
from engage.models import FollowUp, Incident, LiveCopy, Publication
from reviews import permissions
from reviews.exceptions import WrongState
from reviews.models import User
from reviews.permissions import Permission

LONGEST_NOTE = 5_000  # characters


def waiting() -> QuerySet[FollowUp]:
    """What nobody has closed yet, the most urgent first."""
    return FollowUp.objects.filter(closed_at=None)


def open_incident(publication: Publication, kind: IncidentKind, copy: LiveCopy) -> Incident:
    """Records what happened, and until when somebody must see to it."""
    incident = Incident.objects.create(publication=publication, kind=kind, copy=copy)
    FollowUp.objects.create(
        incident=incident, due_at=timezone.now() + timedelta(hours=settings.INCIDENT_HOURS)
    )
    ledger.record(
        EventKind.INCIDENT_OPENED,
        by="system",
        subject=publication,
        case_id=publication.draft_id,
        incident=str(kind),
    )
    return incident


@transaction.atomic
def take(*, by: User, follow_up_id: UUID) -> FollowUp:
    """Says that this person sees to it; it can be taken over.

    Raises:
        NotAllowed, WrongState: the message says why.
    """
    permissions.check_may(by, Permission.TEND)
    follow_up = _open(follow_up_id)
    follow_up.owner = by
    follow_up.save(update_fields=["owner"])
    _record(EventKind.INCIDENT_TAKEN, follow_up, by)
    return follow_up


@transaction.atomic
def close(*, by: User, follow_up_id: UUID, outcome: str, note: str) -> FollowUp:
    """Says what came of it.

    Raises:
        NotAllowed, WrongState: the message says why.
        BadInput: the outcome is none, or nothing was written down.
    """
    permissions.check_may(by, Permission.TEND)
    follow_up = _open(follow_up_id)
    if outcome not in IncidentOutcome:
        raise BadInput("Choose what came of it.")
    if not note.strip() or len(note) > LONGEST_NOTE:
        raise BadInput(f"Write down why, in at most {LONGEST_NOTE:,} characters: it stays.")
    key = follow_up.incident.publication.request.key
    follow_up.outcome, follow_up.note = outcome, vault.seal(key, note.strip())
    follow_up.closed_at, follow_up.closed_by = timezone.now(), by
    follow_up.save(update_fields=["outcome", "note", "closed_at", "closed_by"])
    _record(EventKind.INCIDENT_CLOSED, follow_up, by, outcome=outcome)
    return follow_up


def _open(follow_up_id: UUID) -> FollowUp:
    FollowUp.objects.select_for_update().get(pk=follow_up_id)
    follow_up = FollowUp.objects.select_related("incident__publication__request__key").get(
        pk=follow_up_id
    )
    if follow_up.closed_at:
        raise WrongState("Somebody closed this already. Reload the page.")
    return follow_up


def _record(kind: EventKind, follow_up: FollowUp, by: User, **facts: str) -> None:
    publication = follow_up.incident.publication
    ledger.record(
        kind,
        by=by.actor,
        subject=publication,
        case_id=publication.draft_id,
        incident=str(follow_up.incident.kind),
        **facts,
    )
