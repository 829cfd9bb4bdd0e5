"""Servers that answer with anything: each connector, each call. What comes is an outcome or an
error with a code, in time; nobody else is asked, and nothing is taken for posted, found or gone.

How one request is bounded in time and size, and kept out of our own network: test_calls.py.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from engage import intake
from engage.connectors import connector_for
from engage.connectors.base import (
    Ambiguous,
    Connector,
    ConnectorError,
    Item,
    LiveState,
    Prepared,
    ReadsBack,
    ReadsThreads,
    RetryAfter,
    Unknown,
    new_tag,
)
from engage.connectors.calls import LARGEST
from tests import cases

TRAP = "127.0.0.2"
DEEP = b"[" * 200_000
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b ['
    + b"".join(
        b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"ha" * 10) for n in range(12)
    )
    + b"]><rss><channel><item><title>&e11;</title></item></channel></rss>"
)
SCRIPT = b"<html><script>alert(document.cookie)</script><body onload=alert(1)>hello</body></html>"
NOW = datetime.now(UTC).isoformat()


@dataclass(frozen=True)
class Said:
    """What a hostile server answers to everything."""

    status: int = 200
    body: bytes = b""
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


SAYS: dict[str, Said] = {
    "ten megabytes": Said(body=b'{"a": "' + b"x" * 2 * LARGEST + b'"}'),
    "nothing": Said(),
    "no content": Said(204),
    "noise": Said(body=bytes(range(256)) * 40, type="application/octet-stream"),
    "a page with a script": Said(body=SCRIPT, type="text/html"),
    "a page as JSON": Said(body=SCRIPT),
    "an XML bomb": Said(body=BOMB, type="application/rss+xml"),
    "null": Said(body=b"null"),
    "a list": Said(body=b"[]"),
    "a list of lists": Said(body=b"[[], [[]], null, 1]"),
    "an empty object": Said(body=b"{}"),
    "a deep list": Said(body=DEEP),
    "a huge number": Said(body=b'{"id": ' + b"9" * 5_000 + b"}"),
    "half of a character": Said(body=b'{"id": "\\ud83c", "content": {"raw": "\\ud83c"}}'),
    "wrong types": Said(
        body=json.dumps(
            {
                name: {"a": [None]}
                for name in (
                    "id", "items", "posts", "latest_posts", "post_stream", "data", "json", "thread",
                    "feed", "notifications", "chunk", "next_batch", "rooms", "joined_rooms", "uri",
                    "did", "accessJwt", "access_token", "user_id", "state", "text", "statuses",
                )
            }
        ).encode()
    ),
    "a redirect to itself": Said(302, headers={"Location": "/"}),
    "a redirect to us": Said(307, headers={"Location": "{trap}"}),
    "a redirect to metadata": Said(301, headers={"Location": "http://169.254.169.254/latest/"}),
    "a redirect to a file": Said(302, headers={"Location": "file:///etc/passwd"}),
    "not found, by somebody else": Said(404, SCRIPT, "text/html"),
    "unavailable": Said(503, SCRIPT, "text/html"),
    "wait for ever": Said(429, b"{}", headers={"Retry-After": "1e400"}),
    "wait minus one": Said(429, b"{}", headers={"Retry-After": "-1"}),
    "a wrong length": Said(200, b"{}", headers={"Content-Length": "100000"}),
}  # fmt: skip


class Hostile:
    """A server that says the same to everybody, and one that nobody may be led to."""

    def __init__(self) -> None:
        self.said = Said()
        self.trapped: list[str] = []
        # Only the first address is one that the administrator listed.
        self._servers = [self._listen("127.0.0.1", self._answer), self._listen(TRAP, self._trap)]
        here, trap = (server.server_port for server in self._servers)
        self.url, self.trap = f"http://127.0.0.1:{here}", f"http://{TRAP}:{trap}"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        said = self.said
        request.send_response(said.status)
        headers = {"Content-Type": said.type, "Content-Length": str(len(said.body)), **said.headers}
        for name, value in headers.items():
            request.send_header(name, value.format(trap=self.trap))
        request.end_headers()
        request.wfile.write(said.body)

    def _trap(self, request: BaseHTTPRequestHandler) -> None:
        self.trapped.append(request.path)
        request.send_response(200)
        request.end_headers()

    def _listen(
        self, host: str, answer: Callable[[BaseHTTPRequestHandler], None]
    ) -> ThreadingHTTPServer:
        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with contextlib.suppress(OSError):  # whoever asked had enough
                    answer(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        server = ThreadingHTTPServer((host, 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    here = Hostile()
    yield here
    here.stop()


# Settings, a reference, the frozen request of a reply, and the address of a thread.
KINDS: dict[str, tuple[dict[str, Any], str, dict[str, Any], str]] = {
    "wordpress": (
        {"base_url": "{url}", "username": "expert", "application_password": "secret"},
        "5",
        {"post": 1, "parent": 2, "content": "Text."},
        "{url}/?p=1",
    ),
    "matrix": (
        {"base_url": "{url}", "room": "!a:m.example", "token": "secret", "device_id": "D"},
        "$5",
        {"room": "!a:m.example", "device_id": "D", "parent_id": "$1", "content": {"body": "Text."}},
        "https://matrix.to/#/!a:m.example/$1",
    ),
    "bluesky": (
        {"service": "{url}", "identifier": "a.example", "app_password": "secret", "watch": ["@b"]},
        "at://did:plc:a/app.bsky.feed.post/5",
        {
            "repo": "a.example",
            "rkey": "5",
            "root": "at://did:plc:b/app.bsky.feed.post/1",
            "parent": "at://did:plc:b/app.bsky.feed.post/1",
            "text": "Text.",
            "created_at": NOW,
        },
        "https://bsky.app/profile/b.example/post/1",
    ),
    "discourse": (
        {"base_url": "{url}", "username": "expert", "api_key": "secret"},
        "1/5",
        {"topic_id": 1, "reply_to_post_number": 2, "raw": "Text."},
        "{url}/t/a-question/1",
    ),
    "mastodon": (
        {"base_url": "{url}", "access_token": "secret", "watch": ["#iud", "@b@c.example"]},
        "5",
        {"status": "Text.", "in_reply_to_id": "1"},
        "https://elsewhere.example/@b/1",
    ),
    "reddit": (
        {
            "subreddit": "birthcontrol",
            "client_id": "c",
            "client_secret": "secret",
            "refresh_token": "secret",
            "login_url": "{url}",
            "api_url": "{url}",
        },
        "t1_5",
        {"thing_id": "t3_1", "text": "Text."},
        "https://www.reddit.com/r/birthcontrol/comments/1/a/",
    ),
    "sandbox": (
        {"base_url": "{url}", "board": "b", "token": "secret"},
        "5",
        {"thread_id": "1", "parent_id": "2", "author": "care-team", "text": "Text."},
        "",
    ),
    "feed": ({"feed_url": "{url}/rss"}, "5", {}, ""),
}


def connector_to(hostile: Hostile, kind: str) -> Connector:
    settings = KINDS[kind][0]
    placed = {
        name: value.format(url=hostile.url) if isinstance(value, str) else value
        for name, value in settings.items()
    }
    return connector_for(kind, placed)


def calls_of(hostile: Hostile, kind: str) -> dict[str, Callable[[], object]]:
    """Every call of a connector that asks its server."""
    connector = connector_to(hostile, kind)
    _, post_id, body, address = KINDS[kind]
    ref, prepared = {"post_id": post_id}, Prepared({**body, "tag": new_tag(datetime.now(UTC))})
    calls: dict[str, Callable[[], object]] = {
        "fetch_since": lambda: connector.fetch_since({}),
        "missing": connector.missing,
    }
    if connector.caps.can_publish:
        calls |= {
            "publish": lambda: connector.publish(prepared),
            "find_published": lambda: connector.find_published(prepared),
            "fetch_published": lambda: connector.fetch_published(ref),
            "edit": lambda: connector.edit(ref, "Other.", "1"),
            "withdraw": lambda: connector.withdraw(ref),
        }
    if isinstance(connector, ReadsThreads):
        calls["fetch_thread"] = lambda: connector.fetch_thread(
            address.format(url=hostile.url), [post_id]
        )
    if isinstance(connector, ReadsBack):
        since = datetime.now(UTC) - timedelta(days=1)
        calls["fetch_back"] = lambda: connector.fetch_back(since, {})
    return calls


def outcome_of(call: Callable[[], object]) -> object:
    try:
        return call()
    except ConnectorError as error:
        assert error.code.replace("_", "").isalnum() and len(error.code) <= 60
        return error


@pytest.mark.parametrize("says", SAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_server_says_is_an_outcome_in_time(
    hostile: Hostile, kind: str, says: str
) -> None:
    hostile.said, hostile.trapped = SAYS[says], []
    for name, call in calls_of(hostile, kind).items():
        started = time.monotonic()
        outcome = outcome_of(call)
        assert time.monotonic() - started < 20, name
        if name == "publish":
            assert isinstance(outcome, Unknown | RetryAfter), (name, outcome)
        if name == "find_published":
            assert isinstance(outcome, ConnectorError | Ambiguous), (name, outcome)
        if name == "fetch_published":
            assert getattr(outcome, "state", None) is LiveState.UNREADABLE, (name, outcome)
        if name in ("edit", "withdraw"):
            assert isinstance(outcome, ConnectorError), (name, outcome)
        if name == "missing":
            assert outcome or says == "an XML bomb", (name, outcome)  # which a feed can be
        if name in ("fetch_since", "fetch_thread", "fetch_back"):
            short = isinstance(outcome, ConnectorError) or all(
                len(item.text) < 10 for item in _items(outcome)
            )
            assert short, (name, outcome)
        assert "alert" not in repr(outcome)
    assert hostile.trapped == []


def _items(outcome: Any) -> Any:
    return outcome.items if hasattr(outcome, "cursor") else outcome


@pytest.mark.django_db
@pytest.mark.parametrize("off", [timedelta(days=1), timedelta(days=-1), timedelta(days=40_000)])
def test_a_clock_that_is_wrong_dates_nothing_into_the_future(off: timedelta) -> None:
    here = cases.community()
    at = datetime.now(UTC) + off
    item = Item("1", "1", "https://a.example/1", "Title", None, "keisha", at, "How long?")
    (received,) = intake.receive(here, [item], by="system")
    assert received.post
    assert received.post.published_at <= timezone.now()
    assert received.post.thread.last_post_at <= timezone.now()
    (again,) = intake.receive(here, [item], by="system")
    assert again.arrival is intake.Arrival.UNCHANGED
