"""Being away: entered and ended on the page about oneself."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from compliance.exceptions import BadInput, Refusal
from reviews import absences, permissions
from reviews.models import User
from reviews.permissions import Permission
from reviews.views.profile import page_about


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Says that one is away."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.ABOUT_ONESELF)
    typed: dict[str, Any] = {
        name: request.POST.get(name, "") for name in ("first_day", "last_day", "delegate")
    }
    try:
        absence = absences.enter(
            by=user,
            first_day=_day(typed["first_day"]),
            last_day=_day(typed["last_day"]),
            delegate_id=_person(typed["delegate"]),
        )
    except Refusal as refused:
        return page_about(request, refused.status, away=typed, away_refused=refused)
    stands_in = absence.delegate.printed_name if absence.delegate else "Nobody"
    messages.success(request, f"Entered. {stands_in} stands in for you on these days.")
    for other in absences.left_alone(absence):
        messages.warning(
            request, f"You were to stand in for {other.printed_name}; now nobody does."
        )
    return redirect("profile")


@require_POST
def end(request: HttpRequest, absence_id: UUID) -> HttpResponse:
    """Says that one is back."""
    absences.end(by=cast(User, request.user), absence_id=absence_id)
    messages.success(request, "That absence is over: you are reminded and named again.")
    return redirect("profile")


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput("Say the first and the last day, as dates.") from None


def _person(written: str) -> UUID | None:
    try:
        return UUID(written) if written else None
    except ValueError:
        raise BadInput("Choose somebody of the list, or nobody.") from None
