"""Notifications: what a person was told, and the way to what it is about."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from compliance.exceptions import BadInput
from reviews import deliveries, notices, permissions
from reviews.enums import DeliveryState, NoticeKind, Place
from reviews.models import Notice, User
from reviews.permissions import Permission
from reviews.views.paging import moment, page_of

PAGE = 50
TABS = (("unread", "Not read"), ("all", "All"))
URGENT = (
    NoticeKind.CRISIS,
    NoticeKind.OVERDUE,
    NoticeKind.SAFETY_OVERDUE,
    NoticeKind.INCIDENT,
    NoticeKind.BREACH_OPENED,
    NoticeKind.LOOK_DIFFERS,
    NoticeKind.UNCLEAR_THERE,
)
LISTS = (
    Place.SIGNPOSTS,
    Place.CORRECTIONS,
    Place.RELOOKS,
)  # places that show everything on one page


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What this person was told, the newest first."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.BE_NOTIFIED)
    tab = "all" if request.GET.get("tab") == "all" else "unread"
    rows = Notice.objects.filter(recipient=user) if tab == "all" else notices.unread(user)
    order = [moment("created_at", down=True)]
    page = page_of(rows.select_related("by"), request, order=order, size=PAGE)
    failed = deliveries.newest_of(user).filter(state=DeliveryState.FAILED, notice__read_at=None)
    context = {
        "tab": tab,
        "tabs": TABS,
        "page": page,
        "urgent": URGENT,
        "failed": failed.exists(),
    }
    return render(request, "reviews/notices.html", context)


@require_GET
def follow(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Leads to what a notice is about; read by its reader, it counts as read.

    A colleague whom the link was handed on to gets there as well: the page has a check of its own.
    """
    user = cast(User, request.user)
    permissions.check_may(user, Permission.BE_NOTIFIED)
    notice = get_object_or_404(Notice, pk=notice_id)
    notices.mark_read(by=user, notice_id=notice.pk)
    place = Place(notice.place)
    return redirect(place.value) if place in LISTS else redirect(place.value, notice.about_id)


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Marks one notice as read, or all of them."""
    user = cast(User, request.user)
    try:
        chosen = UUID(request.POST["notice"]) if "notice" in request.POST else None
    except ValueError as error:
        raise BadInput("There is no such notification. Reload the page.") from error
    count = notices.mark_read(by=user, notice_id=chosen)
    messages.success(request, f"{count} marked as read." if count else "All were read already.")
    return redirect("notices")
