"""What is new, changed, approved late or removed among the comments of a WordPress site.

Comments have no date of their last change, and one that was held and approved later keeps its old
date and number. So each fetch asks for what is new, with an overlap, and reads the last NUMBERS
comment numbers again, those that it has never seen too: the newest hundred each time, the others in
turn.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from engage.connectors.base import Item, NoThreadHere, Page
from engage.connectors.plain_text import plain_text
from engage.connectors.wordpress_site import A_PAGE, Site, moment

NUMBERS = 1_000  # of the newest comments, which are read again
PAGES = 10  # of new comments in one fetch; the rest comes next time
FIRST = timedelta(days=30)  # before the first fetch; `read_back` reads what is older
OVERLAP = timedelta(hours=2)  # more than a change of the site's clocks


def read_since(site: Site, cursor: Mapping[str, Any]) -> Page:
    """New, changed, approved and removed comments, oldest first."""
    known: dict[str, list[Any]] = {str(k): list(v) for k, v in cursor.get("known", {}).items()}
    newest, more = _new(site, cursor)
    rows = {str(row["id"]): row for row in newest}
    last = max((int(key) for key in (*known, *rows)), default=0)
    again, turn = _to_read_again(last, int(cursor.get("turn", 0)))
    rows |= {str(row["id"]): row for row in _rows(site, [i for i in again if i not in rows])}
    threads = _threads(site, {str(row["post"]) for row in rows.values()})
    items = []
    for row in sorted(rows.values(), key=lambda row: (row["date_gmt"], row["id"])):
        item = _item(row, threads)
        mark = [_digest(item.text, item.thread_title), item.thread_id, item.locked]
        if known.get(item.post_id) != mark:
            items.append(item)
        known[item.post_id] = mark
    for gone in [key for key in again if key in known and key not in rows]:
        _, thread_id, locked = known.pop(gone)
        items.append(_removed(gone, thread_id, locked))
    latest = max((row["date_gmt"] for row in newest), default="")
    return Page(
        tuple(items),
        {
            "after": max(str(cursor.get("after", "")), latest),
            "more": more,
            "known": {
                key: mark for key, mark in known.items() if int(key) > last - NUMBERS or key in rows
            },
            "turn": turn,
        },
    )


def read_thread(site: Site, address: str, known: Set[str]) -> tuple[Item, ...]:
    """The comments of a post or page of the site, and those of `known` that can't be read."""
    thread = _thread_at(site, address)
    asked = {"post": thread, "orderby": "date_gmt", "order": "desc"}
    rows = {str(row["id"]): row for row in site.comments(asked, PAGES)}
    rows |= {str(row["id"]): row for row in _rows(site, sorted(known - rows.keys(), key=int))}
    threads = _threads(site, {thread})
    if not rows and thread not in threads:
        raise NoThreadHere
    locked = _is_locked(threads.get(thread, {}))
    gone = [_removed(key, thread, locked) for key in sorted(known - rows.keys(), key=int)]
    return (*(_item(row, threads) for row in rows.values()), *gone)


def read_back(site: Site, since: datetime, cursor: Mapping[str, Any]) -> Page:
    """The hundred comments before those of the page before."""
    before = moment(cursor["before"]) if cursor else datetime.now(UTC) + OVERLAP
    asked = {
        "orderby": "date_gmt",
        "order": "desc",
        "after": since.astimezone(UTC).isoformat(),
        "before": before.isoformat(),
    }
    rows = list(site.comments(asked, 1))
    threads = _threads(site, {str(row["post"]) for row in rows})
    if len(rows) < A_PAGE:
        further = {}
    else:
        # Once more those of the oldest second, unless the whole page was of it.
        oldest = moment(rows[-1]["date_gmt"]) + timedelta(seconds=1)
        further = {"before": min(oldest, before - timedelta(seconds=1)).isoformat()}
    items = [replace(_item(row, threads), locked=None) for row in rows]
    return Page(tuple(items), further)


def _thread_at(site: Site, address: str) -> str:
    """The number of the post or page that browsers show at an address."""
    place = urlsplit(address)
    if place.netloc.casefold() != urlsplit(site.base).netloc.casefold():
        raise NoThreadHere
    for name in ("p", "page_id"):
        number = parse_qs(place.query).get(name, [""])[0]
        if number.isascii() and number.isdigit():
            return number
    slug = place.path.strip("/").rpartition("/")[2]
    for kind in ("posts", "pages") if slug else ():
        rows, _ = site.ask("GET", kind, params={"slug": slug, "_fields": "id,link"})
        for row in rows if isinstance(rows, list) else ():
            there = urlsplit(str(row.get("link"))).path.strip("/")
            if isinstance(row.get("id"), int) and there == place.path.strip("/"):
                return str(row["id"])
    raise NoThreadHere


def _new(site: Site, cursor: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """Comments since the cursor, and whether there are more than one fetch takes."""
    asked = {"orderby": "date_gmt", "order": "asc"}
    if not cursor.get("after"):
        asked["after"] = (datetime.now(UTC) - FIRST).isoformat()
    else:
        # While there is more, an overlap could keep us from ever getting on.
        step = timedelta(seconds=1) if cursor.get("more") else OVERLAP
        asked["after"] = (moment(cursor["after"]) - step).isoformat()
    rows = list(site.comments(asked, PAGES))
    return rows, len(rows) >= PAGES * A_PAGE


def _rows(site: Site, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Those of these comments that can be read in the community now."""
    for start in range(0, len(ids), A_PAGE):
        yield from site.comments({"include": ",".join(ids[start : start + A_PAGE])}, 1)


def _threads(site: Site, ids: set[str]) -> dict[str, dict[str, Any]]:
    """Title, address and lock of posts, and of pages."""
    found: dict[str, dict[str, Any]] = {}
    for kind in ("posts", "pages"):
        wanted = sorted(ids - found.keys(), key=int)
        for start in range(0, len(wanted), A_PAGE):
            asked = {
                "include": ",".join(wanted[start : start + A_PAGE]),
                "per_page": str(A_PAGE),
                "_fields": "id,link,title,comment_status",
            }
            rows, _ = site.ask("GET", kind, params=asked)
            found |= {str(row.get("id")): row for row in rows if isinstance(row, dict)}
    return found


def _item(row: Mapping[str, Any], threads: Mapping[str, Mapping[str, Any]]) -> Item:
    thread = threads.get(str(row["post"]), {})
    title = thread.get("title")
    rendered = str(title.get("rendered", "")) if isinstance(title, dict) else ""
    raw = str(row["raw"])
    return Item(
        post_id=str(row["id"]),
        thread_id=str(row["post"]),
        thread_url=str(thread.get("link") or row["link"]).split("#")[0],
        thread_title=" ".join(plain_text(rendered).split()),
        parent_id=str(row["parent"]) if row["parent"] else None,
        author=row["author_name"] or "anonymous",
        published_at=moment(row["date_gmt"]),
        text=plain_text(raw.replace("\n", "<br>\n")) if "<" in raw else html.unescape(raw),
        locked=_is_locked(thread),
    )


def _is_locked(thread: Mapping[str, Any]) -> bool:
    return thread.get("comment_status") == "closed"


def _removed(post_id: str, thread_id: str, locked: bool) -> Item:
    """A comment that was deleted for good: nothing of it is left but its number."""
    return Item(
        post_id, thread_id, "", "", None, "", datetime.now(UTC), "", deleted=True, locked=locked
    )


def _to_read_again(last: int, turn: int) -> tuple[list[str], int]:
    """Comment numbers: the newest hundred, a hundred of those before in turn; and the next turn."""
    before = last - A_PAGE * (turn + 1)
    numbers = [*range(last, last - A_PAGE, -1), *range(before, before - A_PAGE, -1)]
    return [str(n) for n in numbers if n > 0], (turn + 1) % (NUMBERS // A_PAGE - 1)


def _digest(*values: Any) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
