"""Watching what is live: the raw copy is compared with what was signed, less often as it ages."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger, vault
from compliance.ledger.kinds import EventKind
from compliance.models import DataKey
from engage import publications
from engage.communities import connect
from engage.connectors.base import Live, LiveState
from engage.enums import IncidentKind, PublicationState
from engage.models import Incident, LiveCopy, Publication

WATCHED = (PublicationState.LIVE, PublicationState.PENDING, PublicationState.WITHDRAWN)
# (younger than, look every): a fresh reply is looked at often, an old one daily.
SCHEDULE = (
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=6), timedelta(minutes=10)),
    (timedelta(days=3), timedelta(hours=1)),
)
OTHERWISE = timedelta(days=1)
LEASE = timedelta(minutes=1)


def claim_due() -> list[UUID]:
    """Publications whose live copy should be looked at now; each is given to one caller."""
    now = timezone.now()
    waiting = Publication.objects.filter(state__in=WATCHED, watch_due_at__lte=now)
    return [
        pk
        for pk in waiting.order_by("watch_due_at").values_list("pk", flat=True)[:200]
        if Publication.objects.filter(pk=pk, watch_due_at__lte=now).update(watch_due_at=now + LEASE)
    ]


def look(publication_id: UUID) -> Live:
    """Fetches the live copy, keeps it if it changed, and opens an incident if it is not what was
    signed."""
    publication = publications.read(publication_id)
    connector = connect(publication.community)
    live = connector.fetch_published(publications.reference_of(publication)["ref"])
    _keep(publication_id, live)
    return live


@transaction.atomic
def _keep(publication_id: UUID, live: Live) -> None:
    publication = publications.lock(publication_id)
    key = publication.request.key
    publication.watch_due_at = _next_look(publication)
    if live.ref:
        publications.refer(publication, live.ref, publications.reference_of(publication)["url"])
    publication.save(update_fields=["watch_due_at", "reference", "post_digest"])
    previous = publication.live_copies.order_by("-seen_at").first()
    if previous and _same(previous, live, key):
        return
    copy = LiveCopy.objects.create(
        publication=publication,
        state=live.state.value,
        text=vault.seal(key, live.text) if live.text is not None else None,
    )
    ledger.record(
        EventKind.LIVE_COPY_TAKEN,
        by="system",
        subject=publication,
        case_id=publication.draft_id,
        state=live.state.value,
        text=copy.text.digest if copy.text else "",
    )
    incident = _incident(publication, live, copy)
    if incident:
        Incident.objects.create(publication=publication, kind=incident, copy=copy)
        ledger.record(
            EventKind.INCIDENT_OPENED,
            by="system",
            subject=publication,
            case_id=publication.draft_id,
            incident=str(incident),
        )
    if publication.state == PublicationState.PENDING and live.state == LiveState.LIVE:
        publication.state = PublicationState.LIVE
        publication.save(update_fields=["state"])
        ledger.record(
            EventKind.PUBLISHED, by="system", subject=publication, case_id=publication.draft_id
        )
        publications.note_help(publication)
    elif publication.state == PublicationState.LIVE and live.state == LiveState.GONE:
        publication.state = PublicationState.GONE
        publication.save(update_fields=["state"])


def _incident(publication: Publication, live: Live, copy: LiveCopy) -> IncidentKind | None:
    if publication.state == PublicationState.WITHDRAWN:
        return IncidentKind.REAPPEARED if live.state == LiveState.LIVE else None
    if live.state == LiveState.HIDDEN:
        return IncidentKind.HIDDEN
    if live.state == LiveState.GONE:
        return IncidentKind.GONE
    if copy.text and copy.text.digest != publication.text_digest:
        return IncidentKind.EDITED
    return None


def _same(previous: LiveCopy, live: Live, key: DataKey) -> bool:
    before = previous.text.digest if previous.text else ""
    now = vault.digest(key, live.text) if live.text is not None else ""
    return (previous.state, before) == (live.state.value, now)


def _next_look(publication: Publication) -> datetime:
    now = timezone.now()
    age = now - (publication.posted_at or now)
    return now + next((every for under, every in SCHEDULE if age < under), OTHERWISE)
