"""Stopping all publishing, in one community or everywhere, in one action; and going on.

A stop holds whatever would be sent, signposts included. What is in flight is settled as ever,
withdrawals take down what is live, and what was cleared waits (as long as its clearance holds).
"""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from compliance import ledger, vault
from compliance.ledger.kinds import EventKind
from engage.enums import PublicationState
from engage.models import Community, Publication, Stop
from reviews import permissions
from reviews.exceptions import GateClosed, WrongState
from reviews.models import User
from reviews.permissions import Permission
from reviews.reasons import checked_reason


@transaction.atomic
def stop(*, by: User, community_id: UUID | None, reason: str) -> Stop:
    """Stops all publishing. When it returns, no attempt begins any more.

    Args:
        community_id: where; None for everywhere.
    Raises:
        NotAllowed: not this person.
        BadInput: no reason.
        WrongState: it is stopped there already.
    """
    permissions.check_may(by, Permission.STOP)
    reason = checked_reason(reason)
    _lock(Community.objects.filter(pk=community_id) if community_id else Community.objects.all())
    key = vault.new_key()
    try:
        with transaction.atomic():
            stopped = Stop.objects.create(
                community_id=community_id, key=key, reason=vault.seal(key, reason), by=by
            )
    except IntegrityError as error:
        raise WrongState("This is stopped already. Reload the page to see who did it.") from error
    ledger.record(
        EventKind.PUBLISHING_STOPPED,
        by=by.actor,
        subject=stopped,
        case_id=stopped.pk,
        community=community_id or "",
        everywhere=community_id is None,
    )
    return stopped


@transaction.atomic
def lift(*, by: User, stop_id: UUID, reason: str) -> Stop:
    """Lets publishing go on; what waited is sent with the next sweep.

    Any compliance officer may, also who stopped it: posting again takes two signatures anyway.

    Raises:
        NotAllowed: not this person.
        BadInput: no reason.
        WrongState: it was lifted already.
    """
    permissions.check_may(by, Permission.STOP)
    stopped = Stop.objects.select_for_update(of=("self",)).select_related("key").get(pk=stop_id)
    if stopped.lifted_at:
        raise WrongState("This was lifted already. Reload the page.")
    stopped.why_lifted = vault.seal(stopped.key, checked_reason(reason))
    stopped.lifted_by, stopped.lifted_at = by, timezone.now()
    stopped.save(update_fields=["lifted_by", "lifted_at", "why_lifted"])
    waiting(stopped).update(due_at=timezone.now())
    ledger.record(
        EventKind.PUBLISHING_RESUMED,
        by=by.actor,
        subject=stopped,
        case_id=stopped.pk,
        community=stopped.community_id or "",
        everywhere=stopped.community_id is None,
    )
    return stopped


def standing() -> QuerySet[Stop]:
    """The stops that hold now, the newest first."""
    return Stop.objects.filter(lifted_at=None).select_related("community", "by")


def of_community(community_id: UUID) -> QuerySet[Stop]:
    """The stops that hold in a community."""
    return standing().filter(Q(community=community_id) | Q(community=None))


def waiting(stopped: Stop) -> QuerySet[Publication]:
    """What waits to be sent where this holds."""
    queued = Publication.objects.filter(state=PublicationState.QUEUED)
    return queued.filter(community=stopped.community_id) if stopped.community_id else queued


def holds(community_id: UUID) -> bool:
    """Whether publishing is stopped in a community, asked in the transaction that would send.

    Its row is locked, so that a stop that was there before the attempt is committed is seen.
    """
    _lock(Community.objects.filter(pk=community_id))
    return of_community(community_id).exists()


def check_none(community_id: UUID) -> None:
    """Raises GateClosed while publishing is stopped in a community."""
    if stopped := of_community(community_id).first():
        raise GateClosed(
            f"All publishing is stopped {stopped.where}, so nothing can be posted from here, "
            "signposts included. Give the text to the community's moderators at once."
        )


def _lock(communities: QuerySet[Community]) -> None:
    # Without the key: whatever arrives meanwhile refers to the community and must not wait.
    list(communities.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
