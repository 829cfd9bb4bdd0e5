"""Claiming, releasing and assigning reviews, one by one and several at once; who is looking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.defaultfilters import date, pluralize
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from compliance.exceptions import BadInput
from reviews import claims, permissions, presence, worklist
from reviews.claims import Outcome
from reviews.exceptions import WrongState
from reviews.models import Review, User
from reviews.permissions import Permission
from reviews.views.claim_panel import looking_words
from reviews.views.next_review import tail_of
from reviews.views.review import review_of


@require_POST
def claim(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Takes one review."""

    def act() -> str:
        made = claims.claim(by=cast(User, request.user), review_id=review_id)
        until = f"{timezone.localtime(made.until):%H:%M}"
        return f"Claimed until {until}; longer if you work on it. Others may sign it all the same."

    return _tried(request, review_id, act)


@require_POST
def release(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Gives one's own claim up."""

    def act() -> str:
        claims.release(by=cast(User, request.user), review_id=review_id)
        return "Released."

    return _tried(request, review_id, act)


@require_POST
def claim_chosen(request: HttpRequest) -> HttpResponse:
    """Takes each of the chosen reviews."""
    user = cast(User, request.user)
    return _several(request, "claimed", lambda ids: claims.claim_all(by=user, review_ids=ids))


@require_POST
def assign(request: HttpRequest) -> HttpResponse:
    """Gives the chosen reviews to somebody; asks to whom if that was not said."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.CLAIM)
    if "to" not in request.POST:
        return _ask_to_whom(request)

    def act(ids: Sequence[UUID]) -> list[Outcome]:
        return claims.assign_all(by=user, review_ids=ids, to=_id(request.POST["to"]))

    return _several(request, "assigned", act)


@require_POST
def looking(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Notes that the page is still open; answers with who else looks at it (htmx)."""
    user, review = cast(User, request.user), review_of(review_id)
    permissions.check_may_read(user, review)
    presence.note(by=user, review=review)
    return render(request, "reviews/looking.html", {"looking": looking_words(review, user)})


def _ask_to_whom(request: HttpRequest) -> HttpResponse:
    try:
        chosen = _chosen(request)
        claims.check_number(chosen)
    except BadInput as refusal:
        messages.warning(request, str(refusal))
        return _back(request)
    context = {
        "reviews": Review.objects.filter(pk__in=chosen),
        "people": worklist.signers(),
        "here": request.POST.get("queue", ""),
    }
    return render(request, "reviews/assign.html", context)


def _several(
    request: HttpRequest, done: str, verb: Callable[[Sequence[UUID]], list[Outcome]]
) -> HttpResponse:
    """Does it to each chosen review, and says of each that was refused why."""
    chosen: list[UUID] = []
    try:
        chosen = _chosen(request)
        outcomes = verb(chosen)
    except BadInput as refusal:
        messages.warning(request, str(refusal))
        return _back(request)
    why: dict[str, list[UUID]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.refusal:
            why[outcome.refusal].append(outcome.review_id)
    if number := sum(not outcome.refusal for outcome in outcomes):
        messages.success(request, f"{number} review{pluralize(number)} {done}.")
    for sentence, ids in why.items():
        messages.warning(request, f"Not {done}: {_named(ids)}. {sentence}")
    return _back(request, chosen[0] if len(chosen) == 1 else None)


def _named(ids: Sequence[UUID]) -> str:
    """How a message names reviews: never by what is in them (law 7)."""
    return "; ".join(
        f"{review.community_name}, due {date(timezone.localtime(review.due_at), 'j M H:i')}"
        for review in Review.objects.filter(pk__in=ids)
    )


def _tried(request: HttpRequest, review_id: UUID, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except WrongState as refusal:
        messages.warning(request, str(refusal))
    return _back(request, review_id)


def _back(request: HttpRequest, review_id: UUID | None = None) -> HttpResponse:
    """The queue as it was, if the form was in it; else the review."""
    if "queue" in request.POST or review_id is None:
        query = QueryDict(request.POST.get("queue", "")).urlencode()
        place = f"#review-{review_id}" if review_id else ""
        return redirect(f"{reverse('queue')}?{query}{place}")
    return redirect(reverse("review", args=[review_id]) + tail_of(request))


def _chosen(request: HttpRequest) -> list[UUID]:
    return [_id(written) for written in request.POST.getlist("review")]


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise BadInput("Reload the page and choose again.") from None
