"""Signing in, in two steps for those who have a second factor, and out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from compliance.exceptions import NotAllowed
from reviews import factors, freshness
from reviews.enums import Purpose
from reviews.exceptions import NotFresh
from reviews.models import User
from reviews.views.proving import proof_of

HALF = "half_signed_in"  # in the session: whose password was right, when, and where they want to go
MINUTES = 10


class SignInView(LoginView):
    """The form; LoginView is exempt from the sign-in itself."""

    template_name = "sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Signs in, or asks for the second factor first."""
        user = form.get_user()
        if not factors.has_one(user):
            return super().form_valid(form)
        self.request.session.cycle_key()
        self.request.session[HALF] = {
            "user": str(user.pk),
            "backend": user.backend,  # authenticate() leaves it there
            "at": timezone.now().timestamp(),
            "next": self.get_success_url(),
        }
        return redirect("second_step")


@login_not_required
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Asks who gave the right password for their second factor, and signs them in."""
    user = _half_signed_in(request)
    if user is None:
        request.session.pop(HALF, None)
        messages.warning(request, "Begin again: it took too long, or you were signed in already.")
        return redirect("sign_in")
    sentence = ""
    if request.method == "POST":
        given = proof_of(request)
        try:
            freshness.proved(
                user, freshness.Proof(code=given.code, passkey=given.passkey), Purpose.SIGN_IN
            )
        except NotFresh as refusal:
            sentence = str(refusal)
        else:
            half = request.session.pop(HALF)
            login(request, user, backend=half["backend"])
            return redirect(resolve_url(half["next"]))
    context = {"refused": sentence, "has_passkey": "passkey" in factors.kinds(user)}
    return render(request, "second_step.html", context, status=403 if sentence else 200)


@login_not_required
@require_POST
def ask_for_passkey(request: HttpRequest) -> HttpResponse:
    """What the browser is to ask a passkey of whoever is signed in, or half signed in."""
    user = request.user if request.user.is_authenticated else _half_signed_in(request)
    if user is None:
        raise NotAllowed("Give your password first.")
    return JsonResponse(factors.ask_for_passkey(user))


def _half_signed_in(request: HttpRequest) -> User | None:
    half = request.session.get(HALF)
    if not half or timezone.now().timestamp() - half["at"] > MINUTES * 60:
        return None
    return User.objects.filter(pk=half["user"], is_active=True).first()


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    logout(request)
    messages.success(request, "You are signed out.")
    return redirect("sign_in")
