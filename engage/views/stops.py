"""Stops: what is stopped and why, stopping in one action, and going on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from compliance import vault
from compliance.exceptions import BadInput, Refusal
from engage import stops
from engage.enums import PublicationState
from engage.models import Community, Publication, Stop
from reviews import permissions
from reviews.models import User
from reviews.permissions import Permission
from reviews.views.paging import moment, page_of

PAGE = 30
EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class Shown:
    """A stop in words. `waiting`: how many replies wait to be sent because of it."""

    stop: Stop
    reason: str
    why_lifted: str
    waiting: int = 0


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What is stopped now, the form that stops, and what was stopped before."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PUBLICATIONS)
    everything = Stop.objects.select_related(
        "community", "by", "lifted_by", "reason__key", "why_lifted__key"
    )
    lifted = page_of(
        everything.exclude(lifted_at=None), request, order=[moment("at", down=True)], size=PAGE
    )
    queued = Publication.objects.filter(state=PublicationState.QUEUED).order_by()
    waiting = dict(queued.values_list("community").annotate(Count("pk")))
    context = {
        "standing": [_shown(stop, waiting) for stop in everything.filter(lifted_at=None)],
        "lifted": [_shown(stop, {}) for stop in lifted.rows],
        "page": lifted,
        "communities": Community.objects.all(),
        "everywhere": EVERYWHERE,
        "can_stop": permissions.can_may(user, Permission.STOP),
        "can_read_history": permissions.can_may(user, Permission.READ_HISTORY),
        "refused": None,
        "typed": {"where": EVERYWHERE, "reason": ""},
        **extra,
    }
    return render(request, "engage/stops.html", context, status=status)


def _shown(stop: Stop, waiting: dict[UUID, int]) -> Shown:
    here = waiting.get(stop.community_id, 0) if stop.community_id else sum(waiting.values())
    why = vault.unseal(stop.why_lifted) if stop.why_lifted else ""
    return Shown(stop, vault.unseal(stop.reason), why, here)


def _try(request: HttpRequest, form: str, act: Callable[[], Any], done: str) -> HttpResponse:
    """One verb; if it refuses, the page comes back with the sentence and what was typed."""
    try:
        act()
    except Refusal as refusal:
        typed = {name: request.POST.get(name, "") for name in ("where", "reason")}
        refused = {"form": form, "sentence": str(refusal)}
        return _page(request, status=refusal.status, refused=refused, typed=typed)
    messages.success(request, done)
    return redirect("stops")


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stops."""

    by = cast(User, request.user)
    permissions.check_may(by, Permission.STOP)

    def act() -> None:
        stops.stop(
            by=by,
            community_id=_community(request.POST.get("where", "")),
            reason=request.POST.get("reason", ""),
        )

    done = "Stopped. Nothing is posted there any more until this is lifted."
    return _try(request, "stop", act, done)


def _community(written: str) -> UUID | None:
    if written == EVERYWHERE:
        return None
    community = Community.objects.filter(slug=written).first()
    if community is None:
        raise BadInput("Choose where: everywhere, or a community of the list.")
    return community.pk


@require_POST
def lift(request: HttpRequest, stop_id: UUID) -> HttpResponse:
    """Lets publishing go on."""
    by, reason = cast(User, request.user), request.POST.get("reason", "")
    return _try(
        request,
        str(stop_id),
        lambda: stops.lift(by=by, stop_id=stop_id, reason=reason),
        "Lifted. What waited and is still cleared is posted now.",
    )
