"""Confirming that a signature stands although the thread moved."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from compliance.exceptions import Refusal
from engage import confirming
from reviews.enums import ReviewState
from reviews.models import User
from reviews.views.proving import proof_of, remember
from reviews.views.review import refused_page


@require_POST
def confirm(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Confirms what was seen."""
    try:
        review = confirming.confirm(
            by=cast(User, request.user),
            review_id=review_id,
            proof=proof_of(request),
            seen=request.POST.get("seen", ""),
        )
        remember(request)
    except Refusal as refusal:
        return refused_page(request, review_id, "confirm", refusal)
    cleared = review.state == ReviewState.CLEARED
    messages.success(
        request,
        "Confirmed. Everybody who signed has confirmed: the reply is cleared again and will be "
        "posted."
        if cleared
        else "Confirmed. It is cleared again once the others who signed confirm the same.",
    )
    return redirect("review", review_id)
