"""What is new, changed or removed in a Discourse forum.

The list of the latest posts brings what is new. Nothing lists what was edited, removed or closed,
so the topics with the newest posts are read again in turn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from engage.connectors.base import ConnectorError, Item, NoThreadHere, Page
from engage.connectors.discourse_site import Forum, moment
from engage.connectors.turns import in_turn

LISTS = 5  # pages of the latest posts in one fetch; what is older comes next time
TOPICS = 100  # with the newest posts, which are read again
AGAIN = 6  # topics in one fetch: those that have something new first, the others in turn
MORE = 60  # posts of a topic besides its first ones that are read again
WHOLE = 200  # of a topic that is read for itself
A_CHUNK = 20  # posts of a topic that Discourse gives at once
SAID = (1, 2)  # types of posts in which somebody speaks (2: as a moderator)


def read_since(forum: Forum, category: str, cursor: Mapping[str, Any]) -> Page:
    """New, changed and removed posts, oldest first.

    Args:
        category: the number of the only category that is read, "" for all.
    """
    topics = {str(key): _copied(topic) for key, topic in cursor.get("topics", {}).items()}
    rows, gaps, last = _new(forum, cursor)
    items: list[Item] = []
    for row in sorted(rows, key=lambda row: row["id"]):
        if not category or str(row.get("category_id")) == category:
            topic = topics.pop(str(row["topic_id"]), None) or {"posts": {}, "locked": False}
            topics[str(row["topic_id"])] = topic  # to the end: the newest is forgotten last
            items += _heard(forum, row, topic, _title_of(row))
    turn = int(cursor.get("turn", 0))
    touched = list(dict.fromkeys(item.thread_id for item in reversed(items)))
    waiting = [key for key in (*touched, *cursor.get("waiting", [])) if key in topics]
    again = in_turn(waiting, list(topics)[-TOPICS:], turn, AGAIN)
    for key in again:
        items += _read_again(forum, key, topics[key])
    keep = list(topics)[-TOPICS:]
    return Page(
        tuple(sorted(items, key=lambda item: item.published_at)),
        {
            "last": last,
            "gaps": gaps,
            "topics": {key: topics[key] for key in keep},
            "waiting": [key for key in dict.fromkeys(waiting) if key not in again][:TOPICS],
            "turn": turn + 1,
        },
    )


def read_thread(
    forum: Forum, category: str, address: str, known: Collection[str]
) -> Iterator[Item]:
    """The posts of a topic, and those of `known` that it has no more.

    Args:
        category: as of `read_since`.
        address: such as /t/a-question/12 or /t/12/3, on the forum's host.
    """
    key = _topic_at(forum, address)
    answer = forum.ask("GET", f"/t/{key}.json", params={"include_raw": "true"})
    if category and str(answer.get("category_id")) != category:
        raise NoThreadHere
    rows, stream = _posts_of(forum, key, answer, WHOLE)
    topic: dict[str, Any] = {"posts": {}, "locked": _is_locked(answer)}
    for row in rows:
        if row["post_type"] in SAID:
            yield from _heard(forum, row, topic, str(answer.get("title", "")))
    if stream <= {row["id"] for row in rows}:
        there = {f"{key}/{number}" for number in topic["posts"]}
        for gone in sorted(set(known) - there):
            yield _removed(forum, gone)


def read_back(forum: Forum, category: str, since: datetime, cursor: Mapping[str, Any]) -> Page:
    """The fifty posts before those of the page before."""
    rows = latest(forum, int(cursor.get("before", 0)))
    items = [
        replace(item, locked=None)
        for row in rows
        if row["post_type"] in SAID
        and row["created_at"] >= since
        and (not category or str(row.get("category_id")) == category)
        for item in _heard(forum, row, {"posts": {}, "locked": False}, _title_of(row))
    ]
    ended = not rows or min(row["created_at"] for row in rows) < since
    return Page(tuple(items), {} if ended else {"before": min(row["id"] for row in rows)})


def _topic_at(forum: Forum, address: str) -> str:
    """The number of a topic: the first in its path after /t/."""
    place, home = urlsplit(address), urlsplit(forum.base)
    parts = place.path.removeprefix(home.path).strip("/").split("/")
    numbers = [part for part in parts[1:] if part.isascii() and part.isdigit()]
    if place.netloc.casefold() != home.netloc.casefold() or parts[0] != "t" or not numbers:
        raise NoThreadHere
    return numbers[0]


def _title_of(row: Mapping[str, Any]) -> str:
    return str(row.get("topic_title", ""))


def url_of(forum: Forum, topic_id: Any, number: Any = None) -> str:
    """Where people see a topic, or a post in it."""
    return f"{forum.base}/t/{topic_id}" + (f"/{number}" if number else "")


def checked(row: Any) -> dict[str, Any]:
    """A post with everything in it that is used. Raises ConnectorError."""
    try:
        return {
            **row,
            "id": int(row["id"]),
            "topic_id": int(row["topic_id"]),
            "post_number": int(row["post_number"]),
            "reply_to_post_number": int(row.get("reply_to_post_number") or 0),
            "username": str(row["username"]),
            "created_at": moment(row["created_at"]),
            "raw": str(row.get("raw") or ""),
            "post_type": int(row.get("post_type") or 1),
        }
    except (KeyError, TypeError, ValueError):
        raise ConnectorError("unreadable_answer") from None


def is_gone(row: Mapping[str, Any]) -> bool:
    """Whether nobody can read what the post said."""
    return bool(row.get("user_deleted") or row.get("deleted_at"))


def posts_in(answer: Any) -> list[dict[str, Any]]:
    """The posts of a topic in an answer. Raises ConnectorError."""
    try:
        return [checked(row) for row in answer["post_stream"]["posts"]]
    except (KeyError, TypeError):
        raise ConnectorError("unreadable_answer") from None


def latest(forum: Forum, before: int = 0) -> list[dict[str, Any]]:
    """The newest posts of the forum, of those before a number. Raises ConnectorError."""
    answer = forum.ask("GET", "/posts.json", params={"before": str(before)} if before else None)
    if not isinstance(answer.get("latest_posts"), list):
        raise ConnectorError("unreadable_answer")
    return [checked(row) for row in answer["latest_posts"]]


def _new(
    forum: Forum, cursor: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[list[int]], int]:
    """New posts, the stretches of numbers that are still to be read, and the newest number."""
    last = int(cursor.get("last", 0))
    # Each stretch is read downwards: [before, down to]. 0: from the newest.
    stretches = [[0, last], *([int(a), int(b)] for a, b in cursor.get("gaps", []))]
    rows: list[dict[str, Any]] = []
    left = []
    pages = 1 if not last else LISTS
    for start, down_to in stretches:
        before = start
        while pages:
            pages -= 1
            page = latest(forum, before)
            rows += [row for row in page if row["id"] > down_to and row["post_type"] in SAID]
            last = max(last, *(row["id"] for row in page)) if page else last
            before = min((row["id"] for row in page), default=down_to)
            if before <= down_to + 1 or not down_to:
                break
        else:
            left.append([before, down_to])
    return rows, left[:A_CHUNK], last


def _read_again(forum: Forum, key: str, topic: dict[str, Any]) -> Iterator[Item]:
    """What became of a topic: its new posts, changes, removals, and whether it is closed."""
    known: dict[str, list[Any]] = topic["posts"]
    try:
        answer = forum.ask("GET", f"/t/{key}.json", params={"include_raw": "true"})
    except ConnectorError as error:
        if error.code == "gone":
            yield from (_removed(forum, f"{key}/{number}") for number in known)
            known.clear()
        elif error.code != "not_permitted":  # a topic that was closed to us says nothing
            raise
        return
    rows, there = _posts_of(forum, key, answer, MORE, {mark[0] for mark in known.values()})
    locked = _is_locked(answer)
    turned, topic["locked"] = locked != topic["locked"], locked
    for row in rows:
        if row["post_type"] in SAID:
            yield from _heard(forum, row, topic, str(answer.get("title", "")), turned)
    for number, mark in list(known.items()):
        if mark[0] not in there:
            known.pop(number)
            yield _removed(forum, f"{key}/{number}")


def _posts_of(
    forum: Forum, key: str, answer: Any, most: int, wanted: set[int] | None = None
) -> tuple[list[dict[str, Any]], set[int]]:
    """Posts of a topic, and the numbers of all that there are.

    Args:
        answer: the topic as the forum gives it, with its first posts.
        most: how many are read besides those, the newest.
        wanted: the numbers of those that are; None for any.
    """
    rows = posts_in(answer)
    stream = answer["post_stream"].get("stream")
    if not isinstance(stream, list):
        raise ConnectorError("unreadable_answer")
    first = {row["id"] for row in rows}
    more = [i for i in stream if i not in first and (wanted is None or i in wanted)][-most:]
    for start in range(0, len(more), A_CHUNK):
        asked = {
            "post_ids[]": [str(i) for i in more[start : start + A_CHUNK]],
            "include_raw": "true",
        }
        rows += posts_in(forum.ask("GET", f"/t/{key}/posts.json", params=asked))
    return rows, set(stream)


def _is_locked(topic: Mapping[str, Any]) -> bool:
    return bool(topic.get("closed") or topic.get("archived"))


def _heard(
    forum: Forum, row: Mapping[str, Any], topic: dict[str, Any], title: str, turned: bool = False
) -> Iterator[Item]:
    """The post, if it is not as it was known."""
    number, key = str(row["post_number"]), str(row["topic_id"])
    gone = is_gone(row) or bool(row.get("hidden"))
    if gone and number not in topic["posts"]:
        return
    mark = [row["id"], _digest(row["raw"], title, gone)]
    if topic["posts"].get(number) == mark and not turned:
        return
    if gone:
        topic["posts"].pop(number)
        yield _removed(forum, f"{key}/{number}")
        return
    topic["posts"][number] = mark
    answered = row["reply_to_post_number"] or (1 if row["post_number"] > 1 else 0)
    yield Item(
        post_id=f"{key}/{number}",
        thread_id=key,
        thread_url=url_of(forum, key),
        thread_title=title,
        parent_id=f"{key}/{answered}" if answered else None,
        author=row["username"],
        published_at=row["created_at"],
        text=row["raw"],
        locked=topic["locked"],
    )


def _removed(forum: Forum, post_id: str) -> Item:
    key = post_id.partition("/")[0]
    return Item(
        post_id,
        key,
        url_of(forum, key),
        "",
        None,
        "",
        datetime.now(UTC),
        "",
        deleted=True,
        locked=None,
    )


def _copied(topic: Mapping[str, Any]) -> dict[str, Any]:
    return {"posts": {**topic["posts"]}, "locked": bool(topic["locked"])}


def _digest(*values: Any) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
