"""Relooks: live replies that somebody looks at again, because they are old or because what they
cite was recalled. A sweep opens the rows; a compliance officer decides."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compliance import ledger, vault
from compliance.ledger.kinds import EventKind
from engage.enums import PublicationState, RelookCause, RelookOutcome
from engage.models import Publication, Relook
from reviews import evidence, permissions, workflow
from reviews.enums import ReasonCode, ReviewState
from reviews.exceptions import WrongState
from reviews.models import Recall, User
from reviews.reasons import checked_reason

STANDING = (PublicationState.LIVE, PublicationState.PENDING)


def waiting() -> QuerySet[Relook]:
    """What waits for a decision: of replies that still stand in their community."""
    return Relook.objects.filter(
        decided_at=None,
        publication__state__in=STANDING,
        publication__review__state=ReviewState.PUBLISHED,
    )


def open_due() -> int:
    """Opens what is due by now; returns how many."""
    live = Publication.objects.filter(
        state__in=STANDING, review__state=ReviewState.PUBLISHED
    ).order_by("posted_at")
    long_ago = timezone.now() - timedelta(days=settings.REREVIEW_DAYS)
    looked = Relook.objects.filter(publication=OuterRef("pk")).filter(
        Q(decided_at=None, cause=RelookCause.TIME) | Q(decided_at__gt=long_ago)
    )
    old = live.filter(~Exists(looked), posted_at__lte=long_ago)
    opened = sum(_open(publication, None) for publication in old[:100])
    for recall in Recall.objects.filter(lifted_at=None):
        known = Relook.objects.filter(publication=OuterRef("pk"), recall=recall)
        cite = live.filter(~Exists(known), review__in=evidence.citing(recall))
        opened += sum(_open(publication, recall) for publication in cite[:100])
    return opened


@transaction.atomic
def _open(publication: Publication, recall: Recall | None) -> bool:
    Publication.objects.select_for_update(of=("self",)).get(pk=publication.pk)
    cause = RelookCause.RECALL if recall else RelookCause.TIME
    same = Relook.objects.filter(publication=publication, cause=cause)
    if (same.filter(recall=recall) if recall else same.filter(decided_at=None)).exists():
        return False  # another sweep was quicker
    relook = Relook.objects.create(publication=publication, cause=cause, recall=recall)
    ledger.record(
        EventKind.RELOOK_OPENED,
        by="system",
        subject=relook,
        case_id=publication.draft_id,
        cause=str(cause),
        recall=recall.pk if recall else "",
    )
    return True


@transaction.atomic
def decide(*, by: User, relook_id: UUID, outcome: RelookOutcome, reason: str) -> Relook:
    """Says that a live reply is still right, or withdraws it.

    Args:
        reason: sealed with the thread's key.
    Raises:
        NotAllowed: not this person; never somebody who wrote it.
        WrongState: somebody decided already, or it is not live any more.
        BadInput: no reason.
    """
    relook = (
        Relook.objects.select_for_update(of=("self",))
        .select_related("publication__review__packet__key")
        .get(pk=relook_id)
    )
    review = relook.publication.review
    permissions.check_may_relook(by, review)
    if not waiting().filter(pk=relook.pk).exists():
        raise WrongState("Somebody decided on this already, or it is not live any more. Reload.")
    reason = checked_reason(reason)
    if outcome == RelookOutcome.WITHDRAWN:
        workflow.withdraw(
            by=by, review_id=review.pk, code=ReasonCode.NO_LONGER_NEEDED, reason=reason
        )
    relook.decided_at, relook.decided_by, relook.outcome = timezone.now(), by, outcome
    relook.reason = vault.seal(review.packet.key, reason)
    relook.save(update_fields=["decided_at", "decided_by", "outcome", "reason"])
    ledger.record(
        EventKind.RELOOK_DECIDED,
        by=by.actor,
        subject=relook,
        case_id=relook.publication.draft_id,
        outcome=str(outcome),
    )
    return relook
