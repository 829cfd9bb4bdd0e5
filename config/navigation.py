"""The navigation: the entries that this person may use, with what waits behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from compliance.scanners.identifiers import choice
from engage import relooks, stops
from reviews import notices, signposts
from reviews.enums import ChangeState, ProposalState, ReviewState, Role
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
    """Context processor: `navigation`, empty before sign-in, the way to the page `about_you`, and what
    all must know: `trouble` with the scanners, `stops` of publishing, and how many notifications
    are `unread`."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"navigation": [], "about_you": None, "trouble": "", "stops": [], "unread": 0}
    entries = []
    for route, label, permission in PAGES:
        if can_may(user, permission):
            url = reverse(route)
            entries.append(Entry(label, url, request.path.startswith(url), _waiting(route, user)))
    about_you = None
    if can_may(user, Permission.ABOUT_ONESELF):
        url = reverse("profile")
        about_you = Entry(user.printed_name, url, request.path.startswith(url))
    troubles = [chosen.trouble for chosen in choice.chosen().values() if chosen.trouble]
    return {
        "navigation": entries,
        "about_you": about_you,
        "trouble": " ".join(troubles),
        "stops": stops.standing(),
        "unread": notices.unread(user).count(),
    }


def _waiting(route: str, user: User) -> int:
    if route == "queue":
        open_states = (ReviewState.SUBMITTED, ReviewState.IN_REVIEW, ReviewState.SUSPENDED)
        return Review.objects.filter(state__in=open_states).count()
    if route == "safety":
        return SafetyCase.objects.filter(disposed_at=None).count()
    if route == "profiles":
        return ProfileChange.objects.filter(state=ChangeState.WAITING).count()
    if route == "signposts":
        return signposts.waiting()
    if route == "publications":
        return relooks.waiting().count() if can_may(user, Permission.RELOOK) else 0
    if route == "corrections":
        return Proposal.objects.filter(state=ProposalState.WAITING).count()
    return 0
