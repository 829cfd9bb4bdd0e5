"""Looking things up by a key that is only known in the template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def looked_up(known: Mapping[str, Any] | None, key: str) -> Any:
    """What is known under a key, "" for nothing."""
    return known.get(key, "") if known else ""
