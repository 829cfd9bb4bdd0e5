"""Quiet hours of a community, in its own time zone: pure functions of settings and moment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)")


def checked_hours(written: str) -> str:
    """Quiet hours as they are kept. Raises ValueError with what they should look like."""
    match = HOURS.fullmatch(written)
    if match is None or match.group(1, 2) == match.group(3, 4):
        raise ValueError("Quiet hours: give two times of day, such as 22:00-07:00.")
    return "{}:{}-{}:{}".format(*match.groups())


def checked_zone(written: str) -> str:
    """The name of a time zone. Raises ValueError if there is none of that name."""
    if written not in available_timezones():
        raise ValueError("Time zone: give a name such as America/Chicago.")
    return written


def zone_of(connector_settings: Mapping[str, Any]) -> ZoneInfo:
    """The time zone of a community, that of the installation if it has none of its own."""
    return ZoneInfo(str(connector_settings.get("time_zone") or settings.TIME_ZONE))


def quiet_until(connector_settings: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the quiet hours end that hold now; None if none do."""
    match = HOURS.fullmatch(str(connector_settings.get("quiet_hours") or ""))
    if match is None:
        return None
    begin_hour, begin_minute, end_hour, end_minute = (int(group) for group in match.groups())
    begin, end = time(begin_hour, begin_minute), time(end_hour, end_minute)
    local = now.astimezone(zone_of(connector_settings))
    clock = local.time().replace(tzinfo=None)
    if begin < end:
        quiet, ends_on = begin <= clock < end, local.date()
    else:  # over midnight
        quiet = clock >= begin or clock < end
        ends_on = local.date() + timedelta(days=clock >= begin)
    return datetime.combine(ends_on, end, local.tzinfo) if quiet else None
