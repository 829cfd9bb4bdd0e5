"""Nudges: telling a worker that something may be due. The row is the truth; a lost nudge costs
time, never work, because a sweep finds the same row (law 5)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import structlog
from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger()

# An absent broker is noticed after seconds; the callers after the first one must not wait as well.
QUIET = 30.0  # seconds without nudges after a lost one; the sweeps do the work meanwhile


class _Silence:
    """Until when this process sends nothing, on the monotonic clock."""

    until = 0.0


def nudge(task: Task, ids: Iterable[UUID] = ()) -> None:
    """Sends a task with ids after the commit of the current transaction; never raises.

    Args:
        ids: the rows to look at; none means that the task sweeps.
    """
    arguments: list[Any] = [[str(row) for row in ids]] if ids else []

    def send() -> None:
        if time.monotonic() < _Silence.until:
            return
        try:
            task.apply_async(args=arguments, retry=False, expires=60)
        except OperationalError:
            _Silence.until = time.monotonic() + QUIET
            log.warning("nudge_lost", task=task.name)

    transaction.on_commit(send)
