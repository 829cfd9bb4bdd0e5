"""Corrections: marking what was missed or seen wrongly, and the list that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed, Refusal, TextErased
from compliance.masking import LABELS
from compliance.models import ListedWord
from reviews import corrections as verbs
from reviews import examples, permissions
from reviews.enums import Mistake, ProposalState
from reviews.models import Correction, Proposal, User
from reviews.permissions import Permission

PAGE = 50
PROPOSED = "A second person decides whether it counts everywhere."


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal, ready for the page. `words` is for who may decide, and "" once erased."""

    proposal: Proposal
    kind: str
    deny: bool
    words: str
    erased: bool
    can_approve: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of the list, ready for the page."""

    entry: ListedWord
    kind: str
    words: str


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, and what is on the list."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.CORRECT)
    waiting = Proposal.objects.filter(state=ProposalState.WAITING).select_related(
        "correction__text__key", "correction__by"
    )
    entries = ListedWord.objects.filter(
        retired_at=None, value__key__destroyed_at=None
    ).select_related("value__key")
    context = {
        "waiting": [_waiting(user, proposal) for proposal in waiting[:PAGE]],
        "entries": [
            Listed(entry, LABELS.get(entry.kind, ""), vault.unseal(entry.value))
            for entry in entries.order_by("-active_from", "pk")[:PAGE]
        ],
        "counts": {
            "examples": examples.count(),
            "waiting": waiting.count(),
            "entries": entries.count(),
        },
        "most": PAGE,
        "refused": None,
        **extra,
    }
    return render(request, "reviews/corrections.html", context, status=status)


def _waiting(user: User, proposal: Proposal) -> Waiting:
    can_approve = permissions.can_approve(user, proposal)
    try:
        # Only who decides needs to read them (45 CFR 164.502(b), minimum necessary).
        words, erased = verbs.proposed_words(proposal) if can_approve else "", False
    except TextErased:
        words, erased = "", True
    correction = proposal.correction
    return Waiting(
        proposal=proposal,
        kind=LABELS[correction.kind],
        deny=correction.verdict == Mistake.MISSED,
        words=words,
        erased=erased or correction.text.key.destroyed_at is not None,
        can_approve=can_approve,
    )


@require_POST
def mark_false(request: HttpRequest, text_id: UUID) -> HttpResponse:
    """Marks a masked identifier as none, in place of the form (htmx) or with a page."""
    everywhere = "everywhere" in request.POST
    marked = verbs.mark_false(
        by=cast(User, request.user),
        text_id=text_id,
        finding_id=_id(request.POST.get("finding", "")),
        everywhere=everywhere,
    )
    sentence = f"Marked as no identifier{_places(marked)}. It stays masked in this text."
    return _marked(request, sentence, everywhere)


def _places(marked: Sequence[Correction]) -> str:
    return f" in {len(marked)} places" if len(marked) > 1 else ""


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise BadInput("Choose which one is no identifier.") from None


@require_POST
def mark_missed(request: HttpRequest, text_id: UUID) -> HttpResponse:
    """Marks words as a missed identifier; a refusal gives the form back as it was filled in."""
    typed = {name: request.POST.get(name, "") for name in ("words", "kind")}
    everywhere = "everywhere" in request.POST
    try:
        marked = verbs.mark_missed(
            by=cast(User, request.user), text_id=text_id, everywhere=everywhere, **typed
        )
    except NotAllowed:
        raise
    except Refusal as refusal:
        htmx = bool(request.headers.get("HX-Request"))
        refused = {"sentence": str(refusal), "everywhere": everywhere, **typed}
        context = {
            "text_id": text_id,
            "kinds": LABELS.items(),
            "refused": refused,
            "back": _back(request),
        }
        template = "reviews/missed.html" if htmx else "reviews/missed_page.html"
        # htmx shows only answers that succeed.
        return render(request, template, context, status=200 if htmx else refusal.status)
    sentence = f"Marked as missed{_places(marked)}. It stays visible in this text."
    return _marked(request, sentence, everywhere)


def _marked(request: HttpRequest, sentence: str, everywhere: bool) -> HttpResponse:
    sentence = f"{sentence} {PROPOSED}" if everywhere else sentence
    if request.headers.get("HX-Request"):
        return render(request, "reviews/marked.html", {"sentence": sentence})
    messages.success(request, sentence)
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page of this service that the form stood on."""
    back = request.POST.get("back", "")
    ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return back if ours else "/"


def _try(
    request: HttpRequest, about: UUID, form: str, act: Callable[[], Any], done: str
) -> HttpResponse:
    """One verb; if it refuses, the page comes back with the sentence and what was typed."""
    try:
        act()
    except Refusal as refusal:
        reason = request.POST.get("reason", "")
        refused = {"about": about, "form": form, "sentence": str(refusal), "reason": reason}
        return _page(request, status=refusal.status, refused=refused)
    messages.success(request, done)
    return redirect("corrections")


@require_POST
def approve(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Puts proposed words on the list."""
    by = cast(User, request.user)
    return _try(
        request,
        proposal_id,
        "approve",
        lambda: verbs.approve(by=by, proposal_id=proposal_id),
        "On the list. It counts from the next scan on; what was scanned before stays as it was.",
    )


@require_POST
def decline(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Keeps proposed words off the list."""
    by, reason = cast(User, request.user), request.POST.get("reason", "")
    return _try(
        request,
        proposal_id,
        "decline",
        lambda: verbs.decline(by=by, proposal_id=proposal_id, reason=reason),
        "Declined. The labelled example stays, and nothing goes on the list.",
    )


@require_POST
def retire(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Takes words off the list."""
    by, reason = cast(User, request.user), request.POST.get("reason", "")
    return _try(
        request,
        entry_id,
        "retire",
        lambda: verbs.retire(by=by, entry_id=entry_id, reason=reason),
        "Off the list. It counts no more from the next scan on.",
    )
