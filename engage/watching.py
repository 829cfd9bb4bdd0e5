"""Watching what is live: the raw copy is compared with what was signed, less often as it ages."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import TextErased
from compliance.ledger.kinds import EventKind
from compliance.models import DataKey
from engage import incidents, publications
from engage.communities import connect
from engage.connectors.base import Live, LiveState
from engage.enums import IncidentKind, PostState, PublicationState
from engage.models import LiveCopy, Post, Publication
from reviews import clearance

WATCHED = (PublicationState.LIVE, PublicationState.PENDING, PublicationState.WITHDRAWN)
# (younger than, look every): a fresh reply is looked at often, an old one daily.
SCHEDULE = (
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=6), timedelta(minutes=10)),
    (timedelta(days=3), timedelta(hours=1)),
)
OTHERWISE = timedelta(days=1)
LEASE = timedelta(minutes=1)
TURN = 60.0  # seconds of a worker at a time, for one community; a sweep hands it out again
UNREADABLE_FOR = timedelta(days=1)


def communities_due() -> list[UUID]:
    """Communities in which a live copy should be looked at now."""
    due = Publication.objects.filter(state__in=WATCHED, watch_due_at__lte=timezone.now())
    return list(due.order_by().values_list("community", flat=True).distinct())


def look_due(community_id: UUID) -> None:
    """Looks at what is due in a community, one after the other, for one turn of a worker."""
    until = time.monotonic() + TURN
    while time.monotonic() < until and (publication_id := claim_due(community_id)):
        look(publication_id)


def claim_due(community_id: UUID) -> UUID | None:
    """The publication that is due for the longest time; it is given to one caller."""
    now = timezone.now()
    due = Publication.objects.filter(state__in=WATCHED, watch_due_at__lte=now)
    waiting = due.filter(community=community_id).order_by("watch_due_at")
    for pk in waiting.values_list("pk", flat=True)[:10]:
        if due.filter(pk=pk).update(watch_due_at=now + LEASE):
            return pk
    return None


def look(publication_id: UUID) -> Live:
    """Fetches the live copy, keeps it if it changed, and opens incidents: where it is not what was
    signed, and where something happened around it."""
    publication = publications.read(publication_id)
    connector = connect(publication.community)
    live = connector.fetch_published(publications.reference_of(publication)["ref"])
    _keep(publication_id, live)
    return live


@transaction.atomic
def _keep(publication_id: UUID, live: Live) -> None:
    publication = publications.lock(publication_id)
    publication.watch_due_at = _next_look(publication)
    if live.ref:
        publications.refer(publication, live.ref, publications.reference_of(publication)["url"])
    publication.save(update_fields=["watch_due_at", "reference", "post_digest"])
    copy = publication.live_copies.order_by("-seen_at").first()
    if copy is None or not _same(copy, live, publication.request.key):
        copy = _kept(publication, live)
        if kind := _kind(publication, live, copy):
            incidents.open_incident(publication, kind, copy)
        _follow(publication, live)
    for kind in _around(publication, copy):
        incidents.open_incident(publication, kind, copy)


def _kept(publication: Publication, live: Live) -> LiveCopy:
    copy = LiveCopy.objects.create(
        publication=publication,
        state=live.state.value,
        text=vault.seal(publication.request.key, live.text) if live.text is not None else None,
    )
    ledger.record(
        EventKind.LIVE_COPY_TAKEN,
        by="system",
        subject=publication,
        case_id=publication.draft_id,
        state=live.state.value,
        text=copy.text.digest if copy.text else "",
    )
    return copy


def _follow(publication: Publication, live: Live) -> None:
    """The publication stands as its live copy does."""
    if publication.state == PublicationState.PENDING and live.state == LiveState.LIVE:
        publication.state = PublicationState.LIVE
        publication.save(update_fields=["state"])
        publications.record(EventKind.PUBLISHED, publication)
        publications.note_help(publication)
    elif publication.state == PublicationState.LIVE and live.state == LiveState.GONE:
        publication.state = PublicationState.GONE
        publication.save(update_fields=["state"])


def _kind(publication: Publication, live: Live, copy: LiveCopy) -> IncidentKind | None:
    """What a changed live copy means."""
    if publication.state == PublicationState.WITHDRAWN:
        return IncidentKind.REAPPEARED if live.state == LiveState.LIVE else None
    if live.state == LiveState.HIDDEN:
        return IncidentKind.HIDDEN
    if live.state == LiveState.GONE:
        return IncidentKind.GONE
    if copy.text and copy.text.digest not in _ours(publication):
        return IncidentKind.EDITED
    return None


def _ours(publication: Publication) -> set[str]:
    """Digests of what may stand there by our doing: what was signed, and a correction under way."""
    under_way = Publication.objects.filter(
        draft__corrects=publication, state__in=(PublicationState.SENDING, PublicationState.UNKNOWN)
    )
    return {publication.text_digest, *under_way.values_list("text_digest", flat=True)}


def _around(publication: Publication, copy: LiveCopy) -> list[IncidentKind]:
    """What happened beside a live reply since somebody was told last."""
    if publication.state != PublicationState.LIVE:
        return []
    told = dict(
        publication.incidents.values_list("kind").annotate(last=Max("opened_at")).order_by()
    )
    try:
        signed = json.loads(clearance.signed_thread(publication.review).snapshot)
    except TextErased:
        return []
    thread, asked = publication.draft.thread, publication.draft.reply_to
    found = []
    if thread.locked and not signed["locked"] and IncidentKind.LOCKED not in told:
        found.append(IncidentKind.LOCKED)
    if _moved(asked, signed) and IncidentKind.ASKED_MOVED not in told:
        found.append(IncidentKind.ASKED_MOVED)
    answers = Post.objects.filter(
        community=publication.community, parent_digest=publication.post_digest
    )
    if IncidentKind.ANSWERED in told:
        answers = answers.filter(arrived_at__gt=told[IncidentKind.ANSWERED])
    if publication.post_digest and answers.exists():
        found.append(IncidentKind.ANSWERED)
    unread = told.get(IncidentKind.UNREADABLE)
    if (
        copy.state == LiveState.UNREADABLE.value
        and timezone.now() - copy.seen_at >= UNREADABLE_FOR
        and (unread is None or unread < copy.seen_at)
        and not connect(publication.community).caps.by_hand  # where that is how it is
    ):
        found.append(IncidentKind.UNREADABLE)
    return found


def _moved(asked: Post, signed: Mapping[str, Any]) -> bool:
    """Whether a post says something else than when its answer was signed."""
    revision = next((number for pk, number, *_ in signed["posts"] if pk == str(asked.pk)), 0)
    edited = revision and asked.revisions.filter(number__gt=revision).exists()
    return asked.state == PostState.DELETED or bool(edited)


def _same(previous: LiveCopy, live: Live, key: DataKey) -> bool:
    before = previous.text.digest if previous.text else ""
    now = vault.digest(key, live.text) if live.text is not None else ""
    return (previous.state, before) == (live.state.value, now)


def _next_look(publication: Publication) -> datetime:
    now = timezone.now()
    age = now - (publication.posted_at or now)
    return now + next((every for under, every in SCHEDULE if age < under), OTHERWISE)
