"""The work list: reviews as the queue of one person shows them, in order, in one question.

Order: what was overdue when the first page was asked for, then by risk (reviews/risk.py), then by
due time, then by id. The moment of the first page goes along in the links of the others, so that
what becomes overdue meanwhile does not jump over a page that was seen already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from reviews import policy, presence
from reviews.counting import counted
from reviews.enums import SIGNING_ROLES, Action, Role
from reviews.models import (
    Claim,
    Review,
    ReviewAuthor,
    RoleGrant,
    SafetyCase,
    SignOff,
    SignpostSignature,
    User,
)

OPEN = tuple(policy.TRANSITIONS[Action.SIGN])  # states in which a signature is wanted
NAME = Concat("user__first_name", Value(" "), "user__last_name")
PRINTED_NAME = Coalesce(NullIf(Trim(NAME), Value("")), "user__username")


def wanted_from(user: User) -> Q:
    """The reviews that this person could sign now: what permissions.signing_role says, in SQL."""
    open_roles = [~signed_as(role) for role in SIGNING_ROLES if role in user.roles]
    if not open_roles:
        return Q(pk__in=[])
    return Q(state__in=OPEN) & ~wrote(user) & ~_signed(user) & reduce(or_, open_roles)


def could_sign(review: Review) -> QuerySet[User]:
    """The people from whom a signature could come now: the same, asked from the other end."""
    if review.state not in OPEN:
        return User.objects.none()
    signed = set(review.sign_offs.values_list("role", flat=True))
    roles = [role for role in SIGNING_ROLES if role not in signed]
    return signers(roles).exclude(
        Exists(ReviewAuthor.objects.filter(review=review, user=OuterRef("pk")))
        | Exists(SignOff.objects.filter(review=review, user=OuterRef("pk")))
    )


def signers(roles: Sequence[Role] = SIGNING_ROLES) -> QuerySet[User]:
    """Everybody who holds one of these roles, by name."""
    held = RoleGrant.objects.filter(user=OuterRef("pk"), role__in=roles)
    by_name = ("first_name", "last_name", "username")
    return User.objects.filter(Exists(held), is_active=True).order_by(*by_name)


def wrote(user: User) -> Q:
    """The reviews of which this person wrote a version."""
    return Q(Exists(ReviewAuthor.objects.filter(review=OuterRef("pk"), user=user)))


def signed_as(role: Role) -> Q:
    """The reviews that have the signature of this role, of their own or through a signpost."""
    return Q(Exists(SignOff.objects.filter(review=OuterRef("pk"), role=role))) | Q(
        Exists(SignpostSignature.objects.filter(signpost=OuterRef("signpost"), role=role))
    )


def claimed_by(user: User, now: datetime) -> Q:
    """The reviews that this person has claimed."""
    return Q(Exists(_held(now).filter(review=OuterRef("pk"), user=user)))


def free_for(user: User, now: datetime, *, or_own: bool = False) -> Q:
    """The open reviews with a signature that is neither there nor claimed by anybody.

    For people who sign, a signature in one of their roles.

    Args:
        or_own: what this person has claimed counts as free.
    """
    claims = _held(now).exclude(user=user) if or_own else _held(now)
    roles = [role for role in SIGNING_ROLES if role in user.roles] or SIGNING_ROLES
    free = (
        ~signed_as(role) & ~Q(Exists(claims.filter(review=OuterRef("pk"), role=role)))
        for role in roles
    )
    return Q(state__in=OPEN) & reduce(or_, free)


def with_open_signal() -> Q:
    """The reviews whose thread has an open safety signal."""
    # No foreign key leads from a review to its thread; its data key is that of the thread.
    cases = SafetyCase.objects.filter(text__key=OuterRef("packet__key"), disposed_at=None)
    return Q(Exists(cases))


def in_order(reviews: QuerySet[Review], as_of: datetime) -> QuerySet[Review]:
    """With `late` (0 or 1 at that moment) and `urgency`, by which the queue is sorted."""
    late = Case(When(due_at__lt=as_of, then=Value(1)), default=Value(0))
    return reviews.annotate(late=late, urgency=Coalesce("risk", Value(0)))


def shown(reviews: QuerySet[Review], user: User, now: datetime) -> QuerySet[Review]:
    """With everything that a line of the queue says.

    `wrote` and `signed`: this person did; `signal`: the thread has an open safety signal;
    `<role>_signed` and `<role>_claim` for each signing role; `readers`: how many others look at
    it, and `reader` the name of the last one to come.
    """
    looking = presence.fresh(now, but=user).filter(review=OuterRef("pk"))
    reviews = reviews.select_related("packet__key", "submitted_by", "signpost").annotate(
        wrote=_told(wrote(user)),
        signed=_told(_signed(user)),
        signal=_told(with_open_signal()),
        readers=counted(looking),
        reader=Subquery(looking.order_by("-pk").values(name=PRINTED_NAME)[:1]),
    )
    for role in SIGNING_ROLES:
        claim = f"{role}_claim"
        holds = Q(claims__role=role, claims__ended_at=None, claims__until__gt=now)
        reviews = reviews.annotate(
            **{
                f"{role}_signed": _told(signed_as(role)),
                claim: FilteredRelation("claims", condition=holds),
            }
        ).select_related(f"{claim}__user")
    return reviews


def _signed(user: User) -> Q:
    return Q(Exists(SignOff.objects.filter(review=OuterRef("pk"), user=user)))


def _held(now: datetime) -> QuerySet[Claim]:
    # Whether its signature is there already is asked of the review, not of the claim.
    return Claim.objects.filter(ended_at=None, until__gt=now)


def _told(condition: Q) -> ExpressionWrapper[Q]:
    return ExpressionWrapper(condition, output_field=BooleanField())
