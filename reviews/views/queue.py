"""The review queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from compliance.enums import Severity
from compliance.exceptions import TextErased
from compliance.masking import Segment
from reviews import absences, evidence, permissions, routes
from reviews.enums import SIGNING_ROLES, ReviewState, Role, Seat, Stage
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
    escalated: bool
    yours: str


def queue(request: HttpRequest) -> HttpResponse:
    """Open reviews by due time; tabs and page stay in the address."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_QUEUE)
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    reviews = (
        Review.objects.filter(state__in=TABS[tab][1])
        .annotate(recalled=evidence.cites_recalled())
        .select_related("packet__key", "submitted_by", "scan", "signpost")
        .prefetch_related(
            "sign_offs",
            "further_sign_offs",
            "signpost__signatures",
            "authors",
            "scan__findings",
            "reminders",
        )
        .order_by("due_at" if tab == "open" else "-submitted_at", "pk")
    )
    absent = absences.stands_in_for(user)
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": [(name, label) for name, (label, _) in TABS.items()],
        "rows": [_row(review, user, absent) for review in reviews[:PAGE]],
        "more": reviews.count() > PAGE,
    }
    return render(request, "reviews/queue.html", context)


def _row(review: Review, user: User, absent: Sequence[User]) -> Row:
    try:
        packet = packet_of(review)
        title = shown_segments(packet.title, packet.title_marks)
    except TextErased:
        title = [Segment("Erased", "plain")]
    severities = [Severity(f.severity) for f in review.scan.findings.all()]
    return Row(
        review=review,
        title=title,
        worst=min(severities, key=lambda s: s.rank, default=None),
        signed=_signed(review),
        escalated=review.waits
        and any(reminder.stage == Stage.ESCALATED for reminder in review.reminders.all()),
        yours=_yours(review, user, severities, absent),
    )


def _signed(review: Review) -> dict[str, bool]:
    """Whether each signature that it takes is there, by the name of the seat."""
    if review.signpost is not None:
        there = {signature.role for signature in review.signatures}
        return {str(Seat(role).label): role in there for role in SIGNING_ROLES}
    given = routes.given(review)
    return {str(w.seat.label): w.seat in given for w in routes.seats_of(review)}


def _yours(
    review: Review, user: User, severities: Sequence[Severity], absent: Sequence[User]
) -> str:
    # From what is loaded already: a question to the database for each row would be a hundred.
    if review.state not in TABS["open"][1]:
        return ""
    if any(author.user_id == user.pk for author in review.authors.all()):
        return "You wrote it"
    if review.state == ReviewState.SUSPENDED:
        signed = any(signature.user_id == user.pk for signature in review.signatures)
        return "Confirm it or send it back" if signed else "Waits for those who signed"
    if any(signature.user_id == user.pk for signature in routes.given(review).values()):
        return "You signed"
    due = {wanted.seat.role for wanted in routes.due_seats(review)} & user.roles
    if due:
        gone = {a.user_id for a in review.authors.all()} | {s.user_id for s in review.signatures}
        names = [
            p.printed_name
            for p in absent
            if p.pk not in gone and due & {grant.role for grant in p.role_grants.all()}
        ]
        in_place_of = f", also in the place of {', '.join(names)}" if names else ""
        return f"Your signature is wanted{in_place_of}"
    if any(wanted.seat.role in user.roles for wanted in routes.open_seats(review)):
        later = f"Yours comes after {routes.in_words(routes.due_seats(review))}"
        # Legal disposes of these before anybody signs, whoever signs first.
        first = review.state == ReviewState.SUBMITTED and Severity.NEEDS_LEGAL in severities
        return f"Look at its findings. {later}" if first and Role.LEGAL in user.roles else later
    return "Waits for somebody else"
