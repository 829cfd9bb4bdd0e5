"""What is new, changed or removed in the conversations that a Mastodon account watches.

Hashtags, accounts and mentions lead to conversations; each is read in whole. Nothing lists what was
edited or removed, so the conversations with the newest posts are read again in turn. What was not
said to everybody is left alone: a message to us is no thread, and our answers are public.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from engage.connectors.base import ConnectorError, Item, NoThreadHere, Page
from engage.connectors.mastodon_server import A_PAGE, Server, is_id, moment
from engage.connectors.plain_text import plain_text
from engage.connectors.turns import in_turn

PAGES = 5  # of a hashtag or an account in one fetch; the rest comes next time
FIRST = 20  # posts of each at the first look
TRACKED = 100  # conversations that are read again: those with the newest posts
AT_ONCE = 10  # of them in one fetch: those with something new first, the others in turn
BACK = 5  # posts of a list in one step back, each of which leads to a conversation
LONGEST = 500  # posts of a conversation of which the marks are kept
OPEN = ("public", "unlisted")  # what everybody may read; "private" and "direct" are for some


def read_since(server: Server, watch: Sequence[str], cursor: Mapping[str, Any]) -> Page:
    """New, changed and removed posts, oldest first.

    Args:
        watch: "#hashtag" or "@account@server"; mentions of the account are always read.
    """
    threads: dict[str, dict[str, str]] = {k: {**v} for k, v in cursor.get("threads", {}).items()}
    last = {str(key): str(value) for key, value in cursor.get("last", {}).items()}
    waiting = [str(root) for root in cursor.get("waiting", [])]
    places = {post: root for root, posts in threads.items() for post in posts}
    for entry in ("", *watch):
        for row in _new(server, entry, last):
            root = places.get(row["id"]) or places.get(row["in_reply_to_id"] or "")
            root = root or (_root_of(server, row) if row["in_reply_to_id"] else row["id"])
            places[row["id"]] = root
            threads[root] = threads.pop(root, {})  # to the end: the newest is forgotten last
            waiting.append(root)
    turn = int(cursor.get("turn", 0))
    waiting = list(dict.fromkeys(root for root in waiting if root in threads))
    again = in_turn(waiting, list(threads)[-TRACKED:], turn, AT_ONCE)
    items = [item for root in again for item in _read_again(server, root, threads[root])]
    keep = list(threads)[-TRACKED:]
    return Page(
        tuple(sorted(items, key=lambda item: item.published_at)),
        {
            "last": last,
            "threads": {r: dict(list(threads[r].items())[-LONGEST:]) for r in keep},
            "waiting": [root for root in waiting if root not in again and root in keep],
            "turn": turn + 1,
        },
    )


def read_thread(server: Server, address: str, known: Collection[str]) -> tuple[Item, ...]:
    """A conversation, as far as this server knows it, and which `known` posts it has no more."""
    row = _post_at(server, address)
    root = _root_of(server, row) if row["in_reply_to_id"] else row["id"]
    return tuple(_read_again(server, root, dict.fromkeys(known, "")))


def read_back(
    server: Server, watch: Sequence[str], since: datetime, cursor: Mapping[str, Any]
) -> Page:
    """The conversations of the five posts before, under the first entry that has not ended.

    The cursor holds which entry that is, and before which of its posts to go on.
    """
    entries = ["", *watch]
    at, before = int(cursor.get("entry", 0)), str(cursor.get("before", ""))
    if at >= len(entries):  # fewer are watched than when it began
        return Page(())
    path, asked = _list_of(server, entries[at])
    more = {"limit": str(BACK), **({"max_id": before} if before else {})}
    rows = _rows(server.ask("GET", path, params={**asked, **more}))
    said = [checked(row) for row in map(_said, rows) if row and _is_open_post(row)]
    new = [row for row in said if row["created_at"] >= since]
    roots = {_root_of(server, row) if row["in_reply_to_id"] else row["id"] for row in new}
    items = [item for root in sorted(roots) for item in _read_again(server, root, {})]
    if len(rows) == BACK and len(new) == len(said):
        return Page(tuple(items), {"entry": at, "before": min((r["id"] for r in rows), key=_order)})
    return Page(tuple(items), {"entry": at + 1} if at + 1 < len(entries) else {})


def _post_at(server: Server, address: str) -> dict[str, Any]:
    """The post that browsers show at an address: this server's own, or one that it looks up."""
    place = urlsplit(address)
    number = place.path.rstrip("/").rpartition("/")[2]
    try:
        if place.netloc.casefold() == urlsplit(server.base).netloc.casefold() and is_id(number):
            return _open(server.ask("GET", f"v1/statuses/{number}"))
        asked = {"q": address, "type": "statuses", "resolve": "true", "limit": "1"}
        answer = server.ask("GET", "v2/search", params=asked)
    except ConnectorError as error:
        if error.code == "gone":
            raise NoThreadHere from None
        raise
    found = answer.get("statuses") if isinstance(answer, dict) else None
    if not found:
        raise NoThreadHere
    return _open(_rows(found)[0])


def _open(row: Any) -> dict[str, Any]:
    post = checked(row)
    if row.get("visibility") not in OPEN:
        raise NoThreadHere
    return post


def checked(row: Any) -> dict[str, Any]:
    """A post with everything in it that is used. Raises ConnectorError."""
    try:
        parent = row.get("in_reply_to_id")
        if not is_id(row["id"]) or not (parent is None or is_id(parent)):
            raise ValueError("no id")
        return {
            "id": row["id"],
            "in_reply_to_id": parent,
            "url": str(row.get("url") or row.get("uri") or ""),
            "acct": str(row["account"]["acct"]),
            "account_id": str(row["account"]["id"]),
            "created_at": moment(row["created_at"]),
            "text": _text(row),
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ConnectorError("unreadable_answer") from None


def url_of(row: Mapping[str, Any]) -> str:
    """Where people see a post, "" if its server says nothing that is an address."""
    url = str(row["url"])
    return url if url.startswith(("http://", "https://")) else ""


def _text(row: Mapping[str, Any]) -> str:
    warning, said = str(row.get("spoiler_text") or ""), plain_text(str(row.get("content") or ""))
    pictures = row.get("media_attachments")
    told = [
        f"[picture: {one['description']}]"
        for one in (pictures if isinstance(pictures, list) else [])
        if isinstance(one, dict) and one.get("description")
    ]
    return "\n\n".join(part for part in (warning, said, *told) if part)


def _new(server: Server, entry: str, last: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Posts under one entry that came since the last one, oldest first."""
    path, asked = _list_of(server, entry)
    for _ in range(PAGES):
        since = last.get(entry)
        limit = {"limit": str(A_PAGE), "min_id": since} if since else {"limit": str(FIRST)}
        rows = server.ask("GET", path, params={**asked, **limit})
        rows = sorted(_rows(rows), key=lambda row: _order(row["id"]))
        for row in rows:
            last[entry] = row["id"]
            said = _said(row)
            if said and _is_open_post(said):
                yield checked(said)
        if len(rows) < A_PAGE:
            return


def _rows(answer: Any) -> list[dict[str, Any]]:
    """The rows of a list. Raises ConnectorError."""
    if isinstance(answer, list) and all(isinstance(r, dict) and is_id(r.get("id")) for r in answer):
        return answer
    raise ConnectorError("unreadable_answer")


def _said(row: dict[str, Any]) -> dict[str, Any] | None:
    """The post in a row: a notification holds one, or none."""
    return row.get("status") if "type" in row else row


def _is_open_post(row: dict[str, Any]) -> bool:
    return row.get("visibility") in OPEN and not row.get("reblog")


def _list_of(server: Server, entry: str) -> tuple[str, dict[str, str | list[str]]]:
    if not entry:
        return "v1/notifications", {"types[]": ["mention"]}
    if entry.startswith("#"):
        return f"v1/timelines/tag/{entry[1:]}", {}
    found = server.ask("GET", "v1/accounts/lookup", params={"acct": entry.lstrip("@")})
    if not isinstance(found, dict) or not is_id(found.get("id")):
        raise ConnectorError("unreadable_answer")
    return f"v1/accounts/{found['id']}/statuses", {"exclude_reblogs": "true"}


def _order(identifier: str) -> tuple[int, str]:
    return len(identifier), identifier  # they grow


def _root_of(server: Server, row: Mapping[str, Any]) -> str:
    """The post that a conversation begins with, as far as this server knows it."""
    try:
        before = _context(server, row["id"])["ancestors"]
    except ConnectorError as error:
        if error.code != "gone":
            raise
        before = []
    return str(before[0]["id"]) if before else str(row["id"])


def _context(server: Server, identifier: str) -> dict[str, list[dict[str, Any]]]:
    answer = server.ask("GET", f"v1/statuses/{identifier}/context")
    try:
        return {
            side: [checked(row) for row in answer[side] if row.get("visibility") in OPEN]
            for side in ("ancestors", "descendants")
        }
    except (KeyError, TypeError, AttributeError):
        raise ConnectorError("unreadable_answer") from None


def _read_again(server: Server, root: str, known: dict[str, str]) -> Iterator[Item]:
    """What became of a conversation."""
    try:
        rows = [_open(server.ask("GET", f"v1/statuses/{root}"))]
        rows += _context(server, root)["descendants"]
    except ConnectorError as error:
        if error.code != "gone" and not isinstance(error, NoThreadHere):
            raise
        rows = []
    place = url_of(rows[0]) if rows else ""
    title = rows[0]["text"].partition("\n")[0][:80] if rows else ""
    for row in rows:
        mark = hashlib.sha256(row["text"].encode()).hexdigest()[:16]
        if known.get(row["id"]) != mark:
            known[row["id"]] = mark
            yield Item(
                post_id=row["id"],
                thread_id=root,
                thread_url=place,
                thread_title=title,
                parent_id=row["in_reply_to_id"] if row["id"] != root else None,
                author=row["acct"],
                published_at=row["created_at"],
                text=row["text"],
            )
    for gone in known.keys() - {row["id"] for row in rows}:
        known.pop(gone)
        yield Item(gone, root, place, "", None, "", datetime.now(UTC), "", deleted=True)
