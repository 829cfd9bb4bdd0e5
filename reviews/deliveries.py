"""Deliveries: notices on their way to e-mail and webhooks (law 5).

A row for each is written with its notice. A sweep takes what is due, puts together what goes to
one person on one channel, and sends it outside any transaction. Tried again after growing waits,
then given up where the person and the administrators see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import structlog
from django.db import connection, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from compliance.exceptions import BadInput, TextErased
from compliance.nudges import nudge
from reviews import audiences, notice_choices, permissions
from reviews.channels import mail, webhook
from reviews.channels.base import SENTENCES, Line, Message, Undelivered, outside
from reviews.enums import Channel, DeliveryState, Pace, Place
from reviews.models import Delivery, Notice, User
from reviews.notice_choices import Paces

log = structlog.get_logger()

LEASE = timedelta(minutes=2)  # what was handed out and not begun by then is handed out again
SENDING = timedelta(minutes=2)  # longer than any send can take
# Waits after each failure; after the last one it is given up.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 4 * 60, 12 * 60))
LONGEST_WAIT = 3600  # seconds that the other side may ask for
MOST_LINES = 50  # notices in one message


@dataclass(frozen=True, slots=True)
class Trouble:
    """Deliveries to one person on one channel that fail in one way."""

    person: User
    channel: str
    why: str
    waiting: int
    given_up: int
    last: datetime | None


def plan(notices: Sequence[Notice], paces: Paces) -> None:
    """Writes a delivery for each notice and each channel on which its reader wants it."""
    now = timezone.now()
    rows = [
        Delivery(
            notice=notice,
            channel=channel,
            digest=pace == Pace.DIGEST,
            due_at=notice_choices.next_digest(notice.recipient, now)
            if pace == Pace.DIGEST
            else now,
        )
        for notice in notices
        for channel, pace in paces[notice.recipient_id].items()
        if channel != Channel.IN_APP and pace != Pace.OFF
    ]
    Delivery.objects.bulk_create(rows)
    if any(not row.digest for row in rows):
        from reviews.tasks import sweep_notices

        nudge(sweep_notices)


@transaction.atomic
def claim_due(limit: int = 500) -> list[UUID]:
    """Takes deliveries that are due, for one lease; returns the ids of their messages."""
    due = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=timezone.now())
    due = due.order_by("due_at").select_related("notice")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True, of=("self",))
    rows = list(due[:limit])
    together: dict[tuple[Any, ...], list[Delivery]] = {}
    for row in rows:
        if row.message is None:
            key = (row.notice.recipient_id, row.channel, row.digest)
            together.setdefault(key, []).append(row)
    for group in together.values():
        for place, row in enumerate(group):
            row.message = group[place - place % MOST_LINES].pk
    lease = timezone.now() + LEASE
    for row in rows:
        row.due_at = lease
    Delivery.objects.bulk_update(rows, ["message", "due_at"])
    return list(dict.fromkeys(cast(UUID, row.message) for row in rows))


def send(message_id: UUID) -> None:
    """Sends one message, and writes down what became of it; safe to call twice and at once.

    What its reader has read meanwhile, may not open any more, or wants nowhere, is dropped.
    """
    now = timezone.now()
    waiting = Delivery.objects.filter(message=message_id, state=DeliveryState.WAITING)
    free = waiting.filter(Q(taken_until=None) | Q(taken_until__lte=now))
    if not free.update(taken_until=now + SENDING):
        return  # somebody else is at it, or it is done
    rows = list(
        waiting.select_related("notice__recipient__notice_address__key")
        .prefetch_related("notice__recipient__role_grants")
        .order_by("notice__created_at", "notice_id")
    )
    wanted = [row for row in rows if _is_wanted(row)]
    _end([row for row in rows if row not in wanted], DeliveryState.DROPPED)
    if not wanted:
        return
    lines = [Line(row.notice.title, outside("notice", row.notice_id)) for row in wanted]
    message = Message(message_id, lines, digest=wanted[0].digest)
    try:
        _send(wanted[0].notice.recipient, Channel(wanted[0].channel), message)
    except Undelivered as failure:
        _failed(wanted, failure)
    except Exception:  # or it would be tried for ever
        log.exception("notices_not_sent", message=message_id)
        _failed(wanted, Undelivered("unexpected", retry=True))
    else:
        _end(wanted, DeliveryState.SENT)


def send_test(*, by: User, channel: Channel) -> None:
    """Sends a message without any notice, at once, so that a person sees whether it arrives.

    Raises:
        NotAllowed: this person has no role.
        BadInput: there is no address, or it was not delivered; the message says why.
    """
    permissions.check_may(by, permissions.Permission.BE_NOTIFIED)
    if channel not in (Channel.EMAIL, Channel.WEBHOOK):
        raise BadInput("Choose e-mail or webhook.")
    line = Line("A test: notifications will arrive here", outside("notices"))
    try:
        _send(by, channel, Message(uuid4(), [line]))
    except Undelivered as failure:
        raise BadInput(f"Nothing was sent. {SENTENCES[failure.code]}") from failure


def newest_of(person: User) -> QuerySet[Delivery]:
    """The deliveries to a person, the newest first."""
    mine = Delivery.objects.filter(notice__recipient=person).select_related("notice")
    return mine.order_by("-notice__created_at", "-id")


def troubles(days: int = 7) -> list[Trouble]:
    """What fails, or was given up in the last days, by person, channel and reason."""
    since = timezone.now() - timedelta(days=days)
    failing = Delivery.objects.filter(
        Q(state=DeliveryState.WAITING, attempts__gt=0)
        | Q(state=DeliveryState.FAILED, ended_at__gte=since)
    )
    counted = list(
        failing.order_by()
        .values("notice__recipient", "channel", "error")
        .annotate(
            waiting=Count("pk", filter=Q(state=DeliveryState.WAITING)),
            given_up=Count("pk", filter=Q(state=DeliveryState.FAILED)),
            last=Max("ended_at"),
        )
        .order_by("notice__recipient", "channel", "error")
    )
    who = User.objects.in_bulk({row["notice__recipient"] for row in counted})
    return [
        Trouble(
            person=who[row["notice__recipient"]],
            channel=Channel(row["channel"]).label,
            why=SENTENCES.get(row["error"], row["error"]),
            waiting=row["waiting"],
            given_up=row["given_up"],
            last=row["last"],
        )
        for row in counted
    ]


def _is_wanted(row: Delivery) -> bool:
    reader, notice = row.notice.recipient, row.notice
    may = permissions.can_may(reader, audiences.OPENS[Place(notice.place)])
    can = Channel(row.channel) in notice_choices.reached(reader)
    return notice.read_at is None and may and can


def _send(reader: User, channel: Channel, message: Message) -> None:
    if channel == Channel.EMAIL:
        if not reader.email:
            raise Undelivered("no_address", retry=False)
        mail.send(reader.email, message)
        return
    try:
        url = notice_choices.webhook_of(reader)
    except TextErased as error:
        raise Undelivered("no_address", retry=False) from error
    if not url:
        raise Undelivered("no_address", retry=False)
    webhook.send(url, message)


def _failed(rows: Sequence[Delivery], failure: Undelivered) -> None:
    now = timezone.now()
    for row in rows:
        attempts = row.attempts + 1
        still = Delivery.objects.filter(pk=row.pk, state=DeliveryState.WAITING)
        if failure.retry and attempts <= len(WAITS):
            asked = timedelta(seconds=min(failure.wait, LONGEST_WAIT))
            due_at = now + max(WAITS[attempts - 1], asked)
            still.update(attempts=attempts, error=failure.code, due_at=due_at, taken_until=None)
        else:
            still.update(
                attempts=attempts,
                error=failure.code,
                state=DeliveryState.FAILED,
                due_at=None,
                ended_at=now,
            )


def _end(rows: Sequence[Delivery], state: DeliveryState) -> None:
    Delivery.objects.filter(pk__in=[row.pk for row in rows], state=DeliveryState.WAITING).update(
        state=state, due_at=None, ended_at=timezone.now(), error=""
    )
