"""The review queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from compliance.enums import Severity
from compliance.exceptions import TextErased
from compliance.masking import Segment
from reviews import permissions
from reviews.enums import ReviewState, Role
from reviews.models import Review, User
from reviews.packet import packet_of
from reviews.permissions import Permission
from reviews.views.showing import shown_segments

PAGE = 50
TABS: dict[str, tuple[str, tuple[ReviewState, ...]]] = {
    "open": (
        "To decide",
        (ReviewState.SUBMITTED, ReviewState.IN_REVIEW, ReviewState.SUSPENDED),
    ),
    "cleared": ("Cleared", (ReviewState.CLEARED,)),
    "decided": (
        "Decided",
        (
            ReviewState.PUBLISHED,
            ReviewState.SENT_BACK,
            ReviewState.REFUSED,
            ReviewState.WITHDRAWN,
            ReviewState.EXPIRED,
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue."""

    review: Review
    title: list[Segment]
    worst: Severity | None
    signed: dict[str, bool]
    overdue: bool
    yours: str


def queue(request: HttpRequest) -> HttpResponse:
    """Open reviews by due time; tabs and page stay in the address."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_QUEUE)
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    reviews = (
        Review.objects.filter(state__in=TABS[tab][1])
        .select_related("packet__key", "submitted_by", "scan", "signpost")
        .prefetch_related("sign_offs", "signpost__signatures", "authors", "scan__findings")
        .order_by("due_at" if tab == "open" else "-submitted_at", "pk")
    )
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": [(name, label) for name, (label, _) in TABS.items()],
        "rows": [_row(review, user) for review in reviews[:PAGE]],
        "more": reviews.count() > PAGE,
    }
    return render(request, "reviews/queue.html", context)


def _row(review: Review, user: User) -> Row:
    try:
        packet = packet_of(review)
        title = shown_segments(packet.title, packet.title_marks)
    except TextErased:
        title = [Segment("Erased", "plain")]
    severities = [Severity(f.severity) for f in review.scan.findings.all()]
    roles = {signature.role for signature in review.signatures}
    return Row(
        review=review,
        title=title,
        worst=min(severities, key=lambda s: s.rank, default=None),
        signed={"Compliance": Role.COMPLIANCE in roles, "Legal": Role.LEGAL in roles},
        overdue=review.state in TABS["open"][1] and review.due_at < timezone.now(),
        yours=_yours(review, user, roles),
    )


def _yours(review: Review, user: User, roles: set[str]) -> str:
    # From what is loaded already: a question to the database for each row would be a hundred.
    if review.state not in TABS["open"][1]:
        return ""
    if any(author.user_id == user.pk for author in review.authors.all()):
        return "You wrote it"
    if review.state == ReviewState.SUSPENDED:
        signed = any(signature.user_id == user.pk for signature in review.signatures)
        return "Confirm it or send it back" if signed else "Waits for those who signed"
    if any(sign_off.user_id == user.pk for sign_off in review.sign_offs.all()):
        return "You signed"
    open_roles = {Role.COMPLIANCE, Role.LEGAL} & user.roles - roles
    return "Your signature is wanted" if open_roles else "Waits for somebody else"
