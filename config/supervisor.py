"""Keeps processes running: starts them in order, brings back what dies, stops them in order.

Each child leads a session of its own, so that Ctrl-C on the terminal reaches the supervisor alone
and whatever a child leaves behind can be killed with it. `config/leftovers.py` ends what an
earlier supervisor that was killed could not.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from config import leftovers

SHORT_LIFE = 10.0  # seconds; a child that dies sooner is brought back with a growing delay
FIRST_DELAY, LONGEST_DELAY = 0.25, 5.0  # seconds
LARGEST_LOG = 5_000_000  # bytes; rotated when the child is started
OLD_LOGS = 3
TETHER = str(Path(__file__).with_name("tether.py"))


class AlreadyRunning(Exception):
    """Another supervisor holds this data directory."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep running.

    Attributes:
        name: of its pid file and its log.
        command: program and arguments.
        env: added to the environment.
        stop_seconds: how long it may take to stop before it is killed.
        answers: whether it is of use yet; the next child is started after that.
        start_seconds: how long it may take until then.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 10.0
    answers: Callable[[], bool] | None = None
    start_seconds: float = 30.0


class Supervisor:
    """Runs children until it is stopped.

    Args:
        children: in the order of starting; they are stopped in the reverse order.
        data_dir: pid files go to `run/`, what the children print goes to `logs/`.
        tell: takes one sentence for the person at the console.
    """

    def __init__(
        self,
        children: Sequence[Child],
        data_dir: Path,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.run_dir, self.log_dir = data_dir / "run", data_dir / "logs"
        self._keepers = [_Keeper(child, self.run_dir, self.log_dir, tell) for child in children]
        self._tell = tell
        self._lock: IO[str] | None = None

    def claim(self) -> None:
        """Takes the data directory and ends what a killed supervisor left there.

        Raises:
            AlreadyRunning: another supervisor has it.
        """
        if self._lock is not None:
            return
        for folder in (self.run_dir, self.log_dir):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (self.run_dir / "up.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise AlreadyRunning(
                f"Something already runs on {self.run_dir.parent}. Stop it first, or give this "
                "one a data directory of its own with COUNTERSIGN_DATA."
            ) from None
        self._lock = lock
        leftovers.adopt_orphans()
        if ended := leftovers.end_all(self.run_dir):
            self._tell(f"Ended what an earlier run left behind: {', '.join(ended)}.")

    def start(self) -> None:
        """Starts the children one after the other.

        Raises:
            AlreadyRunning: another supervisor has the data directory.
            TimeoutError: a child does not answer in its time; everything is stopped again.
        """
        self.claim()
        try:
            for keeper in self._keepers:
                keeper.start()
                keeper.wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def cancel(self) -> None:
        """Brings nothing back any more, and lets a `start` that is under way return soon."""
        for keeper in self._keepers:
            keeper.stopping.set()

    def stop(self) -> None:
        """Stops the children in reverse order, each within its time, and frees the directory."""
        self.cancel()
        for keeper in reversed(self._keepers):
            keeper.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def kill(self) -> None:
        """Kills every child now, without asking; `stop` returns soon after."""
        self.cancel()
        for keeper in self._keepers:
            keeper.signal_group(signal.SIGKILL)

    def pids(self) -> dict[str, int]:
        """Process ids of the children that run now."""
        return {k.child.name: k.pid for k in self._keepers if k.pid}

    def logs(self) -> dict[str, Path]:
        """Where each child's output goes."""
        return {k.child.name: k.log for k in self._keepers}


class _Keeper:
    """Keeps one child. Its thread lives as long as the child: Linux ties a process to the thread
    that started it."""

    def __init__(
        self, child: Child, run_dir: Path, log_dir: Path, tell: Callable[[str], None]
    ) -> None:
        self.child = child
        self.log = log_dir / f"{child.name}.log"
        self.pid = 0
        self.stopping = threading.Event()
        self._pid_file = run_dir / f"{child.name}.pid"
        self._mark = {leftovers.MARK: str(run_dir)}
        self._tell = tell
        self._hand = threading.RLock()  # no signal goes to a process id that was given back
        self._thread = threading.Thread(target=self._keep, name=child.name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait_until_it_answers(self) -> None:
        if self.child.answers is None:
            return
        deadline = time.monotonic() + self.child.start_seconds
        while not self.child.answers():
            if self.stopping.is_set():
                return
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{self.child.name} did not answer within {self.child.start_seconds:.0f} s; "
                    f"{self.log} says why."
                )
            time.sleep(0.05)

    def stop(self) -> None:
        self.stopping.set()
        self._signal(signal.SIGTERM)
        if not self._thread.ident:
            return
        self._thread.join(self.child.stop_seconds)
        if self._thread.is_alive():
            self._tell(f"{self.child.name} did not stop in time and is killed.")
            self.signal_group(signal.SIGKILL)
            self._thread.join()

    def signal_group(self, number: signal.Signals) -> None:
        with self._hand:
            if self.pid:
                leftovers.signal_group(self.pid, number)

    def _signal(self, number: signal.Signals) -> None:
        with self._hand:
            if self.pid:
                os.kill(self.pid, number)

    def _keep(self) -> None:
        short_lives = 0
        delay = 0.0
        while not self.stopping.wait(delay):
            started = time.monotonic()
            process = self._spawn()
            if process is None:
                delay = LONGEST_DELAY
                continue
            status = self._outlive(process)
            if self.stopping.is_set():
                break
            short_lives = short_lives + 1 if time.monotonic() - started < SHORT_LIFE else 0
            delay = _delay(short_lives)
            when = f"in {delay:g} s" if delay else "at once"
            self._tell(
                f"{self.child.name} {_how_it_ended(status)} and is brought back {when}; "
                f"see {self.log}."
            )
        self._pid_file.unlink(missing_ok=True)

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        _rotate(self.log)
        command = [sys.executable, "-I", "-S", TETHER, str(os.getpid()), *self.child.command]
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            process = subprocess.Popen(
                command,
                env={**os.environ, **self.child.env, **self._mark},
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                start_new_session=True,
            )
        except OSError as error:
            self._tell(f"{self.child.name} could not be started: {error.strerror}.")
            return None
        finally:
            os.close(handle)
        self._pid_file.write_text(str(process.pid))
        with self._hand:
            self.pid = process.pid
        if self.stopping.is_set():  # stop() may have looked before there was a process
            self._signal(signal.SIGTERM)
        return process

    def _outlive(self, process: subprocess.Popen[bytes]) -> int:
        # Waits without reaping, so that the id stays ours until the whole group is gone.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with self._hand:
            self.pid = 0
        leftovers.signal_group(process.pid, signal.SIGKILL)
        status = process.wait()
        leftovers.reap_group(process.pid)
        return status


def _delay(short_lives: int) -> float:
    # The first early death may be an accident; after that it doubles.
    return min(FIRST_DELAY * 2 ** (short_lives - 2), LONGEST_DELAY) if short_lives > 1 else 0.0


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was killed ({signal.Signals(-status).name})"
    return f"ended by itself (exit status {status})"


def _rotate(log: Path) -> None:
    if not log.exists() or log.stat().st_size < LARGEST_LOG:
        return
    for number in range(OLD_LOGS, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        newer = log if number == 1 else log.with_name(f"{log.name}.{number - 1}")
        if newer.exists():
            newer.replace(older)
