"""Where somebody goes from a review: back to the queue as they had it, or on to the next one."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from reviews import second_looks
from reviews.models import User
from reviews.views import queue
from reviews.views.queue_filters import Filters


def queue_query(request: HttpRequest) -> str:
    """The query of the queue that the review was opened from, which its address carries."""
    came_from = QueryDict(request.GET.get("from", ""))
    tab = came_from.get("tab", "")
    return Filters.of(came_from).query(tab if tab in queue.TABS else "open")


def tail_of(request: HttpRequest) -> str:
    """What the address of a review ends in, so that the queue is found again; "" for nothing."""
    return f"?{urlencode({'from': queue_query(request)})}" if "from" in request.GET else ""


def after_decision(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """What follows a decision: the review itself, or the next one if that was asked for; a second
    look where no other review waits."""
    if request.POST.get("then") != "next":
        return redirect(reverse("review", args=[review_id]) + tail_of(request))
    user = cast(User, request.user)
    following = queue.next_review(user, queue_query(request), review_id)
    look = second_looks.open_for(user).first() if following is None else None
    if look:
        messages.info(request, "No other review wants your signature now. This second look waits.")
        return redirect("second_look", look.pk)
    if following is None:
        messages.info(request, "No other review here wants your signature now.")
        return redirect(f"{reverse('queue')}?{queue_query(request)}")
    messages.info(request, "This is the next review that wants your signature.")
    return redirect(reverse("review", args=[following.pk]) + tail_of(request))
