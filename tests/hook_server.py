"""A small real web server on loopback that takes webhooks, and answers as told."""

from __future__ import annotations

import http.server
import json
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: Any


class HookServer(http.server.ThreadingHTTPServer):
    """Keeps the calls that it gets.

    Attributes:
        calls: in order.
        answers: (status, headers) for the next calls; 200 when there are none left.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[Call] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/services/T0/B0/secret"

    def __enter__(self) -> HookServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast(HookServer, self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.calls.append(Call(self.path, dict(self.headers), json.loads(body)))
        status, headers = server.answers.pop(0) if server.answers else (200, {})
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "2"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:
        pass
