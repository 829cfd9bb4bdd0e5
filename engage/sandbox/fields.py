"""The fields of a request, checked. Each raises Declined (400) with what the field must be."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from engage.sandbox import posting
from engage.sandbox.posting import Declined


def sent_object(request: HttpRequest) -> dict[str, Any]:
    """The body of a request: a JSON object."""
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise Declined(400, "bad_json", "Send a JSON object.")
    return sent


def text_of(
    sent: dict[str, Any], name: str, longest: int | None = None, *, required: bool = True
) -> str:
    """A text that can be stored, at most `longest` characters; "" if it may be left out and is."""
    value = sent.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise Declined(400, "bad_field", f"`{name}` must be a text.")
    if longest is not None:
        if len(value) > longest:
            raise Declined(400, "bad_field", f"`{name}` has at most {longest} characters.")
        if value:
            posting.check_text(value)
    return value


def flag_of(sent: dict[str, Any], name: str, default: bool = False) -> bool:
    """True or false."""
    value = sent.get(name, default)
    if not isinstance(value, bool):
        raise Declined(400, "bad_field", f"`{name}` must be true or false.")
    return value


def number_of(sent: dict[str, Any], name: str, default: float | None) -> float | None:
    """A number from 0, or None for null."""
    value = sent.get(name, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise Declined(400, "bad_field", f"`{name}` must be a number from 0.")
    return float(value)


def id_of(sent: dict[str, Any], name: str) -> int | None:
    """An id, sent as text; None for null."""
    value = sent.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 18:
        raise Declined(400, "bad_field", f"`{name}` must be an id, as text.")
    return int(value)


def moment_of(sent: dict[str, Any]) -> datetime | None:
    """`created_at`, with its time zone; None if it was not sent."""
    value = sent.get("created_at")
    if value is None:
        return None
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment):
        raise Declined(400, "bad_field", "`created_at` must be like 2026-03-01T08:00:00Z.")
    return moment


def query_number(request: HttpRequest, name: str, default: int) -> int:
    """A whole number from the query string."""
    value = request.GET.get(name, str(default))
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise Declined(400, "bad_field", f"`{name}` must be a whole number.")
    return int(value)
