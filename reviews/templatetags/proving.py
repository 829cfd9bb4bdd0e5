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
    has_factor = factors.has_one(cast(User, request.user))
    return {
        "prefix": prefix,
        "has_factor": has_factor,
        "has_passkey": has_factor and factors.has_passkey(cast(User, request.user)),
        "continues": has_factor and proving.continues(request),
    }
