"""RSS and Atom feeds: read only.

A feed shows the newest entries only, so a post that leaves it may be old or deleted: deletions
can't be seen here. Replies are threaded by `thr:in-reply-to` (RFC 4685) where a feed has it, and
entries whose addresses differ only behind the `#` are one thread.
"""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urldefrag, urljoin

import feedparser

from engage.connectors.base import (
    Caps,
    ConnectorError,
    Idempotency,
    Intent,
    Item,
    Live,
    LiveState,
    Lookup,
    Outcome,
    Page,
    Prepared,
    Refused,
)
from engage.connectors.calls import Answer, call
from engage.connectors.plain_text import plain_text

REMEMBERED = 2_000  # entries of which the cursor keeps a digest
LARGEST = 10 * 1024 * 1024  # bytes of a feed
REDIRECTS = 5
REDIRECTED = (301, 302, 303, 307, 308)


class FeedConnector:
    """One feed.

    Settings:
        feed_url: the address of an RSS or Atom feed, http or https.
    """

    caps = Caps(idempotency=Idempotency.NONE, can_publish=False, can_edit=False, can_withdraw=False)

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._url = str(settings.get("feed_url") or "")
        if not self._url.startswith(("http://", "https://")):
            raise ValueError("The setting 'feed_url' must start with http:// or https://.")

    def prepare(self, intent: Intent) -> Prepared:
        """Nothing: a feed takes no posts."""
        return Prepared(body={})

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """New and changed entries, oldest first; none if the feed says it has not changed."""
        feed = _digest(self._url)
        if cursor.get("feed") != feed:
            cursor = {}  # another feed's memory
        answer = self._fetch(cursor)
        if answer is None:
            return Page((), cursor)
        body, headers = answer
        parsed = feedparser.parse(body, response_headers=headers)
        if not parsed.entries and (parsed.bozo or not parsed.get("version")):
            raise ConnectorError("feed_unreadable")
        seen = {str(key): str(digest) for key, digest in cursor.get("seen", [])}
        items = []
        for entry in parsed.entries:
            item = _item(entry, parsed.feed)
            if item is None:
                continue
            key = _digest(item.post_id)
            digest = _digest("\0".join((item.text, item.thread_title, item.author)))
            if seen.pop(key, None) != digest:
                items.append(item)
            seen[key] = digest  # to the end: what is still in the feed is forgotten last
        items.sort(key=lambda item: item.published_at)
        return Page(
            tuple(items),
            {
                "feed": feed,
                "etag": headers.get("etag", ""),
                "modified": headers.get("last-modified", ""),
                "seen": [list(pair) for pair in seen.items()][-REMEMBERED:],
            },
        )

    def publish(self, prepared: Prepared) -> Outcome:
        """Always refused: nothing is sent."""
        return Refused("read_only")

    def find_published(self, prepared: Prepared) -> Lookup:
        """Raises ConnectorError: nothing can have been posted here."""
        raise ConnectorError("read_only", retry=False)

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """UNREADABLE: there is no reply of ours to read."""
        return Live(LiveState.UNREADABLE)

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Raises ConnectorError."""
        raise ConnectorError("read_only", retry=False)

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """Raises ConnectorError."""
        raise ConnectorError("read_only", retry=False)

    def missing(self) -> list[str]:
        """Whether the feed can be read."""
        try:
            self.fetch_since({})
        except ConnectorError as error:
            return [f"The feed can't be read ({error.code}). Open its address in a browser."]
        return []

    def _fetch(self, cursor: Mapping[str, Any]) -> tuple[bytes, dict[str, str]] | None:
        """The feed's bytes and headers; None if it has not changed."""
        asked = {
            "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.8, */*;q=0.1"
        }
        if cursor.get("etag"):
            asked["If-None-Match"] = str(cursor["etag"])
        if cursor.get("modified"):
            asked["If-Modified-Since"] = str(cursor["modified"])
        answer = self._followed(asked)
        if answer.status == 304:
            return None
        if answer.status != 200:
            again = answer.status >= 500 or answer.status in (408, 425, 429)
            raise ConnectorError(f"http_{answer.status}", retry=again)
        names = ("content-type", "etag", "last-modified")
        return answer.body, {n: answer.headers[n] for n in names if n in answer.headers}

    def _followed(self, asked: Mapping[str, str]) -> Answer:
        """What stands at the end of the redirects; each is judged as the first address was."""
        address = self._url
        for _ in range(REDIRECTS + 1):
            answer = call(
                "GET",
                address,
                seconds=self.caps.client_timeout_seconds,
                headers=asked,
                largest=LARGEST,
            )
            if answer.status not in REDIRECTED or "location" not in answer.headers:
                return answer
            address = urljoin(address, answer.headers["location"])
            if not address.startswith(("http://", "https://")):
                break
        raise ConnectorError("redirected", retry=False)


def _item(entry: Any, feed: Any) -> Item | None:
    """An entry as an item; None if it says nothing at all."""
    title = _one_line(entry.get("title", ""), entry.get("title_detail"))
    text = _text(entry) or title
    link = str(entry.get("link") or "")
    if not text:
        return None
    # No id, no address: what it says is all there is to know it by.
    post_id = str(entry.get("id") or link or f"sha256:{_digest(title + chr(0) + text)}")
    answers = entry.get("thr_in-reply-to")
    parent = answers.get("ref") if isinstance(answers, Mapping) else None
    thread_url = urldefrag(link or post_id).url if (link or "://" in post_id) else ""
    return Item(
        post_id=post_id,
        thread_id=thread_url or post_id,
        thread_url=thread_url or str(feed.get("link") or ""),
        thread_title=title.removeprefix("Re: "),
        parent_id=str(parent) if parent else None,
        author=str(entry.get("author") or feed.get("author") or "unknown"),
        published_at=_moment(entry, feed),
        text=text,
    )


def _text(entry: Any) -> str:
    details = list(entry.get("content") or [])
    if entry.get("summary_detail"):
        details.append(entry["summary_detail"])
    for detail in details:
        value = detail.get("value") or ""
        text = value.strip() if detail.get("type") == "text/plain" else plain_text(value)
        if text:
            return str(text)
    return ""


def _one_line(value: str, detail: Any) -> str:
    kind = detail.get("type") if isinstance(detail, Mapping) else "text/plain"
    return " ".join((value if kind == "text/plain" else plain_text(value)).split())


def _moment(entry: Any, feed: Any) -> datetime:
    now = datetime.now(UTC)
    for source in (entry, feed):
        for name in ("published_parsed", "updated_parsed"):
            # Asked with `in`: feedparser's own look-up takes one date for the other, and warns.
            parts = source[name] if name in source else None  # noqa: SIM401
            try:
                moment = datetime.fromtimestamp(calendar.timegm(parts), UTC) if parts else None
            except (ValueError, TypeError, OverflowError, OSError):
                moment = None
            if moment is not None:
                return min(moment, now)
    return now


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:24]
