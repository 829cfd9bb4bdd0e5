"""Notices: who is told of what, written in the transaction in which it happens (laws 5 and 6).

Every verb writes one ledger entry; `tell` listens to the ledger (compliance/ledger/events.py), so
that no verb can forget it. A notice is fixed words and a link, never words of anybody (law 7).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from compliance.ledger.kinds import EventKind
from compliance.models import Event
from reviews import audiences, deliveries, notice_choices, permissions
from reviews.audiences import Target
from reviews.enums import Channel, NoticeKind, Pace, Place
from reviews.models import (
    Notice,
    ProfileChange,
    Proposal,
    Review,
    SafetyCase,
    SecondLook,
    Signpost,
    TopicWatch,
    User,
)
from reviews.notice_table import AUDIENCE, FROM_LEDGER

_ASKS = [kind for kind, told in AUDIENCE.items() if told.asks]


def tell(event: Event, subject: Model) -> None:
    """Writes the notices of one ledger entry, in its transaction."""
    kinds = FROM_LEDGER.get(EventKind(event.kind), ())
    kinds = kinds(event) if callable(kinds) else kinds
    if not kinds:
        return
    target = _target(event, subject)
    person = event.actor.removeprefix("person:")
    by = UUID(person) if person != event.actor else None
    for kind in kinds:
        about_id = target.pk
        if AUDIENCE[kind].place == Place.PUBLICATION:
            about_id = subject.pk
        if AUDIENCE[kind].place == Place.THREAD:
            about_id = UUID(event.case_id)
        write(kind, target, about_id=about_id, by=by, event=event)
    if any(AUDIENCE[kind].settles for kind in kinds):
        _settle(target)


def write(
    kind: NoticeKind,
    target: Target,
    *,
    about_id: UUID,
    by: UUID | None = None,
    event: Event | None = None,
    due_at: datetime | None = None,
) -> list[Notice]:
    """Writes one notice for each person who is told, and its deliveries.

    Args:
        target: what it is about, to find the people by.
        about_id: of what is shown at the place of this kind.
        by: who did it, and so needs no notice.
        event: the ledger entry that it tells of, or
        due_at: the deadline that it tells of.
    """
    told = AUDIENCE[kind]
    earlier = Notice.objects.filter(about_id__in={about_id, target.pk})
    ids = set(told.audience(target)) - {by, None}
    if told.asks and ids:
        ids -= set(earlier.filter(kind=kind, due_at=due_at).values_list("recipient", flat=True))
    if not ids:
        return []
    people = [p for p in audiences.people(ids) if audiences.may_open(p, told.place, target)]
    if told.instead_of:
        _read(earlier.filter(kind__in=told.instead_of, recipient__in=people))
    paces = notice_choices.paces(people, told.group)
    title = " ".join(f"{kind.label}: {_what(target)}".split())
    notices = [
        Notice(
            recipient=person,
            kind=kind,
            place=told.place,
            about_id=about_id,
            title=title,
            by_id=by,
            event=event,
            due_at=due_at,
            quiet=paces[person.pk][Channel.IN_APP] == Pace.OFF,
        )
        for person in people
    ]
    Notice.objects.bulk_create(notices)
    deliveries.plan(notices, paces)
    return notices


def unread(person: User) -> QuerySet[Notice]:
    """What a person has not read yet, without what they want no count of."""
    return Notice.objects.filter(recipient=person, read_at=None, quiet=False)


@transaction.atomic
def mark_read(*, by: User, notice_id: UUID | None = None) -> int:
    """Marks one notice, or all, of a person as read; returns how many.

    No ledger entry: what somebody has read here proves nothing about the reply.

    Raises:
        NotAllowed: this person has no role.
    """
    permissions.check_may(by, permissions.Permission.BE_NOTIFIED)
    mine = Notice.objects.filter(recipient=by)
    return _read(mine.filter(pk=notice_id) if notice_id else mine)


def _read(notices: QuerySet[Notice]) -> int:
    fresh = notices.filter(read_at=None)
    if connection.features.has_select_for_update_skip_locked:
        # Who reads them in this moment does the same; waiting for each other could deadlock.
        fresh = fresh.select_for_update(skip_locked=True)
    ids = list(fresh.values_list("pk", flat=True))
    return Notice.objects.filter(pk__in=ids).update(read_at=timezone.now())


def _settle(target: Target) -> None:
    """Notices that ask for what can't or need not be done any more count as read."""
    asking = Notice.objects.filter(about_id=target.pk, kind__in=_ASKS, read_at=None)
    asking = asking.select_related("recipient").prefetch_related("recipient__role_grants")
    if not asking:
        return
    due_at = getattr(target, "due_at", None)
    able = audiences.able((notice.recipient for notice in asking), target)
    over = [
        notice.pk
        for notice in asking
        if notice.recipient_id not in able
        or (notice.due_at and notice.due_at != due_at)  # that deadline was met
    ]
    if over:
        _read(Notice.objects.filter(pk__in=over))


def _target(event: Event, subject: Model) -> Target:
    """What an event is about, to find the people by."""
    if event.subject_kind == "publication":  # engage.Publication: no import points up the layers
        return Review.objects.get(pk=cast(Any, subject).review_id)
    if event.subject_kind == "relook":  # engage.Relook
        return Review.objects.get(pk=cast(Any, subject).publication.review_id)
    if event.kind == EventKind.SECOND_LOOK_CLOSED and isinstance(subject, SecondLook):
        return subject.review
    if event.subject_kind == "ruleprofileversion":
        return ProfileChange.objects.get(pk=subject.pk)
    if event.subject_kind == "listedword":
        return Proposal.objects.select_related("correction").get(pk=subject.pk)
    if event.subject_kind == "vaulttext":
        return Proposal.objects.select_related("correction").get(pk=event.facts["proposal"])
    assert isinstance(
        subject, Review | SecondLook | SafetyCase | ProfileChange | Proposal | Signpost | TopicWatch
    )
    return subject


def _what(target: Target) -> str:
    if isinstance(target, Review):
        return f"a {'signpost' if target.signpost_id else 'reply'} in {target.community_name}"
    if isinstance(target, SecondLook):
        return f"a decided reply in {target.review.community_name}"
    if isinstance(target, SafetyCase):
        return f"a safety signal in {target.community_name}"
    if isinstance(target, ProfileChange):
        return f"the rules of {target.community_name}"
    if isinstance(target, Signpost):
        return f"a signpost for {target.community_name or 'every community'}"
    if isinstance(target, TopicWatch):
        return "a thread"
    return "words that a reviewer marked"
