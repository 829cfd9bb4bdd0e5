"""What a clinician's replies say and disclose about them."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from compliance.exceptions import BadInput
from reviews import people, permissions
from reviews.models import User
from reviews.permissions import Permission

FIELDS = ("affiliation", "credentials", "ties")


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Shows it and changes it."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.DRAFT)
    values = {field: getattr(user, field) for field in FIELDS}
    if request.method == "GET":
        return render(request, "reviews/profile.html", values)
    values = {field: request.POST.get(field, "") for field in FIELDS}
    try:
        people.describe_oneself(by=user, **values)
    except BadInput as refused:
        context = {**values, "refused": refused}
        return render(request, "reviews/profile.html", context, status=refused.status)
    messages.success(request, "Saved. Replies are checked against this from now on.")
    return redirect("profile")
