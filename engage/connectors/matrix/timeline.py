"""Listening to a room: a sync, what it left out, and the posts that its events make.

The cursor holds the sync token, the gap that is still to be read, and what the latest edits and
plain replies belong to: a deleted edit no longer says what it replaced.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from engage.connectors.base import ConnectorError, Item, NoThreadHere, Page
from engage.connectors.matrix.events import (
    MESSAGE,
    REDACTION,
    Event,
    answered_by,
    event_id,
    is_redacted,
    moment_of,
    part,
    redacted_by,
    replaced_by,
    text_of,
    thread_of,
)
from engage.connectors.matrix.server import PER_PAGE, MatrixServer, checked

PAGES = 20  # of what was missed, in one fetch; the rest comes next time
HISTORY = 8  # pages before the last messages, at the first look
KEPT = 500  # edits and plain replies whose message is remembered
ASKING_SECONDS = 60.0  # for messages of a thread that are asked for one by one
STEPS = 20  # up a chain of plain replies
CLOSING = {
    "m.room.tombstone": "room_was_replaced",
    "m.room.encryption": "room_is_encrypted",
    "m.room.encrypted": "room_is_encrypted",
}
SHOWN = [MESSAGE, REDACTION, *CLOSING]
NOTHING: dict[str, list[str]] = {"types": []}


def url_of(room: str, event_id: str) -> str:
    """Where people see a message, in whichever app they use."""
    return f"https://matrix.to/#/{room}/{event_id}"


class Timeline:
    """A room from where a cursor stands."""

    def __init__(self, server: MatrixServer, cursor: Mapping[str, Any]) -> None:
        self._server = server
        old = cursor if cursor.get("room") == server.room else {}
        self._since, self._gap = old.get("since"), old.get("gap")
        self._closed: str | None = old.get("closed")
        # Pairs in the cursor, as the order counts.
        self._edits: dict[str, str] = dict(old.get("edits", ()))
        self._roots: dict[str, str] = dict(old.get("roots", ()))

    def read(self) -> Page:
        """What is new, or a further part of what was missed. Raises ConnectorError."""
        if self._closed and not self._gap:
            raise ConnectorError(self._closed, retry=False)
        self._server.check_joined()
        events = [] if self._gap else self._synced()
        if self._gap:
            events = [*self._missed(self._gap), *events]
        items = self._items(events)
        for event in events:
            self._closed = CLOSING.get(event["type"], self._closed)
        cursor = {
            "room": self._server.room,
            "since": self._since,
            "gap": self._gap,
            "closed": self._closed,
            "edits": [list(pair) for pair in self._edits.items()][-KEPT:],
            "roots": [list(pair) for pair in self._roots.items()][-KEPT:],
        }
        return Page(tuple(items), cursor)

    def thread(self, address: str, known: Collection[str]) -> list[Item]:
        """The thread that a message is in, and what became of the `known` ones.

        Plain replies are not listed anywhere: of those only the known ones are read.
        """
        self._server.check_joined()
        place = unquote(urlsplit(address).fragment).partition("?")[0].split("/")
        event = self._server.event(place[-1]) if event_id(place[-1]) else None
        if event is None or self._server.room not in place:
            raise NoThreadHere
        root = thread_of(event) or self._root(event)
        found = {root: self._server.event(root) or {}, event["event_id"]: event}
        found |= {below["event_id"]: below for below in self._server.below(root)}
        enough = time.monotonic() + ASKING_SECONDS
        for key in [key for key in known if event_id(key) and key not in found]:
            if time.monotonic() > enough:
                break  # the others may be as they were
            found[key] = self._server.event(key) or {}
        return [self._item(one) for one in found.values() if one.get("type") == MESSAGE]

    def back(self, since: datetime, start: str) -> tuple[list[Item], str]:
        """A page of what was said before `start` ("" for now), and where the next one begins."""
        self._server.check_joined()
        params = {"dir": "b", "filter": json.dumps({"types": SHOWN})}
        events, further = self._server.messages(**params, **({"from": start} if start else {}))
        new = [event for event in events if moment_of(event) >= since]
        return self._items(new[::-1]), further if len(new) == len(events) else ""

    def _synced(self) -> list[dict[str, Any]]:
        room = {
            "rooms": [self._server.room],
            "timeline": {"types": SHOWN, "limit": PER_PAGE},
            "state": NOTHING,
            "ephemeral": NOTHING,
            "account_data": NOTHING,
        }
        wanted = {"presence": NOTHING, "account_data": NOTHING, "room": room}
        params = {"timeout": "0", "filter": json.dumps(wanted)}
        since = {"since": self._since} if self._since else {}
        answer = self._server.ask("GET", "/sync", params=params | since)
        joined = part(part(part(answer, "rooms"), "join"), self._server.room)
        timeline, token = part(joined, "timeline"), answer.get("next_batch")
        if not isinstance(token, str):
            raise ConnectorError("unreadable_answer")
        if timeline.get("limited"):
            self._gap = {"from": str(timeline.get("prev_batch")), "to": self._since}
        self._since = token
        return checked(timeline.get("events", []))

    def _missed(self, gap: Mapping[str, str | None]) -> list[dict[str, Any]]:
        # Backwards, and up to the last sync; a part of the history if there was none.
        start, until = str(gap["from"]), gap["to"]
        events: list[dict[str, Any]] = []
        for _ in range(PAGES if until else HISTORY):
            params = {"dir": "b", "from": start, "filter": json.dumps({"types": SHOWN})}
            chunk, start = self._server.messages(**params, **({"to": until} if until else {}))
            events += chunk
            if not start:
                break
        self._gap = {"from": start, "to": until} if start and until else None
        return events[::-1]

    def _items(self, events: list[dict[str, Any]]) -> list[Item]:
        """The posts that these events are, change or delete."""
        arrived = {event["event_id"]: event for event in events if event["type"] == MESSAGE}
        touched: dict[str, Event | None] = {}  # None: to be asked for as it stands now
        for key, event in arrived.items():
            if replaced := replaced_by(event):
                self._edits[key] = replaced
                touched[replaced] = None
            elif not is_redacted(event):  # deleted before anybody here read it
                touched[key] = event
        for event in events:
            target = redacted_by(event) if event["type"] == REDACTION else ""
            target = self._edits.get(target, target)
            if target and (target not in arrived or target in touched):
                touched[target] = None
        asked = (shown or self._server.event(key) or {} for key, shown in touched.items())
        return [
            self._item(event)
            for event in asked
            if event.get("type") == MESSAGE and not replaced_by(event)
        ]

    def _item(self, event: Event) -> Item:
        parent, text = answered_by(event), text_of(event)
        root = thread_of(event) or self._root(event)
        if parent and text.startswith("> <@"):  # older apps repeat what is answered
            text = text.partition("\n\n")[2]
        return Item(
            post_id=event["event_id"],
            thread_id=root,
            thread_url=url_of(self._server.room, root),
            thread_title="" if parent else text.strip().partition("\n")[0][:80],
            parent_id=parent or None,
            author=str(event.get("sender")),
            published_at=moment_of(event),
            text=text,
            deleted=is_redacted(event),
        )

    def _root(self, event: Event) -> str:
        """The message at the top of a chain of plain replies."""
        chain, here, above = [str(event["event_id"])], str(event["event_id"]), answered_by(event)
        while above and above not in chain and len(chain) < STEPS:
            here = above
            if here in self._roots:
                break
            chain.append(here)
            further = self._server.event(here) or {}
            if thread := thread_of(further):
                self._roots[here] = thread
                break
            above = answered_by(further)
        root = self._roots.get(here, here)
        if len(chain) > 1 or root != event["event_id"]:
            self._roots.update(dict.fromkeys(chain, root))
        return root
