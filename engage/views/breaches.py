"""Assessing a possible breach."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from compliance.exceptions import NotAllowed, Refusal
from engage import breaches
from engage.models import BreachAssessment, Publication
from engage.views.publications import page_of
from reviews.models import User


@require_POST
def begin(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    """Begins an assessment."""
    get_object_or_404(Publication, pk=publication_id)
    try:
        breaches.open_assessment(
            by=cast(User, request.user),
            publication_id=publication_id,
            why=request.POST.get("why", ""),
        )
    except NotAllowed:
        raise
    except Refusal as refusal:
        return page_of(request, publication_id, refused=str(refusal), status=refusal.status)
    messages.success(request, "The assessment is begun; compliance and counsel are told.")
    return redirect("publication", publication_id)


@require_POST
def conclude(request: HttpRequest, assessment_id: UUID) -> HttpResponse:
    """Says what an assessment came to."""
    assessment = get_object_or_404(BreachAssessment, pk=assessment_id)
    try:
        breaches.conclude(
            by=cast(User, request.user),
            assessment_id=assessment_id,
            conclusion=request.POST.get("conclusion", ""),
            factors=request.POST,
        )
    except NotAllowed:
        raise
    except Refusal as refusal:
        return page_of(
            request,
            assessment.publication_id,
            refused=str(refusal),
            status=refusal.status,
            typed=request.POST.dict(),
        )
    messages.success(request, "Concluded.")
    return redirect("publication", assessment.publication_id)
