"""What only Bluesky does: keys that could be written again, threads that hide replies, mentions."""

from __future__ import annotations

from typing import Any

import pytest

from engage.connectors import bluesky as connector_file
from engage.connectors import connector_for, xrpc
from engage.connectors.base import Found, LiveState, Posted, Refused, Unknown
from engage.connectors.bluesky_threads import POST, is_post, place_of
from tests.peers import PEERS
from tests.peers.bluesky import OURS, Bluesky
from tests.peers.test_story import QUESTION, REPLY, Talk
from tests.stack import wait_until

pytestmark = [
    pytest.mark.peers,
    pytest.mark.parametrize(
        "peer", [p for p in PEERS if p.name == "bluesky"], indirect=True, ids=["bluesky"]
    ),
]


@pytest.fixture
def talk(peer: Bluesky) -> Talk:
    return Talk(peer)


def write_by_hand(peer: Any, body: Any, text: str) -> Any:
    """The request without our connector and with nothing that protects it."""
    record = {"$type": POST, "text": text, "createdAt": body["created_at"]}
    sent = {"collection": POST, "rkey": body["rkey"], "record": record}
    return peer._write(OURS, "com.atproto.repo.putRecord", sent)


def test_a_late_retry_does_not_bring_back_what_was_withdrawn(talk: Talk) -> None:
    prepared = talk.prepared()
    outcome = talk.connector.publish(prepared)
    assert isinstance(outcome, Posted)
    talk.connector.withdraw(outcome.ref)
    assert talk.connector.publish(prepared) == Refused("withdrawn")
    assert talk.texts() == [QUESTION]
    # It still counts as posted, so that no look-up leads to sending it again.
    assert talk.connector.find_published(prepared) == Found(outcome.ref, outcome.url)
    assert talk.live(outcome.ref).state is LiveState.GONE


def test_the_server_itself_would_take_it_again(talk: Talk) -> None:
    # The negative control: what keeps it away is the mark, and watching sees what comes past it.
    prepared = talk.prepared()
    outcome = talk.connector.publish(prepared)
    assert isinstance(outcome, Posted)
    talk.connector.withdraw(outcome.ref)
    write_by_hand(talk.peer, prepared.body, REPLY)
    assert talk.live(outcome.ref).state is LiveState.LIVE


def test_another_text_under_our_key_is_not_overwritten(talk: Talk) -> None:
    prepared = talk.prepared()
    write_by_hand(talk.peer, prepared.body, "Somebody else was here.")
    assert talk.connector.publish(prepared) == Unknown("invalid_swap")
    found = talk.connector.find_published(prepared)
    assert isinstance(found, Found)
    assert talk.live(found.ref).text == "Somebody else was here."


def test_sent_again_after_the_question_was_edited_it_is_there_once(talk: Talk) -> None:
    prepared = talk.prepared()
    outcome = talk.connector.publish(prepared)
    assert isinstance(outcome, Posted)
    talk.peer.change(talk.question, "Has anybody had spotting for months?")
    talk.hear(lambda: talk.items[talk.question].text != QUESTION)
    assert talk.connector.publish(prepared) == Unknown("invalid_swap")
    assert talk.connector.find_published(prepared) == Found(outcome.ref, outcome.url)
    assert talk.texts().count(REPLY) == 1


def test_a_reply_that_the_thread_hides_is_hidden(talk: Talk) -> None:
    ref = talk.posted()
    gate = {
        "$type": "app.bsky.feed.threadgate",
        "post": talk.question,
        "createdAt": "2026-03-01T08:00:00Z",
        "hiddenReplies": [ref["post_id"]],
    }
    peer: Any = talk.peer
    peer._of(
        talk.question, "com.atproto.repo.putRecord", record=gate, collection=str(gate["$type"])
    )
    wait_until(lambda: talk.live(ref).state is LiveState.HIDDEN, 10, "hiding")
    assert talk.live(ref).text == REPLY


def test_a_reply_that_is_not_shown_is_hidden_only_after_a_while(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = talk.posted()
    monkeypatch.setattr(talk.connector._threads, "posts", lambda *_: {})  # type: ignore[attr-defined]
    assert talk.live(ref).state is LiveState.LIVE
    monkeypatch.setattr(connector_file, "SHOWN_WITHIN", connector_file.timedelta())
    assert talk.live(ref).state is LiveState.HIDDEN


def test_a_stranger_who_answers_us_is_heard_and_so_is_a_search(talk: Talk) -> None:
    ours = str(talk.posted()["post_id"])
    unwatched = connector_for(talk.peer.kind, {**talk.peer.settings, "watch": []})
    answer = talk.peer.say("And after a year?", thread=talk.question, parent=ours, by="heather")
    wait_until(
        lambda: answer in [item.post_id for item in unwatched.fetch_since({}).items], 10, "hearing"
    )
    alone = talk.peer.say("Is zanzibarine any good?", by="heather")
    searching = connector_for(talk.peer.kind, {**talk.peer.settings, "watch": ["zanzibarine"]})
    wait_until(
        lambda: alone in [item.post_id for item in searching.fetch_since({}).items], 10, "finding"
    )


def test_a_deleted_question_takes_no_reply_and_its_thread_goes_on(talk: Talk) -> None:
    answer = talk.peer.say("Same here.", thread=talk.question, parent=talk.question, by="heather")
    talk.hear(lambda: answer in talk.items)
    prepared = talk.prepared()
    talk.peer.delete(talk.question)
    talk.hear(lambda: talk.items[talk.question].deleted)
    assert not talk.items[answer].deleted
    assert talk.connector.publish(prepared) == Refused("parent_gone")
    # The answer can still be answered.
    talk.item = talk.items[answer]
    assert isinstance(talk.connector.publish(talk.prepared()), Posted)


def test_many_threads_are_read_in_turns_and_an_old_one_is_not_forgotten(talk: Talk) -> None:
    for number in range(30):
        talk.peer.say(f"Question number {number}")
    talk.hear(lambda: sum(i.text.startswith("Question number") for i in talk.items.values()) == 30)
    reply = talk.peer.say("Late, but still.", thread=talk.question, parent=talk.question, by="fern")
    talk.peer.change(talk.question, "Has anybody had it for years?")
    talk.hear(lambda: reply in talk.items and talk.items[talk.question].text != QUESTION)
    assert len(talk.cursor["threads"]) <= 100


def test_a_login_that_is_over_is_renewed(talk: Talk) -> None:
    for key, session in list(xrpc._sessions.items()):
        xrpc._sessions[key] = xrpc.Session(session.did, "over")
    ref = talk.posted()
    assert is_post(ref["post_id"]) and place_of(ref["post_id"]).did


def test_missing_names_what_cannot_be_watched(talk: Talk) -> None:
    settings = {**talk.peer.settings, "watch": ["@nobody.test", "#spotting"]}
    (sentence,) = connector_for(talk.peer.kind, settings).missing()
    assert "'@nobody.test'" in sentence
