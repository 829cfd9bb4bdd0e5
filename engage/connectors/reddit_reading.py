"""What is new, changed or removed in a subreddit.

Two lists bring new posts and new comments. Nothing lists what was edited, removed or locked, so the
newest thousand are read again: the newest hundred each time, the others in turn.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from engage.connectors.base import ConnectorError, Item, NoThreadHere, Page
from engage.connectors.reddit_site import A_PAGE, Account

KNOWN = 1_000  # posts and comments, the newest, that are read again
WHOLE = 500  # comments of a thread that is read for itself, besides those that come with it
PAGES = 10  # of each list in one fetch: as far back as Reddit goes
NAME = re.compile(r"t[13]_[0-9a-z]{1,16}")
PLACE = re.compile(r"r/([A-Za-z0-9_]{2,21})/comments/([0-9a-z]{1,13})")
TAKEN = ("[deleted]", "[removed]")


def read_since(account: Account, subreddit: str, cursor: Mapping[str, Any]) -> Page:
    """New, changed and removed posts and comments, oldest first."""
    known: dict[str, list[Any]] = {str(k): list(v) for k, v in cursor.get("known", {}).items()}
    rows: dict[str, dict[str, Any]] = {}
    for path in (f"/r/{subreddit}/new", f"/r/{subreddit}/comments"):
        rows |= _new(account, path, known)
    again, turn = _to_read_again(list(known), int(cursor.get("turn", 0)))
    threads = {row["thread"] for row in rows.values()}
    asked = dict.fromkeys((*again, *sorted(threads - rows.keys())))
    rows |= {row["name"]: row for row in map(checked, account.info(asked))}
    locks = {name: row["locked"] for name, row in rows.items() if row["name"] == row["thread"]}
    items = []
    for row in sorted(rows.values(), key=lambda row: row["at"]):
        name, thread = row["name"], row["thread"]
        before = known.get(name)
        locked = locks.get(thread, bool(before and before[1]))
        digest = hashlib.sha256(row["text"].encode()).hexdigest()[:16]
        mark = [digest, locked, thread, row["at"].timestamp()]
        if row["gone"] and before is None:
            continue
        if row["gone"]:
            known.pop(name)
            items.append(_item(row, locked))
        elif before != mark:
            known[name] = mark
            items.append(_item(row, locked))
    for name in [name for name in again if name in known and name not in rows]:
        _, locked, thread, _ = known.pop(name)
        items.append(_removed(name, thread, locked))
    kept = sorted(known, key=lambda name: known[name][3])[-KNOWN:]
    return Page(tuple(items), {"known": {name: known[name] for name in kept}, "turn": turn})


def read_thread(
    account: Account, subreddit: str, address: str, known: Collection[str]
) -> tuple[Item, ...]:
    """A post with its comments, and which `known` ones are gone. A branch that Reddit shows on a
    page of its own is left out."""
    parts = urlsplit(address).path.strip("/").split("/")
    place = PLACE.fullmatch("/".join(parts[:4]))
    host = urlsplit(address).netloc.casefold()
    if not (host == "reddit.com" or host.endswith(".reddit.com")) or place is None:
        raise NoThreadHere
    if place[1].casefold() != subreddit.casefold():
        raise NoThreadHere
    answer = account.ask_list(f"/comments/{place[2]}", limit="500", depth="20")
    rows: dict[str, dict[str, Any]] = {}
    left: list[str] = []  # names of comments that did not come
    for thing in _things(answer):
        data = thing["data"]
        if thing["kind"] == "more":
            left += [f"t1_{child}" for child in data.get("children") or ()]
        else:
            row = checked(data)
            rows[row["name"]] = row
    left = [*left[:WHOLE], *(name for name in known if name not in rows and NAME.fullmatch(name))]
    rows |= {row["name"]: row for row in map(checked, account.info(dict.fromkeys(left)))}
    post = rows.get(f"t3_{place[2]}")
    if post is None:
        raise NoThreadHere
    said = [row for name, row in rows.items() if name in known or not row["gone"]]
    gone = [name for name in known if name not in rows]
    return (
        *(_item(row, post["locked"]) for row in said),
        *(_removed(name, post["name"], post["locked"]) for name in gone),
    )


def read_back(account: Account, subreddit: str, since: datetime, cursor: Mapping[str, Any]) -> Page:
    """The next hundred of a list: its posts, then its comments."""
    lists = (f"/r/{subreddit}/new", f"/r/{subreddit}/comments")
    at, after = int(cursor.get("list", 0)), str(cursor.get("after", ""))
    things, further = account.listing(lists[at], limit=str(A_PAGE), **_after(after))
    rows = [checked(thing) for thing in things]
    new = [row for row in rows if row["at"] >= since]
    items = tuple(_item(row, None) for row in new if not row["gone"])
    if further and len(new) == len(rows):
        return Page(items, {"list": at, "after": further})
    return Page(items, {"list": at + 1} if at + 1 < len(lists) else {})


def _things(answer: Any) -> Iterator[dict[str, Any]]:
    """Posts, comments and what stands for more of them, out of listings within listings."""
    waiting = list(answer)
    while waiting:
        try:
            for thing in waiting.pop(0)["data"]["children"]:
                if thing["kind"] in ("t1", "t3", "more"):
                    yield {"kind": thing["kind"], "data": thing["data"]}
                if answers := thing["data"].get("replies"):
                    waiting.append(answers)
        except (KeyError, TypeError, AttributeError):
            raise ConnectorError("unreadable_answer") from None


def _after(name: str) -> dict[str, str]:
    return {"after": name} if name else {}


def checked(row: Any) -> dict[str, Any]:
    """A post or comment with everything in it that is used. Raises ConnectorError."""
    try:
        name = str(row["name"])
        is_post = name.startswith("t3_")
        text = str((row.get("selftext") or row["title"]) if is_post else row["body"])
        parent = None if is_post else str(row["parent_id"])
        thread = name if is_post else str(row["link_id"])
        if not all(NAME.fullmatch(one) for one in (name, thread, parent or name)):
            raise ValueError("no name")
        taken = text in TAKEN or bool(row.get("removed_by_category"))
        return {
            "name": name,
            "thread": thread,
            "parent": parent,
            "title": str(row.get("title") if is_post else row.get("link_title") or ""),
            "place": str(row.get("permalink") or ""),
            "author": str(row.get("author") or ""),
            "at": datetime.fromtimestamp(float(row["created_utc"]), UTC),
            "text": text,
            "gone": taken or (row.get("author") == "[deleted]" and text in TAKEN),
            "locked": bool(row.get("locked") or row.get("archived")),
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise ConnectorError("unreadable_answer") from None


def url_of(row: Mapping[str, Any]) -> str:
    """Where people see a post or comment."""
    return f"https://www.reddit.com{row['place']}" if row["place"].startswith("/") else ""


def _new(account: Account, path: str, known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is in a list and not known, as far back as something known or Reddit's end of it."""
    found: dict[str, dict[str, Any]] = {}
    after = ""
    for _ in range(PAGES if known else 1):
        things, after = account.listing(path, limit=str(A_PAGE), **_after(after))
        rows = {row["name"]: row for row in map(checked, things)}
        found |= rows
        if not after or known.keys() & rows.keys():
            break
    return found


def _to_read_again(known: list[str], turn: int) -> tuple[list[str], int]:
    """The newest hundred, a hundred of those before in turn; and the next turn."""
    before = known[:-A_PAGE]
    parts = max(1, -(-len(before) // A_PAGE))
    at = turn % parts
    return known[-A_PAGE:] + before[at * A_PAGE : (at + 1) * A_PAGE], at + 1


def _item(row: Mapping[str, Any], locked: bool | None) -> Item:
    place = row["place"] if row["parent"] is None else "/".join(row["place"].split("/")[:6])
    return Item(
        post_id=row["name"],
        thread_id=row["thread"],
        thread_url=url_of({"place": place}),
        thread_title=row["title"],
        parent_id=row["parent"],
        author=row["author"],
        published_at=row["at"],
        text="" if row["gone"] else row["text"],
        deleted=row["gone"],
        locked=locked,
    )


def _removed(name: str, thread: str, locked: bool) -> Item:
    return Item(name, thread, "", "", None, "", datetime.now(UTC), "", True, locked)
