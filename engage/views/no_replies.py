"""Deciding not to reply to a post."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from engage import no_replies
from reviews.models import User


@require_POST
def decide(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Decides it, with a reason of the list."""
    decision = no_replies.decide(
        by=cast(User, request.user),
        post_id=post_id,
        reason=request.POST.get("why", ""),
        note=request.POST.get("body", ""),
    )
    messages.success(
        request,
        "Recorded: this post gets no reply. Whoever begins one after all ends that decision; an "
        "open safety signal stays open.",
    )
    return redirect("thread", decision.post.thread_id)
