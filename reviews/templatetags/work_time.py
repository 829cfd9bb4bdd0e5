"""Due times in working time."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

from reviews import work_time

register = template.Library()


@register.filter
def in_working_time(due: datetime) -> str:
    """How long until then or since, e.g. "in 3 working hours"."""
    return work_time.in_words(due, timezone.now())
