"""History: the ledger in words, of everything or of one case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from compliance.ledger.kinds import EventKind
from compliance.models import Checkpoint, Event
from engage.models import Draft, Publication
from reviews import permissions
from reviews.models import Review, User
from reviews.permissions import Permission

PAGE = 100
GROUPS = {
    "all": ("Everything", ()),
    "decisions": (
        "Decisions",
        ("signed", "cleared", "sent_back", "refused", "withdrawn", "suspended", "confirmed",
         "expired", "finding_disposed", "safety_disposed", "signpost_written", "signpost_signed",
         "signpost_retired", "signpost_chosen", "word_listed", "word_retired",
         "proposal_declined", "publishing_stopped", "publishing_resumed",
         "no_reply_decided", "no_reply_reversed"),
    ),
    "posting": (
        "Posting",
        ("publication_queued", "publication_scheduled", "attempt_started", "attempt_ended",
         "published", "held_by_platform", "publication_came_to_rest", "taken_down",
         "live_copy_taken", "incident_opened", "incident_taken", "incident_closed", "breach_opened",
         "breach_concluded", "publishing_stopped",
         "publishing_resumed"),
    ),
    "access": (
        "Access",
        ("identifier_revealed", "identifier_corrected", "examples_exported", "person_added",
         "roles_changed", "token_created", "key_destroyed", "signed_exported",
         "factor_added", "factor_removed", "proof_failed"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in words."""

    event: Event
    what: str
    who: str
    facts: list[tuple[str, Any]]
    leaf: int | None


@require_GET
def everything(request: HttpRequest) -> HttpResponse:
    """Every event, the newest first."""
    permissions.check_may(cast(User, request.user), Permission.READ_HISTORY)
    tab = request.GET.get("tab", "decisions")
    tab = tab if tab in GROUPS else "decisions"
    events = Event.objects.select_related("leaf").order_by("-id")
    if GROUPS[tab][1]:
        events = events.filter(kind__in=GROUPS[tab][1])
    page = Paginator(events, PAGE).get_page(request.GET.get("page"))
    context = {
        "tab": tab,
        "tabs": [(name, label) for name, (label, _) in GROUPS.items()],
        "page": page,
        "entries": _entries(page.object_list),
        **_log(),
    }
    return render(request, "engage/history.html", context)


@require_GET
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Everything that happened to one reply, in order."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_HISTORY)
    events = Event.objects.filter(case_id=str(case_id)).select_related("leaf").order_by("id")
    entries = _entries(events)
    if not entries:
        raise Http404
    reviews = Review.objects.filter(case_id=case_id).order_by("submitted_at")
    context = {
        "case_id": case_id,
        "draft": Draft.objects.select_related("thread__community").filter(pk=case_id).first(),
        "entries": entries,
        "reviews": list(
            reviews.select_related("signpost", "submitted_by").prefetch_related(
                "sign_offs", "further_sign_offs", "signpost__signatures"
            )
        ),
        "publications": list(Publication.objects.filter(draft=case_id)),
        "can_read_reviews": any(
            permissions.allowed(permissions.check_may_read, user, review) for review in reviews
        ),
        **_log(),
    }
    return render(request, "engage/case.html", context)


def _log() -> dict[str, Any]:
    return {"checkpoint": Checkpoint.objects.order_by("-id").first()}


def _entries(events: Iterable[Event]) -> list[Entry]:
    events = list(events)
    ids = {UUID(e.actor.partition(":")[2]) for e in events if e.actor.startswith("person:")}
    names = {f"person:{p.pk}": p.printed_name for p in User.objects.filter(pk__in=ids)}
    labels = dict(EventKind.choices)
    return [
        Entry(
            event=event,
            what=labels.get(event.kind, event.kind),
            who=names.get(event.actor, "The service" if event.actor == "system" else event.actor),
            facts=[
                (name.replace("_", " "), _shown(value))
                for name, value in event.facts.items()
                if value not in ("", [], None)
            ],
            leaf=event.leaf.pk - 1 if hasattr(event, "leaf") else None,
        )
        for event in events
    ]


def _shown(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
