"""The work list: reviews as the queue of one person shows them, in order, in one question.

Order: what was overdue when the first page was asked for, then by risk (reviews/risk.py), then by
due time, then by id. The moment of the first page goes along in the links of the others, so that
what becomes overdue meanwhile does not jump over a page that was seen already.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import reduce
from operator import and_, or_
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from compliance.enums import Severity
from compliance.models import Finding
from reviews import absences, evidence, policy, presence, routes
from reviews.counting import counted
from reviews.enums import FURTHER_SEATS, SEAT_ROLES, Action, ReviewState, Role, Seat, Stage
from reviews.models import (
    Claim,
    FurtherSignOff,
    Reminder,
    Review,
    ReviewAuthor,
    RoleGrant,
    SafetyCase,
    SignOff,
    SignpostSignature,
    User,
)

OPEN = tuple(policy.TRANSITIONS[Action.SIGN])  # states in which a signature is wanted
UNDECIDED = (*OPEN, ReviewState.SUSPENDED)  # and in which those who signed are waited for again
NAME = Concat("user__first_name", Value(" "), "user__last_name")
PRINTED_NAME = Coalesce(NullIf(Trim(NAME), Value("")), "user__username")


def wanted_from(user: User, roles: Collection[Role] = SEAT_ROLES) -> Q:
    """The reviews that this person could sign now, in one of these roles: what
    permissions.signing_seats says, in SQL."""
    due = [due_for(role) for role in SEAT_ROLES if role in user.roles and role in roles]
    if not due:
        return Q(pk__in=[])
    return Q(state__in=OPEN) & ~wrote(user) & ~_signed(user) & reduce(or_, due)


def could_sign(review: Review) -> QuerySet[User]:
    """The people from whom a signature could come now: the same, asked from the other end."""
    if review.state not in OPEN:
        return User.objects.none()
    roles = [wanted.seat.role for wanted in routes.due_seats(review)]
    gone = (ReviewAuthor, SignOff, FurtherSignOff)
    return signers(roles).exclude(
        reduce(or_, (Exists(t.objects.filter(review=review, user=OuterRef("pk"))) for t in gone))
    )


def signers(roles: Sequence[Role] = SEAT_ROLES) -> QuerySet[User]:
    """Everybody who holds one of these roles and is not away, by name."""
    held = RoleGrant.objects.filter(user=OuterRef("pk"), role__in=roles)
    away = absences.away_now().filter(person=OuterRef("pk"))
    by_name = ("first_name", "last_name", "username")
    return User.objects.filter(Exists(held), ~Exists(away), is_active=True).order_by(*by_name)


def wrote(user: User) -> Q:
    """The reviews of which this person wrote a version."""
    return Q(Exists(ReviewAuthor.objects.filter(review=OuterRef("pk"), user=user)))


def in_place_of(user: User, reviews: Collection[Review]) -> dict[UUID, list[str]]:
    """By review: the names of those who are away and in whose place this person could sign it now.

    One question for each of those who are away: what permissions.check_may_stand_in says, in SQL.
    """
    ids = [review.pk for review in reviews]
    names: dict[UUID, list[str]] = {}
    for absent in absences.stands_in_for(user):
        waits = wanted_from(absent, absent.roles & user.roles) & wanted_from(user, absent.roles)
        for pk in Review.objects.filter(waits, pk__in=ids).values_list("pk", flat=True):
            names.setdefault(pk, []).append(absent.printed_name)
    return names


def signed_at(seat: Seat) -> Q:
    """The reviews in which this seat is signed, of their own or through a signpost."""
    if seat in FURTHER_SEATS:
        return Q(Exists(FurtherSignOff.objects.filter(review=OuterRef("pk"), seat=seat)))
    return Q(Exists(SignOff.objects.filter(review=OuterRef("pk"), role=seat.role))) | Q(
        Exists(SignpostSignature.objects.filter(signpost=OuterRef("signpost"), role=seat.role))
    )


def open_for(role: Role) -> Q:
    """The reviews that still take a signature of this role, now or later."""
    return reduce(or_, (_unsigned(seat) for seat in Seat if seat.role == role))


def due_for(role: Role) -> Q:
    """The reviews whose next signature may be one of this role: routes.due_seats, in SQL."""
    return reduce(or_, (_due(seat) for seat in Seat if seat.role == role))


def claimed_by(user: User, now: datetime) -> Q:
    """The reviews that this person has claimed."""
    return Q(Exists(held(now).filter(review=OuterRef("pk"), user=user)))


def free_for(user: User, now: datetime, *, or_own: bool = False) -> Q:
    """The open reviews with a signature that could be given now and that nobody has claimed.

    For people who sign, a signature in one of their roles.

    Args:
        or_own: what this person has claimed counts as free.
    """
    claims = held(now).exclude(user=user) if or_own else held(now)
    roles = [role for role in SEAT_ROLES if role in user.roles] or SEAT_ROLES
    free = (
        due_for(role) & ~Q(Exists(claims.filter(review=OuterRef("pk"), role=role)))
        for role in roles
    )
    return Q(state__in=OPEN) & reduce(or_, free)


def with_open_signal() -> Q:
    """The reviews whose thread has an open safety signal."""
    # No foreign key leads from a review to its thread; its data key is that of the thread.
    cases = SafetyCase.objects.filter(text__key=OuterRef("packet__key"), disposed_at=None)
    return Q(Exists(cases))


def in_order(reviews: QuerySet[Review], as_of: datetime) -> QuerySet[Review]:
    """With `late` (0 or 1 at that moment) and `urgency`, by which the queue is sorted.

    A suspended review is not late: its signatures were there.
    """
    overdue = ~Q(state=ReviewState.SUSPENDED) & Q(due_at__lt=as_of)
    late = Case(When(overdue, then=Value(1)), default=Value(0))
    return reviews.annotate(late=late, urgency=Coalesce("risk", Value(0)))


def shown(reviews: QuerySet[Review], user: User, now: datetime) -> QuerySet[Review]:
    """With everything that a line of the queue says.

    `wrote` and `signed`: this person did; `signal`: the thread has an open safety signal;
    `for_legal`: it has a finding of which legal disposes; `recalled`: it cites what was recalled;
    `escalated`: somebody above was told that it waits; `<seat>_signed` for each seat;
    `<role>_holder` and `<role>_holder_name` for each role: whose claim holds; `readers`: how many
    others look at it, and `reader` the name of the last one to come.
    """
    looking = presence.fresh(now, but=user).filter(review=OuterRef("pk"))
    escalations = Reminder.objects.filter(review=OuterRef("pk"), stage=Stage.ESCALATED)
    needs_legal = Finding.objects.filter(scan=OuterRef("scan"), severity=Severity.NEEDS_LEGAL)
    reviews = reviews.select_related("packet__key", "submitted_by", "signpost").annotate(
        wrote=_told(wrote(user)),
        signed=_told(_signed(user)),
        signal=_told(with_open_signal()),
        for_legal=_told(Q(Exists(needs_legal))),
        recalled=evidence.cites_recalled(),
        escalated=_told(Q(Exists(escalations))),
        readers=counted(looking),
        reader=Subquery(looking.order_by("-pk").values(name=PRINTED_NAME)[:1]),
    )
    reviews = reviews.annotate(**{f"{seat}_signed": _told(signed_at(seat)) for seat in Seat})
    for role in SEAT_ROLES:
        claim = held(now).filter(review=OuterRef("pk"), role=role)
        reviews = reviews.annotate(
            **{
                f"{role}_holder": Subquery(claim.values("user")[:1], output_field=UUIDField()),
                f"{role}_holder_name": Subquery(claim.values(name=PRINTED_NAME)[:1]),
            }
        )
    return reviews


def held(now: datetime) -> QuerySet[Claim]:
    """The claims that did not lapse and whose holder has not signed.

    Whether a signature of the role is still wanted is asked of the review.
    """
    own = {"review": OuterRef("review"), "user": OuterRef("user")}
    return Claim.objects.filter(
        ~Exists(SignOff.objects.filter(**own)),
        ~Exists(FurtherSignOff.objects.filter(**own)),
        ended_at=None,
        until__gt=now,
    )


def _unsigned(seat: Seat) -> Q:
    """The reviews that take a signature at this seat and do not have it."""
    asked = Q(**{f"{seat}_step__isnull": False}) if seat in FURTHER_SEATS else Q(signpost=None)
    return asked & ~signed_at(seat)


def _due(seat: Seat) -> Q:
    """The reviews of which this seat can be signed next."""
    # A step is null where that seat is not wanted, and in reviews of before there were routes.
    done = (
        signed_at(other)
        | Q(**{f"{other}_step__isnull": True})
        | Q(**{f"{other}_step__gte": F(f"{seat}_step")})
        for other in Seat
        if other != seat
    )
    return reduce(and_, done, _unsigned(seat))


def _signed(user: User) -> Q:
    return Q(Exists(SignOff.objects.filter(review=OuterRef("pk"), user=user))) | Q(
        Exists(FurtherSignOff.objects.filter(review=OuterRef("pk"), user=user))
    )


def _told(condition: Q) -> ExpressionWrapper[Q]:
    return ExpressionWrapper(condition, output_field=BooleanField())
