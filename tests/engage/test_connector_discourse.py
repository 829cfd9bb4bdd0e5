"""What is special about Discourse, on a fake of it. The story that all share: tests/peers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engage.connectors import connector_for
from engage.connectors.base import (
    Ambiguous,
    ConnectorError,
    Found,
    Intent,
    Live,
    LiveState,
    NotFound,
    Pending,
    Posted,
    Refused,
    RetryAfter,
    Unknown,
)
from engage.connectors.discourse import DiscourseConnector, _escaped, _unescaped
from engage.connectors.discourse_reading import AGAIN, TOPICS
from tests.fakes.discourse import FakeDiscourse
from tests.fakes.reading import TEXT, Reader, prepared
from tests.fakes.server import Answer


@pytest.fixture
def forum(tmp_path: Path) -> Iterator[FakeDiscourse]:
    forum = FakeDiscourse()
    forum.start(tmp_path)
    yield forum
    forum.stop()


def connector(forum: FakeDiscourse, **settings: Any) -> DiscourseConnector:
    return DiscourseConnector({**forum.settings, **settings})


# Reading


def test_the_whole_topic_is_read_when_something_new_is_in_it(forum: FakeDiscourse) -> None:
    first = forum.say("The question.")
    for n in range(60):
        forum.say(f"Talk {n}.")
    reader = Reader(connector(forum))
    reader.read()
    assert first not in reader.items  # it is not among the fifty newest
    answer = forum.say("Here too.", thread=first)
    reader.read()
    assert {first, answer} <= reader.items.keys() and reader.items[answer].parent_id == first


def test_what_came_between_two_looks_is_read_however_much_it_was(forum: FakeDiscourse) -> None:
    reader = Reader(connector(forum))
    thread = forum.say("The question.")
    reader.read()
    said = [forum.say(f"Talk {n}.", thread=thread) for n in range(700)]
    reader.read(4)
    assert set(said) <= reader.items.keys()
    assert reader.cursor["gaps"] == []


def test_changes_in_every_known_topic_are_seen_in_turn(forum: FakeDiscourse) -> None:
    threads = [forum.say(f"Question {n}.") for n in range(20)]
    reader = Reader(connector(forum))
    reader.read()
    for thread in threads:
        forum.change(thread, "Changed.")
    reader.read(2 * len(threads) // AGAIN + 2)
    assert {reader.items[thread].text for thread in threads} == {"Changed."}


def test_only_so_many_topics_are_remembered(forum: FakeDiscourse) -> None:
    for n in range(TOPICS + 30):
        forum.say(f"Question {n}.")
    reader = Reader(connector(forum))
    reader.read(5)
    assert len(reader.cursor["topics"]) <= TOPICS


def test_a_change_in_a_long_topic_is_seen(forum: FakeDiscourse) -> None:
    thread = forum.say("The question.")
    said = [forum.say(f"Talk {n}.", thread=thread) for n in range(45)]
    reader = Reader(connector(forum))
    reader.read()
    forum.change(said[35], "Changed.")
    reader.read()
    assert reader.items[said[35]].text == "Changed."


def test_hidden_and_removed_posts_count_as_deleted_and_come_back(forum: FakeDiscourse) -> None:
    thread = forum.say("The question.")
    one, two = forum.say("One.", thread=thread), forum.say("Two.", thread=thread)
    reader = Reader(connector(forum))
    reader.read()
    forum.hide(one)
    forum._at(two)["removed"] = True
    reader.read()
    assert reader.items[one].deleted and reader.items[two].deleted
    forum._at(one)["hidden"] = forum._at(two)["removed"] = False
    reader.read()
    assert (reader.items[one].text, reader.items[two].text) == ("One.", "Two.")


def test_a_removed_topic_takes_its_posts_along(forum: FakeDiscourse) -> None:
    thread = forum.say("The question.")
    reader = Reader(connector(forum))
    reader.read()
    forum.topics.pop(1)
    reader.read()
    assert reader.items[thread].deleted


def test_small_notices_of_the_forum_are_nobodys_posts(forum: FakeDiscourse) -> None:
    thread = forum.say("The question.")
    notice = forum.say("closed this topic", thread=thread, by="moderator")
    forum._at(notice)["post_type"] = 3
    reader = Reader(connector(forum))
    reader.read()
    assert set(reader.items) == {thread}


def test_one_category_is_read_alone(forum: FakeDiscourse) -> None:
    forum.say("The question.")
    reader = Reader(connector(forum, category="7"))
    assert reader.read() == []
    assert Reader(connector(forum, category="5")).read() != []


# Posting


def test_held_reply_is_found_where_it_was_approved(forum: FakeDiscourse) -> None:
    question = forum.say("The question.")
    forum.holds = {"expert"}
    ask, here = prepared(connector(forum), question), connector(forum)
    held = here.publish(ask)
    assert isinstance(held, Pending)
    assert here.find_published(ask) == Found(held.ref, pending=True)
    assert here.fetch_published(held.ref).state is LiveState.PENDING
    approved = forum.approve(held.ref["pending"])
    live = here.fetch_published(held.ref)
    assert (live.state, live.text) == (LiveState.LIVE, TEXT)
    assert live.ref == {"post_id": approved, "id": 2}
    assert here.fetch_published(live.ref).state is LiveState.LIVE
    here.withdraw(held.ref)
    assert forum.texts(question) == ["The question."]
    assert here.fetch_published(held.ref).state is LiveState.GONE


def test_held_reply_is_taken_back_before_anybody_saw_it(forum: FakeDiscourse) -> None:
    question = forum.say("The question.")
    forum.holds = {"expert"}
    here = connector(forum)
    held = here.publish(prepared(connector(forum), question))
    assert isinstance(held, Pending)
    here.withdraw(held.ref)
    here.withdraw(held.ref)
    assert forum.queue == {} and here.fetch_published(held.ref) == Live(LiveState.GONE)


def test_repeated_post_is_known_again_and_never_made_twice(forum: FakeDiscourse) -> None:
    forum.forgives = False
    question, here = forum.say("The question."), connector(forum)
    ask = prepared(connector(forum), question)
    first = here.publish(ask)
    forum.memory = []  # two minutes later
    assert isinstance(first, Posted) and here.publish(ask) == first
    assert forum.texts(question).count(TEXT) == 1


def test_what_was_said_elsewhere_a_moment_ago_waits(forum: FakeDiscourse) -> None:
    forum.forgives = False
    one, two, here = forum.say("One?"), forum.say("Two?"), connector(forum)
    here.publish(prepared(connector(forum), one))
    outcome = here.publish(prepared(connector(forum), two))
    assert isinstance(outcome, RetryAfter) and outcome.seconds > 300


def test_a_post_that_is_not_taken_is_refused(forum: FakeDiscourse) -> None:
    question = forum.say("The question.")
    forum.fails = [Answer(422, {"errors": ["Body is too short"]})]
    assert connector(forum).publish(prepared(connector(forum), question)) == Refused("not_accepted")


def test_an_older_post_of_ours_with_the_same_words_goes_to_a_person(forum: FakeDiscourse) -> None:
    # Ours, from before? Or ours, of now, and the forum's clock is behind?
    question, here = forum.say("The question."), connector(forum)
    old = forum.say(TEXT, thread=question, parent=question, by="expert")
    forum._at(old)["created_at"] = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert here.find_published(prepared(connector(forum), question)) == Ambiguous(1)
    assert here.find_published(prepared(connector(forum), question, "Other words.")) == NotFound()
    elsewhere = forum.say("And?", thread=question, parent=question)
    assert here.find_published(prepared(connector(forum), elsewhere)) == NotFound()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (
            Answer(429, {"errors": ["slow"], "extras": {"wait_seconds": 40}}),
            RetryAfter(40.0),
        ),
        (Answer(429, None, {"Retry-After": "7"}), RetryAfter(7.0)),
        (Answer(429), RetryAfter(30.0)),
        (Answer(403, {"errors": ["no"]}), Refused("not_permitted")),
        (Answer(403), Unknown("http_403")),  # a firewall, which knows nothing of it
        (Answer(404), Unknown("http_404")),
        (Answer(502, {"errors": ["x"]}), Unknown("http_502")),
        (Answer(200, ["x"]), Unknown("unreadable_answer")),
        (Answer(200, {"action": "enqueued"}), Unknown("unreadable_answer")),
        (Answer(200, {"id": "x"}), Unknown("unreadable_answer")),
    ],
)
def test_what_the_forum_answers(forum: FakeDiscourse, answer: Answer, outcome: Any) -> None:
    question = forum.say("The question.")
    forum.fails = [answer]
    assert connector(forum).publish(prepared(connector(forum), question)) == outcome
    assert forum.texts(question) == ["The question."]


@pytest.mark.parametrize(
    "text",
    [
        "a < b &amp; c &lt; d & e &copy; f &#60; g &amp;lt; h",
        "<script>alert(1)</script>",
        "AT&T; &;",
        "plain",
    ],
)
def test_text_comes_back_as_it_was(text: str) -> None:
    assert _unescaped(_escaped(text)) == text
    assert "<" not in _escaped(text)


def test_markup_that_somebody_put_in_shows(forum: FakeDiscourse) -> None:
    question, here = forum.say("The question."), connector(forum)
    posted = here.publish(prepared(connector(forum), question))
    assert isinstance(posted, Posted)
    forum.change_ours(posted.ref, "<b>Many</b> people")
    assert here.fetch_published(posted.ref).text == "[HTML] <b>Many</b> people"
    forum.hide(posted.ref["post_id"])
    assert here.fetch_published(posted.ref).state is LiveState.HIDDEN


# Settings


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"base_url": "ftp://canary-4711"}, "base_url"),
        ({"username": ""}, "username"),
        ({"api_key": ""}, "api_key"),
        ({"api_key": "canary-4711\n"}, "api_key"),
        ({"category": "canary-4711"}, "category"),
    ],
)
def test_wrong_settings_are_named_without_their_values(changed: Any, says: str) -> None:
    good = {"base_url": "https://d.example", "username": "expert", "api_key": "k"}
    with pytest.raises(ValueError, match=says) as raised:
        connector_for("discourse", {**good, **changed})
    assert "canary" not in str(raised.value)


def test_what_is_missing_is_said_in_words(forum: FakeDiscourse) -> None:
    novice = connector(forum, username="novice", api_key="key-of-novice")
    assert "trust level 0" in novice.missing()[0]
    assert "Global" in connector(forum, api_key="other").missing()[0]
    assert connector(forum).missing() == []


@pytest.mark.parametrize("post_id", ["7", "2/1", "1/x", "1/"])
def test_a_post_of_another_topic_is_not_answered(forum: FakeDiscourse, post_id: str) -> None:
    with pytest.raises(ValueError, match="not one of this community"):
        connector(forum).prepare(Intent("1", "https://x/", post_id, TEXT, "t"))


def test_a_reference_that_is_none_is_not_asked_for(forum: FakeDiscourse) -> None:
    with pytest.raises(ConnectorError, match="bad_reference"):
        connector(forum).withdraw({"post_id": "1/1"})
    assert forum.asked == []
