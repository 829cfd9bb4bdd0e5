"""The Bluesky connector without a network, and against a fake that answers as no good server does.

What a real server does is in tests/peers.
"""

from __future__ import annotations

import json
import re
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
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
    new_tag,
)
from engage.connectors.bluesky import BlueskyConnector

AT = datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)
QUESTION = "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kaaaaaaaaa2a"
OURS = "at://did:plc:bbbbbbbbbbbbbbbbbbbbbbbb/app.bsky.feed.post/3kbbbbbbbbb2b"
SETTINGS = {"identifier": "clinic.test", "app_password": "canary-4711"}


def intent(text: str = "Thank you.", tag: str = "", parent: str = QUESTION) -> Intent:
    return Intent(QUESTION, "", parent, text, tag or new_tag(AT))


def prepared(text: str = "Thank you.", tag: str = "") -> Prepared:
    return BlueskyConnector(SETTINGS).prepare(intent(text, tag))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"app_password": "canary"}, "'identifier'"),
        ({"identifier": "canary.test"}, "'app_password'"),
        (SETTINGS | {"identifier": "canary clinic"}, "'identifier'"),
        (SETTINGS | {"service": "http://canary.example"}, "'service'"),
        (SETTINGS | {"service": "https://canary.example/xrpc"}, "'service'"),
        (SETTINGS | {"watch": "#canary"}, "'watch'"),
        (SETTINGS | {"watch": ["#canary", " "]}, "'watch'"),
    ],
)
def test_wrong_settings_are_named_without_their_values(settings: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        connector_for("bluesky", settings)
    assert "canary" not in str(raised.value)


def test_prepare_is_pure_and_its_keys_are_in_the_order_of_time() -> None:
    tag = new_tag(AT)
    first = prepared(tag=tag).body
    assert first == prepared(tag=tag).body
    assert (first["created_at"], first["tag"]) == ("2026-03-01T08:00:00.123Z", tag)
    # https://atproto.com/specs/tid
    assert re.fullmatch("[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", first["rkey"])
    later = prepared(tag=new_tag(AT + timedelta(microseconds=1))).body
    assert first["rkey"] < later["rkey"]


FAMILY = "👩\u200d👩\u200d👧\u200d👦"  # one character, 25 bytes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x" * 300, ""),
        ("e\u0301" * 300, ""),
        (FAMILY * 120, ""),
        ("x" * 301, "301 characters"),
        ("🇩🇪" * 301, "301 characters"),
        (FAMILY * 121, "3000 bytes"),
    ],
)
def test_prepare_counts_characters_as_people_do(text: str, says: str) -> None:
    if not says:
        assert prepared(text).body["text"] == text
        return
    with pytest.raises(ValueError, match=says):
        prepared(text)


def test_prepare_refuses_what_is_no_post_of_bluesky() -> None:
    with pytest.raises(ValueError, match="not one of Bluesky"):
        BlueskyConnector(SETTINGS).prepare(intent(parent="https://example.org/1"))


class FakeServer(BaseHTTPRequestHandler):
    """Answers what a test put into `answers` for a method, else what a good server would."""

    answers: dict[str, Any] = {}
    asked: list[tuple[str, Any]] = []

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        name = self.path.split("/xrpc/")[1].partition("?")[0].rsplit(".", 1)[1]
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        self.asked.append((name, body))
        answer = self.answers.get(name)
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else None
        status, content, headers = answer or (200, GOOD[name], {})
        if name == "getRecord" and answer is None:
            status, content = 400, {"error": "RecordNotFound"}
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            return  # the connector had enough


PARENT = {
    "uri": QUESTION,
    "cid": "cid-1",
    "author": {"handle": "willow.test"},
    "record": {"text": "Does anybody know?"},
}
ELSEWHERE = {"uri": OURS, "cid": "cid-9"}
MOVED = PARENT | {
    "record": {"text": "Moved.", "reply": {"root": ELSEWHERE, "parent": ELSEWHERE}},
}
GOOD: dict[str, Any] = {
    "createSession": {"did": OURS[5:37], "accessJwt": "token"},
    "getPosts": {"posts": [PARENT]},
    "putRecord": {"uri": OURS, "cid": "cid-2"},
    "getRecord": {},
    "listNotifications": {"notifications": []},
}


@pytest.fixture
def fake() -> Iterator[BlueskyConnector]:
    FakeServer.answers, FakeServer.asked = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeServer)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    yield BlueskyConnector(SETTINGS | {"service": address})
    server.shutdown()
    server.server_close()


def times(name: str) -> int:
    return [asked for asked, _ in FakeServer.asked].count(name)


def test_publish_sends_an_explicit_null_so_that_nothing_is_overwritten(
    fake: BlueskyConnector,
) -> None:
    assert isinstance(fake.publish(prepared("See https://example.org/é.")), Posted)
    body = FakeServer.asked[-1][1]
    assert body["swapRecord"] is None and "swapRecord" in body
    version = {"uri": QUESTION, "cid": "cid-1"}
    assert body["record"]["reply"] == {"root": version, "parent": version}
    assert body["record"]["facets"][0]["index"] == {"byteStart": 4, "byteEnd": 26}


HUGE = b'{"uri": "' + b"x" * 6_000_000 + b'"}'


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((500, {"error": "InternalServerError"}, {}), Unknown("http_500")),
        ((502, b"<html>", {}), Unknown("http_502")),
        ((408, {}, {}), Unknown("http_408")),
        ((302, b"", {"Location": "http://169.254.169.254/"}), Unknown("http_302")),
        ((200, b"<html>", {}), Unknown("unreadable_answer")),
        ((200, {"cid": "x"}, {}), Unknown("unreadable_answer")),
        ((200, {"uri": "at://else", "cid": "x"}, {}), Unknown("unreadable_answer")),
        ((200, b"[" * 100_000, {}), Unknown("unreadable_answer")),
        ((200, HUGE, {}), Unknown("too_large")),
        ((400, {"error": "InvalidSwap"}, {}), Unknown("invalid_swap")),
        ((400, {"error": "InvalidRequest"}, {}), Refused("http_400")),
        ((400, {"error": "AccountDeactivated"}, {}), Refused("account_deactivated")),
        ((429, {}, {"Retry-After": "7"}), RetryAfter(7)),
        ((429, {}, {"RateLimit-Reset": "nonsense"}), RetryAfter(30)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_publish_meets_an_answer(fake: BlueskyConnector, answer: Any, outcome: Any) -> None:
    FakeServer.answers = {"putRecord": answer}
    assert fake.publish(prepared()) == outcome
    assert times("putRecord") == 1


@pytest.mark.parametrize(
    ("name", "answer", "outcome"),
    [
        ("getPosts", (200, {"posts": []}, {}), Refused("parent_gone")),
        (
            "getPosts",
            (200, {"posts": [PARENT | {"viewer": {"replyDisabled": True}}]}, {}),
            Refused("thread_locked"),
        ),
        (
            "getRecord",
            (200, {"uri": "at://gate", "cid": "x", "value": {}}, {}),
            Refused("withdrawn"),
        ),
        ("getRecord", (200, {}, {}), Refused("withdrawn")),
        ("getRecord", (500, {}, {}), Unknown("http_500")),
        ("getPosts", (200, {"posts": [MOVED]}, {}), Refused("parent_moved")),
        ("createSession", (401, {"error": "AuthenticationRequired"}, {}), Refused("unauthorised")),
    ],
)
def test_publish_sends_nothing_where_it_may_not(
    fake: BlueskyConnector, name: str, answer: Any, outcome: Any
) -> None:
    FakeServer.answers = {name: answer}
    assert fake.publish(prepared()) == outcome
    assert times("putRecord") == 0


def test_a_login_that_is_over_is_renewed_once(fake: BlueskyConnector) -> None:
    over = (400, {"error": "ExpiredToken"}, {})
    FakeServer.answers = {"putRecord": [over]}
    assert isinstance(fake.publish(prepared()), Posted)
    FakeServer.answers = {"putRecord": [over, over]}
    assert fake.publish(prepared()) == Refused("unauthorised")
    assert times("createSession") == 3


def test_a_slow_drip_ends_with_the_time_limit(
    fake: BlueskyConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(self: FakeServer) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            try:
                self.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.2)

    monkeypatch.setattr(FakeServer, "do_POST", drip)
    started = time.monotonic()
    assert fake.publish(prepared()) == Unknown("timeout")
    assert time.monotonic() - started < fake.caps.client_timeout_seconds


def test_a_look_up_with_an_empty_answer_proves_nothing(fake: BlueskyConnector) -> None:
    FakeServer.answers = {"getRecord": (200, {}, {})}
    with pytest.raises(ConnectorError, match="unreadable_answer"):
        fake.find_published(prepared())


@pytest.mark.parametrize(
    "answer", [(200, HUGE, {}), (200, b"<html>", {}), (400, {"error": "InvalidRequest"}, {})]
)
def test_a_thread_that_cannot_be_read_hides_no_post_and_stops_no_other(
    fake: BlueskyConnector, answer: Any
) -> None:
    row = PARENT | {"replyCount": 1}
    FakeServer.answers = {
        "listNotifications": (200, {"notifications": [row]}, {}),
        "getPosts": (200, {"posts": [row]}, {}),
        "getPostThread": answer,
    }
    page = fake.fetch_since({})
    assert [(item.text, item.deleted) for item in page.items] == [("Does anybody know?", False)]
    assert fake.fetch_since(page.cursor).items == ()
    FakeServer.answers["getPosts"] = (200, {"posts": []}, {})
    assert [item.deleted for item in fake.fetch_since(page.cursor).items] == [True]


def test_a_thread_without_an_answer_is_read_again(fake: BlueskyConnector) -> None:
    FakeServer.answers = {
        "listNotifications": (200, {"notifications": [PARENT | {"replyCount": 1}]}, {}),
        "getPosts": (200, {"posts": [PARENT | {"replyCount": 1}]}, {}),
        "getPostThread": (503, {}, {}),
    }
    with pytest.raises(ConnectorError, match="http_503"):
        fake.fetch_since({})


def test_reading_what_makes_no_sense_is_unreadable_never_gone(fake: BlueskyConnector) -> None:
    for value in ({}, {"text": 1}, [], {"text": "x", "reply": 7}):
        FakeServer.answers = {"getRecord": (200, {"uri": OURS, "cid": "c", "value": value}, {})}
        assert fake.fetch_published({"post_id": OURS}) == Live(LiveState.UNREADABLE)
    FakeServer.answers = {"listNotifications": (200, {"notifications": "none"}, {})}
    with pytest.raises(ConnectorError, match="unreadable_answer"):
        fake.fetch_since({})
    with pytest.raises(ConnectorError, match="bad_reference"):
        fake.withdraw({"post_id": "../../x"})


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((401, {"error": "AuthenticationRequired"}, {}), "app password is wrong"),
        ((401, {"error": "AuthFactorTokenRequired"}, {}), "account's own password"),
        ((404, b"<html>", {}), "no Bluesky server"),
        ((200, b"<html>", {}), "no Bluesky server"),
    ],
)
def test_missing_says_in_words_what_is_wrong(
    fake: BlueskyConnector, answer: Any, says: str
) -> None:
    FakeServer.answers = {"createSession": answer}
    (sentence,) = fake.missing()
    assert says in sentence
