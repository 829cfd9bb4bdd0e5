"""Confirming: whoever signed reads what moved in the thread and says that their signature stands
(law 3). Once all of them said so of the same thread, the reply is cleared again."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger, vault
from compliance.ledger.kinds import EventKind
from reviews import clearance, permissions, workflow
from reviews.exceptions import WrongState
from reviews.models import Confirmation, Review, User
from reviews.packet import Packet

MEANING = "I read what changed in the thread, and my signature stands."


@transaction.atomic
def confirm(*, by: User, review_id: UUID, proof: str, seen: str, thread: Packet) -> Review:
    """Says that a signature stands in the thread as it is now; the last one clears the review.

    What must be true of the thread is checked in engage/confirming.py.

    Args:
        proof: what proved who they are (reviews/freshness.py).
        seen: the digest that stood on the page that the signer read.
        thread: what is confirmed.
    Raises:
        NotAllowed, WrongState: it can't be confirmed; the message says why.
    """
    review = (
        Review.objects.select_for_update(of=("self",))
        .select_related("packet__key", "signpost")
        .get(pk=review_id)
    )
    permissions.check_may_confirm(by, review)
    key, stored = review.packet.key, thread.dumps()
    digest = clearance.confirmation_digest(review, vault.digest(key, stored))
    if seen != digest:
        raise WrongState(
            "Something changed since you opened this page, so nothing was confirmed. Read it again."
        )
    suspension = review.suspensions or 0
    same = list(review.confirmations.filter(suspension=suspension, digest=digest))
    if any(confirmation.user_id == by.pk for confirmation in same):
        raise WrongState("You confirmed this already; the others who signed must do so, too.")
    confirmation = Confirmation.objects.create(
        review=review,
        user=by,
        suspension=suspension,
        thread=same[0].thread if same else vault.seal(key, stored),
        digest=digest,
        printed_name=by.printed_name,
        meaning=MEANING,
        proof=proof,
        confirmed_at=timezone.now(),
    )
    ledger.record(
        EventKind.CONFIRMED,
        by=by.actor,
        subject=review,
        case_id=review.case_id,
        digest=digest,
        thread=confirmation.thread.digest,
        confirmation=confirmation.pk,
        proof=proof,
    )
    if not waited_for(review, digest):
        return workflow.clear_confirmed(review_id=review.pk, digest=digest)
    return review


def waited_for(review: Review, digest: str) -> list[str]:
    """Printed names of those who signed and have not confirmed this content yet."""
    given = review.confirmations.filter(suspension=review.suspensions or 0, digest=digest)
    confirmed = set(given.values_list("user_id", flat=True))
    return [s.printed_name for s in review.signatures if s.user_id not in confirmed]
