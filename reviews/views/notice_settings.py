"""What reaches a person, how, and what became of it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import httpx
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from compliance.exceptions import BadInput, TextErased
from reviews import deliveries, notice_choices, permissions
from reviews.channels import mail
from reviews.channels.base import SENTENCES
from reviews.enums import Channel, NoticeGroup, Pace
from reviews.models import Delivery, NoticeChoice, User
from reviews.permissions import Permission

SHOWN = 50  # deliveries
ABOUT = {
    NoticeGroup.WANTED: "A reply, a signpost, a change of rules or words wait for you.",
    NoticeGroup.DUE: "A review that waits for you ends soon, or should have ended.",
    NoticeGroup.DECIDED: "Signed, cleared, sent back, refused, withdrawn, suspended, expired.",
    NoticeGroup.REMARKS: "Somebody commented on what you worked on.",
    NoticeGroup.LIVE: "Posted, held, taken down, or changed by the community.",
    NoticeGroup.SAFETY: "Crises and adverse events, with their deadlines.",
    NoticeGroup.WATCHED: "A thread speaks of a topic, or says words, that you watch for.",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """The choice of one group on one channel."""

    name: str
    channel: Channel
    paces: Sequence[Pace]
    pace: Pace
    fixed: bool


@dataclass(frozen=True, slots=True)
class Log:
    """One line of what was sent, with a sentence for what went wrong."""

    delivery: Delivery
    channel: str
    why: str


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Shows the choices and changes them."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.BE_NOTIFIED)
    if request.method == "GET":
        return render(request, "reviews/notice_settings.html", _context(user))
    try:
        _choose(request, user)
    except BadInput as refused:
        user.refresh_from_db()
        context = _context(user) | _typed(request) | {"refused": str(refused)}
        return render(request, "reviews/notice_settings.html", context, status=refused.status)
    messages.success(request, "Saved. It holds for what comes from now on.")
    return redirect("notice_settings")


@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Sends a test, and says in words what came of it."""
    channel = request.POST.get("channel", "")
    chosen = Channel(channel) if channel in Channel.values else Channel.IN_APP
    try:
        deliveries.send_test(by=cast(User, request.user), channel=chosen)
    except BadInput as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "Sent. If it does not arrive, look where spam goes.")
    return redirect("notice_settings")


def _choose(request: HttpRequest, user: User) -> None:
    chosen = {}
    for group in NoticeGroup:
        for channel in Channel:
            given = request.POST.get(_name(group, channel))
            if given is None:
                continue
            if given not in Pace.values:
                raise BadInput("Choose how soon each of them shall reach you.")
            chosen[group, channel] = Pace(given)
    webhook = request.POST.get("webhook", "").strip() or None
    hour = request.POST.get("digest_hour", "")
    notice_choices.choose(
        by=user,
        email=request.POST.get("email", ""),
        webhook_url="" if request.POST.get("no_webhook") else webhook,
        digest_hour=int(hour) if hour.isdecimal() else -1,
        zone=request.POST.get("zone", ""),
        chosen=chosen,
    )


def _name(group: NoticeGroup, channel: Channel) -> str:
    return f"{group}-{channel}"


def _typed(request: HttpRequest) -> dict[str, Any]:
    """What was typed and refused, but for the webhook: a credential goes back to no page."""
    hour = request.POST.get("digest_hour", "")
    return {
        "email": request.POST.get("email", ""),
        "digest_hour": int(hour) if hour.isdecimal() else notice_choices.DIGEST_HOUR,
        "zone": request.POST.get("zone", ""),
    }


def _context(user: User) -> dict[str, Any]:
    chosen = {
        (row.group, row.channel): Pace(row.pace) for row in NoticeChoice.objects.filter(user=user)
    }
    hour, zone = notice_choices.digest_time(user)
    try:
        webhook = notice_choices.webhook_of(user)
    except TextErased:
        webhook = ""
    next_digest = notice_choices.next_digest(user, timezone.now())
    return {
        "email": user.email,
        "email_works": mail.is_set_up(),
        "webhook_host": httpx.URL(webhook).host if webhook else "",
        "public_url": settings.PUBLIC_URL,
        "digest_hour": hour,
        "hours": range(24),
        "zone": zone,
        "zones": sorted(notice_choices.zones()),
        # Without its zone, or the page would show it by the clock of the installation.
        "next_digest": next_digest.astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None),
        "groups": [
            (group.label, ABOUT[group], [_cell(user, group, c, chosen) for c in Channel])
            for group in NoticeGroup
        ],
        "log": [_log(row) for row in deliveries.newest_of(user)[:SHOWN]],
        "refused": "",
    }


def _cell(
    user: User,
    group: NoticeGroup,
    channel: Channel,
    chosen: dict[tuple[str, str], Pace],
) -> Cell:
    fixed = notice_choices.is_fixed(user, group, channel)
    default = notice_choices.default(group, channel)
    pace = default if fixed else chosen.get((group, channel), default)
    return Cell(_name(group, channel), channel, notice_choices.offered(channel), pace, fixed)


def _log(row: Delivery) -> Log:
    return Log(row, Channel(row.channel).label, SENTENCES.get(row.error, row.error))
