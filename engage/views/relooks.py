"""Live replies to look at again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from compliance.exceptions import BadInput, Refusal
from compliance.masking import Segment
from engage import conversation, relooks
from engage.enums import RelookOutcome
from engage.models import Relook
from reviews import permissions
from reviews.models import User
from reviews.permissions import Permission
from reviews.views.paging import moment, page_of

PAGE = 50
DONE = {
    RelookOutcome.STILL_RIGHT: "Recorded: it is still right.",
    RelookOutcome.WITHDRAWN: "Withdrawn. It is being taken down now.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A live reply, and why it waits."""

    relook: Relook
    title: Sequence[Segment]
    can_decide: bool


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What waits, the longest first."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PUBLICATIONS)
    waiting = (
        relooks.waiting()
        .select_related(
            "publication__community",
            "publication__review",
            "publication__draft__thread__title__key",
            "publication__draft__thread__title__scan",
        )
        .prefetch_related(
            "publication__draft__thread__title__scan__findings", "publication__review__authors"
        )
    )
    page = page_of(waiting, request, order=[moment("opened_at")], size=PAGE)
    may = permissions.can_may(user, Permission.RELOOK)
    context = {
        "page": page,
        "rows": [_row(relook, user, may) for relook in page.rows],
        "can_read_recalls": permissions.can_may(user, Permission.READ_RECALLS),
        "refused": None,
        "reason": "",
        **extra,
    }
    return render(request, "engage/relooks.html", context, status=status)


def _row(relook: Relook, user: User, may: bool) -> Row:
    # From what is loaded already, as permissions.check_may_relook asks for a single one.
    authors = {author.user_id for author in relook.publication.review.authors.all()}
    title = conversation.title_segments(relook.publication.draft.thread)
    return Row(relook, title, may and user.pk not in authors)


@require_POST
def decide(request: HttpRequest, relook_id: UUID) -> HttpResponse:
    """Says that it is still right, or withdraws it."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.RELOOK)
    outcome, reason = request.POST.get("outcome", ""), request.POST.get("reason", "")
    try:
        if outcome not in RelookOutcome.values:
            raise BadInput("Choose whether it is still right or is withdrawn.")
        relooks.decide(by=user, relook_id=relook_id, outcome=RelookOutcome(outcome), reason=reason)
    except Refusal as refusal:
        refused = {"about": relook_id, "sentence": str(refusal)}
        return _page(request, refusal.status, refused=refused, reason=reason)
    messages.success(request, DONE[RelookOutcome(outcome)])
    return redirect("relooks")
