"""How long a server asks to wait."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

STANDARD_WAIT = 30.0  # seconds, when it does not say how long
LONGEST_WAIT = 3600.0  # seconds


def wait_of(*said: Any) -> float:
    """Seconds to wait, between 1 and LONGEST_WAIT: the first that is of use, else STANDARD_WAIT.

    Args:
        said: seconds as numbers or texts, or dates as in the header Retry-After (RFC 9110).
    """
    for value in said:
        seconds = _seconds(value)
        if math.isfinite(seconds):
            return min(max(seconds, 1.0), LONGEST_WAIT)
    return STANDARD_WAIT


def _seconds(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        try:
            return (parsedate_to_datetime(str(value)) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return math.nan
