"""Lanes: one task of a worker at a time speaks to a community, one listens to it, one watches our
replies there, and one reads back.

So a community that answers slowly keeps its own tasks waiting, and nobody else's. Lanes are for
fairness alone: what may happen once is for the database to say (laws 4 and 5).
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID


class Errand(enum.Enum):
    """What a worker wants of a community."""

    SPEAK = "speak"
    LISTEN = "listen"
    WATCH = "watch"
    READ_BACK = "read_back"


_busy: set[tuple[Errand, UUID]] = set()
_lock = threading.Lock()


@contextmanager
def lane(errand: Errand, community_id: UUID) -> Iterator[bool]:
    """Takes a lane for as long as the block lasts; False if somebody in this process has it."""
    mine = (errand, community_id)
    with _lock:
        free = mine not in _busy
        if free:
            _busy.add(mine)
    try:
        yield free
    finally:
        if free:
            with _lock:
                _busy.discard(mine)
