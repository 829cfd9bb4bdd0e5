"""When a reply may be posted: not before the moment that somebody chose, nor in the quiet hours of
its community. A signpost waits for neither: it answers a danger."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from engage import publications
from engage.communities import settings_of
from engage.enums import PublicationState
from engage.models import Publication
from engage.quiet_hours import quiet_until, zone_of
from reviews import permissions
from reviews.exceptions import WrongState
from reviews.models import User
from reviews.permissions import Permission

UNSENT = (PublicationState.QUEUED, PublicationState.BY_HAND)


def waits_until(publication: Publication, now: datetime) -> datetime | None:
    """The moment before which it is not posted; None if it may be posted now."""
    if publication.review.signpost_id:
        return None
    chosen = publication.not_before
    start = max(chosen, now) if chosen else now
    start = quiet_until(settings_of(publication.community), start) or start
    return start if start > now else None


def zone_of_community(publication: Publication) -> ZoneInfo:
    """The time zone by whose clocks its community lives."""
    return zone_of(settings_of(publication.community))


def moment_in(publication: Publication, written: str) -> datetime | None:
    """The moment that a form says, by the clocks of its community; None for nothing.

    Raises:
        BadInput: it is none.
    """
    if not written:
        return None
    try:
        local = datetime.fromisoformat(written)
    except ValueError:
        raise BadInput("Give a date and a time, such as 2027-03-01T09:00.") from None
    return local.replace(tzinfo=zone_of_community(publication))


@transaction.atomic
def schedule(*, by: User, publication_id: UUID, moment: datetime | None) -> Publication:
    """Says before when a reply is not posted; None: as soon as it can be.

    Raises:
        NotAllowed: not this person.
        WrongState: it is under way, or was posted.
        BadInput: its clearance ends before that.
    """
    permissions.check_may(by, Permission.SCHEDULE)
    publication = publications.lock(publication_id)
    if publication.state not in UNSENT:
        raise WrongState("It is under way or was posted already. See how it stands.")
    expires = publication.review.expires_at
    if moment and expires and moment >= expires:
        raise BadInput(
            f"Its clearance ends {timezone.localtime(expires):%d %B %Y, %H:%M}: choose a moment "
            "before that."
        )
    publication.not_before = moment
    if publication.state == PublicationState.QUEUED:
        publication.due_at = timezone.now()  # the next sweep looks at it anew
    publication.save(update_fields=["not_before", "due_at"])
    publications.record(
        EventKind.PUBLICATION_SCHEDULED,
        publication,
        by=by.actor,
        not_before=moment.isoformat() if moment else "",
    )
    return publication
