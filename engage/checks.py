"""System checks: the deadlines of breaches that were chosen exist."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from engage import breaches


@register()
def chosen_deadlines_exist(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """A misspelt deadline would never be shown."""
    unknown = breaches.unknown_deadlines()
    if not unknown:
        return []
    return [
        Error(
            f"BREACH_DEADLINES names deadlines that don't exist: {', '.join(unknown)}.",
            hint=f"Choose among {', '.join(breaches.DEADLINES)}.",
            id="engage.E001",
        )
    ]
