"""What happened to live replies, and who sees to it."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from compliance.exceptions import NotAllowed, Refusal
from engage import breaches, conversation, incidents
from engage.enums import IncidentOutcome
from engage.models import BreachAssessment, FollowUp
from reviews import permissions
from reviews.models import User
from reviews.permissions import Permission
from reviews.views.paging import moment, page_of

PAGE = 50


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What nobody has closed yet, the most urgent first."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PUBLICATIONS)
    open_ = (
        incidents.waiting()
        .select_related(
            "owner",
            "incident__publication__community",
            "incident__publication__draft__thread__title__key",
            "incident__publication__draft__thread__title__scan",
        )
        .prefetch_related("incident__publication__draft__thread__title__scan__findings")
    )
    page = page_of(open_, request, order=[moment("due_at")], size=PAGE)
    titles = [conversation.title_segments(f.incident.publication.draft.thread) for f in page.rows]
    context = {
        "page": page,
        "rows": list(zip(page.rows, titles, strict=True)),
        "now": timezone.now(),
        "can_tend": permissions.can_may(user, Permission.TEND),
        "outcomes": IncidentOutcome.choices,
        "breaches": [(b, breaches.deadlines_of(b)) for b in _assessed()],
        "refused": None,
        "note": "",
        **extra,
    }
    return render(request, "engage/incidents.html", context, status=status)


def _assessed() -> QuerySet[BreachAssessment]:
    return breaches.waiting().select_related("publication__community", "opened_by")


@require_POST
def take(request: HttpRequest, follow_up_id: UUID) -> HttpResponse:
    """Says that this person sees to it."""
    get_object_or_404(FollowUp, pk=follow_up_id)
    try:
        incidents.take(by=cast(User, request.user), follow_up_id=follow_up_id)
    except NotAllowed:
        raise
    except Refusal as refusal:
        return _page(
            request, refusal.status, refused={"about": follow_up_id, "sentence": str(refusal)}
        )
    messages.success(request, "It is yours. Say what came of it when it is done.")
    return redirect("incidents")


@require_POST
def close(request: HttpRequest, follow_up_id: UUID) -> HttpResponse:
    """Says what came of it."""
    get_object_or_404(FollowUp, pk=follow_up_id)
    note = request.POST.get("note", "")
    try:
        incidents.close(
            by=cast(User, request.user),
            follow_up_id=follow_up_id,
            outcome=request.POST.get("outcome", ""),
            note=note,
        )
    except NotAllowed:
        raise
    except Refusal as refusal:
        refused = {"about": follow_up_id, "sentence": str(refusal)}
        return _page(request, refusal.status, refused=refused, note=note)
    messages.success(request, "Closed.")
    return redirect("incidents")
