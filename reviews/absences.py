"""Absences: who is away, and who stands in for them meanwhile.

Standing in gives no right: what waits for somebody who is away waits for their delegate too, as far
as the delegate may sign it anyway (`permissions.check_may_stand_in`), so never what they wrote. It
does not pass on: if the delegate is away as well, nobody stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from compliance import ledger
from compliance.exceptions import BadInput, NotAllowed
from compliance.ledger.kinds import EventKind
from reviews import permissions
from reviews.enums import SEAT_ROLES, Role
from reviews.exceptions import WrongState
from reviews.models import Absence, Review, User
from reviews.permissions import Permission

LONGEST = timedelta(days=366)


@transaction.atomic
def enter(*, by: User, first_day: date, last_day: date, delegate_id: UUID | None) -> Absence:
    """Says that one is away.

    Args:
        first_day, last_day: both included, in the zone of the installation.
        delegate_id: who stands in; None for nobody.
    Raises:
        NotAllowed: this person has nothing that waits for them.
        BadInput: the days or the delegate won't do; the message says why.
    """
    permissions.check_may(by, Permission.ABOUT_ONESELF)
    if last_day < first_day or last_day < today() or last_day - first_day > LONGEST:
        raise BadInput("The last day can't be before the first one or today, nor a year later.")
    # Both are locked, so that of two who name each other the second is told so.
    people = [pk for pk in (by.pk, delegate_id) if pk]
    locked = User.objects.select_for_update(of=("self",)).filter(pk__in=people).order_by("pk")
    found = {person.pk: person for person in locked}
    if any(a.overlaps(first_day, last_day) for a in by.absences.filter(ended_at=None)):
        raise BadInput("You are away on some of these days already. End that absence first.")
    delegate = found.get(delegate_id) if delegate_id else None
    if delegate_id:
        _check_delegate(by, delegate, first_day, last_day)
    absence = Absence.objects.create(
        person=by, first_day=first_day, last_day=last_day, delegate=delegate
    )
    ledger.record(
        EventKind.ABSENCE_ENTERED,
        by=by.actor,
        subject=absence,
        first_day=first_day.isoformat(),
        last_day=last_day.isoformat(),
        delegate=delegate_id or "",
    )
    return absence


def _check_delegate(by: User, delegate: User | None, first_day: date, last_day: date) -> None:
    if delegate is None or delegate.pk == by.pk:
        raise BadInput("Choose somebody of the list, or nobody.")
    if not shared_roles(by, delegate):
        raise BadInput(
            f"{delegate.printed_name} does not sign in a role of yours, so they can't stand in "
            "for you. Choose somebody else."
        )
    if any(a.overlaps(first_day, last_day) for a in delegate.absences.filter(ended_at=None)):
        raise BadInput(
            f"{delegate.printed_name} is away on some of these days. Choose somebody else."
        )


@transaction.atomic
def end(*, by: User, absence_id: UUID) -> Absence:
    """Says that one is back, or does not leave after all.

    Raises:
        NotAllowed: it is somebody else's.
        WrongState: it ended already.
    """
    absence = Absence.objects.select_for_update(of=("self",)).get(pk=absence_id)
    if absence.person_id != by.pk:
        raise NotAllowed("Only who is away says when they are back.")
    if absence.ended_at or absence.last_day < today():
        raise WrongState("This absence is over already. Reload the page.")
    absence.ended_at = timezone.now()
    absence.save(update_fields=["ended_at"])
    ledger.record(EventKind.ABSENCE_ENDED, by=by.actor, subject=absence)
    return absence


def today() -> date:
    """The day in the zone of the installation."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def coming(person: User) -> list[Absence]:
    """The absences of a person that are not over."""
    rows = person.absences.filter(ended_at=None, last_day__gte=today())
    return list(rows.select_related("delegate"))


def away_now() -> QuerySet[Absence]:
    """The absences of today."""
    day = today()
    return Absence.objects.filter(ended_at=None, first_day__lte=day, last_day__gte=day)


def is_away(person: User) -> bool:
    """Whether somebody is away today: they are assigned nothing and reminded of nothing."""
    return away_now().filter(person=person).exists()


def stands_in_for(user: User) -> list[User]:
    """Whose work waits for this person too, today; nobody's while they are away themselves."""
    absences = away_now().filter(delegate=user).select_related("person")
    absent = [a.person for a in absences.prefetch_related("person__role_grants")]
    return [] if absent and is_away(user) else absent


def left_alone(absence: Absence) -> list[User]:
    """For whom the person of this absence was to stand in on some of its days."""
    others = absence.person.stands_in.filter(ended_at=None).select_related("person")
    return [o.person for o in others if o.overlaps(absence.first_day, absence.last_day)]


def stood_in_for(user: User, review: Review, absent: Sequence[User]) -> list[User]:
    """Those among the absent in whose place this person can sign this review now."""
    return [
        person
        for person in absent
        if permissions.allowed(permissions.check_may_stand_in, user, person, review)
    ]


def delegates_for(person: User) -> list[User]:
    """Who can stand in for this person: those who sign in a role of theirs."""
    roles = person.roles & set(SEAT_ROLES)
    others = User.objects.filter(is_active=True, role_grants__role__in=roles).exclude(pk=person.pk)
    return list(others.distinct().order_by("last_name", "username"))


def shared_roles(person: User, other: User) -> frozenset[Role]:
    """The roles in which both sign."""
    return person.roles & other.roles & set(SEAT_ROLES)
