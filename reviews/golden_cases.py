"""Golden cases: decided replies of which two people agree what was right to do.

They are given to reviewers as second looks (reviews/second_looks.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from reviews import permissions
from reviews.enums import Opinion, Verdict
from reviews.exceptions import WrongState
from reviews.models import GoldenCase, Review, User
from reviews.permissions import Permission
from reviews.reasons import checked_reason
from reviews.second_looks import DECIDED, findings_of


def check_can_be_golden(review: Review) -> None:
    """Raises WrongState unless a golden case can be made of this review."""
    if review.state not in DECIDED or review.signpost_id:
        raise WrongState("A golden case is made of a reply that was posted, sent back or refused.")
    if GoldenCase.objects.filter(review=review).exists():
        raise WrongState("This reply is a golden case already.")


def can_be_golden(user: User, review: Review) -> bool:
    """Whether this person could propose this review."""
    may = permissions.can_may(user, Permission.SET_GOLDEN)
    return may and permissions.allowed(check_can_be_golden, review)


@transaction.atomic
def propose(
    *, by: User, review_id: UUID, opinion: str, verdicts: Mapping[UUID, str], why: str
) -> GoldenCase:
    """Proposes a decided reply as a golden case; a second person approves it.

    Args:
        opinion: what was right to do with it, which need not be what was done.
        verdicts: what is right of each finding, by finding.
        why: what reviewers are told once they answered; sealed with the thread's key.
    Raises:
        NotAllowed: not this person.
        WrongState: it is not decided, or a golden case already.
        BadInput: something is missing.
    """
    permissions.check_may(by, Permission.SET_GOLDEN)
    review = (
        Review.objects.select_for_update(of=("self",))
        .select_related("packet__key", "scan")
        .get(pk=review_id)
    )
    check_can_be_golden(review)
    if opinion not in Opinion.values:
        raise BadInput("Choose what was right to do with this reply.")
    judged = {str(f.pk): verdicts.get(f.pk, "") for f in findings_of(review)}
    if any(verdict not in Verdict.values for verdict in judged.values()):
        raise BadInput("Say of each finding what is right.")
    case = GoldenCase.objects.create(
        review=review,
        opinion=opinion,
        verdicts=judged,
        why=vault.seal(review.packet.key, checked_reason(why)),
        proposed_by=by,
    )
    _record(EventKind.GOLDEN_CASE_PROPOSED, case, by)
    return case


@transaction.atomic
def approve(*, by: User, case_id: UUID) -> GoldenCase:
    """Lets reviewers be tested with it.

    Raises:
        NotAllowed: not this person; never who proposed it (the database refuses as well).
        WrongState: it is approved or retired already.
    """
    case = _locked(case_id)
    permissions.check_may_approve_golden(by, case)
    if case.approved_at or case.retired_at:
        raise WrongState("Somebody decided on this golden case already. Reload the page.")
    case.approved_by, case.approved_at = by, timezone.now()
    case.save(update_fields=["approved_by", "approved_at"])
    _record(EventKind.GOLDEN_CASE_APPROVED, case, by)
    return case


@transaction.atomic
def retire(*, by: User, case_id: UUID) -> GoldenCase:
    """Gives it to nobody any more; also declines one that waits.

    Raises:
        NotAllowed: not this person.
        WrongState: it is retired already.
    """
    permissions.check_may(by, Permission.SET_GOLDEN)
    case = _locked(case_id)
    if case.retired_at:
        raise WrongState("This golden case is retired already. Reload the page.")
    case.retired_by, case.retired_at = by, timezone.now()
    case.save(update_fields=["retired_by", "retired_at"])
    _record(EventKind.GOLDEN_CASE_RETIRED, case, by)
    return case


def _locked(case_id: UUID) -> GoldenCase:
    return GoldenCase.objects.select_for_update(of=("self",)).get(pk=case_id)


def _record(kind: EventKind, case: GoldenCase, by: User) -> None:
    # In a history of its own: that of the reply is read by those who are tested with it.
    ledger.record(kind, by=by.actor, subject=case, case_id=case.pk)
