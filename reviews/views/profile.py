"""About oneself: what a clinician's replies say and disclose about them, and when one is away."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from compliance.exceptions import BadInput
from reviews import absences, people, permissions
from reviews.models import User
from reviews.permissions import Permission

FIELDS = ("affiliation", "credentials", "ties")


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Shows it, and changes what replies say."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.ABOUT_ONESELF)
    if request.method == "GET":
        return page_about(request)
    values = {field: request.POST.get(field, "") for field in FIELDS}
    try:
        people.describe_oneself(by=user, **values)
    except BadInput as refused:
        return page_about(request, refused.status, **values, refused=refused)
    messages.success(request, "Saved. Replies are checked against this from now on.")
    return redirect("profile")


def page_about(request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
    """The page, with what was typed where something was refused."""
    user = cast(User, request.user)
    context = {
        **{field: getattr(user, field) for field in FIELDS},
        "can_draft": permissions.can_may(user, Permission.DRAFT),
        "absences": absences.coming(user),
        "stands_in_for": absences.stands_in_for(user),
        "delegates": absences.delegates_for(user),
        "today": absences.today(),
        "away": {"first_day": "", "last_day": "", "delegate": ""},
        "refused": None,
        "away_refused": None,
        **extra,
    }
    return render(request, "reviews/profile.html", context, status=status)
