"""A web server on 127.0.0.1 whose answers somebody else writes."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What somebody asked."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any  # a JSON value, or the fields of a form

    def one(self, name: str, otherwise: str = "") -> str:
        """The first value of a name in the query."""
        return self.query.get(name, [otherwise])[0]


@dataclass(frozen=True)
class Answer:
    """What is said to it."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeServer:
    """Listens until it is stopped; requests are answered one at a time."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                place = urlsplit(self.path)
                query = parse_qs(place.query, keep_blank_values=True)
                request = Request(
                    self.command, place.path, query, self.headers, _body(raw, self.headers)
                )
                with lock:
                    given = answer(request)
                said = b"" if given.body is None else json.dumps(given.body).encode()
                with contextlib.suppress(OSError):  # who asked is gone
                    self.send_response(given.status)
                    for name, value in given.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Type", "application/json; charset=utf-8")
                    self.send_header("Content-Length", str(len(said)))
                    self.end_headers()
                    self.wfile.write(said)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Takes no more requests."""
        self._server.shutdown()
        self._server.server_close()


def _body(raw: bytes, headers: Mapping[str, str]) -> Any:
    if not raw:
        return {}
    if "json" in (headers.get("Content-Type") or ""):
        return json.loads(raw)
    return {name: values[0] for name, values in parse_qs(raw.decode()).items()}


Route = tuple[str, str, Callable[..., Answer]]  # method, pattern of the path, what answers


class FakePeer:
    """What all fakes share as a `Peer` (tests/peers/peer.py).

    Attributes:
        fails: what the next requests to post are answered with.
        broken: what every request is answered with, if it is set.
        asked: method and path of everything that was asked.
    """

    version = "contract of 2026"
    missing_path = Answer(404)

    def missing(self) -> str:
        """Nothing: it is here."""
        return ""

    def install(self) -> None:
        """Nothing."""

    def listen(self) -> str:
        """Begins to answer; returns its address."""
        self.fails: list[Answer] = []
        self.broken: Answer | None = None
        self.asked: list[str] = []
        self._server = FakeServer(self._noted)
        self.port = self._server.port
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Listens no more."""
        self._server.stop()

    def via(self, url: str) -> dict[str, Any]:
        """The settings with another address."""
        return {**self.settings, "base_url": url}  # type: ignore[attr-defined]  # of each fake

    def _noted(self, request: Request) -> Answer:
        self.asked.append(f"{request.method} {request.path}")
        return self.broken or self.answer(request)

    def answer(self, request: Request) -> Answer:
        """What it says to a request."""
        raise NotImplementedError

    def routed(self, request: Request, routes: tuple[Route, ...], *who: str) -> Answer:
        """The answer of the route that fits; `who` asks."""
        for method, path, answers in routes:
            found = re.fullmatch(path, request.path)
            if found and method == request.method:
                return answers(request, *who, *found.groups())
        return self.missing_path
