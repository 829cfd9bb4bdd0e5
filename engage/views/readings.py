"""What is read besides the news: threads by their address, and what was said before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance.exceptions import BadInput, Refusal
from compliance.masking import Segment
from engage import catching_up, conversation
from engage.models import Community, Reading
from reviews import permissions
from reviews.exceptions import WrongState
from reviews.models import User
from reviews.permissions import Permission
from reviews.views.paging import moment, page_of

PAGE = 30


@dataclass(frozen=True, slots=True)
class Shown:
    """A reading: the masked title of its thread once that is known, and how it stands.

    The address is shown to the person who gave it: it may tell what is in the vault (law 7).
    """

    reading: Reading
    title: Sequence[Segment]
    address: str
    can_stop: bool

    @property
    def going_on(self) -> bool:
        """Whether it can change within seconds."""
        first = self.reading.is_thread and self.reading.steps == 0
        return self.reading.due_at is not None and (first or not self.reading.is_thread)


@require_http_methods(["GET", "POST"])
def by_address(request: HttpRequest) -> HttpResponse:
    """The form for an address, and every thread that was added with it."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.ADD_THREADS)
    if request.method == "GET":
        return _page(request, user)
    try:
        community = Community.objects.filter(slug=request.POST.get("community", "")).first()
        if community is None:
            raise BadInput("Choose the community that the thread is in.")
        address = request.POST.get("address", "")
        catching_up.read_thread(by=user, community_id=community.pk, address=address)
    except Refusal as refusal:
        return _page(request, user, status=refusal.status, refused=str(refusal))
    messages.success(request, "The thread is being read. It comes up below and under Threads.")
    return redirect("add_thread")


def _page(request: HttpRequest, user: User, status: int = 200, refused: str = "") -> HttpResponse:
    page = page_of(
        _readings().filter(since=None),
        request,
        order=[moment("started_at", down=True)],
        size=PAGE,
    )
    everywhere = Community.objects.select_related("key")
    context = {
        "communities": [c for c in everywhere if catching_up.can_read_threads(c)],
        "readings": [_shown(reading, user) for reading in page.rows],
        "page": page,
        "refused": refused,
        "typed": request.POST if refused else {"community": "", "address": ""},
    }
    return render(request, "engage/by_address.html", context, status=status)


def _readings() -> QuerySet[Reading]:
    related = ("community__key", "by", "thread__key", "thread__title__key", "thread__title__scan")
    return Reading.objects.select_related(*related).prefetch_related(
        "thread__title__scan__findings"
    )


def shown_back(community: Community, user: User) -> list[Shown]:
    """What was said before in a community and is, or was, read; the newest first."""
    readings = _readings().filter(community=community).exclude(since=None)
    return [_shown(reading, user) for reading in readings[:PAGE]]


def _shown(reading: Reading, user: User) -> Shown:
    thread = reading.thread
    readable = thread is not None and thread.key.destroyed_at is None
    theirs = reading.by_id == user.pk and reading.address
    needed = Permission.ADD_THREADS if reading.is_thread else Permission.MANAGE
    return Shown(
        reading=reading,
        title=conversation.title_segments(thread) if thread and readable else (),
        address=catching_up.address_of(reading) if theirs else "",
        can_stop=reading.due_at is not None and permissions.can_may(user, needed),
    )


@require_GET
def progress(request: HttpRequest, reading_id: UUID) -> HttpResponse:
    """How far a reading is (htmx asks again while it goes on)."""
    user = cast(User, request.user)
    reading = get_object_or_404(_readings(), pk=reading_id)
    needed = Permission.ADD_THREADS if reading.is_thread else Permission.MANAGE
    permissions.check_may(user, needed)
    if not request.headers.get("HX-Request"):
        return _page(request, user) if reading.is_thread else redirect(*_home(reading))
    return render(request, "engage/reading.html", {"shown": _shown(reading, user)})


@require_POST
def stop(request: HttpRequest, reading_id: UUID) -> HttpResponse:
    """Reads no further."""
    reading = get_object_or_404(Reading.objects.select_related("community"), pk=reading_id)
    try:
        catching_up.stop(by=cast(User, request.user), reading_id=reading.pk)
        messages.success(request, "Stopped. What was read stays.")
    except WrongState as refusal:
        messages.error(request, str(refusal))
    return redirect(*_home(reading))


def _home(reading: Reading) -> tuple[str, ...]:
    return ("add_thread",) if reading.is_thread else ("community", reading.community.slug)
