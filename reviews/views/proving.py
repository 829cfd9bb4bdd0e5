"""What a form and a session say of who somebody is, for whatever asks for fresh proof."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from reviews import factors
from reviews.freshness import Proof
from reviews.models import User

UNTIL = "signing_until"  # in the session: until when one component is enough


def proof_of(request: HttpRequest) -> Proof:
    """What the form gave, and whether the session continues one that gave everything."""
    return Proof(
        password=request.POST.get("password", ""),
        code=request.POST.get("code", ""),
        passkey=request.POST.get("passkey", ""),
        continues=continues(request),
    )


def continues(request: HttpRequest) -> bool:
    """Whether this person signed with both components in this session, not long ago."""
    return float(request.session.get(UNTIL, 0)) > timezone.now().timestamp()


def remember(request: HttpRequest) -> None:
    """Notes that a signature was given: it needed both components, or followed one that did."""
    if factors.has_one(cast(User, request.user)):
        until = timezone.now() + timedelta(minutes=settings.SIGNING_SESSION_MINUTES)
        request.session[UNTIL] = until.timestamp()
