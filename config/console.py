"""What the person at the console sees of the children: warnings and errors, one short line each."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

LOUD = frozenset({"warning", "error", "critical"})
EVERY = 0.5  # seconds between two looks
MOST_AT_ONCE = 5  # lines of one child and one look
LONGEST_LINE = 160  # characters


def say(sentence: str) -> None:
    """Prints one sentence with the time of day."""
    print(f"{datetime.now().astimezone():%H:%M:%S}  {sentence}", flush=True)


class LogWatch:
    """Follows the children's logs and prints what is loud.

    Only JSON lines are shown: those went through config/logs.py, so they hold no text (law 7).

    Args:
        logs: child's name and file.
    """

    def __init__(self, logs: Mapping[str, Path]) -> None:
        self._logs = logs
        self._read = {name: _size(file) for name, file in logs.items()}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="log-watch", daemon=True)

    def start(self) -> None:
        """Begins with what is logged from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Prints what has come since the last look, and ends."""
        self._done.set()
        self._thread.join()

    def _follow(self) -> None:
        while True:
            last = self._done.wait(EVERY)
            for name, file in self._logs.items():
                self._look(name, file)
            if last:
                return

    def _look(self, name: str, file: Path) -> None:
        if _size(file) < self._read[name]:
            self._read[name] = 0  # it was rotated
        try:
            with file.open("rb") as handle:
                handle.seek(self._read[name])
                new = handle.read()
        except OSError:
            return
        complete = new[: new.rfind(b"\n") + 1]
        self._read[name] += len(complete)
        loud = [shown for line in complete.splitlines() if (shown := _shown(name, line))]
        for shown in loud[:MOST_AT_ONCE]:
            say(shown)
        if len(loud) > MOST_AT_ONCE:
            say(f"{name}: {len(loud) - MOST_AT_ONCE} more in {file}")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _shown(name: str, line: bytes) -> str | None:
    try:
        record: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or record.get("level") not in LOUD:
        return None
    what = [name, str(record["level"]), str(record.get("event", ""))]
    what += [
        f"{key}={value}"
        for key, value in record.items()
        if key not in {"at", "level", "logger", "event", "exception"}
    ]
    for link in record.get("exception", ())[:1]:
        what.append(link["type"] + (f" in {link['frames'][-1]}" if link["frames"] else ""))
    shown = " ".join(" ".join(what).split())
    return shown if len(shown) <= LONGEST_LINE else shown[: LONGEST_LINE - 1] + "…"
