"""Reading Bluesky's threads as its AppView shows them.

Searches and feeds say which threads there are; each thread is then read in whole, those that were
not read for the longest time first, so that edits, deletions and locks are seen too. `indexedAt` is
no cursor: what was seen is remembered by its address and version.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engage.connectors.base import ConnectorError, Item, NoThreadHere, Page
from engage.connectors.xrpc import ONE_CALL, Account

POST = "app.bsky.feed.post"
TRACKED = 100  # threads that are read again and again: those with the newest posts
LONGEST_THREAD = 500  # posts of which the marks are kept
AT_ONCE = 25  # of them in one fetch, besides those with something new
REMEMBERED = 3_000  # posts that led to a thread
PAGES = 5  # of a search or feed in one fetch
FETCH_SECONDS = 30.0  # after these no further thread is begun
ADDRESS = re.compile(rf"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/{re.escape(POST)}/([A-Za-z0-9._:~-]+)")
SHOWN = re.compile(r"https://bsky\.app/profile/([A-Za-z0-9._:%-]+)/post/([A-Za-z0-9._:~-]+)/?")
GONE = "-"  # the mark of a post that was deleted


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post is."""

    did: str
    rkey: str

    @property
    def url(self) -> str:
        """Where people see it."""
        return f"https://bsky.app/profile/{self.did}/post/{self.rkey}"


def is_post(address: object) -> bool:
    """Whether it is the address (AT URI) of a post."""
    return isinstance(address, str) and ADDRESS.fullmatch(address) is not None


def place_of(address: str) -> Place:
    """The parts of an address. Raises ValueError if it is none."""
    match = ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError("not the address of a post")
    return Place(match[1], match[2])


class BlueskyThreads:
    """The threads that an account watches.

    Args:
        watch: "@handle" for somebody's posts; anything else is searched for.
    """

    def __init__(self, account: Account, watch: list[str]) -> None:
        self._account = account
        self._watch = watch

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """As the connector's.

        The cursor holds "threads", those first that were not read for the longest time: for each
        {"last": when its newest post was made, "posts": {address: mark}}; and "seen": digests of
        the addresses that led to them.
        """
        enough = time.monotonic() + FETCH_SECONDS
        until = enough + 3 * ONE_CALL
        threads: dict[str, Any] = dict(cursor.get("threads", {}))
        seen: dict[str, None] = dict.fromkeys(cursor.get("seen", []))
        news: dict[str, set[str]] = {}
        for entry in (None, *self._watch):
            for root, post in self._new(entry, seen):
                news.setdefault(root, set()).add(post)
        items: list[Item] = []
        due = list(dict.fromkeys((*news, *list(threads)[:AT_ONCE])))
        for start in range(0, len(due), AT_ONCE):
            if time.monotonic() > enough:
                break  # what was left out comes first next time
            firsts = self.posts(due[start : start + AT_ONCE], until)
            for root in due[start : start + AT_ONCE]:
                if time.monotonic() > enough:
                    break
                before, led = threads.pop(root, {}).get("posts", {}), news.get(root, set())
                threads[root], changed = self._read(root, firsts.get(root), before, led, until)
                items += changed
                seen |= dict.fromkeys(map(_digest, led))
        items.sort(key=lambda item: item.published_at)
        kept = sorted(threads, key=lambda root: str(threads[root]["last"]))[-TRACKED:]
        return Page(
            tuple(items),
            {
                "threads": {root: threads[root] for root in threads if root in kept},
                "seen": list(seen)[-REMEMBERED:],
            },
        )

    def fetch_thread(self, address: str, known: Collection[str]) -> tuple[Item, ...]:
        """As the connector's."""
        until = time.monotonic() + FETCH_SECONDS
        uri = self._uri_of(address, until)
        post = self.posts([uri], until).get(uri)
        if post is None:
            raise NoThreadHere
        root = _root(post)
        first = self.posts([root], until).get(root)
        before = {key: "" for key in known if is_post(key)}
        _, items = self._read(root, first, before, {uri}, until)
        return tuple(items)

    def fetch_back(self, since: datetime, cursor: Mapping[str, Any]) -> Page:
        """As the connector's.

        The cursor holds which entry of what is watched has not ended ("entry", in their order), up
        to where its list was read ("at"), and which threads are still to be read ("left").
        """
        enough = time.monotonic() + FETCH_SECONDS
        until = enough + 3 * ONE_CALL
        entries = (None, *self._watch)
        entry, at = int(cursor.get("entry", 0)), str(cursor.get("at", ""))
        left = [root for root in cursor.get("left", []) if is_post(root)]
        if not left and entry < len(entries):
            rows, at = self._page(entries[entry], at, until, AT_ONCE)
            posts = [post for post in rows if _readable(post)]
            new = [post for post in posts if moment_of(post) >= since]
            left = list(dict.fromkeys(_root(post) for post in new))
            if not at or len(new) < len(posts):
                entry, at = entry + 1, ""
        items: list[Item] = []
        firsts = self.posts(left, until) if left else {}
        while left and time.monotonic() < enough:
            root = left.pop(0)
            items += self._read(root, firsts.get(root), {}, set(), until)[1]
        if entry >= len(entries) and not left:
            return Page(tuple(items))
        return Page(tuple(items), {"entry": entry, "at": at, "left": left})

    def _uri_of(self, address: str, until: float) -> str:
        """The address (AT URI) of a post that browsers show."""
        shown = SHOWN.fullmatch(address)
        if not shown:
            raise NoThreadHere
        who = shown[1]
        if not who.startswith("did:"):
            try:
                name = "com.atproto.identity.resolveHandle"
                who = str(self._account.get(name, until, handle=who).get("did"))
            except ConnectorError as error:
                if error.retry:
                    raise
                raise NoThreadHere from None
        return f"at://{who}/{POST}/{shown[2]}"

    def posts(self, addresses: list[str], until: float) -> dict[str, Any]:
        """Those of up to 25 posts that the AppView shows to us, by their addresses."""
        answer = self._account.get(
            "app.bsky.feed.getPosts", until, uris=list(dict.fromkeys(addresses))
        )
        return {post["uri"]: post for post in _list(answer, "posts") if _readable(post)}

    def missing(self, until: float) -> list[str]:
        """A sentence for each entry of what is watched that can't be read."""
        sentences = []
        for entry in (None, *self._watch):
            try:
                self._page(entry, "", until)
            except ConnectorError as error:
                what = f"{entry!r} of the setting 'watch'" if entry else "The account's mentions"
                sentences.append(f"{what} can't be read ({error.code}).")
        return sentences

    def _page(
        self, entry: str | None, cursor: str, until: float, limit: int = 100
    ) -> tuple[list[Any], str]:
        """Newest first: what answers or names the account (None), somebody's posts, or a search."""
        more: dict[str, Any] = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        if entry is None:
            name, key = "app.bsky.notification.listNotifications", "notifications"
            more["reasons"] = ["mention", "reply", "quote"]
        elif entry.startswith("@"):
            name, key = "app.bsky.feed.getAuthorFeed", "feed"
            more |= {"actor": entry[1:], "filter": "posts_with_replies"}
        else:
            name, key = "app.bsky.feed.searchPosts", "posts"
            more |= {"q": entry, "sort": "latest"}
        answer = self._account.get(name, until, **more)
        rows = _list(answer, key)
        if key == "feed":
            rows = [row["post"] for row in rows if isinstance(row.get("post"), dict)]
        return rows, str(answer.get("cursor") or "")

    def _new(self, entry: str | None, seen: Container[str]) -> Iterator[tuple[str, str]]:
        """The (thread, post) that led nowhere yet; the first time only the newest hundred."""
        cursor = ""
        for _ in range(PAGES if seen else 1):
            rows, cursor = self._page(entry, cursor, time.monotonic() + ONE_CALL)
            fresh = [post for post in rows if _readable(post) and _digest(post["uri"]) not in seen]
            yield from ((_root(post), post["uri"]) for post in fresh)
            if not cursor or len(fresh) < len(rows):
                return

    def _read(
        self,
        root: str,
        first: dict[str, Any] | None,
        before: Mapping[str, str],
        news: set[str],
        until: float,
    ) -> tuple[dict[str, Any], list[Item]]:
        """What is to be remembered of a thread, and what changed in it."""
        known = {address for address, mark in before.items() if mark != GONE} | news
        if first and not first.get("replyCount") and known <= {root}:
            posts, closed = {root: first}, set[str]()  # nobody has answered
        else:
            posts, closed = self._thread(root, until)
        absent = sorted(known - posts.keys() - closed)
        for start in range(0, len(absent), 25):
            posts |= self.posts(absent[start : start + 25], until)
        locked = bool(posts.get(root, {}).get("viewer", {}).get("replyDisabled"))
        title = _title(posts.get(root))
        marks = dict(before)
        items = []
        for address, post in posts.items():
            item = _item(post, root, title, locked)
            mark = _digest(f"{post['cid']} {locked}")
            if marks.get(address) != mark:
                items.append(item)
            marks[address] = mark
        for address in absent:
            if address in before and address not in posts:
                marks[address] = GONE
                items.append(_deleted(address, root, locked))
        last = max((str(moment_of(post)) for post in posts.values()), default="")
        return {"last": last, "posts": dict(list(marks.items())[-LONGEST_THREAD:])}, items

    def _thread(self, root: str, until: float) -> tuple[dict[str, Any], set[str]]:
        """The posts of a thread that can be read, and the addresses of those that are blocked."""
        try:
            answer = self._account.get(
                "app.bsky.feed.getPostThread", until, uri=root, depth=100, parentHeight=0
            )
        except ConnectorError as error:
            if error.retry and error.code not in ("too_large", "unreadable_answer"):
                raise
            return {}, set()  # gone, or too much at once: its known posts are asked for one by one
        posts: dict[str, Any] = {}
        closed: set[str] = set()
        left = [answer.get("thread")]
        while left:
            node = left.pop()
            if not isinstance(node, dict):
                raise ConnectorError("unreadable_answer")
            if node.get("blocked"):
                closed.add(str(node.get("uri")))
            elif _readable(node.get("post")):
                posts[node["post"]["uri"]] = node["post"]
            left += _list(node, "replies") if node.get("replies") else []
        return posts, closed


def _list(answer: Mapping[str, Any], key: str) -> list[Any]:
    rows = answer.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConnectorError("unreadable_answer")
    return rows


def _readable(post: Any) -> bool:
    """Whether it is a post with everything that we read of it."""
    try:
        parent = post["record"].get("reply", {}).get("parent", {}).get("uri", post["uri"])
        return (
            is_post(post["uri"])
            and is_post(_root(post))
            and is_post(parent)
            and isinstance(post["cid"], str)
            and isinstance(post["record"]["text"], str)
            and isinstance(post["author"]["handle"], str)
            and isinstance(post.get("viewer", {}), dict)
        )
    except (KeyError, TypeError, AttributeError):
        return False


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:12]


def _root(post: Mapping[str, Any]) -> str:
    return str(post["record"].get("reply", {}).get("root", {}).get("uri", post["uri"]))


def _item(post: Mapping[str, Any], root: str, title: str, locked: bool) -> Item:
    record, author = post["record"], post["author"]
    reply = record.get("reply")
    # A handle that its server no longer confirms is the same word for everybody.
    handle = author["handle"]
    return Item(
        post_id=post["uri"],
        thread_id=root,
        thread_url=place_of(root).url,
        thread_title=title,
        parent_id=reply["parent"]["uri"] if reply else None,
        author=place_of(post["uri"]).did if handle == "handle.invalid" else handle,
        published_at=moment_of(post),
        text=record["text"],
        locked=locked,
    )


def _deleted(address: str, root: str, locked: bool) -> Item:
    # Only the id counts: the post is known, and its text stays as it was read.
    return Item(
        post_id=address,
        thread_id=root,
        thread_url=place_of(root).url,
        thread_title="",
        parent_id=None,
        author=place_of(address).did,
        published_at=datetime.now(UTC),
        text="",
        deleted=True,
        locked=locked,
    )


def _title(post: Mapping[str, Any] | None) -> str:
    """Posts have no titles: the beginning of the first one stands for it."""
    first = " ".join(post["record"]["text"].split()) if post else ""
    return first if len(first) <= 80 else first[:79].rsplit(" ", 1)[0] + "…"


def moment_of(post: Mapping[str, Any]) -> datetime:
    """When it was made, as its author says; never later than when it was first seen."""
    moments = []
    for value in (post["record"].get("createdAt"), post.get("indexedAt")):
        try:
            moment = datetime.fromisoformat(str(value))
            moments.append(
                (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
            )
        except (ValueError, OverflowError):
            continue
    return min(moments, default=datetime.now(UTC))
