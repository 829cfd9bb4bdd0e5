"""Which of the things that are known are read again, so that each has its turn."""

from __future__ import annotations

from collections.abc import Sequence


def in_turn(waiting: Sequence[str], known: Sequence[str], turn: int, most: int) -> list[str]:
    """Half of them for what has something new, the rest for the others in turn.

    Args:
        waiting: what has something new, the most urgent first.
        known: all, the newest last.
        turn: how often it was asked before.
        most: how many are read again at once.
    """
    first = list(dict.fromkeys(waiting))[: most // 2]
    others = [key for key in reversed(known) if key not in first]
    start = turn * (most // 2) % max(len(others), 1)
    return first + (others[start:] + others[:start])[: most - len(first)]
