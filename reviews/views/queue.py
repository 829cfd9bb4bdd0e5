"""The review queue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from compliance.enums import Severity
from compliance.exceptions import TextErased
from compliance.masking import Segment
from reviews import absences, permissions, risk, routes, second_looks, worklist
from reviews.counting import counted
from reviews.enums import SIGNING_ROLES, ReviewState, Role, Seat
from reviews.models import Review, ReviewAuthor, User
from reviews.packet import packet_of
from reviews.permissions import Permission
from reviews.routes import WantedSeat
from reviews.views.paging import Page, first_behind, moment, number, page_of
from reviews.views.queue_filters import Filters, choices
from reviews.views.showing import shown_segments

PAGE = 50
TABS = {"open": "To decide", "mine": "Mine to sign", "cleared": "Cleared", "decided": "Decided"}
STATES: dict[str, tuple[ReviewState, ...]] = {
    "open": worklist.UNDECIDED,
    "mine": worklist.OPEN,
    "cleared": (ReviewState.CLEARED,),
    "decided": (
        ReviewState.PUBLISHED,
        ReviewState.SENT_BACK,
        ReviewState.REFUSED,
        ReviewState.WITHDRAWN,
        ReviewState.EXPIRED,
    ),
}
TO_DO = ("open", "mine")  # by urgency; there is something to claim
COUNTED = (*TO_DO, "cleared")  # what was decided only grows, and nobody waits for it
URGENT_FIRST = (number("late", down=True), number("urgency", down=True), moment("due_at"))
NEWEST_FIRST = (moment("submitted_at", down=True),)


@dataclass(frozen=True, slots=True)
class ShownSeat:
    """One signature that a review takes, and who works on it."""

    label: str
    signed: bool
    holder: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue."""

    review: Review
    title: list[Segment]
    worst: Severity | None
    seats: list[ShownSeat]
    yours: str
    looking: str
    can_claim: bool
    can_release: bool


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Reviews by urgency, or the newest first; tab, filters and page stay in the address."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_QUEUE)
    may_claim = permissions.can_may(user, Permission.CLAIM)
    now = timezone.now()
    names = {name: label for name, label in TABS.items() if may_claim or name != "mine"}
    tab = _tab(request) if _tab(request) in names else "open"
    asked = Filters.of(request.GET)
    page = _page(request, user, tab, asked, now)
    counts, communities, authors = _beside(user, asked, now)
    # Most people stand in for nobody, and the counts know that already.
    absent = worklist.in_place_of(user, page.rows) if counts["absent"] else {}
    kept = asked.query(tab)
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": [
            {"name": n, "label": label, "count": counts.get(n), "query": asked.query(n)}
            for n, label in names.items()
        ],
        "count": counts.get(tab, 0),
        "looks": counts["looks"],
        "rows": [_row(review, user, absent.get(review.pk, ())) for review in page.rows],
        "page": page,
        "asked": asked,
        "fields": choices(asked, communities, authors),
        "chips": asked.chips(tab, authors),
        "kept": kept,
        "here": request.GET.urlencode(),
        "can_choose": may_claim and tab in TO_DO,
    }
    return render(request, "reviews/queue.html", context)


def asked_page(request: HttpRequest, user: User) -> Page[Review]:
    """The reviews that an address asks for: its tab, filters and page."""
    return _page(request, user, _tab(request), Filters.of(request.GET), timezone.now())


def _tab(request: HttpRequest) -> str:
    tab = request.GET.get("tab", "open")
    return tab if tab in TABS else "open"


def _page(
    request: HttpRequest, user: User, tab: str, asked: Filters, now: datetime
) -> Page[Review]:
    if tab not in TO_DO:
        reviews = worklist.shown(_asked_for(user, tab, asked, now), user, now)
        return page_of(reviews, request, order=NEWEST_FIRST, size=PAGE)
    # What is overdue is decided once, or the order would change from one page to the next.
    as_of = now
    if request.GET.get("after") or request.GET.get("before"):
        as_of = _moment(request.GET.get("as_of", "")) or now
    reviews = _asked_for(user, tab, asked, now)
    reviews = worklist.shown(worklist.in_order(reviews, as_of), user, now)
    keep = {"as_of": as_of.astimezone(UTC).replace(tzinfo=None).isoformat()}
    return page_of(reviews, request, order=URGENT_FIRST, size=PAGE, keep=keep)


def _asked_for(user: User, tab: str, asked: Filters, now: datetime) -> QuerySet[Review]:
    return asked.applied(Review.objects.filter(_in_tab(tab, user)), user, now)


def _in_tab(tab: str, user: User) -> Q:
    return worklist.wanted_from(user) if tab == "mine" else Q(state__in=STATES[tab])


def _beside(
    user: User, asked: Filters, now: datetime
) -> tuple[dict[str, int], set[str], dict[str, str]]:
    """Counts of the tabs, of those for whom this person stands in ("absent"), and of second looks
    that wait ("looks"); the communities; the names of authors by id: one question."""
    counts = {n: counted(_asked_for(user, n, asked, now)) for n in COUNTED}
    counts["absent"] = counted(absences.away_now().filter(delegate=user))
    counts["looks"] = counted(second_looks.open_for(user))
    written = (
        ReviewAuthor.objects.order_by()
        .annotate(name=worklist.PRINTED_NAME, **counts)
        .values_list("review__community_name", "user_id", "name", *counts)
        .distinct()
    )
    found = list(written)
    numbers = found[0][3:] if found else [0] * len(counts)
    return (
        dict(zip(counts, numbers, strict=True)),
        {community for community, *_ in found},
        {str(user_id): name for _, user_id, name, *_ in found},
    )


def next_review(user: User, written: str, review_id: UUID) -> Review | None:
    """The next review that wants this person's signature and that nobody else has claimed.

    Args:
        written: the query of the queue's address; its filters hold, whatever its tab is.
        review_id: the one that is done; what stands behind it in the queue comes first.
    """
    now = timezone.now()
    wanted = _asked_for(user, "mine", Filters.of(QueryDict(written)), now)
    others = wanted.filter(worklist.free_for(user, now, or_own=True)).exclude(pk=review_id)
    done = worklist.in_order(Review.objects.filter(pk=review_id), now).first()
    return first_behind(worklist.in_order(others, now), done, order=URGENT_FIRST)


def _row(review: Review, user: User, in_place_of: Sequence[str]) -> Row:
    try:
        packet = packet_of(review)
        title = shown_segments(packet.title, packet.title_marks)
    except TextErased:
        title = [Segment("Erased", "plain")]
    told = cast(Any, review)  # what worklist.shown annotated
    there = {seat for seat in Seat if getattr(review, f"{seat}_signed")}
    waiting = routes.unsigned(review, there) if review.waits else []
    holders = {wanted.seat.role: _holder(review, wanted.seat.role) for wanted in waiting}
    own = user.pk in holders.values()
    due = {wanted.seat.role for wanted in routes.first_of(waiting)}
    free = any(role in user.roles and holders[role] is None for role in due)
    return Row(
        review=review,
        title=title,
        worst=risk.worst_of(review.risk or 0),
        seats=_seats(review, there, waiting, user),
        yours=_yours(review, user, waiting, in_place_of),
        looking=_looking(told.reader, told.readers),
        can_claim=free and not own and not told.wrote and not told.signed,
        can_release=own,
    )


def _seats(
    review: Review, there: Collection[Seat], waiting: Sequence[WantedSeat], user: User
) -> list[ShownSeat]:
    seats = [Seat(role) for role in SIGNING_ROLES]  # of a signpost
    if review.signpost is None:
        seats = [wanted.seat for wanted in routes.seats_of(review)]
    # A claim is for the next signature of its role: the second legal's once the first is there.
    claimed = {wanted.seat.role: wanted.seat for wanted in reversed(waiting)}.values()
    return [
        ShownSeat(
            label=str(seat.label),
            signed=seat in there,
            holder=_holder_name(review, seat.role, user) if seat in claimed else "",
        )
        for seat in seats
    ]


def _holder(review: Review, role: Role) -> UUID | None:
    return cast("UUID | None", getattr(review, f"{role}_holder"))


def _holder_name(review: Review, role: Role, user: User) -> str:
    if _holder(review, role) == user.pk:
        return "you"
    return getattr(review, f"{role}_holder_name") or ""


def _looking(reader: str | None, readers: int) -> str:
    if not readers:
        return ""
    more = f" and {readers - 1} more are" if readers > 1 else " is"
    return f"{reader}{more} reading this"


def _yours(
    review: Review, user: User, waiting: Sequence[WantedSeat], in_place_of: Sequence[str]
) -> str:
    told = cast(Any, review)
    if review.state not in worklist.UNDECIDED:
        return ""
    if told.wrote:
        return "You wrote it"
    if review.state == ReviewState.SUSPENDED:
        return "Confirm it or send it back" if told.signed else "Waits for those who signed"
    if told.signed:
        return "You signed"
    due = routes.first_of(waiting)
    if any(wanted.seat.role in user.roles for wanted in due):
        names = f", also in the place of {', '.join(in_place_of)}" if in_place_of else ""
        return f"Your signature is wanted{names}"
    if any(wanted.seat.role in user.roles for wanted in waiting):
        later = f"Yours comes after {routes.in_words(due)}"
        # Legal disposes of these before anybody signs, whoever signs first.
        first = review.state == ReviewState.SUBMITTED and told.for_legal
        return f"Look at its findings. {later}" if first and Role.LEGAL in user.roles else later
    return "Waits for somebody else"


def _moment(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=UTC)
    except ValueError:
        return None
