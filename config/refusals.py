"""The one table from exceptions to HTTP, for pages and for the API.

A refusal carries its own status and sentence (compliance/exceptions.py). A page shows the sentence;
where somebody had typed something, the form that they typed it into comes back with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.response import Response
from rest_framework.views import exception_handler

from compliance.exceptions import Refusal

# What somebody may have typed, by field name; shown again so that nothing is lost.
TYPED = ("body", "reason")


class RefusalMiddleware:
    """Turns a refusal raised by a view into a page, or into a fragment for htmx."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer to a refusal; None lets other exceptions go on."""
        if isinstance(error, ObjectDoesNotExist):
            return render(request, "404.html", status=404)
        if not isinstance(error, Refusal):
            return None
        return refused(request, str(error), error.status)


def refused(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    """The sentence as a page that gives back what was typed, or as a fragment for htmx."""
    if request.headers.get("HX-Request"):  # htmx shows only answers that succeed
        return render(request, "refused_fragment.html", {"sentence": sentence}, status=200)
    typed = [request.POST[name] for name in TYPED if request.POST.get(name)]
    context = {"sentence": sentence, "typed": typed, "back": _back(request)}
    return render(request, "refused.html", context, status=status)


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before the last sign-in, or from elsewhere."""
    sentence = "This page was too old to be sent. Go back, reload it, and do it again."
    return refused(request, sentence, status=403)


def _back(request: HttpRequest) -> str:
    # Only our own addresses: the header is the browser's, but it costs nothing to look.
    referer = request.headers.get("Referer", "")
    own = f"{request.scheme}://{request.get_host()}/"
    return referer if referer.startswith(own) else "/"


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The API's answer to a refusal: its status, and its sentence as `detail`."""
    if isinstance(error, Refusal):
        return Response({"detail": str(error)}, status=error.status)
    if isinstance(error, ObjectDoesNotExist):
        return Response({"detail": "There is nothing at this address."}, status=404)
    return exception_handler(error, context)
