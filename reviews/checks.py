"""System checks: the deadlines that were chosen exist."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from reviews import clocks


@register()
def chosen_clocks_exist(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """A misspelt deadline would never be shown."""
    unknown = clocks.unknown_clocks(settings.SAFETY_CLOCKS)
    if not unknown:
        return []
    return [
        Error(
            f"SAFETY_CLOCKS names deadlines that don't exist: {', '.join(unknown)}.",
            hint=f"Choose among {', '.join(clocks.RULES)}.",
            id="reviews.E001",
        )
    ]
