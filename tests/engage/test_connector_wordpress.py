"""What the WordPress connector does without a site, and with one that is none. The rest is in
tests/peers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from engage.communities import add_community, can_publish
from engage.connectors import connector_for
from engage.connectors.base import ConnectorError, Live, LiveState, Prepared, RetryAfter, Unknown
from engage.connectors.wordpress_reading import NUMBERS, _to_read_again
from engage.connectors.wordpress_site import A_PAGE
from engage.enums import ConnectorKind

SETTINGS = {"base_url": "https://c.example", "username": "expert", "application_password": "abcd"}


def test_old_comments_are_read_again_in_turn() -> None:
    seen: set[str] = set()
    turn = 0
    for _ in range(NUMBERS // A_PAGE - 1):
        again, turn = _to_read_again(5_000, turn)
        assert {str(n) for n in range(4_901, 5_001)} <= set(again) and len(again) == 2 * A_PAGE
        seen |= set(again)
    assert turn == 0 and seen == {str(n) for n in range(5_001 - NUMBERS, 5_001)}
    assert _to_read_again(3, 0)[0] == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"base_url": ""}, "base_url"),
        ({"base_url": "ftp://canary-4711"}, "base_url"),
        ({"username": ""}, "username"),
        ({"username": "canary-4711:x"}, "username"),
        ({"application_password": ""}, "application_password"),
    ],
)
def test_wrong_settings_are_named_without_their_values(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        connector_for("wordpress", {**SETTINGS, **changed})
    assert "canary" not in str(raised.value)


class HostileHandler(BaseHTTPRequestHandler):
    """Answers everything with what the test put into `server.answer`."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, body = self.server.answer  # type: ignore[attr-defined]
        self.server.asked += 1  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the client has had enough
            self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def hostile() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), HostileHandler)
    server.asked = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, {}, b"[" + b"1," * 4_000_000 + b"1]"), "too_large"),
        ((200, {}, b"[" * 100_000), "unreadable_answer"),
        ((200, {}, b"<html><script>alert(1)</script>"), "unreadable_answer"),
        ((200, {}, b'{"id": "x", "status": "approved"}'), "unreadable_answer"),
        ((301, {"Location": "http://169.254.169.254/latest/meta-data/"}, b""), "http_301"),
        ((403, {}, b"<html>blocked by a firewall"), "http_403"),
        ((502, {}, b'{"code": "comment_duplicate"}'), "http_502"),
    ],
    ids=["large", "deep", "html", "wrong", "redirect", "firewall", "gateway"],
)
def test_an_answer_that_is_none_is_unknown_and_unreadable(
    hostile: Any, answer: Any, code: str
) -> None:
    hostile.answer = answer
    address = f"http://127.0.0.1:{hostile.server_port}"
    connector = connector_for("wordpress", {**SETTINGS, "base_url": address})
    prepared = Prepared({"post": 1, "parent": 2, "content": "Text.", "tag": "t"})
    assert connector.publish(prepared) == Unknown(code)
    assert hostile.asked == 1  # no redirect is followed, and nothing is sent again
    assert connector.fetch_published({"post_id": "1"}) == Live(LiveState.UNREADABLE)
    for ask in (lambda: connector.fetch_since({}), lambda: connector.find_published(prepared)):
        with pytest.raises(ConnectorError) as raised:
            ask()
        assert raised.value.retry
    assert len(connector.missing()) == 1


def test_a_proxy_that_asks_to_wait_is_waited_for(hostile: Any) -> None:
    hostile.answer = (429, {"Retry-After": "7"}, b"slow down")
    address = f"http://127.0.0.1:{hostile.server_port}"
    connector = connector_for("wordpress", {**SETTINGS, "base_url": address})
    prepared = Prepared({"post": 1, "parent": 2, "content": "Text.", "tag": "t"})
    assert connector.publish(prepared) == RetryAfter(7.0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "can"),
    [
        ("sandbox", {"base_url": "http://127.0.0.1:9", "board": "b", "token": "t"}, True),
        ("wordpress", SETTINGS, True),
        ("wordpress", {}, False),
        ("feed", {"feed_url": "http://127.0.0.1:9/"}, False),
        ("push", {}, False),
    ],
)
def test_what_can_be_posted_to_is_known_without_asking(
    kind: str, settings: dict[str, str], can: bool
) -> None:
    community = add_community(
        by="system", slug="c", name="C", connector=ConnectorKind(kind), settings=settings
    )
    assert can_publish(community) is can
