"""What is particular to WordPress: held comments, markup, its trash, its roles, and no dates of
changes."""

from __future__ import annotations

import pytest

from engage.connectors import connector_for
from engage.connectors.base import (
    Ambiguous,
    ConnectorError,
    Found,
    Live,
    LiveState,
    NotFound,
    Pending,
    Posted,
    Refused,
    RetryAfter,
    Unknown,
)
from engage.connectors.wordpress_site import A_PAGE
from tests.peers import PEERS
from tests.peers.test_story import QUESTION, REPLY, Talk
from tests.peers.wordpress import WordPress

WORDPRESS = next(peer for peer in PEERS if isinstance(peer, WordPress))
pytestmark = [
    pytest.mark.peers,
    pytest.mark.parametrize("peer", [WORDPRESS], ids=["wordpress"], indirect=True),
]


@pytest.fixture
def talk(peer: WordPress) -> Talk:
    return Talk(peer)


def test_a_comment_that_was_held_and_approved_late_arrives(talk: Talk, peer: WordPress) -> None:
    held = peer.say("Is this thing on?", thread=talk.question, date_gmt="2020-02-02T02:02:02")
    peer.set(held, status="hold")
    newer = peer.say("Something newer.", thread=talk.question)
    talk.hear(lambda: newer in talk.items)
    assert held not in talk.items
    peer.set(held, status="approved")
    talk.hear(lambda: held in talk.items)
    assert talk.items[held].text == "Is this thing on?"
    assert talk.items[held].published_at.year == 2020  # far behind the cursor


def test_a_comment_that_is_put_on_hold_or_marked_as_spam_is_no_longer_there(
    talk: Talk, peer: WordPress
) -> None:
    for status in ("hold", "spam", "trash"):
        peer.set(talk.question, status=status)
        talk.hear(lambda: talk.items[talk.question].deleted)
        peer.set(talk.question, status="approved")
        talk.hear(lambda: not talk.items[talk.question].deleted)


def test_a_comment_that_was_deleted_for_good_is_reported_once(talk: Talk, peer: WordPress) -> None:
    reply = peer.say("Oops.", thread=talk.question, parent=talk.question)
    talk.hear(lambda: reply in talk.items)
    peer.delete_for_good(reply)
    assert [(i.post_id, i.deleted, i.locked) for i in talk.listen()] == [(reply, True, False)]
    assert talk.listen() == []


def test_markup_of_others_is_read_as_text(talk: Talk, peer: WordPress) -> None:
    reply = peer.say("", thread=talk.question, content="<em>Really</em>?\n\nI &amp; my sister")
    talk.hear(lambda: reply in talk.items)
    assert [line for line in talk.items[reply].text.split("\n") if line] == [
        "Really?",
        "I & my sister",
    ]


def test_more_comments_than_a_page_all_arrive(talk: Talk, peer: WordPress) -> None:
    said = peer.say_many(talk.question, A_PAGE + 20)
    talk.hear(lambda: set(said) <= talk.items.keys())
    assert talk.listen() == []


def test_a_reply_that_is_held_is_pending_until_it_is_approved(talk: Talk, peer: WordPress) -> None:
    prepared = talk.prepared()
    outcome = talk.connector.publish(prepared)
    assert isinstance(outcome, Posted)
    for status, state in (
        ("hold", LiveState.PENDING),
        ("spam", LiveState.HIDDEN),
        ("approved", LiveState.LIVE),
    ):
        peer.moderate(outcome.ref["post_id"], status)
        assert talk.live(outcome.ref).state is state
        found = talk.connector.find_published(prepared)
        assert isinstance(found, Found) and found.ref == outcome.ref
        assert found.pending is (state is not LiveState.LIVE)


def test_a_site_that_holds_everything_answers_pending(talk: Talk, peer: WordPress) -> None:
    writer = connector_for(peer.kind, peer.person("writer"))
    with peer.option("comment_moderation", "1"):
        outcome = writer.publish(talk.prepared())
    assert isinstance(outcome, Pending)
    assert peer.comment(outcome.ref["post_id"])["status"] == "hold"
    assert talk.texts() == [QUESTION]


def test_a_role_that_may_not_moderate_says_what_it_lacks(talk: Talk, peer: WordPress) -> None:
    reader = connector_for(peer.kind, peer.person("heather"))
    lacking = reader.missing()
    assert len(lacking) == 2
    assert "'moderate_comments'" in lacking[0] and "'edit_posts'" in lacking[1]
    first = reader.publish(talk.prepared("First."))
    assert isinstance(first, Posted)
    assert reader.publish(talk.prepared("Second.")) == RetryAfter(15.0)  # the flood check: a 400
    assert reader.fetch_published(first.ref) == Live(LiveState.UNREADABLE)
    with pytest.raises(ConnectorError):
        reader.withdraw(first.ref)
    assert sorted(talk.texts()) == ["First.", QUESTION]


def test_a_tag_that_a_moderator_replaced_goes_to_a_person(talk: Talk, peer: WordPress) -> None:
    prepared = talk.prepared()
    outcome = talk.connector.publish(prepared)
    assert isinstance(outcome, Posted)
    peer.set(outcome.ref["post_id"], status="approved")  # over the API, which replaces it
    assert talk.connector.find_published(prepared) == Ambiguous(1)
    assert talk.connector.publish(prepared) == Unknown("duplicate")
    assert talk.texts().count(REPLY) == 1


def test_a_correction_keeps_the_tag(talk: Talk) -> None:
    prepared = talk.prepared()
    outcome = talk.connector.publish(prepared)
    assert isinstance(outcome, Posted)
    talk.connector.edit(outcome.ref, "Corrected.", talk.live(outcome.ref).version)
    found = talk.connector.find_published(prepared)
    assert isinstance(found, Found) and found.ref == outcome.ref


def test_the_same_text_again_is_one_comment(talk: Talk) -> None:
    prepared = talk.prepared()
    first = talk.connector.publish(prepared)
    assert talk.connector.publish(prepared) == first  # a 409, settled by its tag
    # Of an earlier reply with another tag, it is a proven refusal.
    assert talk.connector.publish(talk.prepared()) == Refused("duplicate")
    assert talk.texts().count(REPLY) == 1


def test_a_withdrawn_reply_is_still_found_so_that_nothing_sends_it_again(
    talk: Talk, peer: WordPress
) -> None:
    prepared = talk.prepared()
    outcome = talk.connector.publish(prepared)
    assert isinstance(outcome, Posted)
    talk.connector.withdraw(outcome.ref)
    assert isinstance(talk.connector.find_published(prepared), Found)
    # The negative control: the site itself would take a late retry, so nobody may send one.
    again = talk.connector.publish(prepared)
    assert isinstance(again, Posted) and again.ref != outcome.ref
    peer.delete_for_good(again.ref["post_id"])
    peer.delete_for_good(outcome.ref["post_id"])
    assert talk.connector.find_published(prepared) == NotFound()
    talk.connector.withdraw(outcome.ref)


def test_markup_that_somebody_put_into_our_reply_is_seen(talk: Talk, peer: WordPress) -> None:
    ref = talk.posted("Take <b>care</b>.")
    peer.set(ref["post_id"], content="Take <b>care</b>.")
    live = talk.live(ref)
    assert live.text == "[HTML] Take <b>care</b>."


def test_a_post_that_does_not_exist_refuses_a_reply(talk: Talk) -> None:
    prepared = talk.prepared()
    prepared.body["post"] = 99_999_999  # type: ignore[index]  # a dict, in fact
    assert talk.connector.publish(prepared) == Refused("no_such_thread")


@pytest.mark.parametrize(("path", "says"), [("/nowhere", "address"), ("/?x=", "address")])
def test_a_wrong_address_is_said(peer: WordPress, path: str, says: str) -> None:
    (sentence,) = connector_for(peer.kind, peer.via(peer.settings["base_url"] + path)).missing()
    assert says in sentence


def test_an_answer_of_something_else_is_unknown(talk: Talk, peer: WordPress) -> None:
    elsewhere = connector_for(peer.kind, peer.via(peer.settings["base_url"] + "/nowhere"))
    outcome = elsewhere.publish(talk.prepared())
    assert isinstance(outcome, Unknown), outcome
