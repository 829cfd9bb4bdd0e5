"""Claims: who works on a review just now, so that two people don't do the same work.

A claim is a courtesy. It never gives the right to sign and never takes it: whoever may sign a
review may do so whoever has claimed it. A claim holds for one role, so that compliance, legal and
medical reviewers work on the same review side by side. It lapses by itself unless its holder acts,
and is over once its holder signed, no signature of its role is left, or the review is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compliance import ledger
from compliance.exceptions import BadInput, Refusal
from compliance.ledger.kinds import EventKind
from reviews import absences, permissions, worklist
from reviews.enums import SEAT_ROLES, ClaimEnd, Role
from reviews.exceptions import WrongState
from reviews.models import Claim, Review, User
from reviews.permissions import Permission

MOST = 50  # reviews in one go


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one review of several. `refusal` is "" if it was done."""

    review_id: UUID
    refusal: str


@transaction.atomic
def claim(*, by: User, review_id: UUID) -> Claim:
    """Takes a review that this person could sign now, in the first such role that is free.

    Raises:
        NotAllowed: not this person; the message says why.
        WrongState: somebody else has it, or nothing is left to sign.
    """
    review = _locked(review_id)
    permissions.check_may_claim(by, review)
    taken = _tidied(review)
    if any(one.user_id == by.pk for one in taken.values()):
        raise WrongState("You have claimed this review already.")
    roles = _roles_of(by, review)
    role = next((r for r in roles if r not in taken), None)
    if role is None:
        one = taken[roles[0]]
        raise WrongState(
            f"{one.user.printed_name} has claimed this review until {_clock(one.until)}. That "
            "keeps nobody from signing it; ask them to release it, or assign it anew."
        )
    made = _begin(review, role, by, minutes=settings.CLAIM_MINUTES)
    _record(EventKind.REVIEW_CLAIMED, made, by.actor)
    return made


@transaction.atomic
def assign(*, by: User, review_id: UUID, to: UUID) -> Claim:
    """Gives a review to somebody who could sign it now, in the place of whoever had claimed it.

    Raises:
        NotAllowed, WrongState: not by this person, or not any more.
        BadInput: not to that person; the message says why.
    """
    review = _locked(review_id)
    permissions.check_may_assign(by, review)
    person = User.objects.filter(pk=to, is_active=True).first()
    if person is None or not permissions.can_claim(person, review):
        raise BadInput(
            "Choose somebody who may sign this review: it takes an open signature in one of their "
            "roles, and nobody who wrote a version of the reply or signed it already."
        )
    if absences.is_away(person):
        raise BadInput(f"{person.printed_name} is away today. Choose somebody else.")
    taken = _tidied(review)
    if any(one.user_id == person.pk for one in taken.values()):
        raise WrongState(f"{person.printed_name} has this review already.")
    roles = _roles_of(person, review)
    role = next((r for r in roles if r not in taken), roles[0])
    if role in taken:
        _end(taken[role], ClaimEnd.REASSIGNED, by.actor)
    made = _begin(review, role, person, minutes=settings.ASSIGNED_MINUTES, assigned_by=by)
    _record(EventKind.REVIEW_ASSIGNED, made, by.actor, to=person.actor)
    return made


@transaction.atomic
def release(*, by: User, review_id: UUID) -> Claim:
    """Gives up one's own claim.

    Raises:
        NotAllowed: not this person.
        WrongState: this person has none, or it lapsed.
    """
    permissions.check_may(by, Permission.CLAIM)
    taken = _tidied(_locked(review_id))
    own = next((one for one in taken.values() if one.user_id == by.pk), None)
    if own is None:
        raise WrongState("You have no claim on this review; it may have lapsed.")
    return _end(own, ClaimEnd.RELEASED, by.actor)


def claim_all(*, by: User, review_ids: Iterable[UUID]) -> list[Outcome]:
    """Claims each of these reviews; one that is refused keeps none of the others back.

    Raises:
        NotAllowed: not this person, whatever the review.
        BadInput: none was chosen, or more than `MOST`.
    """
    permissions.check_may(by, Permission.CLAIM)
    return _each(review_ids, lambda review_id: claim(by=by, review_id=review_id))


def assign_all(*, by: User, review_ids: Iterable[UUID], to: UUID) -> list[Outcome]:
    """Assigns each of these reviews; one that is refused keeps none of the others back.

    Raises:
        NotAllowed: not this person, whatever the review.
        BadInput: none was chosen, or more than `MOST`.
    """
    permissions.check_may(by, Permission.CLAIM)
    return _each(review_ids, lambda review_id: assign(by=by, review_id=review_id, to=to))


def check_number(chosen: Sequence[UUID]) -> None:
    """Raises BadInput if no review was chosen, or more than `MOST`."""
    if not 0 < len(chosen) <= MOST:
        raise BadInput(f"Choose between 1 and {MOST} reviews.")


def _each(review_ids: Iterable[UUID], verb: Callable[[UUID], Claim]) -> list[Outcome]:
    chosen = list(dict.fromkeys(review_ids))
    check_number(chosen)
    outcomes = []
    for review_id in chosen:
        try:
            verb(review_id)
            outcomes.append(Outcome(review_id, ""))
        except Refusal as refusal:
            outcomes.append(Outcome(review_id, str(refusal)))
    return outcomes


def keep(*, by: User, review: Review) -> None:
    """Lets one's own claim last on, because one acts. A courtesy, so the ledger is spared."""
    now = timezone.now()
    until = now + timedelta(minutes=settings.CLAIM_MINUTES)
    live_claims(now).filter(review=review, user=by, until__lt=until).update(until=until)


def live_claims(now: datetime) -> QuerySet[Claim]:
    """The claims that hold at this moment."""
    reviews = Review.objects.filter(pk=OuterRef("review"), state__in=worklist.OPEN)
    wanted = (Q(Exists(reviews.filter(worklist.open_for(r))), role=r) for r in SEAT_ROLES)
    return worklist.held(now).filter(reduce(or_, wanted))


def end_over() -> int:
    """Records the end of claims that lapsed or are done; returns how many."""
    now = timezone.now()
    over = Claim.objects.filter(ended_at=None).exclude(pk__in=live_claims(now).values("pk"))
    ids = list(over.values_list("review_id", flat=True).distinct())
    return sum(_tidy(review_id) for review_id in ids)


@transaction.atomic
def _tidy(review_id: UUID) -> int:
    review = _locked(review_id)
    before = review.claims.filter(ended_at=None).count()
    return before - len(_tidied(review))


def _tidied(review: Review) -> dict[Role, Claim]:
    """The live claims on a locked review by role; the end of those that are over is recorded."""
    now = timezone.now()
    live = set(live_claims(now).filter(review=review).values_list("pk", flat=True))
    taken = {}
    for one in review.claims.filter(ended_at=None).select_related("user"):
        if one.pk in live:
            taken[Role(one.role)] = one
        else:
            _end(one, ClaimEnd.LAPSED if one.until <= now else ClaimEnd.DONE, "system")
    return taken


def _roles_of(user: User, review: Review) -> Sequence[Role]:
    """The roles in which this person could sign this review now."""
    return list(dict.fromkeys(seat.role for seat in permissions.signing_seats(user, review)))


def _begin(
    review: Review, role: Role, user: User, *, minutes: int, assigned_by: User | None = None
) -> Claim:
    until = timezone.now() + timedelta(minutes=minutes)
    try:
        with transaction.atomic():
            return Claim.objects.create(
                review=review, role=role, user=user, assigned_by=assigned_by, until=until
            )
    except IntegrityError as error:  # two at once without the row lock
        raise WrongState("Somebody else was quicker. Reload the page to see who.") from error


def _end(one: Claim, how: ClaimEnd, by: str) -> Claim:
    one.ended_at, one.ended = timezone.now(), how
    one.save(update_fields=["ended_at", "ended"])
    _record(EventKind.CLAIM_ENDED, one, by, how=str(how), of=one.user.actor)
    return one


def _locked(review_id: UUID) -> Review:
    return Review.objects.select_for_update(of=("self",)).get(pk=review_id)


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


def _record(kind: EventKind, one: Claim, by: str, **facts: Any) -> None:
    ledger.record(
        kind,
        by=by,
        subject=one.review,
        case_id=one.review.case_id,
        claim=one.pk,
        role=str(one.role),
        **facts,
    )
