"""The fields in which somebody proves afresh who they are, and how a signature was proved."""

from __future__ import annotations

from typing import Any, cast

from django import template
from django.http import HttpRequest

from reviews import factors, freshness
from reviews.models import User
from reviews.views import proving

register = template.Library()
register.filter("proved_by", freshness.in_words)


@register.inclusion_tag("reviews/proof.html", takes_context=True)
def proof_fields(context: template.Context, prefix: str) -> dict[str, Any]:
    """The fields for this person in this session.

    Args:
        prefix: of the fields' ids; one page may have several such forms.
    """
    request = cast(HttpRequest, context["request"])
    factor = _factor(request)
    return {
        "prefix": prefix,
        "has_factor": bool(factor),
        "has_passkey": "passkey" in factor,
        "continues": bool(factor) and proving.continues(request),
    }


def _factor(request: HttpRequest) -> frozenset[str]:
    """The kinds of second factor of who asks, looked up once a request."""
    kept: frozenset[str] | None = getattr(request, "second_factors", None)
    if kept is None:
        kept = request.second_factors = factors.kinds(cast(User, request.user))  # type: ignore[attr-defined]
    return kept
