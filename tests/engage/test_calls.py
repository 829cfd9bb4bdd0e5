"""One request, bounded: whatever the server does, the answer comes in time or is an error."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from compliance import outbound
from engage.connectors.base import ConnectorError
from engage.connectors.calls import LARGEST, call


class _Server(BaseHTTPRequestHandler):
    """Answers a path in its own way."""

    def do_GET(self) -> None:
        self.server.encodings.append(self.headers["Accept-Encoding"])  # type: ignore[attr-defined]
        self.send_response(302 if self.path == "/away" else 200)
        if self.path == "/away":
            self.send_header("Location", "http://127.0.0.1:9/")
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        with contextlib.suppress(OSError):
            self._say()

    def _say(self) -> None:
        if self.path == "/big":
            self.wfile.write(b"x" * (LARGEST + 1))
        elif self.path == "/packed":
            self.wfile.write(gzip.compress(b'{"a": 1}' + b" " * 3 * LARGEST))
        while self.path == "/slow":
            self.wfile.write(b" ")
            time.sleep(0.05)
        self.wfile.write(b'{"a": 1}')

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    here = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    here.encodings = []  # type: ignore[attr-defined]
    threading.Thread(target=here.serve_forever, daemon=True).start()
    yield here
    here.shutdown()
    here.server_close()


def ask(server: ThreadingHTTPServer, path: str, seconds: float = 5.0) -> Any:
    return call("GET", f"http://127.0.0.1:{server.server_port}{path}", seconds=seconds)


def test_answer_has_status_and_json(server: ThreadingHTTPServer) -> None:
    answer = ask(server, "/")
    assert (answer.status, answer.json) == (200, {"a": 1})


def test_redirect_is_not_followed(server: ThreadingHTTPServer) -> None:
    assert ask(server, "/away").status == 302


@pytest.mark.parametrize(("path", "code"), [("/big", "too_large"), ("/slow", "timeout")])
def test_what_does_not_end_is_cut_off(server: ThreadingHTTPServer, path: str, code: str) -> None:
    with pytest.raises(ConnectorError, match=code):
        ask(server, path, seconds=0.5 if code == "timeout" else 5.0)


def test_packed_answer_is_never_unpacked(server: ThreadingHTTPServer) -> None:
    # It was asked to come unpacked; what comes packed all the same says nothing.
    answer = ask(server, "/packed")
    assert answer.json is None and len(answer.body) < LARGEST
    assert server.encodings == ["identity"]  # type: ignore[attr-defined]


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(ConnectorError, match="connection"):
        call("GET", "http://127.0.0.1:9/", seconds=2.0)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]:9/",
        "http://2130706433/",  # 127.0.0.1 as one number
        "http://localhost:9/",
    ],
)
def test_our_own_network_is_not_asked(url: str) -> None:
    with pytest.raises(ConnectorError, match="leads_inside"):
        call("GET", url, seconds=1)


def test_a_name_that_changes_its_address_leads_nowhere_else(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    # The first answer is looked at and connected to; a second one is never asked for.
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any, **named: Any) -> Any:
        if host != "forum.test":
            return real(host, port, *rest, **named)
        asked.append(host)
        address = "127.0.0.2" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(outbound, "is_public", lambda address: str(address) == "127.0.0.2")
    url = f"http://forum.test:{server.server_port}/"
    with pytest.raises(ConnectorError, match="connection"):
        call("GET", url, seconds=1)
    assert asked == ["forum.test"] and server.encodings == []  # type: ignore[attr-defined]
    with pytest.raises(ConnectorError, match="leads_inside"):
        call("GET", url, seconds=1)
    settings.COMMUNITY_HOSTS_INSIDE = ["forum.test"]  # the administrator knows it
    assert call("GET", url, seconds=1).json == {"a": 1}


def test_nobody_is_asked_under_a_name_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConnectorError, match="unknown_host"):
        call("GET", "http://nowhere.test/", seconds=1)
