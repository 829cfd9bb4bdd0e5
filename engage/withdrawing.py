"""Withdrawing: what was withdrawn is not sent, or is taken down; nothing resurrects it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from compliance.ledger.kinds import EventKind
from engage import publications
from engage.communities import connect
from engage.connectors.base import ConnectorError
from engage.enums import PublicationState
from engage.models import Publication
from reviews.enums import ReviewState

UNSENT = (PublicationState.QUEUED, PublicationState.BY_HAND)
LOOK_AGAIN = timedelta(seconds=30)


def take_down(publication_id: UUID) -> None:
    """Removes a withdrawn reply from its community; already gone is success."""
    publication = publications.read(publication_id)
    connector = connect(publication.community)
    if connector.caps.by_hand:
        with transaction.atomic():
            publication = publications.lock(publication_id)
            if publication.state == PublicationState.TAKING_DOWN:
                publications.rest(publication, PublicationState.TAKING_DOWN)
        return
    try:
        connector.withdraw(publications.reference_of(publication)["ref"])
    except ConnectorError:
        with transaction.atomic():
            publications.wait(
                publications.lock(publication_id), PublicationState.TAKING_DOWN, LOOK_AGAIN
            )
        return
    with transaction.atomic():
        publication = publications.lock(publication_id)
        if publication.state == PublicationState.TAKING_DOWN:
            taken_down(publication)


def taken_down(publication: Publication, by: str = "system") -> None:
    """Nothing of it is live any more, and nothing brings it back."""
    publications.rest(publication, PublicationState.WITHDRAWN)
    publications.record(EventKind.TAKEN_DOWN, publication, by=by)


def follow_withdrawals() -> list[UUID]:
    """Starts taking down, or cancels, what belongs to a withdrawn review; returns what is due."""
    followed = Publication.objects.filter(
        review__state=ReviewState.WITHDRAWN,
        state__in=(*UNSENT, PublicationState.LIVE, PublicationState.PENDING),
    ).values_list("pk", flat=True)
    for publication_id in followed[:100]:
        with transaction.atomic():
            publication = publications.lock(publication_id)
            if publication.state in UNSENT:
                publications.cancel(publication)
            elif publication.state in (PublicationState.LIVE, PublicationState.PENDING):
                publications.wait(publication, PublicationState.TAKING_DOWN, timedelta())
    return list(
        Publication.objects.filter(state=PublicationState.TAKING_DOWN).values_list("pk", flat=True)
    )
