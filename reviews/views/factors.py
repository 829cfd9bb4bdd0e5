"""How somebody proves who they are: the page on which they set up and remove second factors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance.exceptions import Refusal
from reviews import factors, freshness, permissions
from reviews.enums import Purpose
from reviews.models import User
from reviews.permissions import Permission
from reviews.views.proving import proof_of


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What somebody has, and what can be added."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
    user = _who(request)
    own = factors.of(user)
    codes = [one for one in own if one.type == factors.Type.RECOVERY_CODES]
    context = {
        "app": next((one for one in own if one.type == factors.Type.TOTP), None),
        "passkeys": [_shown(one) for one in own if one.type == factors.Type.WEBAUTHN],
        "has_one": factors.has_one(user),
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else 0,
        "required": settings.SECOND_FACTOR == "required",
        "minutes": settings.SIGNING_SESSION_MINUTES,
        "can_describe": permissions.can_may(user, Permission.ABOUT_ONESELF),
        "refused": None,
        **extra,
    }
    return render(request, "reviews/factors.html", context, status=status)


def _shown(passkey: Authenticator) -> dict[str, Any]:
    return {
        "id": passkey.pk,
        "name": passkey.data["name"],
        "added": passkey.created_at,
        "used": passkey.last_used_at,
    }


@require_http_methods(["GET", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """Shows the secret as a picture and in letters, and takes the first code of the app."""
    user, sentence = _who(request), ""
    if request.method == "POST":
        secret = request.session.get(totp.SECRET_SESSION_KEY, "")

        def act() -> None:
            # The code in this form is the new app's; who has a factor already proves it elsewhere.
            given = proof_of(request)
            old = request.POST.get("old_code", "")
            proof = freshness.Proof(given.password, old, given.passkey, given.continues)
            freshness.proved(user, proof, Purpose.FACTOR)
            factors.add_app(by=user, secret=secret, code=given.code)

        sentence = _tried(act)
        if not sentence:
            totp.clear_totp_secret(request)
            return _added(request, "The app is set up. From now on signing asks for its code, too.")
    secret = totp.get_totp_secret()
    address = get_adapter().build_totp_url(user, secret)
    drawn = get_adapter().build_totp_svg(address).partition("<svg")
    context = {
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": mark_safe("".join(drawn[1:])),  # noqa: S308  # drawn here, from our own words
        "has_one": factors.has_one(user),
        "refused": sentence,
    }
    return render(request, "reviews/factor_app.html", context, status=403 if sentence else 200)


@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """Lets the browser make a passkey, and takes it with a name."""
    user, sentence = _who(request), ""
    if request.method == "POST":

        def act() -> None:
            given = proof_of(request)
            proof = freshness.Proof(given.password, given.code, "", given.continues)
            freshness.proved(user, proof, Purpose.FACTOR)
            name = request.POST.get("name", "")
            factors.add_passkey(by=user, name=name, answer=given.passkey)

        sentence = _tried(act)
        if not sentence:
            return _added(request, "The passkey is set up. You can sign with it from now on.")
    context = {
        "options": json.dumps(factors.ask_for_new_passkey(user)),
        "name": request.POST.get("name", ""),
        "longest": factors.LONGEST_NAME,
        "has_one": factors.has_one(user),
        "refused": sentence,
    }
    return render(request, "reviews/factor_passkey.html", context, status=403 if sentence else 200)


@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Makes new ones and shows them, this once."""
    user = _who(request)
    codes: list[str] = []

    def act() -> None:
        freshness.proved(user, proof_of(request), Purpose.FACTOR)
        codes.extend(factors.new_recovery_codes(by=user))

    if sentence := _tried(act):
        return _page(request, 403, refused={"form": "codes", "sentence": sentence})
    return render(request, "reviews/factor_codes.html", {"codes": codes})


@require_POST
def remove(request: HttpRequest, factor_id: int) -> HttpResponse:
    """Takes one out of use."""
    user = _who(request)

    def act() -> None:
        freshness.proved(user, proof_of(request), Purpose.FACTOR)
        factors.remove(by=user, factor_id=factor_id)

    if sentence := _tried(act):
        return _page(request, 403, refused={"form": str(factor_id), "sentence": sentence})
    messages.success(request, "Removed.")
    return redirect("factors")


def _who(request: HttpRequest) -> User:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.PROVE_ONESELF)
    return user


def _tried(act: Callable[[], None]) -> str:
    try:
        act()
    except Refusal as refusal:
        return str(refusal)
    return ""


def _added(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("factors")
