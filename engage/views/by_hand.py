"""Posting by hand, and saying what became of a posting."""

from __future__ import annotations

from datetime import timedelta
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from compliance.exceptions import BadInput, NotAllowed, Refusal
from engage import conversation, publications, publishing, settling
from engage.connectors.assisted import TO_POST
from engage.enums import Word
from engage.models import Publication
from engage.views.publications import page_of
from engage.views.settling_form import asked_of
from reviews.models import User


@never_cache
@require_POST
def hand_out(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    """Shows the text, this once."""
    user = cast(User, request.user)
    get_object_or_404(Publication, pk=publication_id)
    try:
        text = publishing.hand_out(by=user, publication_id=publication_id)
    except NotAllowed:
        raise
    except Refusal as refusal:
        return page_of(request, publication_id, refused=str(refusal), status=refusal.status)
    publication = publications.read(publication_id)
    thread = publication.draft.thread
    answered = publication.draft.reply_to_id
    context = {
        "publication": publication,
        "text": text,
        "until": timezone.now() + timedelta(seconds=TO_POST),
        "place": conversation.source_of(thread)["url"],
        "answered": next(p for p in conversation.show(thread) if p.post.pk == answered),
        "typed": {"address": "", "note": "", "screenshot": ""},
        "asked": asked_of(user, publication),
    }
    return render(request, "engage/handed_out.html", context)


@require_POST
def say(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    """Records what somebody says became of a posting."""
    user = cast(User, request.user)
    get_object_or_404(Publication, pk=publication_id)
    typed = {name: request.POST.get(name, "") for name in ("address", "note", "screenshot")}
    try:
        done = _say(user, publication_id, request.POST.get("says", ""), request, typed)
    except NotAllowed:
        raise
    except Refusal as refusal:
        return page_of(
            request, publication_id, refused=str(refusal), status=refusal.status, typed=typed
        )
    messages.success(request, done)
    return redirect("publication", publication_id)


def _say(
    user: User, publication_id: UUID, says: str, request: HttpRequest, typed: dict[str, str]
) -> str:
    settling.check_may_say(user, publications.read(publication_id))
    if says == Word.ABSENT:
        settling.say_absent(by=user, publication_id=publication_id, note=typed["note"])
        return "Recorded: it is not there. It waits to be posted again."
    if says == Word.REMOVED:
        settling.say_removed(by=user, publication_id=publication_id, note=typed["note"])
        return "Recorded: it was taken down."
    if says != Word.THERE:
        raise BadInput("Say what became of it: choose one of the answers.")
    if "post" in request.POST:
        settling.say_it_is(by=user, publication_id=publication_id, post_id=_uuid(request))
        return "Recorded: it is live, and watched from now on."
    seen = settling.say_posted_at(by=user, publication_id=publication_id, **typed)
    return (
        "Recorded: the signed text stands at that address."
        if seen
        else "Recorded, on your word: the text could not be read at that address."
    )


def _uuid(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST["post"])
    except ValueError:
        raise BadInput("Choose one of the posts that are listed.") from None
