"""How reviewers do: what waits for a second look, how far people agree, and golden cases."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reviews import permissions, quality, second_looks
from reviews.agreement import FEW
from reviews.models import GoldenCase, SecondLook, User
from reviews.permissions import Permission

NEWEST = 20


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The whole page; people who do not oversee others see their own figures."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_QUALITY)
    everybody = quality.may_see_everybody(user)
    own = SecondLook.objects.filter(user=user).exclude(closed_at=None)
    context = {
        "waiting": second_looks.open_for(user).select_related("review"),
        "given": own.exclude(opinion="")
        .select_related("golden_case")
        .order_by("-closed_at")[:NEWEST],
        "records": quality.records(by=user),
        "everybody": everybody,
        "roles": quality.by_role() if everybody else [],
        "rules": quality.by_rule() if everybody else [],
        "worrying": second_looks.worrying().select_related("user", "review") if everybody else [],
        "cases": GoldenCase.objects.select_related("review", "proposed_by", "approved_by"),
        "can_set_golden": permissions.can_may(user, Permission.SET_GOLDEN),
        "can_look": permissions.can_may(user, Permission.LOOK_AGAIN),
        "percent": settings.SECOND_LOOK_PERCENT,
        "golden_every": settings.GOLDEN_EVERY,
        "few": FEW,
    }
    return render(request, "reviews/quality.html", context)
