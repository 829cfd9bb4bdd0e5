"""Who is told: for each kind of notice, a function from what it is about to people.

Whether somebody may still act, or open the page, is asked of reviews/permissions.py, so that a
notice and a button cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import Model

from reviews import permissions
from reviews.enums import Place
from reviews.models import (
    Claim,
    Confirmation,
    Disposition,
    FurtherSignOff,
    ProfileChange,
    Proposal,
    Remark,
    Review,
    ReviewAuthor,
    SafetyCase,
    SecondLook,
    SignOff,
    Signpost,
    TopicWatch,
    User,
)
from reviews.permissions import PERMISSIONS, Permission, can_may

Target: TypeAlias = (
    Review | SecondLook | SafetyCase | ProfileChange | Proposal | Signpost | TopicWatch
)
# Ids of people; None among them, for what the service did, is nobody.
Audience: TypeAlias = Callable[[Any], Iterable[UUID | None]]

# What one needs to open the page that a notice leads to.
OPENS = {
    Place.REVIEW: Permission.READ_REVIEWS,
    Place.PUBLICATION: Permission.READ_PUBLICATIONS,
    Place.SAFETY_CASE: Permission.READ_SAFETY,
    Place.PROFILE_CHANGE: Permission.READ_PROFILES,
    Place.SIGNPOSTS: Permission.READ_SIGNPOSTS,
    Place.CORRECTIONS: Permission.CORRECT,
    Place.SECOND_LOOK: Permission.LOOK_AGAIN,
    Place.RELOOKS: Permission.READ_PUBLICATIONS,
    Place.THREAD: Permission.READ_THREADS,
}
# Who is asked to act on something, and whether a person still can.
ASKED: dict[type[Model], tuple[Permission, Callable[[User, Any], bool]]] = {
    Review: (Permission.SIGN, permissions.can_sign),
    Signpost: (Permission.SIGN, permissions.can_sign_signpost),
    ProfileChange: (Permission.CHANGE_PROFILES, permissions.can_approve_change),
    Proposal: (Permission.CORRECT, permissions.can_approve),
    SafetyCase: (Permission.DISPOSE_SAFETY, lambda person, case: case.disposed_at is None),
}


def people(ids: Iterable[UUID | None]) -> list[User]:
    """Active people with their roles, in two queries."""
    found = User.objects.filter(pk__in={pk for pk in ids if pk}, is_active=True)
    return list(found.select_related("notice_address").prefetch_related("role_grants"))


def may_open(person: User, place: Place, target: Target) -> bool:
    """Whether the page that a notice leads to opens for this person."""
    if isinstance(target, Review) and place == Place.REVIEW:
        return permissions.can_read(person, target)
    return can_may(person, OPENS[place])


def holders(permission: Permission) -> list[User]:
    """Active people who have a role that carries the permission, with their roles."""
    found = User.objects.filter(role_grants__role__in=PERMISSIONS[permission], is_active=True)
    return list(found.distinct().prefetch_related("role_grants"))


def can_act(person: User, target: Target) -> bool:
    """Whether the person can do now what they are asked for."""
    permission, check = ASKED[type(target)]
    return can_may(person, permission) and check(person, target)


def asked(target: Target) -> list[UUID]:
    """Everybody who can act on it now."""
    return able(holders(ASKED[type(target)][0]), target)


def able(among: Iterable[User], target: Target) -> list[UUID]:
    """Which of some people can act on it now."""
    if isinstance(target, Review):  # read once for all of them
        read = ("sign_offs", "further_sign_offs", "authors")
        target = Review.objects.prefetch_related(*read).get(pk=target.pk)
    return [person.pk for person in among if can_act(person, target)]


def acted(target: Target) -> set[UUID | None]:
    """Everybody who wrote it, or acted on it before."""
    return _ACTED[type(target)](target)


def acted_before_clearing(review: Review) -> set[UUID | None]:
    """Everybody who acted on it but who signed last: that signature cleared it."""
    last = review.signatures[-1:] if review.signpost is None else []
    return acted(review) - {signature.user_id for signature in last}


def owner(case: SafetyCase) -> list[UUID | None]:
    """Who has a signal now; every safety officer if nobody does."""
    return [case.owner_id] if case.owner_id else [p.pk for p in holders(ASKED[SafetyCase][0])]


def named(review: Review) -> list[UUID]:
    """Whom the newest reminder of a review names."""
    reminder = review.reminders.order_by("-at").first()
    return list(reminder.named.values_list("person_id", flat=True)) if reminder else []


def assigned(review: Review) -> list[UUID]:
    """To whom a review was given last."""
    claim = Claim.objects.filter(review=review).exclude(assigned_by=None).order_by("-since").first()
    return [claim.user_id] if claim else []


def looker(look: SecondLook) -> list[UUID]:
    """To whom a second look was given."""
    return [look.user_id]


def watch_owner(watch: TopicWatch) -> list[UUID]:
    """Whose watch it is."""
    return [watch.owner_id]


def watchers(review: Review) -> list[UUID]:
    """Who decides on live replies that are looked at again: not those who wrote this one."""
    people = holders(Permission.RELOOK)
    return [p.pk for p in people if permissions.allowed(permissions.check_may_relook, p, review)]


def settlers(review: Review) -> list[UUID]:
    """Who looks whether an unclear posting is live."""
    return [person.pk for person in holders(Permission.SETTLE)]


def _acted_on_reply(review: Review) -> set[UUID | None]:
    # A reply that was sent back comes again as another review of the same case: who acted on the
    # first one wants to know what became of it.
    same = {"review__case_id": review.case_id}
    ids = (
        ReviewAuthor.objects.filter(**same)
        .values_list("user_id")
        .union(
            Review.objects.filter(case_id=review.case_id).order_by().values_list("submitted_by"),
            SignOff.objects.filter(**same).order_by().values_list("user_id"),
            FurtherSignOff.objects.filter(**same).order_by().values_list("user_id"),
            Confirmation.objects.filter(**same).order_by().values_list("user_id"),
            Disposition.objects.filter(**same).values_list("by_id"),
            Remark.objects.filter(**same).order_by().values_list("by_id"),
        )
    )
    in_advance = acted(review.signpost) if review.signpost else ()
    return {*(row[0] for row in ids), *in_advance}


def _acted_on_signpost(signpost: Signpost) -> set[UUID | None]:
    signers = signpost.signatures.values_list("user_id", flat=True)
    return {signpost.written_by_id, *signers}


def _acted_on_signal(case: SafetyCase) -> set[UUID | None]:
    return {
        case.owner_id,
        case.disposed_by_id,
        *case.facts.values_list("by_id", flat=True),
        *case.hand_offs.values_list("by_id", flat=True),
        *case.help_given.values_list("by_id", flat=True),
    }


_ACTED: dict[type[Model], Callable[[Any], set[UUID | None]]] = {
    Review: _acted_on_reply,
    Signpost: _acted_on_signpost,
    ProfileChange: lambda change: {change.proposed_by_id, change.decided_by_id},
    Proposal: lambda proposal: {proposal.correction.by_id, proposal.decided_by_id},
    SafetyCase: _acted_on_signal,
}
