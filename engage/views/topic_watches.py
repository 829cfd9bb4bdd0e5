"""What somebody watches for: their watches, the form for a new one, and ending one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from compliance.exceptions import BadInput, Refusal
from engage import topic_watches
from engage.models import Community
from engage.topic_watches import Topic, Wanted
from reviews import permissions
from reviews.exceptions import WrongState
from reviews.models import TopicWatch, User
from reviews.permissions import Permission


@dataclass(frozen=True, slots=True)
class Shown:
    """A watch in words."""

    watch: TopicWatch
    wanted: Wanted
    topics: list[Topic]
    where: str
    threads: int


@require_http_methods(["GET", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """The watches of this person, and the form for a new one."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.WATCH_TOPICS)
    if request.method == "GET":
        return _page(request, user)
    try:
        topic_watches.add(by=user, wanted=_wanted(request), community_id=_community(request))
    except Refusal as refusal:
        return _page(request, user, status=refusal.status, refused=str(refusal))
    messages.success(request, "You are told of threads that arrive from now on.")
    return redirect("watches")


@require_POST
def end(request: HttpRequest, watch_id: UUID) -> HttpResponse:
    """Watches no more."""
    try:
        topic_watches.end(by=cast(User, request.user), watch_id=watch_id)
        messages.success(request, "Ended. Threads that it found stay where they are.")
    except WrongState as refusal:
        messages.error(request, str(refusal))
    return redirect("watches")


def _wanted(request: HttpRequest) -> Wanted:
    lines = request.POST.get("words", "").splitlines()
    return Wanted(
        name=request.POST.get("name", "").strip(),
        topics=tuple(request.POST.getlist("topics")),
        words=tuple(words for line in lines if (words := line.strip())),
    )


def _community(request: HttpRequest) -> UUID | None:
    slug = request.POST.get("community", "")
    if not slug:
        return None
    community = Community.objects.filter(slug=slug).first()
    if community is None:
        raise BadInput("Choose a community of the list, or all of them.")
    return community.pk


def _page(request: HttpRequest, user: User, status: int = 200, refused: str = "") -> HttpResponse:
    names = dict(Community.objects.values_list("pk", "name"))
    mine = TopicWatch.objects.filter(owner=user, ended_at=None).select_related("key")
    typed = request.POST if refused else {}
    context = {
        "watches": [_shown(watch, names) for watch in mine.annotate(found=Count("hits"))],
        "communities": Community.objects.all(),
        "topics": topic_watches.topics().values(),
        "refused": refused,
        "typed": {name: typed.get(name, "") for name in ("name", "words", "community")},
        "chosen": request.POST.getlist("topics") if refused else [],
    }
    return render(request, "engage/watches.html", context, status=status)


def _shown(watch: TopicWatch, names: dict[UUID, str]) -> Shown:
    wanted = topic_watches.wanted_of(watch)
    known = topic_watches.topics()
    return Shown(
        watch=watch,
        wanted=wanted,
        topics=[known[key] for key in wanted.topics if key in known],
        where=names[watch.community_id] if watch.community_id else "all communities",
        threads=watch.found,  # type: ignore[attr-defined]  # annotated
    )
