"""The Matrix connector without a server, or with one that is none. With Synapse: tests/peers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from engage.connectors import connector_for
from engage.connectors.base import (
    ConnectorError,
    Intent,
    Live,
    LiveState,
    Prepared,
    RetryAfter,
    Unknown,
)
from engage.connectors.calls import LARGEST
from engage.connectors.matrix import MatrixConnector
from engage.connectors.matrix.events import moment_of
from engage.connectors.matrix.server import MatrixServer

SETTINGS = {
    "base_url": "http://127.0.0.1:9",
    "room": "!room:community.test",
    "token": "secret-token",
    "device_id": "COUNTERSIGN",
}
ROOT, PARENT = "$root", "$parent"
REF = {"post_id": PARENT}


def prepared(connector: MatrixConnector, text: str = "A reply.") -> Prepared:
    return connector.prepare(Intent(ROOT, "https://x.example/", PARENT, text, "tag-1"))


class Hostile(BaseHTTPRequestHandler):
    """Answers everything in the way that `server.answer` says."""

    def do_GET(self) -> None:
        # What is left unread when a connection is closed resets it before the answer is read.
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.answer  # type: ignore[attr-defined]
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(302 if answer == "redirect" else 200)
        if answer == "redirect":
            self.send_header("Location", "http://127.0.0.1:9/latest/meta-data/")
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        try:
            if answer == "big":
                self.wfile.write(b'{"a": "' + b"x" * LARGEST)
            elif answer == "html":
                self.wfile.write(b"<script>alert(1)</script>")
            elif answer == "deep":
                self.wfile.write(b'{"a":' * 100_000)
            while answer == "slow":
                self.wfile.write(b" ")
                time.sleep(0.2)
        except OSError:
            pass

    do_PUT = do_GET

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def hostile() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    server.daemon_threads, server.asked = True, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.settings = {**SETTINGS, "base_url": f"http://127.0.0.1:{server.server_port}"}
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("answer", ["big", "html", "deep", "redirect"])
def test_an_answer_that_is_none_is_unclear(hostile: Any, answer: str) -> None:
    hostile.answer = answer
    connector = MatrixConnector(hostile.settings)
    code = {"redirect": "http_302", "big": "too_large"}.get(answer, "unreadable_answer")
    assert connector.publish(prepared(connector)) == Unknown(code)
    assert connector.fetch_published(REF) == Live(LiveState.UNREADABLE)
    for ask in (
        lambda: connector.fetch_since({}),
        lambda: connector.find_published(prepared(connector)),
        lambda: connector.edit(REF, "Text.", PARENT),
        lambda: connector.withdraw(REF),
    ):
        with pytest.raises(ConnectorError, match=code):
            ask()
    assert "address" in connector.missing()[0]
    assert not any("meta-data" in path for path in hostile.asked)


def test_an_answer_that_never_ends_takes_no_longer_than_the_limit(hostile: Any) -> None:
    hostile.answer = "slow"
    connector = MatrixConnector(hostile.settings)
    connector._server = MatrixServer(hostile.settings["base_url"], "!room", "token", timeout=1.0)
    started = time.monotonic()
    assert connector.publish(prepared(connector)) == Unknown("timeout")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((200, {"event_id": 7}), Unknown("unreadable_answer")),
        ((200, {"event_id": "no event"}), Unknown("unreadable_answer")),
        ((403, None), Unknown("http_403")),  # a gateway that knows nothing of Matrix
        ((403, {"errcode": "M_OTHER"}), Unknown("http_403")),
        ((502, {"errcode": "M_UNKNOWN"}), Unknown("refused")),
        ((408, {}), Unknown("http_408")),
        ((429, {"errcode": "M_LIMIT_EXCEEDED"}), RetryAfter(30.0)),
        ((429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}), RetryAfter(2.5)),
        ((429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 10**12}), RetryAfter(3600.0)),
        ((429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": "soon"}), RetryAfter(30.0)),
        ((429, None), Unknown("http_429")),
    ],
)
def test_what_publish_makes_of_an_answer(
    answer: Any, outcome: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MatrixServer, "send", lambda *_, **__: answer)
    connector = MatrixConnector(SETTINGS)
    assert connector.publish(prepared(connector)) == outcome


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"base_url": ""}, "base_url"),
        ({"base_url": "ftp://x.example"}, "base_url"),
        ({"room": "#alias:community.test"}, "room"),
        ({"token": "tök"}, "token"),
        ({"device_id": None}, "device_id"),
    ],
)
def test_settings_are_checked_and_never_repeated(changed: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word) as raised:
        connector_for("matrix", {**SETTINGS, **changed})
    assert "secret" not in str(raised.value) and "alias" not in str(raised.value)


def test_the_request_is_frozen_with_its_device_and_rings_at_nobody_s() -> None:
    body = prepared(MatrixConnector(SETTINGS)).body
    assert (body["tag"], body["device_id"], body["room"]) == (
        "tag-1",
        SETTINGS["device_id"],
        SETTINGS["room"],
    )
    assert body["content"]["m.mentions"] == {} and body["content"]["body"] == "A reply."
    assert "formatted_body" not in body["content"]


@pytest.mark.parametrize("text", ["🌿" * 9000, "x" * 10_001, "half of one: \ud83c"])
def test_what_matrix_does_not_take_is_not_prepared(text: str) -> None:
    with pytest.raises(ValueError):
        prepared(MatrixConnector(SETTINGS), text)


def test_a_clock_that_is_a_day_ahead_dates_nothing_into_the_future() -> None:
    ahead = (datetime.now(UTC) + timedelta(days=1)).timestamp() * 1000
    for said in (ahead, 10**30, "tomorrow", None, float("nan")):
        assert moment_of({"origin_server_ts": said}) <= datetime.now(UTC)
    past = datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert moment_of({"origin_server_ts": past.timestamp() * 1000}) == past
