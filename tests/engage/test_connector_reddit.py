"""What is special about Reddit, on a fake of it. The story that all share: tests/peers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engage.connectors import connector_for, reddit_site
from engage.connectors.base import (
    Ambiguous,
    LiveState,
    NotFound,
    Posted,
    Refused,
    RetryAfter,
    Unknown,
)
from engage.connectors.reddit import RedditConnector
from engage.connectors.reddit_reading import KNOWN
from tests.fakes.reading import TEXT, Reader, prepared
from tests.fakes.reddit import FakeReddit, _errors
from tests.fakes.server import Answer


@pytest.fixture
def reddit(tmp_path: Path) -> Iterator[FakeReddit]:
    reddit = FakeReddit()
    reddit.start(tmp_path)
    yield reddit
    reddit.stop()


def connector(reddit: FakeReddit, **settings: Any) -> RedditConnector:
    return RedditConnector({**reddit.settings, **settings})


# Reading


def test_what_came_between_two_looks_is_read_however_much_it_was(reddit: FakeReddit) -> None:
    thread = reddit.say("The question.")
    reader = Reader(connector(reddit))
    reader.read()
    said = [reddit.say(f"Talk {n}.", thread=thread) for n in range(350)]
    reader.read()
    assert set(said) <= reader.items.keys()
    assert reader.items[said[0]].thread_url.endswith("/comments/1/a_question")
    assert reader.items[said[0]].thread_title == "A question"


def test_changes_among_the_newest_thousand_are_seen_in_turn(reddit: FakeReddit) -> None:
    thread = reddit.say("The question.")
    reader = Reader(connector(reddit))
    reader.read()
    said = [reddit.say(f"Talk {n}.", thread=thread) for n in range(620)]
    reader.read()
    for name in said[::60]:
        reddit.change(name, "Changed.")
    reader.read(7)
    assert {reader.items[name].text for name in said[::60]} == {"Changed."}
    assert len(reader.cursor["known"]) <= KNOWN


def test_post_that_a_moderator_removed_counts_as_deleted(reddit: FakeReddit) -> None:
    thread = reddit.say("The question.")
    below = reddit.say("Talk.", thread=thread)
    reader = Reader(connector(reddit))
    reader.read()
    reddit.things[thread]["removed_by_category"] = "moderator"
    reddit.change(below, "[removed]")
    reader.read()
    assert reader.items[thread].deleted and reader.items[below].deleted
    assert reader.items[below].text == ""


def test_a_post_without_a_text_is_its_title(reddit: FakeReddit) -> None:
    thread = reddit.say("")
    reader = Reader(connector(reddit))
    reader.read()
    assert reader.items[thread].text == "A question"


# Posting


def test_publish_twice_makes_two_and_an_ambiguous_look_up(reddit: FakeReddit) -> None:
    # The negative control of law 4: Reddit does not protect us from a blind retry.
    thread, here = reddit.say("The question."), connector(reddit)
    ask = prepared(connector(reddit), thread)
    first, second = here.publish(ask), here.publish(ask)
    assert isinstance(first, Posted) and isinstance(second, Posted) and first.ref != second.ref
    assert here.find_published(ask) == Ambiguous(2)


def test_an_older_comment_of_ours_with_the_same_words_goes_to_a_person(reddit: FakeReddit) -> None:
    thread, here = reddit.say("The question."), connector(reddit)
    old = reddit.say(TEXT, thread=thread, by="expert")
    reddit.things[old]["created_utc"] = time.time() - 86_400
    assert here.find_published(prepared(connector(reddit), thread)) == Ambiguous(1)
    assert here.find_published(prepared(connector(reddit), thread, "Other words.")) == NotFound()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (_errors("RATELIMIT", ratelimit=42.5), RetryAfter(42.5)),
        (_errors("RATELIMIT"), RetryAfter(30.0)),
        (_errors("THREAD_LOCKED"), Refused("thread_locked")),
        (_errors("TOO_OLD"), Refused("thread_locked")),
        (_errors("canary-4711"), Refused("not_accepted")),
        (Answer(429, None, {"X-Ratelimit-Reset": "9"}), RetryAfter(9.0)),
        (Answer(403, {"message": "Forbidden"}), Refused("not_permitted")),
        (Answer(403), Unknown("http_403")),
        (Answer(503, {}), Unknown("http_503")),
        (Answer(200, {"json": {"errors": []}}), Unknown("unreadable_answer")),
        (Answer(200, {"json": {}}), Unknown("unreadable_answer")),
        (Answer(200, []), Unknown("unreadable_answer")),
    ],
)
def test_what_reddit_answers(reddit: FakeReddit, answer: Answer, outcome: Any) -> None:
    thread = reddit.say("The question.")
    reddit.fails = [answer]
    assert connector(reddit).publish(prepared(connector(reddit), thread)) == outcome
    assert reddit.texts(thread) == ["The question."]


def test_a_token_that_ended_before_its_time_is_asked_for_again(reddit: FakeReddit) -> None:
    thread, here = reddit.say("The question."), connector(reddit)
    posted = here.publish(prepared(connector(reddit), thread))
    assert isinstance(posted, Posted)
    reddit.tokens.clear()
    assert here.fetch_published(posted.ref).state is LiveState.LIVE
    assert sum("access_token" in line for line in reddit.asked) == 2


def test_one_login_serves_a_whole_process(reddit: FakeReddit) -> None:
    for _ in range(3):
        connector(reddit).fetch_since({})
    assert sum("access_token" in line for line in reddit.asked) == 1
    assert "token-0" not in repr(list(reddit_site._grants.values()))


# Settings


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"subreddit": "canary/4711"}, "subreddit"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "canary:4711"}, "client_id"),
        ({"client_secret": "canary-4711\n"}, "client_secret"),
        ({"refresh_token": ""}, "refresh_token"),
    ],
)
def test_wrong_settings_are_named_without_their_values(changed: Any, says: str) -> None:
    good = {
        "subreddit": "contraception",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
    }
    with pytest.raises(ValueError, match=says) as raised:
        connector_for("reddit", {**good, **changed})
    assert "canary" not in str(raised.value)


def test_what_is_missing_is_said_in_words(reddit: FakeReddit) -> None:
    assert connector(reddit).missing() == []
    assert "refresh token" in connector(reddit, refresh_token="other").missing()[0]
    assert "r/other" in connector(reddit, subreddit="other").missing()[0]
