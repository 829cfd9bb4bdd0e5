"""How each person wants to be told: by group and channel, and where and when."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from reviews import permissions
from reviews.channels import mail, webhook
from reviews.channels.base import SENTENCES, Undelivered
from reviews.enums import Channel, DeliveryState, NoticeGroup, Pace, Role
from reviews.models import Delivery, NoticeAddress, NoticeChoice, User

Paces: TypeAlias = Mapping[UUID, Mapping[Channel, Pace]]

DIGEST_HOUR = 7
ABOUT_WEBHOOK = "notice_address.webhook"
# Outside the product, unless a person chooses otherwise; a webhook gets nothing before it is set.
DEFAULTS = {
    NoticeGroup.WANTED: Pace.DIGEST,
    NoticeGroup.DUE: Pace.AT_ONCE,
    NoticeGroup.DECIDED: Pace.AT_ONCE,
    NoticeGroup.REMARKS: Pace.DIGEST,
    NoticeGroup.LIVE: Pace.AT_ONCE,
    NoticeGroup.SAFETY: Pace.AT_ONCE,
    NoticeGroup.WATCHED: Pace.DIGEST,
}


def default(group: NoticeGroup, channel: Channel) -> Pace:
    """What holds where a person chose nothing."""
    return Pace.AT_ONCE if channel == Channel.IN_APP else DEFAULTS[group]


def offered(channel: Channel) -> list[Pace]:
    """The paces that there are on a channel: nothing here comes as a digest."""
    return [pace for pace in Pace if channel != Channel.IN_APP or pace != Pace.DIGEST]


def is_fixed(person: User, group: NoticeGroup, channel: Channel) -> bool:
    """Whether it can't be chosen: safety officers see safety signals here, at once (law 9)."""
    is_safety = group == NoticeGroup.SAFETY and channel == Channel.IN_APP
    return is_safety and Role.SAFETY in person.roles


def paces(people: Sequence[User], group: NoticeGroup) -> Paces:
    """How each of these people is told of a group, on each channel that reaches them.

    Args:
        people: with `notice_address` and roles, as `audiences.people` gives them.
    """
    chosen = {
        (row.user_id, row.channel): Pace(row.pace)
        for row in NoticeChoice.objects.filter(user__in=people, group=group)
    }
    return {
        person.pk: {
            channel: default(group, channel)
            if is_fixed(person, group, channel)
            else chosen.get((person.pk, channel), default(group, channel))
            for channel in reached(person)
        }
        for person in people
    }


def reached(person: User) -> list[Channel]:
    """The channels on which this person can be told."""
    address = address_of(person)
    there = {
        Channel.IN_APP: True,
        Channel.EMAIL: mail.is_set_up() and bool(person.email),
        Channel.WEBHOOK: bool(address and address.webhook),
    }
    return [channel for channel in Channel if there[channel]]


def address_of(person: User) -> NoticeAddress | None:
    """Where this person is told; None where they chose nothing."""
    return getattr(person, "notice_address", None)


def webhook_of(person: User) -> str:
    """The address of the person's webhook; "" for none. A credential: not for pages or logs."""
    address = address_of(person)
    if address is None or address.webhook is None:
        return ""
    url: str = vault.unlock(address.key, bytes(address.webhook), about=ABOUT_WEBHOOK)
    return url


def digest_time(person: User) -> tuple[int, str]:
    """Hour and zone of this person's digest."""
    address = address_of(person)
    return (address.digest_hour, address.zone) if address else (DIGEST_HOUR, settings.TIME_ZONE)


def next_digest(person: User, now: datetime) -> datetime:
    """When the next digest of this person goes out, at their hour by their clock."""
    hour, zone = digest_time(person)
    local = now.astimezone(zoneinfo.ZoneInfo(zone))
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    for days in (0, 1):
        at = (today + timedelta(days=days)).astimezone(UTC)
        if at > now:
            return at
    raise AssertionError("an hour of tomorrow is later than now")


@functools.cache
def zones() -> frozenset[str]:
    """The time zones that there are."""
    return frozenset(zoneinfo.available_timezones())


@transaction.atomic
def choose(
    *,
    by: User,
    email: str,
    webhook_url: str | None,
    digest_hour: int,
    zone: str,
    chosen: Mapping[tuple[NoticeGroup, Channel], Pace],
) -> None:
    """Changes how this person is told.

    Args:
        email: "" for none.
        webhook_url: "" for none, None for the one that there is.
        digest_hour: 0 to 23, by the clock of `zone`.
        zone: an IANA name.
        chosen: a pace for groups and channels; what is left out stays as it is.
    Raises:
        NotAllowed: this person has no role.
        BadInput: the message says what can't be taken.
    """
    permissions.check_may(by, permissions.Permission.BE_NOTIFIED)
    email = _checked(by, email.strip(), digest_hour, zone, chosen)
    if webhook_url:
        try:
            webhook.checked(webhook_url)
        except Undelivered as refused:
            raise BadInput(SENTENCES[refused.code]) from refused
    changed = set()
    if email != by.email:
        by.email = email
        by.save(update_fields=["email"])
        changed.add("email")
    changed |= _address(by, webhook_url, digest_hour, zone)
    changed |= {f"{group}.{channel}" for group, channel in _choices(by, chosen)}
    if changed:
        ledger.record(EventKind.NOTICES_CHOSEN, by=by.actor, subject=by, changed=sorted(changed))


def _checked(
    by: User,
    email: str,
    digest_hour: int,
    zone: str,
    chosen: Mapping[tuple[NoticeGroup, Channel], Pace],
) -> str:
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise BadInput("This e-mail address can't be right. Check it for mistakes.") from error
    if not 0 <= digest_hour <= 23 or zone not in zones():
        raise BadInput("Choose an hour and a time zone for the digest.")
    for (group, channel), pace in chosen.items():
        if pace not in offered(channel):
            raise BadInput("What shows up here shows up at once: there is no digest of it.")
        if pace != Pace.AT_ONCE and is_fixed(by, group, channel):
            raise BadInput("Safety signals always show up here for safety officers.")
    return email


def _address(by: User, webhook_url: str | None, digest_hour: int, zone: str) -> set[str]:
    """Keeps where and when; returns what changed."""
    address = NoticeAddress.objects.select_related("key").filter(user=by).first()
    was = digest_time(by)
    is_new_webhook = webhook_url is not None and (webhook_url or (address and address.webhook))
    changed = {"webhook"} if is_new_webhook else set()
    changed |= {"digest"} if was != (digest_hour, zone) else set()
    if not changed:
        return changed
    address = address or NoticeAddress(user=by, key=vault.new_key())
    address.digest_hour, address.zone = digest_hour, zone
    if webhook_url is not None:
        locked = vault.lock(address.key, webhook_url.strip(), about=ABOUT_WEBHOOK)
        address.webhook = locked if webhook_url else None
    address.save()
    by.notice_address = address
    Delivery.objects.filter(
        notice__recipient=by, state=DeliveryState.WAITING, digest=True, attempts=0
    ).update(due_at=next_digest(by, timezone.now()))
    return changed


def _choices(
    by: User, chosen: Mapping[tuple[NoticeGroup, Channel], Pace]
) -> set[tuple[NoticeGroup, Channel]]:
    """Keeps the paces; returns where one changed."""
    rows = {(r.group, r.channel): r for r in NoticeChoice.objects.filter(user=by)}
    changed = set()
    for (group, channel), pace in chosen.items():
        row = rows.get((group, channel))
        if pace == (row.pace if row else default(group, channel)):
            continue
        NoticeChoice.objects.update_or_create(
            user=by, group=group, channel=channel, defaults={"pace": pace}
        )
        changed.add((group, channel))
    return changed
