"""System checks: the deadlines that were chosen exist, and the calendar has working time."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from compliance.enums import Severity
from reviews import clocks, work_time


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


@register()
def calendar_makes_sense(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Without working time nothing would ever be due."""
    return [Error(wrong, id="reviews.E002") for wrong in _wrong_with_the_calendar()]


def _wrong_with_the_calendar() -> list[str]:
    wrong = []
    weekend, kinds = set(settings.WEEKEND), {*Severity.values, work_time.NOTHING_FOUND}
    if weekend >= set(work_time.WEEKDAYS) or not weekend <= set(work_time.WEEKDAYS):
        wrong.append(f"WEEKEND takes some of {','.join(work_time.WEEKDAYS)}, but not all of them.")
    try:
        work_time.working_hours()
    except ValueError:
        wrong.append("WORKING_HOURS takes the two ends of a working day, e.g. 09:00-17:00.")
    try:
        work_time.public_holidays()
    except NotImplementedError:
        wrong.append("HOLIDAYS_OF takes a country or a part of one, e.g. US or DE-BY.")
    if set(settings.REVIEW_HOURS) != kinds or min(settings.REVIEW_HOURS.values()) <= 0:
        wrong.append(f"REVIEW_HOURS takes hours above 0 for {', '.join(sorted(kinds))}.")
    return wrong
