"""The sandbox community as a real process on loopback, for tests.

from tests.engage.sandbox_server import sandbox  # noqa: F401  (a fixture, once a session)
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "sandbox-test-token"
STARTS_WITHIN = 20.0  # seconds


@dataclass
class SandboxServer:
    """A running sandbox community."""

    base_url: str
    data: Path
    process: subprocess.Popen[bytes]

    def __post_init__(self) -> None:
        # No connection is kept: one that the server has closed meanwhile would look like a fault.
        self.client = httpx.Client(
            base_url=self.base_url,
            timeout=20,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def settings(self, board: str, **more: Any) -> dict[str, Any]:
        """Connector settings for a board."""
        return {"base_url": self.base_url, "board": board, "token": TOKEN, **more}

    def call(self, method: str, path: str, body: Any = None, *, token: str = TOKEN) -> Any:
        """The API's JSON answer; fails on a refusal."""
        answer = self.raw(method, path, body, token=token)
        answer.raise_for_status()
        return answer.json()

    def raw(
        self, method: str, path: str, body: Any = None, *, token: str = TOKEN, **more: Any
    ) -> httpx.Response:
        """The API's answer as it is."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        return self.client.request(method, path, json=body, headers=headers, **more)

    def page(self, path: str) -> str:
        """A public page, as anybody sees it."""
        answer = self.raw("GET", path, token="")
        answer.raise_for_status()
        return answer.text

    def new_board(self, **more: Any) -> str:
        """A fresh board; returns its slug."""
        slug = f"b{uuid.uuid4().hex[:10]}"
        self.call("POST", "/api/boards/", {"slug": slug, "name": f"Board {slug}", **more})
        return slug

    def new_thread(self, board: str, text: str = "Does anybody know?", **more: Any) -> Any:
        """A fresh thread; returns its first post."""
        body = {"title": "A question", "author": "willow", "text": text, **more}
        return self.call("POST", f"/api/boards/{board}/threads/", body)

    def new_reply(self, post: Any, text: str = "Same here.", **more: Any) -> Any:
        """A reply to a post; returns it."""
        body = {"parent_id": post["id"], "author": "heather", "text": text, **more}
        return self.call("POST", f"/api/threads/{post['thread_id']}/posts/", body)

    def fault(self, board: str, kind: str, **more: Any) -> Any:
        """Plays a fault for the next request to a board."""
        return self.call("POST", "/api/faults/", {"board": board, "kind": kind, **more})

    def times_posted(self, board: str) -> dict[str, int]:
        """How often each tag was posted."""
        answer = self.call("GET", f"/api/boards/{board}/posts/?tag_prefix=")
        return dict(answer["tags"])

    def stop(self) -> None:
        """Ends the process as a supervisor would."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start_sandbox(data: Path, *, port: int | None = None, **environment: str) -> SandboxServer:
    """Starts a server on its data folder and waits until it answers."""
    port = port or free_port()
    log = (data / "server.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "engage.sandbox", "--port", str(port), "--data", str(data)],
        cwd=ROOT,
        env={
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),
            "SANDBOX_TOKEN": TOKEN,
            **environment,
        },
        stdout=log,
        stderr=log,
    )
    log.close()
    server = SandboxServer(f"http://127.0.0.1:{port}", data, process)
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if server.client.get("/health/", timeout=2).text == "ok":
                return server
        except httpx.HTTPError:
            time.sleep(0.05)
    server.stop()
    raise RuntimeError(
        "The sandbox did not start. Its log:\n" + (data / "server.log").read_text()[-2000:]
    )


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    """One sandbox community for the whole session; tests take a fresh board each."""
    data = Path(tempfile.mkdtemp(prefix="sandbox-"))
    server = start_sandbox(data)
    yield server
    server.stop()
    shutil.rmtree(data, ignore_errors=True)
