"""The navigation: the entries that this person may use, with what waits behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from compliance.scanners.identifiers import choice
from engage import incidents, relooks, stops
from reviews import notices, second_looks, signposts, worklist
from reviews.counting import counted
from reviews.enums import ChangeState, ProposalState, Role
from reviews.models import ProfileChange, Proposal, Review, SafetyCase, User
from reviews.permissions import Permission, can_may


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `waiting` is 0 where nothing is counted."""

    label: str
    url: str
    current: bool
    waiting: int = 0


# Route, label, and the permission that shows it; in this order.
PAGES = (
    ("inbox", "Threads", Permission.READ_THREADS),
    ("drafts", "Your replies", Permission.DRAFT),
    ("queue", "Review queue", Permission.READ_QUEUE),
    ("safety", "Safety signals", Permission.READ_SAFETY),
    ("signposts", "Signposts", Permission.READ_SIGNPOSTS),
    ("corrections", "Corrections", Permission.CORRECT),
    ("quality", "Reviewers", Permission.READ_QUALITY),
    ("rules", "Rules", Permission.READ_HISTORY),
    ("profiles", "Community rules", Permission.READ_PROFILES),
    ("recalls", "Evidence", Permission.READ_RECALLS),
    ("publications", "Publications", Permission.READ_PUBLICATIONS),
    ("history", "History", Permission.READ_HISTORY),
    ("installation", "Installation", Permission.MANAGE),
)
FIRST_PAGES = (
    (Role.COMPLIANCE, "queue"),
    (Role.LEGAL, "queue"),
    (Role.MEDICAL, "queue"),
    (Role.SAFETY, "safety"),
    (Role.CLINICIAN, "inbox"),
    (Role.AUDITOR, "history"),
    (Role.ADMIN, "installation"),
)


def first_page(request: HttpRequest) -> HttpResponse:
    """`/`: where this person's day begins."""
    roles = request.user.roles if isinstance(request.user, User) else frozenset()
    return redirect(next((route for role, route in FIRST_PAGES if role in roles), "publications"))


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation`, empty before sign-in, the way to the page `about_you`, and
    what all must know: `trouble` with the scanners, `stops` of publishing, and how many
    notifications are `unread`."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"navigation": [], "about_you": None, "trouble": "", "stops": [], "unread": 0}
    shown = [page for page in PAGES if can_may(user, page[2])]
    waiting = _waiting(user, [route for route, _, _ in shown])
    entries = []
    for route, label, _ in shown:
        url = reverse(route)
        current = request.path.startswith(url)
        entries.append(Entry(label, url, current, waiting.get(route, 0)))
    url = reverse("profile" if can_may(user, Permission.ABOUT_ONESELF) else "factors")
    about_you = Entry(user.printed_name, url, request.path.startswith(reverse("profile")))
    troubles = [chosen.trouble for chosen in choice.chosen().values() if chosen.trouble]
    return {
        "navigation": entries,
        "about_you": about_you,
        "trouble": " ".join(troubles),
        "stops": stops.standing() if waiting["stops"] else [],
        "unread": waiting["unread"],
    }


def _waiting(user: User, routes: list[str]) -> dict[str, int]:
    """How much waits behind each of these entries, and of what all must know ("stops", "unread"):
    one question, since every page asks it."""
    waiting: dict[str, QuerySet[Any]] = {
        "queue": Review.objects.filter(state__in=worklist.UNDECIDED),
        "safety": SafetyCase.objects.filter(disposed_at=None),
        "profiles": ProfileChange.objects.filter(state=ChangeState.WAITING),
        "signposts": signposts.unsigned(),
        "quality": second_looks.open_for(user),
        "corrections": Proposal.objects.filter(state=ProposalState.WAITING),
    }
    if can_may(user, Permission.RELOOK):
        waiting["publications"] = relooks.waiting()
    if can_may(user, Permission.TEND):
        waiting["incidents"] = incidents.waiting()
        routes = [*routes, "incidents"]
    counts = {route: counted(waiting[route]) for route in routes if route in waiting}
    counts["stops"] = counted(stops.standing())
    counts["unread"] = counted(notices.unread(user))
    found = User.objects.filter(pk=user.pk).values_list(*counts.values()).get()
    numbers = dict(zip(counts, found, strict=True))
    numbers["publications"] = numbers.get("publications", 0) + numbers.get("incidents", 0)
    return numbers
