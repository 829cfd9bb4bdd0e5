"""The whole product as real processes on free ports, for tests that play or kill it."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import environ
import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], bool], seconds: float, what: str, every: float = 0.1) -> float:
    """Waits; returns how many seconds it took.

    Raises:
        TimeoutError: naming what did not come true.
    """
    started = time.monotonic()
    while not true():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"{what} did not happen within {seconds} s")
        time.sleep(every)
    return time.monotonic() - started


class Stack:
    """`manage.py up` with its own data directory, ports and, on PostgreSQL, its own database.

    Args:
        data: an empty directory for everything that it keeps.
        extra_env: added to the environment of every process.
    """

    def __init__(self, data: Path, extra_env: dict[str, str] | None = None) -> None:
        self.data = data
        self.port, self.sandbox_port, self.valkey_port = free_port(), free_port(), free_port()
        self.sandbox_token = secrets.token_urlsafe(16)
        self.env = {
            **os.environ,
            "COUNTERSIGN_ENV": str(data / "none.env"),
            "COUNTERSIGN_DATA": str(data),
            "SECRET_KEY": secrets.token_urlsafe(40),
            "COUNTERSIGN_MASTER_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "SANDBOX_TOKEN": self.sandbox_token,
            "SANDBOX_URL": self.sandbox_url,
            "EMBEDDED_VALKEY_PORT": str(self.valkey_port),
            "HTTPS": "false",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }
        # What the tests' own settings put there would hide that the product needs it.
        for name in ("REDIS_URL", "COMMUNITY_HOSTS_INSIDE"):
            self.env.pop(name, None)
        self.env |= extra_env or {}
        if "DATABASE_URL" in os.environ:
            self.env["DATABASE_URL"] = _own_database(os.environ["DATABASE_URL"])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the product."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Address of the sandbox community."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    def manage(self, *arguments: str, timeout: float = 300) -> str:
        """Output of one management command, run in a process of its own."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.env,
            cwd=ROOT,
            timeout=timeout,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def start(self, *arguments: str, ready: float = 60) -> None:
        """Starts the supervisor and waits until it says that everything is ready."""
        command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(self.port)]
        command += ["--sandbox", "--sandbox-port", str(self.sandbox_port), *arguments]
        self._before = len(self._output())
        with (self.data / "up.out").open("ab") as output:
            self._process = subprocess.Popen(
                command, env=self.env, cwd=ROOT, stdout=output, stderr=output
            )
        wait_until(self._ready, ready, "the start")

    def _ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(self._output()[self._before :])
        return "Ready in" in self._output()[self._before :]

    def _output(self) -> str:
        path = self.data / "up.out"
        return path.read_text() if path.exists() else ""

    def stop(self) -> int:
        """Stops it as Ctrl-C does; returns its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGINT)
        status = self._process.wait(timeout=60)
        self._process = None
        return status

    def __enter__(self) -> Stack:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def pid(self, child: str) -> int:
        """Process id of a child now; 0 while it is being brought back."""
        try:
            return int((self.data / "run" / f"{child}.pid").read_text())
        except (OSError, ValueError):
            return 0

    def kill(self, child: str) -> bool:
        """kill -9; False if there was nothing to kill in this moment."""
        pid = self.pid(child)
        try:
            if pid:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return bool(pid)

    def answers(self) -> bool:
        """Whether the product answers over HTTP."""
        return _answers(f"{self.url}/health/")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _own_database(url: str) -> str:
    name = f"stack_{secrets.token_hex(6)}"
    parsed = environ.Env.db_url_config(url)
    with psycopg.connect(
        host=parsed["HOST"] or parsed.get("OPTIONS", {}).get("host"),
        port=parsed["PORT"] or None,
        user=parsed["USER"],
        password=parsed["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    base, _, query = url.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
