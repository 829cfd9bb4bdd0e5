"""What is special about Mastodon, on a fake of it. The story that all share: tests/peers."""

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
    NotFound,
    NoThreadHere,
    Posted,
    Refused,
    RetryAfter,
    Unknown,
)
from engage.connectors.mastodon import MastodonConnector
from engage.connectors.mastodon_reading import AT_ONCE, TRACKED
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.reading import TEXT, Reader, prepared
from tests.fakes.server import Answer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeMastodon]:
    server = FakeMastodon()
    server.start(tmp_path)
    yield server
    server.stop()


def connector(server: FakeMastodon, **settings: Any) -> MastodonConnector:
    return MastodonConnector({**server.settings, **settings})


# Reading


def test_a_mention_leads_to_the_whole_conversation(server: FakeMastodon) -> None:
    root = server.say("What helps?", under="other")
    asked = server.say("Who knows? @expert", thread=root)
    below = server.say("I do not.", parent=asked)
    reader = Reader(connector(server))
    reader.read()
    assert {root, asked, below} == reader.items.keys()
    assert {item.thread_id for item in reader.items.values()} == {root}
    assert reader.items[root].thread_title == "What helps?"
    assert reader.items[asked].parent_id == root and reader.items[root].parent_id is None


def test_an_account_that_is_watched_is_read(server: FakeMastodon) -> None:
    said = server.say("News.", under="other", by="clinic")
    reader = Reader(connector(server, watch=["@clinic@mastodon.example"]))
    reader.read()
    assert reader.items[said].author == "clinic"
    with pytest.raises(ConnectorError, match="gone"):
        Reader(connector(server, watch=["@nobody"])).read()


def test_more_than_one_page_of_news_is_read_in_their_order(server: FakeMastodon) -> None:
    server.say("First.")
    reader = Reader(connector(server))
    reader.read()
    said = [server.say(f"News {n}.") for n in range(90)]
    reader.read(len(said) // (AT_ONCE // 2) + 1)
    assert set(said) <= reader.items.keys()


def test_changes_in_every_conversation_are_seen_in_turn(server: FakeMastodon) -> None:
    roots = [server.say(f"Question {n}.") for n in range(20)]
    reader = Reader(connector(server))
    reader.read(5)
    for root in roots:
        server.change(root, "Changed.")
    reader.read(2 * len(roots) // AT_ONCE + 2)
    assert {reader.items[root].text for root in roots} == {"Changed."}


def test_only_so_many_conversations_are_remembered(server: FakeMastodon) -> None:
    server.say("First.")
    reader = Reader(connector(server))
    reader.read()
    for n in range(TRACKED + 30):
        server.say(f"Question {n}.")
    reader.read(3)
    assert len(reader.cursor["threads"]) <= TRACKED


def test_a_removed_root_takes_what_hangs_on_it_along(server: FakeMastodon) -> None:
    root = server.say("What helps?")
    below = server.say("I do not know.", thread=root)
    reader = Reader(connector(server))
    reader.read()
    server.delete(root)
    reader.read()
    assert reader.items[root].deleted and reader.items[below].deleted


def test_a_content_warning_is_read_with_the_post(server: FakeMastodon) -> None:
    root = server.say("It bled.\nA lot.\n\nWhat now?")
    server.posts[root]["warning"] = "Blood"
    reader = Reader(connector(server))
    reader.read()
    assert reader.items[root].text == "Blood\n\nIt bled.\nA lot.\n\nWhat now?"


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_what_was_not_said_to_everybody_is_not_read(server: FakeMastodon, visibility: str) -> None:
    root = server.say("What helps?")
    message = server.say("Only for you. @expert", under="other")
    within = server.say("Not for all.", thread=root)
    answered = server.say("What do you mean?", parent=within)
    for post in (message, within):
        server.posts[post]["visibility"] = visibility
    reader = Reader(connector(server))
    reader.read()
    assert reader.items.keys() == {root, answered}
    here = connector(server)
    since = datetime.now(UTC) - timedelta(days=1)
    assert {item.post_id for item in here.fetch_back(since, {}).items} <= {root, answered}
    with pytest.raises(NoThreadHere):
        here.fetch_thread(f"https://mastodon.example/@patient/{message}")


def test_unlisted_posts_are_read(server: FakeMastodon) -> None:
    root = server.say("What helps?")
    server.posts[root]["visibility"] = "unlisted"
    reader = Reader(connector(server))
    reader.read()
    assert reader.items.keys() == {root}


# Posting


def test_same_request_makes_one_post_for_an_hour(server: FakeMastodon) -> None:
    root, here = server.say("What helps?"), connector(server)
    ask = prepared(connector(server), root)
    assert here.publish(ask) == here.publish(ask)
    assert server.texts(root).count(TEXT) == 1
    # The negative control: after that hour a blind retry would make a second one.
    server.keys.clear()
    here.publish(ask)
    assert server.texts(root).count(TEXT) == 2
    assert here.find_published(ask) == Ambiguous(2)


def test_an_older_post_of_ours_with_the_same_words_goes_to_a_person(server: FakeMastodon) -> None:
    root, here = server.say("What helps?"), connector(server)
    old = server.say(TEXT, thread=root, by="expert")
    server.posts[old]["at"] = datetime.now(UTC) - timedelta(days=1)
    assert here.find_published(prepared(connector(server), root)) == Ambiguous(1)
    assert here.find_published(prepared(connector(server), root, "Other words.")) == NotFound()


def test_a_reply_is_found_behind_many_others(server: FakeMastodon) -> None:
    root, here = server.say("What helps?"), connector(server)
    ask = prepared(connector(server), root)
    posted = here.publish(ask)
    for n in range(90):
        server.say(f"News {n}.", by="expert", under="other")
    assert isinstance(posted, Posted) and here.find_published(ask).ref == posted.ref


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(429, {"error": "slow"}, {"Retry-After": "7"}), RetryAfter(7.0)),
        (Answer(429, {"error": "slow"}), RetryAfter(30.0)),
        (Answer(422, {"error": "no"}), Refused("not_accepted")),
        (Answer(404, {"error": "Record not found"}), Refused("gone")),
        (Answer(403), Unknown("http_403")),
        (Answer(503, {"error": "x"}), Unknown("http_503")),
        (Answer(200, []), Unknown("unreadable_answer")),
        (Answer(200, {"id": 7}), Unknown("unreadable_answer")),
    ],
)
def test_what_the_server_answers(server: FakeMastodon, answer: Answer, outcome: Any) -> None:
    root = server.say("What helps?")
    server.fails = [answer]
    assert connector(server).publish(prepared(connector(server), root)) == outcome
    assert server.texts(root) == ["What helps?"]


def test_a_server_that_names_the_moment_is_waited_for(server: FakeMastodon) -> None:
    root = server.say("What helps?")
    reset = (datetime.now(UTC) + timedelta(seconds=100)).isoformat()
    server.fails = [Answer(429, {"error": "slow"}, {"X-RateLimit-Reset": reset})]
    outcome = connector(server).publish(prepared(connector(server), root))
    assert isinstance(outcome, RetryAfter) and 90 < outcome.seconds <= 100


def test_a_warning_that_somebody_put_before_it_shows(server: FakeMastodon) -> None:
    root, here = server.say("What helps?"), connector(server)
    posted = here.publish(prepared(connector(server), root))
    assert isinstance(posted, Posted)
    server.posts[posted.ref["post_id"]]["warning"] = "Advertising"
    assert here.fetch_published(posted.ref).text == f"Advertising\n\n{TEXT}"


# Settings


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"base_url": "ftp://canary-4711"}, "base_url"),
        ({"access_token": ""}, "access_token"),
        ({"access_token": "canary-4711\n"}, "access_token"),
        ({"watch": ["canary-4711"]}, "watch"),
        ({"watch": ["#a/../canary-4711"]}, "watch"),
    ],
)
def test_wrong_settings_are_named_without_their_values(changed: Any, says: str) -> None:
    good = {"base_url": "https://m.example", "access_token": "t"}
    with pytest.raises(ValueError, match=says) as raised:
        connector_for("mastodon", {**good, **changed})
    assert "canary" not in str(raised.value)


def test_what_is_missing_is_said_in_words(server: FakeMastodon) -> None:
    assert connector(server).missing() == []
    assert connector(server, access_token="token-of-reader").missing() == [
        "The access token lacks the scope 'write:statuses'."
    ]
    assert "not accepted" in connector(server, access_token="other").missing()[0]
    assert "@nobody" in connector(server, watch=["@nobody"]).missing()[0]
