"""Golden cases: proposing one from a decided reply, reading, approving and retiring it."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance import vault
from compliance.exceptions import NotAllowed, Refusal
from reviews import golden_cases, permissions, second_looks
from reviews.enums import Opinion, Verdict
from reviews.models import GoldenCase, Review, User
from reviews.permissions import Permission
from reviews.views.as_it_was import as_it_was, typed_in, verdicts_of
from reviews.views.review import review_of
from reviews.views.versions import note_sight


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """The form, and what it sends."""
    user, review = cast(User, request.user), review_of(review_id)
    permissions.check_may(user, Permission.SET_GOLDEN)
    if request.method == "GET":
        golden_cases.check_can_be_golden(review)
        return _form(request, review)
    try:
        case = golden_cases.propose(
            by=user,
            review_id=review_id,
            opinion=request.POST.get("opinion", ""),
            verdicts=verdicts_of(request),
            why=request.POST.get("why", ""),
        )
    except NotAllowed:
        raise
    except Refusal as refusal:
        return _form(request, review, refusal.status, str(refusal))
    messages.success(request, "Proposed. It is given to reviewers once somebody else approves it.")
    return redirect("golden_case", case.pk)


def _form(
    request: HttpRequest, review: Review, status: int = 200, refused: str = ""
) -> HttpResponse:
    context: dict[str, Any] = {
        **as_it_was(review),
        "opinions": Opinion.choices,
        "verdicts": Verdict.choices,
        "refused": refused,
        "typed": typed_in(request),
        "asked": {str(finding.pk) for finding in second_looks.findings_of(review)},
    }
    return render(request, "reviews/propose_golden.html", context, status=status)


@require_GET
def show(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """All of one. Whoever opens it knows the answer, so it is never given to them."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.SET_GOLDEN)
    cases = GoldenCase.objects.select_related(
        "review__packet__key", "review__text__key", "review__scan", "review__signpost", "why__key"
    )
    case = get_object_or_404(cases, pk=case_id)
    note_sight(by=user, review=case.review)
    context: dict[str, Any] = {
        **as_it_was(case.review),
        "case": case,
        "why": vault.unseal(case.why),
        "judged": {finding: Verdict(said).label for finding, said in case.verdicts.items()},
        "can_approve": permissions.can_approve_golden(user, case),
    }
    return render(request, "reviews/golden_case.html", context)


@require_POST
def approve(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Lets it be given to reviewers."""
    get_object_or_404(GoldenCase, pk=case_id)
    golden_cases.approve(by=cast(User, request.user), case_id=case_id)
    messages.success(request, "Approved. Reviewers are given it from now on.")
    return redirect("golden_case", case_id)


@require_POST
def retire(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Gives it to nobody any more."""
    get_object_or_404(GoldenCase, pk=case_id)
    golden_cases.retire(by=cast(User, request.user), case_id=case_id)
    messages.success(request, "Retired. It is given to nobody any more.")
    return redirect("golden_case", case_id)
