"""The content security policy (nothing inline, nothing from elsewhere), and sign-in everywhere."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from config.refusals import refused

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class ContentSecurityPolicy:
    """Adds the policy to every answer, and forbids keeping pages that show what people wrote."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response["Content-Security-Policy"] = POLICY
        response.setdefault("Cache-Control", "no-store")
        return response


class SignInRequired(LoginRequiredMiddleware):
    """Sends strangers to the sign-in page; who was signed out while typing loses nothing."""

    def handle_no_permission(  # type: ignore[override]  # a page is an answer too
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        """The sign-in page, or for a form the sentence and the words that were in it."""
        if request.method == "POST":
            sentence = "You are signed out. Sign in in another tab, then do this again."
            return refused(request, sentence, status=401)
        return super().handle_no_permission(request, view_func)
