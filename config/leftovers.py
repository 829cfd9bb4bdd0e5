"""Processes that outlive who started them: found by session and mark, ended, reaped."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

MARK = "COUNTERSIGN_SUPERVISED"  # in each child's environment: the run directory it belongs to
PR_SET_CHILD_SUBREAPER = 36
GRACE = 3.0  # seconds between SIGTERM and SIGKILL for what a killed supervisor left


def adopt_orphans() -> None:
    """Makes this process the parent of its grandchildren's orphans, so that it can reap them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def signal_group(group: int, number: signal.Signals) -> None:
    """Signals every process of the group; nothing happens if there is none."""
    # macOS answers "not permitted" for a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def reap_group(group: int, seconds: float = 2.0) -> None:
    """Waits until the killed rest of a group is gone, so that its ports are free again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-group, os.WNOHANG) == (0, 0):
                time.sleep(0.005)
        except ChildProcessError:
            return


def end_all(run_dir: Path) -> list[str]:
    """Ends the children of a supervisor that was killed; returns their names.

    A process is taken for one of them if it is in the session that a pid file of this directory
    names, and either carries our mark or leads the session since before the file was written
    (process ids are used again).
    """
    ended = []
    for file in sorted(run_dir.glob("*.pid")):
        try:
            session = int(file.read_text())
        except ValueError:
            session = 0
        if session and (found := _left_of(session, file.stat().st_mtime, run_dir)):
            _end(found, session, file.stat().st_mtime, run_dir)
            ended.append(file.stem)
        file.unlink(missing_ok=True)
    return ended


def _end(found: list[int], session: int, since: float, run_dir: Path) -> None:
    for number, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, 2.0)):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while found and time.monotonic() < deadline:
            time.sleep(0.05)
            found = _left_of(session, since, run_dir)
        if not found:
            return


def _left_of(session: int, since: float, run_dir: Path) -> list[int]:
    if sys.platform != "linux":
        return []  # no /proc; `up` says which port is still taken
    left = []
    mark = f"{MARK}={run_dir}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            # After the name in brackets: state, parent, group, session, ..., start time (field 22).
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != session or fields[0] == "Z":
                continue
            marked = mark in (folder / "environ").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue
        leads = int(folder.name) == session and _started(int(fields[19])) <= since + 1
        if marked or leads:
            left.append(int(folder.name))
    return left


def _started(ticks: int) -> float:
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return boot + ticks / os.sysconf("SC_CLK_TCK")
