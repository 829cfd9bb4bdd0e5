"""The story of a reply on every real server: listening, posting, cut connections, drift, correcting
and withdrawing. What is true is counted on the server itself, not through the connector."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import pytest

from engage.connectors import connector_for
from engage.connectors.base import (
    Conflict,
    Connector,
    ConnectorError,
    Found,
    Idempotency,
    Intent,
    Item,
    Live,
    LiveState,
    NotFound,
    NoThreadHere,
    Posted,
    Prepared,
    ReadsBack,
    ReadsThreads,
    Refused,
    Unknown,
    new_tag,
)
from tests.peers.cutting import Cutting, Mode
from tests.peers.peer import Peer
from tests.stack import wait_until

QUESTION = "Has anybody had spotting for weeks?"
REPLY = "Many people notice it in the first months."
WITHIN = 10.0  # seconds, for what the server shows a moment after it happened


class Talk:
    """A fresh thread with one question, and the connector to its community."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.connector = connector_for(peer.kind, peer.settings)
        self.question = peer.say(QUESTION)
        self.items: dict[str, Item] = {}
        self.cursor: Mapping[str, Any] = {}
        self.item = self.hear(lambda: self.question in self.items).items[self.question]

    def listen(self) -> list[Item]:
        """One fetch, from where the last one ended; the cursor went through the database."""
        page = self.connector.fetch_since(json.loads(json.dumps(dict(self.cursor))))
        self.cursor = page.cursor
        self.items |= {item.post_id: item for item in page.items}
        return list(page.items)

    def hear(self, true: Callable[[], bool]) -> Talk:
        """Fetches until something came true."""
        deadline = time.monotonic() + WITHIN
        self.listen()
        while not true():
            assert time.monotonic() < deadline, "it was not heard"
            time.sleep(0.1)
            self.listen()
        return self

    def prepared(self, text: str = REPLY) -> Prepared:
        """The frozen request of a reply to the question, as it comes out of the database."""
        intent = Intent(
            thread_id=self.item.thread_id,
            thread_url=self.item.thread_url,
            parent_id=self.item.post_id,
            text=text,
            tag=new_tag(datetime.now(UTC)),
        )
        body = self.connector.prepare(intent).body
        assert body == self.connector.prepare(intent).body and body["tag"] == intent.tag
        return Prepared(json.loads(json.dumps(dict(body))))

    def posted(self, text: str = REPLY) -> Mapping[str, Any]:
        """The reference of a reply that went through."""
        outcome = self.connector.publish(self.prepared(text))
        assert isinstance(outcome, Posted), outcome
        return outcome.ref

    def live(self, ref: Mapping[str, Any]) -> Live:
        return self.connector.fetch_published(ref)

    def texts(self) -> list[str]:
        """What the thread says on the server."""
        return self.peer.texts(self.question)


@pytest.fixture
def talk(peer: Peer) -> Talk:
    return Talk(peer)


def url_of(talk: Talk) -> str:
    """Where browsers show the thread."""
    return talk.item.thread_url


@pytest.fixture
def cutting(peer: Peer) -> Iterator[Cutting]:
    with Cutting(peer.port, peer.sends) as proxy:
        yield proxy


def through(talk: Talk, proxy: Cutting) -> Connector:
    """The connector, with a proxy between it and the server."""
    return connector_for(talk.peer.kind, talk.peer.via(proxy.url))


# Listening


def test_a_question_arrives_with_its_place(talk: Talk) -> None:
    item = talk.item
    assert (item.text, item.parent_id, item.deleted, item.locked) == (QUESTION, None, False, False)
    assert item.author and item.published_at.tzinfo is not None
    assert item.thread_id and item.thread_url.startswith(("http://", "https://"))


def test_replies_arrive_below_what_they_answer(talk: Talk) -> None:
    first = talk.peer.say("Same here.", thread=talk.question, parent=talk.question, by="heather")
    second = talk.peer.say("For how long?", thread=talk.question, parent=first)
    talk.hear(lambda: {first, second} <= talk.items.keys())
    assert (talk.items[first].parent_id, talk.items[second].parent_id) == (talk.question, first)
    assert {talk.items[i].thread_id for i in (first, second)} == {talk.item.thread_id}
    assert talk.items[first].author != talk.items[second].author == talk.item.author


def test_the_cursor_goes_on_where_it_was_and_redelivery_does_no_harm(talk: Talk) -> None:
    before = {**talk.items}
    for _ in range(3):
        talk.listen()
    assert talk.items == before
    talk.connector = connector_for(talk.peer.kind, talk.peer.settings)
    reply = talk.peer.say("Same here.", thread=talk.question, parent=talk.question)
    talk.hear(lambda: reply in talk.items)
    assert {**talk.items, reply: None} == {**before, reply: None}


def test_an_edit_arrives(talk: Talk) -> None:
    talk.peer.change(talk.question, "Has anybody had spotting for months?")
    talk.hear(lambda: talk.items[talk.question].text == "Has anybody had spotting for months?")
    assert talk.items[talk.question].thread_id == talk.item.thread_id


def test_a_deletion_arrives(talk: Talk) -> None:
    reply = talk.peer.say("I wrote too much.", thread=talk.question, parent=talk.question)
    talk.hear(lambda: reply in talk.items)
    talk.peer.delete(reply)
    talk.hear(lambda: talk.items[reply].deleted)
    assert not talk.items[talk.question].deleted


def test_our_reply_arrives_under_the_id_that_its_reference_holds(talk: Talk) -> None:
    ref = talk.posted()
    talk.hear(lambda: str(ref["post_id"]) in talk.items)
    assert talk.items[str(ref["post_id"])].text == REPLY
    assert talk.items[str(ref["post_id"])].parent_id == talk.question


def test_a_thread_is_read_by_its_address(talk: Talk) -> None:
    assert isinstance(talk.connector, ReadsThreads)
    said = [talk.question]
    for text in ("Same here.", "For how long?", "Ask your doctor.", "Mine stopped."):
        said.append(talk.peer.say(text, thread=talk.question, parent=said[-1]))
    talk.hear(lambda: set(said) <= talk.items.keys())
    for known in ((), said):
        whole = {item.post_id: item for item in talk.connector.fetch_thread(url_of(talk), known)}
        assert whole == {key: talk.items[key] for key in said}
    talk.peer.delete(said[-1])
    talk.peer.change(talk.question, "Has anybody had spotting for months?")

    def gone() -> bool:
        assert isinstance(talk.connector, ReadsThreads)
        whole = {item.post_id: item for item in talk.connector.fetch_thread(url_of(talk), said)}
        assert whole.keys() == set(said)
        changed = whole[talk.question].text == "Has anybody had spotting for months?"
        return changed and [key for key in said if whole[key].deleted] == said[-1:]

    wait_until(gone, WITHIN, "the deletion and the edit")
    there = talk.connector.fetch_thread(url_of(talk))
    assert {item.post_id for item in there} == set(said[:-1])


@pytest.mark.parametrize("place", ["https://elsewhere.example/t/1", "no address", "{}0", "{}/x/y"])
def test_an_address_of_something_else_leads_nowhere(talk: Talk, place: str) -> None:
    assert isinstance(talk.connector, ReadsThreads)
    with pytest.raises(NoThreadHere):
        talk.connector.fetch_thread(place.format(urljoin(url_of(talk), "/")))


def test_what_was_said_before_is_read_back(talk: Talk) -> None:
    assert isinstance(talk.connector, ReadsBack)
    asked = [talk.question, *(talk.peer.say(f"And number {n}?") for n in range(3))]
    answer = talk.peer.say("Same here.", thread=asked[1], parent=asked[1], by="heather")
    talk.hear(lambda: {*asked, answer} <= talk.items.keys())
    heard: dict[str, Item] = {}
    cursor: Mapping[str, Any] = {}
    for _ in range(100):
        page = talk.connector.fetch_back(datetime.now(UTC) - timedelta(days=1), cursor)
        heard |= {item.post_id: item for item in page.items}
        cursor = json.loads(json.dumps(dict(page.cursor)))
        if not cursor:
            break
    assert not cursor
    for key in (*asked, answer):
        assert replace(heard[key], locked=False) == talk.items[key]


def test_reading_back_ends_at_its_day(talk: Talk) -> None:
    assert isinstance(talk.connector, ReadsBack)
    cursor: Mapping[str, Any] = {}
    for _ in range(100):
        page = talk.connector.fetch_back(datetime.now(UTC) + timedelta(days=1), cursor)
        assert not page.items
        if not (cursor := page.cursor):
            return
    raise AssertionError("it has no end")


def test_a_locked_thread_is_seen_and_refuses_a_reply(talk: Talk) -> None:
    if not talk.peer.locks:
        pytest.skip("there are no locked threads here")
    prepared = talk.prepared()
    talk.peer.lock(talk.question)
    talk.hear(lambda: talk.items[talk.question].locked)
    assert isinstance(talk.connector.publish(prepared), Refused)
    assert talk.texts() == [QUESTION]
    assert talk.connector.find_published(prepared) == NotFound()


# Posting


@pytest.mark.parametrize(
    "text",
    [
        REPLY,
        '“Curly” and "straight", it\'s -- and – and — … 100 %',
        "Café 🌿 👩🏽‍⚕️ 日本語",
        "One paragraph.\n\nAnother one,\nwith a second line.",
        "Below <b>40</b> & above 20: 3 < 4 > 2, &amp; &lt;i&gt; <script>alert(1)</script>",
        "https://www.example.org/a_b_c?x=1&y=2 *not bold* _nor this_ #tag @somebody",
    ],
    ids=["plain", "quotes", "unicode", "paragraphs", "markup", "links"],
)
def test_publish_is_live_with_exactly_the_text(talk: Talk, text: str) -> None:
    ref = talk.posted(text)
    live = talk.live(ref)
    assert (live.state, live.text) == (LiveState.LIVE, text)
    assert sorted(talk.texts()) == sorted([QUESTION, text])


def test_publish_at_the_length_limit_and_not_over_it(talk: Talk) -> None:
    longest = talk.connector.caps.max_length
    text = ("Word & <i>" * (longest // 10 + 1))[: longest - 1] + "."
    assert talk.live(talk.posted(text)).text == text
    with pytest.raises(ValueError, match=str(longest)):
        talk.prepared(text + ".")
    assert len(talk.texts()) == 2


def test_publish_with_the_answer_lost_is_found_and_there_once(talk: Talk, cutting: Cutting) -> None:
    prepared = talk.prepared()
    cutting.mode = Mode.LOSE_ANSWER
    assert through(talk, cutting).publish(prepared) == Unknown("connection")
    assert cutting.cut == 1 and talk.texts().count(REPLY) == 1
    found = talk.connector.find_published(prepared)
    assert isinstance(found, Found) and not found.pending
    assert talk.live(found.ref).text == REPLY
    assert talk.texts().count(REPLY) == 1


def test_publish_with_the_request_lost_is_absent_and_sent_again(
    talk: Talk, cutting: Cutting
) -> None:
    prepared = talk.prepared()
    cutting.mode = Mode.LOSE_REQUEST
    assert through(talk, cutting).publish(prepared) == Unknown("connection")
    time.sleep(talk.connector.caps.quiet_seconds)
    for _ in range(2):
        assert talk.connector.find_published(prepared) == NotFound()
    assert cutting.cut == 1 and talk.texts() == [QUESTION]
    outcome = talk.connector.publish(prepared)
    assert isinstance(outcome, Posted) and talk.texts().count(REPLY) == 1
    found = talk.connector.find_published(prepared)
    assert isinstance(found, Found) and found.ref == outcome.ref


def test_publish_without_an_answer_in_time_is_unknown(talk: Talk, cutting: Cutting) -> None:
    limit = talk.connector.caps.client_timeout_seconds
    cutting.mode, cutting.delay = Mode.SLOW, limit + 2
    prepared, started = talk.prepared(), time.monotonic()
    assert through(talk, cutting).publish(prepared) == Unknown("timeout")
    assert time.monotonic() - started <= limit + 0.5
    assert isinstance(talk.connector.find_published(prepared), Found)
    assert talk.texts().count(REPLY) == 1


def test_publish_twice_is_what_the_connector_promises(talk: Talk) -> None:
    prepared = talk.prepared()
    first, second = talk.connector.publish(prepared), talk.connector.publish(prepared)
    assert isinstance(first, Posted)
    if talk.connector.caps.idempotency is Idempotency.EXACT:
        assert isinstance(second, Posted) and second.ref == first.ref
        assert talk.texts().count(REPLY) == 1
    else:
        assert not isinstance(second, Refused)  # it is there, so nothing may say that it is not


def test_publish_to_a_dead_server_is_unknown(talk: Talk, cutting: Cutting) -> None:
    dead = through(talk, cutting)
    cutting.close()
    ref = {"post_id": talk.question}
    assert dead.publish(talk.prepared()) == Unknown("connection")
    assert dead.fetch_published(ref).state is LiveState.UNREADABLE
    for ask in (
        lambda: dead.find_published(talk.prepared()),
        lambda: dead.fetch_since({}),
        lambda: dead.withdraw(talk.posted()),
    ):
        with pytest.raises(ConnectorError) as raised:
            ask()
        assert raised.value.retry
    assert any("address" in sentence for sentence in dead.missing())


# Watching


def test_a_change_by_hand_is_seen_raw_and_not_overwritten(talk: Talk) -> None:
    ref = talk.posted()
    ours = talk.live(ref)
    talk.peer.change_ours(ref, 'A moderator was here -- "really".')
    live = talk.live(ref)
    assert (live.state, live.text) == (LiveState.LIVE, 'A moderator was here -- "really".')
    assert live.version != ours.version
    with pytest.raises(Conflict):
        talk.connector.edit(ref, "Corrected.", ours.version)
    assert "Corrected." not in talk.texts() and REPLY not in talk.texts()


def test_a_removal_by_hand_is_gone(talk: Talk) -> None:
    ref = talk.posted()
    talk.peer.remove_ours(ref)
    assert talk.live(ref).state is LiveState.GONE
    assert talk.texts() == [QUESTION]


def test_lost_authorisation_says_nothing_about_the_reply(talk: Talk) -> None:
    prepared, ref = talk.prepared("Another reply."), talk.posted()
    stranger = connector_for(talk.peer.kind, talk.peer.without_right())
    talk.peer.remove_ours(ref)
    assert stranger.fetch_published(ref) == Live(LiveState.UNREADABLE)
    outcome = stranger.publish(prepared)
    assert outcome == Refused("unauthorised")
    for ask in (
        lambda: stranger.find_published(prepared),
        lambda: stranger.fetch_since({}),
        lambda: stranger.withdraw(ref),
        lambda: stranger.edit(ref, "Text.", "1"),
    ):
        with pytest.raises(ConnectorError) as raised:
            ask()
        assert (raised.value.code, raised.value.retry) == ("unauthorised", False)
    assert stranger.missing() and "Another reply." not in talk.texts()


def test_nothing_is_missing_with_the_right_settings(talk: Talk) -> None:
    assert talk.connector.missing() == []


# Correcting and withdrawing


def test_a_correction_replaces_what_was_expected(talk: Talk) -> None:
    ref = talk.posted()
    before = talk.live(ref)
    after = talk.connector.edit(ref, "Better: <most> people & soon.", before.version)
    assert after == talk.live(ref)
    assert after.text == "Better: <most> people & soon." and after.version != before.version
    assert sorted(talk.texts()) == sorted([QUESTION, "Better: <most> people & soon."])
    with pytest.raises(Conflict):
        talk.connector.edit(ref, "Too late.", before.version)
    again = talk.connector.edit(ref, REPLY, after.version)
    assert again.text == REPLY and sorted(talk.texts()) == sorted([QUESTION, REPLY])


def test_withdraw_twice_is_success_and_an_edit_does_not_bring_it_back(talk: Talk) -> None:
    ref = talk.posted()
    version = talk.live(ref).version
    talk.connector.withdraw(ref)
    talk.connector.withdraw(ref)
    assert talk.live(ref).state is LiveState.GONE
    with pytest.raises(ConnectorError) as raised:
        talk.connector.edit(ref, "Back again.", version)
    assert not raised.value.retry
    assert talk.texts() == [QUESTION]
    assert talk.live(ref).state is LiveState.GONE


def test_withdraw_without_an_answer_can_be_repeated(talk: Talk, cutting: Cutting) -> None:
    ref = talk.posted()
    cutting.mode, cutting.cuts = Mode.LOSE_ANSWER, b""
    with pytest.raises(ConnectorError) as raised:
        through(talk, cutting).withdraw(ref)
    assert raised.value.retry
    talk.connector.withdraw(ref)
    assert talk.live(ref).state is LiveState.GONE and talk.texts() == [QUESTION]
