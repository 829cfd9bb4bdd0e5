"""The sandbox connector against the real server: every answer that a platform may give."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engage.connectors import connector_for
from engage.connectors.base import (
    Ambiguous,
    Conflict,
    ConnectorError,
    Found,
    Intent,
    Live,
    LiveState,
    NotFound,
    Pending,
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
)
from engage.connectors.sandbox import SandboxConnector
from tests.engage.sandbox_server import SandboxServer, free_port, sandbox

__all__ = ["sandbox"]  # a fixture

TEXT = "Thank you for asking.\r\n  Two  blanks, “quotes” -- <b>not bold</b> & 🌿 café\n"


class Board:
    """A board with one question, and the connector to it."""

    def __init__(self, server: SandboxServer, **settings: Any) -> None:
        self.server = server
        self.slug = server.new_board()
        self.question = server.new_thread(self.slug)
        self.connector = SandboxConnector(server.settings(self.slug, **settings))

    def prepared(self, text: str = TEXT) -> Prepared:
        return self.connector.prepare(
            Intent(
                thread_id=self.question["thread_id"],
                thread_url=self.question["thread_url"],
                parent_id=self.question["id"],
                text=text,
                tag=secrets.token_urlsafe(16),
            )
        )

    def posted(self, text: str = TEXT) -> Posted:
        outcome = self.connector.publish(self.prepared(text))
        assert isinstance(outcome, Posted)
        return outcome

    def page(self) -> str:
        return self.server.page(f"/t/{self.question['thread_id']}/")


@pytest.fixture
def board(sandbox: SandboxServer) -> Board:
    return Board(sandbox)


def test_publish_is_live_with_exactly_the_text(board: Board) -> None:
    outcome = board.posted()
    live = board.connector.fetch_published(outcome.ref)
    assert (live.state, live.text) == (LiveState.LIVE, TEXT)
    assert outcome.url.endswith(f"/t/{board.question['thread_id']}/#p{outcome.ref['post_id']}")
    assert "Two  blanks, “quotes” -- &lt;b&gt;not bold&lt;/b&gt;" in board.page()


def test_publish_twice_makes_two_posts_and_an_ambiguous_look_up(board: Board) -> None:
    # The negative control of law 4: this platform does not protect us from a blind retry.
    prepared = board.prepared()
    assert board.connector.find_published(prepared) == NotFound()
    first, second = board.connector.publish(prepared), board.connector.publish(prepared)
    assert isinstance(first, Posted) and isinstance(second, Posted) and first.ref != second.ref
    assert board.connector.find_published(prepared) == Ambiguous(2)
    assert board.server.times_posted(board.slug) == {prepared.body["tag"]: 2}


FAULTS = [
    # fault, what publish answers, whether the work was done
    ({"kind": "refuse"}, Refused("not_permitted"), False),
    ({"kind": "refuse", "code": "some-other-word"}, Refused("http_403"), False),
    ({"kind": "flood", "seconds": 7}, RetryAfter(7), False),
    ({"kind": "flood"}, RetryAfter(30), False),
    ({"kind": "error_before"}, Unknown("http_500"), False),
    ({"kind": "error_after"}, Unknown("http_500"), True),
    ({"kind": "cut_before"}, Unknown("connection"), False),
    ({"kind": "cut_after"}, Unknown("connection"), True),
    ({"kind": "garble_after"}, Unknown("unreadable_answer"), True),
]


@pytest.mark.parametrize(("fault", "outcome", "done"), FAULTS, ids=lambda value: str(value)[:60])
def test_publish_meets_a_fault(board: Board, fault: Any, outcome: Any, done: bool) -> None:
    board.server.fault(board.slug, **fault)
    prepared = board.prepared()
    assert board.connector.publish(prepared) == outcome
    found = board.connector.find_published(prepared)
    if done:
        assert isinstance(found, Found) and not found.pending
        assert board.connector.fetch_published(found.ref).text == TEXT
    else:
        assert found == NotFound()
        # The fault was for one request: now it goes through.
        assert isinstance(board.connector.publish(prepared), Posted)
    assert board.server.times_posted(board.slug) == {prepared.body["tag"]: 1}


def test_publish_times_out_and_lands_later(sandbox: SandboxServer) -> None:
    # Why an empty look-up proves nothing before timeout + quiet_seconds have passed.
    board = Board(sandbox)
    prepared = board.prepared()
    board.server.fault(board.slug, "slow", seconds=4.0)
    started = time.monotonic()
    assert board.connector.publish(prepared) == Unknown("timeout")
    assert time.monotonic() - started <= board.connector.caps.client_timeout_seconds
    assert board.connector.find_published(prepared) == NotFound()
    time.sleep(1.5)
    assert isinstance(board.connector.find_published(prepared), Found)


def test_publish_slow_but_in_time_is_posted(board: Board) -> None:
    board.server.fault(board.slug, "slow_after", seconds=0.3)
    assert isinstance(board.connector.publish(board.prepared()), Posted)


def test_publish_to_a_dead_server_is_unknown(board: Board) -> None:
    settings = board.server.settings(board.slug) | {"base_url": f"http://127.0.0.1:{free_port()}"}
    dead = SandboxConnector(settings)
    assert dead.publish(board.prepared()) == Unknown("connection")
    assert dead.fetch_published({"post_id": "1"}) == Live(LiveState.UNREADABLE)
    for ask in (
        lambda: dead.find_published(board.prepared()),
        lambda: dead.fetch_since({}),
        lambda: dead.edit({"post_id": "1"}, "text", "1.1"),
        lambda: dead.withdraw({"post_id": "1"}),
    ):
        with pytest.raises(ConnectorError) as raised:
            ask()
        assert (raised.value.code, raised.value.retry) == ("connection", True)


def test_publish_held_then_approved(board: Board) -> None:
    board.server.fault(board.slug, "hold")
    prepared = board.prepared()
    outcome = board.connector.publish(prepared)
    assert isinstance(outcome, Pending)
    found = board.connector.find_published(prepared)
    assert isinstance(found, Found) and found.pending and found.ref == outcome.ref
    assert board.connector.fetch_published(outcome.ref).state is LiveState.PENDING
    assert "Thank you for asking" not in board.page()
    cursor = board.connector.fetch_since({}).cursor

    board.server.call("POST", f"/api/posts/{outcome.ref['post_id']}/approve/")
    live = board.connector.fetch_published(outcome.ref)
    assert (live.state, live.text) == (LiveState.LIVE, TEXT)
    assert "Thank you for asking" in board.page()
    arrived = board.connector.fetch_since(cursor).items
    assert [item.post_id for item in arrived] == [outcome.ref["post_id"]]


def test_publish_on_a_board_that_holds_everything_is_pending(board: Board) -> None:
    board.server.call("PATCH", f"/api/boards/{board.slug}/", {"holds_posts": True})
    assert isinstance(board.connector.publish(board.prepared()), Pending)


def test_publish_to_a_locked_thread_is_refused(board: Board) -> None:
    prepared = board.prepared()
    board.server.call("PATCH", f"/api/threads/{board.question['thread_id']}/", {"locked": True})
    assert board.connector.publish(prepared) == Refused("thread_locked")


def test_publish_to_a_removed_post_is_refused(board: Board) -> None:
    prepared = board.prepared()
    board.server.call("DELETE", f"/api/posts/{board.question['id']}/")
    assert board.connector.publish(prepared) == Refused("parent_gone")


def test_publish_too_fast_is_asked_to_wait(board: Board) -> None:
    board.server.call("PATCH", f"/api/boards/{board.slug}/", {"flood_seconds": 60})
    board.posted()
    outcome = board.connector.publish(board.prepared())
    assert isinstance(outcome, RetryAfter) and 55 <= outcome.seconds <= 60


def test_lost_authorisation_says_nothing_about_the_reply(board: Board) -> None:
    prepared, ref = board.prepared(), board.posted().ref
    board.server.call("POST", f"/api/posts/{ref['post_id']}/hide/")
    stranger = SandboxConnector(board.server.settings(board.slug) | {"token": "wrong"})
    assert stranger.publish(prepared) == Refused("unauthorised")
    assert stranger.fetch_published(ref) == Live(LiveState.UNREADABLE)
    with pytest.raises(ConnectorError) as raised:
        stranger.find_published(prepared)
    assert (raised.value.code, raised.value.retry) == ("unauthorised", False)
    with pytest.raises(ConnectorError):
        stranger.withdraw(ref)


@pytest.mark.parametrize("kind", ["error_before", "error_after", "cut_before", "garble_after"])
def test_reading_with_a_fault_is_unreadable_never_gone(board: Board, kind: str) -> None:
    prepared = board.prepared()
    ref = board.posted().ref
    board.server.fault(board.slug, kind, operation="read", remaining=3)
    assert board.connector.fetch_published(ref) == Live(LiveState.UNREADABLE)
    with pytest.raises(ConnectorError):
        board.connector.find_published(prepared)
    with pytest.raises(ConnectorError):
        board.connector.fetch_since({})
    assert board.connector.fetch_published(ref).state is LiveState.LIVE


def test_edit_replaces_the_expected_version_only(board: Board) -> None:
    ref = board.posted().ref
    before = board.connector.fetch_published(ref)
    after = board.connector.edit(ref, "A better answer.", before.version)
    assert after == board.connector.fetch_published(ref)
    assert (after.text, after.version == before.version) == ("A better answer.", False)
    with pytest.raises(Conflict):
        board.connector.edit(ref, "Too late.", before.version)
    assert board.connector.fetch_published(ref).text == "A better answer."


def test_drift_is_seen_and_not_overwritten(board: Board) -> None:
    ref = board.posted().ref
    ours = board.connector.fetch_published(ref)
    board.server.call("PATCH", f"/api/posts/{ref['post_id']}/", {"text": "Moderator was here."})
    live = board.connector.fetch_published(ref)
    assert live.text == "Moderator was here." and live.version != ours.version
    with pytest.raises(Conflict):
        board.connector.edit(ref, TEXT, ours.version)


def test_hidden_by_a_moderator_is_seen(board: Board) -> None:
    ref = board.posted().ref
    board.server.call("POST", f"/api/posts/{ref['post_id']}/hide/")
    assert board.connector.fetch_published(ref).state is LiveState.HIDDEN
    assert "Thank you for asking" not in board.page()


def test_withdraw_twice_is_success_and_nothing_comes_back(board: Board) -> None:
    prepared = board.prepared()
    outcome = board.connector.publish(prepared)
    assert isinstance(outcome, Posted)
    version = board.connector.fetch_published(outcome.ref).version
    board.connector.withdraw(outcome.ref)
    board.connector.withdraw(outcome.ref)
    assert board.connector.fetch_published(outcome.ref) == Live(LiveState.GONE, None, version)
    assert "Thank you for asking" not in board.page() and "[removed]" in board.page()
    # It still counts as posted, so that no look-up leads to sending it again.
    assert isinstance(board.connector.find_published(prepared), Found)
    with pytest.raises(ConnectorError) as raised:
        board.connector.edit(outcome.ref, "Back again.", version)
    assert (raised.value.code, raised.value.retry) == ("gone", False)
    with pytest.raises(Exception, match="410"):
        board.server.call("POST", f"/api/posts/{outcome.ref['post_id']}/show/")
    assert board.connector.fetch_published(outcome.ref).state is LiveState.GONE


@pytest.mark.parametrize("kind", ["error_after", "cut_after", "error_before", "cut_before"])
def test_withdraw_without_an_answer_can_be_repeated(board: Board, kind: str) -> None:
    ref = board.posted().ref
    board.server.fault(board.slug, kind, operation="delete")
    with pytest.raises(ConnectorError) as raised:
        board.connector.withdraw(ref)
    assert raised.value.retry
    board.connector.withdraw(ref)
    assert board.connector.fetch_published(ref).state is LiveState.GONE


def test_withdraw_of_a_post_that_never_was_is_success(board: Board) -> None:
    board.connector.withdraw({"post_id": "999999999"})
    assert board.connector.fetch_published({"post_id": "999999999"}) == Live(LiveState.GONE)


def test_fetch_since_brings_posts_edits_and_removals_once(board: Board) -> None:
    connector, server, question = board.connector, board.server, board.question
    first = connector.fetch_since({})
    (item,) = first.items
    assert (item.post_id, item.thread_id) == (question["id"], question["thread_id"])
    assert (item.parent_id, item.author, item.text) == (None, "willow", "Does anybody know?")
    assert item.thread_url == question["thread_url"] and item.published_at.tzinfo is not None
    second = connector.fetch_since(first.cursor)
    assert second.items == ()

    reply = server.new_reply(question)
    server.call("PATCH", f"/api/posts/{question['id']}/", {"text": "Does anyone know?"})
    third = connector.fetch_since(second.cursor)
    assert [(i.post_id, i.text) for i in third.items] == [
        (reply["id"], "Same here."),
        (question["id"], "Does anyone know?"),
    ]
    assert third.items[0].parent_id == question["id"]

    server.call("DELETE", f"/api/posts/{reply['id']}/")
    server.call("PATCH", f"/api/threads/{question['thread_id']}/", {"locked": True})
    fourth = connector.fetch_since(third.cursor)
    assert [(i.post_id, i.deleted, i.locked) for i in fourth.items] == [
        (reply["id"], True, True),
        (question["id"], False, True),
    ]
    assert connector.fetch_since(fourth.cursor).items == ()


def test_fetch_since_pages_through_many_and_forgets_nothing(board: Board) -> None:
    ids = [board.server.new_thread(board.slug, text=f"Question {n}")["id"] for n in range(205)]
    page = board.connector.fetch_since({})
    assert [item.post_id for item in page.items] == [board.question["id"], *ids]
    assert len(page.cursor["seen"]) <= 50
    assert board.connector.fetch_since(page.cursor).items == ()


def test_fetch_since_starts_over_when_the_community_was_set_up_anew(board: Board) -> None:
    page = board.connector.fetch_since({"after": 10**12, "seen": {"1": 10**12}})
    assert [item.post_id for item in page.items] == [board.question["id"]]


def test_prepare_is_pure_and_refuses_what_is_too_long(board: Board) -> None:
    intent = Intent("1", "", "2", "x" * 10_000, "tag")
    assert board.connector.prepare(intent) == board.connector.prepare(intent)
    with pytest.raises(ValueError, match="10001 characters"):
        board.connector.prepare(Intent("1", "", "2", "x" * 10_001, "tag"))
    with pytest.raises(ValueError, match="not one of this community"):
        board.connector.prepare(Intent("1/../2", "", "2", "x", "tag"))


@pytest.mark.parametrize(
    ("kind", "settings", "says"),
    [
        ("carrier-pigeon", {}, "Choose one of: .*sandbox"),
        ("sandbox", {"board": "b", "token": "canary-4711"}, "'base_url'"),
        ("sandbox", {"base_url": "ftp://canary-4711", "board": "b", "token": "t"}, "'base_url'"),
        ("sandbox", {"base_url": "http://h", "board": "../canary-4711", "token": "t"}, "'board'"),
        ("sandbox", {"base_url": "http://h", "board": "b", "token": "canary-4711\n"}, "'token'"),
        ("feed", {}, "'feed_url'"),
        ("feed", {"feed_url": "file:///canary-4711"}, "'feed_url'"),
    ],
)
def test_connector_for_wrong_settings_names_them_without_their_values(
    kind: str, settings: dict[str, str], says: str
) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        connector_for(kind, settings)
    assert "canary" not in str(raised.value)


def test_fetch_since_misses_nothing_while_others_write(board: Board) -> None:
    # Change numbers are given in the order of commits, so a reader can't overtake a writer.
    def write(worker: int) -> list[str]:
        author = f"writer-{worker}"
        return [board.server.new_reply(board.question, author=author)["id"] for _ in range(15)]

    seen: set[str] = set()
    cursor: Any = {}
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, worker) for worker in range(4)]
        while not all(writer.done() for writer in writers):
            page = board.connector.fetch_since(cursor)
            cursor = page.cursor
            seen |= {item.post_id for item in page.items}
    seen |= {item.post_id for item in board.connector.fetch_since(cursor).items}
    assert {post_id for writer in writers for post_id in writer.result()} <= seen
