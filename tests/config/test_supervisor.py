"""The supervisor on real processes: what dies comes back, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.supervisor import AlreadyRunning, Child, Supervisor
from tests.stack import ROOT, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.once]

# Starts a child of its own, as a worker does, and says so.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(60)
"""

# A supervisor in a process of its own, to be killed.
KILLABLE = """
import sys, time
from pathlib import Path
from config.supervisor import Child, Supervisor
parent = Child("parent", [sys.executable, "-c", sys.argv[1], sys.argv[2] + "/grandchild"])
Supervisor([parent], Path(sys.argv[2])).start()
time.sleep(60)
"""


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except OSError:
        return False


def written(file: Path) -> int:
    """The process id in a file, once it is there."""
    wait_until(lambda: file.exists() and bool(file.read_text()), 10, file.name)
    return int(file.read_text())


@pytest.fixture
def parent(tmp_path: Path) -> Child:
    return Child("parent", [sys.executable, "-c", PARENT, str(tmp_path / "grandchild")])


@pytest.fixture
def supervisor(tmp_path: Path, parent: Child) -> Iterator[Supervisor]:
    running = Supervisor([parent], tmp_path)
    running.start()
    written(tmp_path / "grandchild")
    yield running
    running.stop()


def test_killed_child_comes_back(supervisor: Supervisor, tmp_path: Path) -> None:
    for _ in range(3):
        before = supervisor.pids()["parent"]
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: supervisor.pids().get("parent", before) != before, 60, "a restart")  # noqa: B023
        assert written(tmp_path / "run" / "parent.pid") == supervisor.pids()["parent"]


def test_killed_child_leaves_no_orphan(supervisor: Supervisor, tmp_path: Path) -> None:
    grandchild = written(tmp_path / "grandchild")
    os.kill(supervisor.pids()["parent"], signal.SIGKILL)
    wait_until(lambda: not alive(grandchild), 5, "the end of the orphan")


def test_stop_leaves_nothing_running(supervisor: Supervisor, tmp_path: Path) -> None:
    pids = [supervisor.pids()["parent"], written(tmp_path / "grandchild")]
    assert all(map(alive, pids))
    supervisor.stop()
    wait_until(lambda: not any(map(alive, pids)), 15, "the end of all")
    assert not list((tmp_path / "run").glob("*.pid"))


def test_data_directory_has_one_supervisor(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(AlreadyRunning, match="COUNTERSIGN_DATA"):
        Supervisor([], tmp_path).start()
    supervisor.stop()
    successor = Supervisor([], tmp_path)
    successor.start()
    successor.stop()


def test_what_a_killed_supervisor_left_is_ended(tmp_path: Path, parent: Child) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLABLE, PARENT, str(tmp_path)]
    with subprocess.Popen(command, env=env) as killable:
        left = [written(tmp_path / "run" / "parent.pid"), written(tmp_path / "grandchild")]
        killable.kill()
    told: list[str] = []
    (tmp_path / "grandchild").unlink()
    with_successor = Supervisor([parent], tmp_path, told.append)
    with_successor.start()
    try:
        assert not any(map(alive, left))
        assert written(tmp_path / "grandchild") not in left
    finally:
        with_successor.stop()


def test_child_that_does_not_answer_is_reported(tmp_path: Path) -> None:
    never = Child("never", [sys.executable, "-c", "pass"], answers=lambda: False, start_seconds=1)
    with pytest.raises(TimeoutError, match=r"never\.log"):
        Supervisor([never], tmp_path).start()
