"""The feed connector against real servers: the sandbox community's feeds, and odd ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engage.connectors.base import ConnectorError, Intent, Live, LiveState, Refused
from engage.connectors.feed import REMEMBERED, FeedConnector
from engage.connectors.plain_text import plain_text
from tests.engage.sandbox_server import SandboxServer, free_port, sandbox

__all__ = ["sandbox"]  # a fixture

TEXT = "First line & “quotes”\nsecond <b>line</b>\n\nA new paragraph 🌿"


class Shelf:
    """A web server that answers with whatever a test puts on it."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.headers: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shelf.asked.append({k.lower(): v for k, v in self.headers.items()})
                self.send_response(shelf.status)
                for name, value in shelf.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(shelf.body)))
                self.end_headers()
                self.wfile.write(shelf.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/feed"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def rss(self, *items: str) -> None:
        """Puts an RSS feed on the shelf; `items` is what stands between <item> and </item>."""
        inner = "".join(f"<item>{item}</item>" for item in items)
        self.body = (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
            f"<title>Forum</title><link>http://f.example/</link>{inner}</channel></rss>"
        ).encode()


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    served = Shelf()
    yield served
    served.server.shutdown()
    served.server.server_close()


def follow(cursor: Any) -> Any:
    """A cursor as it comes back from the database."""
    return json.loads(json.dumps(dict(cursor), sort_keys=True))


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_board_feed_is_followed_through_its_life(sandbox: SandboxServer, kind: str) -> None:
    board = sandbox.new_board()
    question = sandbox.new_thread(board, TEXT, created_at="2026-03-01T08:00:00Z")
    reply = sandbox.new_reply(question, "Me too.", created_at="2026-03-01T09:30:00Z")
    feed = FeedConnector({"feed_url": f"{sandbox.base_url}/b/{board}/feed.{kind}"})

    first = feed.fetch_since({})
    asked, answered = first.items
    assert (asked.post_id, answered.post_id) == (question["url"], reply["url"])
    assert asked.text == TEXT
    assert (asked.author, asked.thread_title) == ("willow", "A question")
    assert asked.thread_id == asked.thread_url == question["thread_url"]
    assert asked.published_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert (asked.parent_id, answered.parent_id) == (None, question["url"])
    assert (answered.thread_id, answered.thread_title) == (asked.thread_id, "A question")

    # Nothing changed: the server says 304, and nothing is delivered again.
    headers = {"If-None-Match": first.cursor["etag"]}
    assert sandbox.raw("GET", f"/b/{board}/feed.{kind}", headers=headers).status_code == 304
    second = feed.fetch_since(follow(first.cursor))
    assert second.items == () and follow(second.cursor) == follow(first.cursor)

    sandbox.call("PATCH", f"/api/posts/{reply['id']}/", {"text": "Me too, since May."})
    third = feed.fetch_since(follow(second.cursor))
    assert [(i.post_id, i.text) for i in third.items] == [(reply["url"], "Me too, since May.")]

    another = sandbox.new_reply(reply, "Thanks.")
    fourth = feed.fetch_since(follow(third.cursor))
    assert [(i.post_id, i.parent_id) for i in fourth.items] == [(another["url"], reply["url"])]


def test_conditional_request_is_sent_and_304_is_empty(shelf: Shelf) -> None:
    shelf.rss("<guid>1</guid><description>One</description>")
    shelf.headers = {"ETag": '"abc"', "Last-Modified": "Sun, 01 Mar 2026 08:00:00 GMT"}
    feed = FeedConnector({"feed_url": shelf.url})
    page = feed.fetch_since({})
    shelf.status, shelf.body = 304, b""
    again = feed.fetch_since(follow(page.cursor))
    assert shelf.asked[1]["if-none-match"] == '"abc"'
    assert shelf.asked[1]["if-modified-since"] == "Sun, 01 Mar 2026 08:00:00 GMT"
    assert again.items == () and follow(again.cursor) == follow(page.cursor)


def test_cursor_of_another_feed_is_not_used(shelf: Shelf) -> None:
    shelf.rss("<guid>1</guid><description>One</description>")
    shelf.headers = {"ETag": '"abc"'}
    page = FeedConnector({"feed_url": shelf.url}).fetch_since({})
    moved = FeedConnector({"feed_url": f"{shelf.url}/moved"}).fetch_since(follow(page.cursor))
    assert len(moved.items) == 1 and "if-none-match" not in shelf.asked[1]


ENTRIES = [
    # what the item holds, (post_id, text, thread_title, author)
    (
        "<guid isPermaLink='false'>g1</guid><title>T</title><description>D</description>",
        ("g1", "D", "T", "unknown"),
    ),
    (
        "<link>http://f.example/t/1#c2</link><description>no guid</description>",
        ("http://f.example/t/1#c2", "no guid", "", "unknown"),
    ),
    (
        "<guid>g2</guid><title>Only a title</title>",
        ("g2", "Only a title", "Only a title", "unknown"),
    ),
    (
        "<guid>g3</guid><description>&lt;p&gt;One &amp;amp; two&lt;/p&gt;&lt;ul&gt;&lt;li&gt;a"
        "&lt;li&gt;b&lt;/ul&gt;&lt;script&gt;x()&lt;/script&gt;</description>",
        ("g3", "One & two\n\n- a\n- b", "", "unknown"),
    ),
    (
        "<guid>g4</guid><description>less 3 &lt; 5 than</description>",
        ("g4", "less 3 < 5 than", "", "unknown"),
    ),
    (
        "<guid>g5</guid><description><![CDATA[<b>bold</b> move]]></description>"
        "<author>a@f.example (Ash)</author>",
        ("g5", "bold move", "", "a@f.example (Ash)"),
    ),
]


@pytest.mark.parametrize(("entry", "expected"), ENTRIES, ids=[e[1][0] for e in ENTRIES])
def test_entry_becomes_an_item(shelf: Shelf, entry: str, expected: tuple[str, ...]) -> None:
    shelf.rss(entry)
    (item,) = FeedConnector({"feed_url": shelf.url}).fetch_since({}).items
    assert (item.post_id, item.text, item.thread_title, item.author) == expected


def test_entry_without_guid_and_link_is_known_by_what_it_says(shelf: Shelf) -> None:
    shelf.rss("<description>One</description>", "<description>Two</description>")
    feed = FeedConnector({"feed_url": shelf.url})
    page = feed.fetch_since({})
    assert len({item.post_id for item in page.items}) == 2
    assert all(item.post_id.startswith("sha256:") for item in page.items)
    assert feed.fetch_since(follow(page.cursor)).items == ()


def test_entry_that_says_nothing_is_left_out(shelf: Shelf) -> None:
    shelf.rss("<guid>1</guid>", "<guid>2</guid><description>Two</description>")
    (item,) = FeedConnector({"feed_url": shelf.url}).fetch_since({}).items
    assert item.text == "Two"


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 01 Mar 2026 08:00:00 GMT", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("Sun, 01 Mar 2026 08:00:00 +0200", datetime(2026, 3, 1, 6, tzinfo=UTC)),
        ("2026-03-01T08:00:00-05:00", datetime(2026, 3, 1, 13, tzinfo=UTC)),
        ("Fri, 01 Jan 2999 08:00:00 GMT", None),
        ("last Tuesday", None),
        ("", None),
    ],
)
def test_dates_are_aware_and_never_in_the_future(
    shelf: Shelf, date: str, expected: datetime | None
) -> None:
    shelf.rss(f"<guid>1</guid><description>One</description><pubDate>{date}</pubDate>")
    (item,) = FeedConnector({"feed_url": shelf.url}).fetch_since({}).items
    if expected:
        assert item.published_at == expected
    else:
        assert timedelta() <= datetime.now(UTC) - item.published_at < timedelta(minutes=1)


def test_broken_feed_gives_what_can_be_read(shelf: Shelf) -> None:
    shelf.rss("<guid>1</guid><description>One</description>", "<guid>2</guid><description>Tw")
    shelf.body = shelf.body[: shelf.body.index(b"Tw")]
    items = FeedConnector({"feed_url": shelf.url}).fetch_since({}).items
    assert items[0].text == "One"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff\x00",
        b"<html><body>Log in</body></html>",
        b'{"a": 1}',
        b"<rss version='2.0'>",
    ],
)
def test_what_is_no_feed_is_unreadable(shelf: Shelf, body: bytes) -> None:
    shelf.body = body
    with pytest.raises(ConnectorError) as raised:
        FeedConnector({"feed_url": shelf.url}).fetch_since({})
    assert raised.value.code == "feed_unreadable"


def test_feed_without_entries_is_fine(shelf: Shelf) -> None:
    shelf.rss()
    assert FeedConnector({"feed_url": shelf.url}).fetch_since({}).items == ()


@pytest.mark.parametrize(
    ("status", "retry"), [(401, False), (404, False), (410, False), (429, True), (503, True)]
)
def test_refusal_is_a_code_and_says_whether_to_ask_again(
    shelf: Shelf, status: int, retry: bool
) -> None:
    shelf.status = status
    with pytest.raises(ConnectorError) as raised:
        FeedConnector({"feed_url": shelf.url}).fetch_since({})
    assert (raised.value.code, raised.value.retry) == (f"http_{status}", retry)


def test_unreachable_feed_does_not_tell_its_address() -> None:
    url = f"http://127.0.0.1:{free_port()}/canary-4711"
    with pytest.raises(ConnectorError) as raised:
        FeedConnector({"feed_url": url}).fetch_since({})
    assert (raised.value.code, raised.value.retry) == ("connection", True)
    assert "canary" not in repr(raised.value) and raised.value.__cause__ is None


def test_redirects_are_followed_but_not_for_ever(shelf: Shelf) -> None:
    shelf.status, shelf.headers = 302, {"Location": shelf.url}
    with pytest.raises(ConnectorError) as raised:
        FeedConnector({"feed_url": shelf.url}).fetch_since({})
    assert raised.value.code == "redirected" and len(shelf.asked) == 6


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("http://localhost:9/", "leads_inside"),
        ("http://169.254.169.254/latest/meta-data/", "leads_inside"),
        ("http://[::ffff:169.254.169.254]/", "leads_inside"),
        ("file:///etc/passwd", "redirected"),
    ],
)
def test_redirect_into_our_own_network_is_not_followed(shelf: Shelf, to: str, code: str) -> None:
    shelf.status, shelf.headers = 302, {"Location": to}
    with pytest.raises(ConnectorError) as raised:
        FeedConnector({"feed_url": shelf.url}).fetch_since({})
    assert raised.value.code == code


def test_entities_are_not_expanded_without_end_or_from_files(shelf: Shelf) -> None:
    shelf.body = (
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/hostname">'
        b'<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b'<rss version="2.0"><channel><item><guid>1</guid>'
        b"<description>x &f; &b; y</description></item></channel></rss>"
    )
    hostname = Path("/etc/hostname").read_text().strip()
    try:
        items = FeedConnector({"feed_url": shelf.url}).fetch_since({}).items
    except ConnectorError:
        return
    assert all(hostname not in item.text and len(item.text) < 200 for item in items)


def test_memory_is_bounded_and_keeps_what_is_still_in_the_feed(shelf: Shelf) -> None:
    old = [f"<guid>old{n}</guid><description>{n}</description>" for n in range(5)]
    shelf.rss(*old)
    feed = FeedConnector({"feed_url": shelf.url})
    cursor = follow(feed.fetch_since({}).cursor)
    many = [f"<guid>{n}</guid><description>{n}</description>" for n in range(REMEMBERED - 1)]
    shelf.rss(*many, old[0])
    page = feed.fetch_since(cursor)
    assert len(page.items) == REMEMBERED - 1
    assert len(page.cursor["seen"]) == REMEMBERED
    assert feed.fetch_since(follow(page.cursor)).items == ()


def test_feed_takes_no_posts() -> None:
    feed = FeedConnector({"feed_url": "http://127.0.0.1:1/"})
    prepared = feed.prepare(Intent("1", "", "2", "text", "tag"))
    assert feed.publish(prepared) == Refused("read_only")
    assert feed.fetch_published({}) == Live(LiveState.UNREADABLE)
    assert not (feed.caps.can_publish or feed.caps.can_edit or feed.caps.can_withdraw)
    for ask in (
        lambda: feed.find_published(prepared),
        lambda: feed.edit({}, "text", "1"),
        lambda: feed.withdraw({}),
    ):
        with pytest.raises(ConnectorError, match="read_only"):
            ask()


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("<p>One<br>two</p><p>three</p>", "One\ntwo\n\nthree"),
        ("<p>One</p>\n\n<p>two</p>", "One\n\ntwo"),
        ("a  \n b&nbsp;&nbsp;c", "a b c"),
        ("<ol><li>a</li><li>b</li></ol>", "- a\n- b"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("un<b>broken</b> word", "unbroken word"),
        ("5 &lt; 6 &amp;&amp; 7", "5 < 6 && 7"),
        ("<style>p{}</style><script>x()</script>y", "y"),
        ("<p>open <b>ended", "open ended"),
        ("", ""),
    ],
)
def test_plain_text_of_markup(markup: str, text: str) -> None:
    assert plain_text(markup) == text
