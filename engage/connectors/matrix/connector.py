"""The connector to a Matrix room.

A thread is a message and what answers it, in a thread of Matrix or by plain replies. An edit is a
message of its own, and what is deleted stays as an empty one.

Not seen: what was said long before the first look; the deletion of an edit that lies far back;
messages of an encrypted room, and the room that replaces an upgraded one: listening then fails and
says why. Matrix locks no threads and holds no message for moderators.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from engage.connectors.base import (
    Ambiguous,
    Caps,
    Conflict,
    ConnectorError,
    Found,
    Idempotency,
    Intent,
    Item,
    Live,
    LiveState,
    Lookup,
    NotFound,
    Outcome,
    Page,
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
    check_length,
)
from engage.connectors.matrix import events
from engage.connectors.matrix.access import lacking
from engage.connectors.matrix.server import REFUSALS, MatrixServer, code_of, wait_in
from engage.connectors.matrix.timeline import Timeline, url_of

TAG = "countersign.tag"  # found from another device too, which is told no transaction ids
TRANSACTION_SECONDS = 24 * 3600  # then Synapse forgets that it saw an id
LARGEST_CONTENT = 60_000  # bytes; an event has 65,536 with what servers add


class MatrixConnector:
    """One unencrypted room.

    Settings:
        base_url: the homeserver, such as https://matrix.example.org
        room: the room's internal id; it begins with "!".
        token: the access token of the account that replies.
        device_id: the device of that token. A new token must be for the same device: from another
            one, a repeated request is a second message.
        quiet_seconds: after this a request that was cut off can no longer land (default 15).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        names = ("base_url", "room", "token", "device_id")
        missing = [name for name in names if not settings.get(name)]
        if missing:
            raise ValueError(f"The Matrix connector needs the setting {missing[0]!r}.")
        base, room, token, self._device = (str(settings[name]) for name in names)
        if not base.startswith(("http://", "https://")):
            raise ValueError("The setting 'base_url' must start with http:// or https://.")
        if not (room.startswith("!") and room.isascii() and room.isprintable()):
            raise ValueError("The setting 'room' must be the room's internal id ('!...').")
        if not (token.isascii() and token.isprintable()):
            raise ValueError("The setting 'token' must be printable ASCII.")
        self.caps = Caps(
            idempotency=Idempotency.WINDOWED,
            window_seconds=TRANSACTION_SECONDS,
            quiet_seconds=float(settings.get("quiet_seconds", 15)),
        )
        timeout = self.caps.client_timeout_seconds
        self._server = MatrixServer(base.rstrip("/"), room, token, timeout)

    def missing(self) -> list[str]:
        """What keeps the account from reading and answering in the room, in words."""
        return lacking(self._server, self._device)

    def prepare(self, intent: Intent) -> Prepared:
        """The message, the device, and the transaction id (which is the tag)."""
        check_length(intent.text, self.caps)
        if not (events.event_id(intent.thread_id) and events.event_id(intent.parent_id)):
            raise ValueError("The thread or the post to answer is not one of this community.")
        # A correction holds its text twice, and must fit too.
        if _size(events.replacing(intent.thread_id, intent.text)) > LARGEST_CONTENT:
            raise ValueError("The reply is too long for a Matrix message. Shorten it.")
        content = events.answering(intent.thread_id, intent.parent_id, intent.text)
        return Prepared(
            body={
                "tag": intent.tag,
                "room": self._server.room,
                "device_id": self._device,
                "parent_id": intent.parent_id,
                "content": {**content, TAG: intent.tag},
            }
        )

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """Posts that are new, edited or deleted, or a further part of what was missed."""
        return Timeline(self._server, cursor).read()

    def fetch_thread(self, address: str, known: Collection[str] = ()) -> tuple[Item, ...]:
        """The thread that a message is in, by its address on matrix.to or in Element."""
        return tuple(Timeline(self._server, {}).thread(address, known))

    def fetch_back(self, since: datetime, cursor: Mapping[str, Any]) -> Page:
        """Older messages, a page at a time."""
        items, further = Timeline(self._server, {}).back(since, str(cursor.get("from", "")))
        return Page(tuple(items), {"from": further} if further else {})

    def publish(self, prepared: Prepared) -> Outcome:
        """Sends once. For a day, the same request from the same device makes no second message."""
        path = self._server.path("send", events.MESSAGE, str(prepared.body["tag"]))
        try:
            status, answer = self._server.send("PUT", path, json=prepared.body["content"])
        except ConnectorError as error:
            return Unknown(error.code)
        if status == 200:
            event_id = events.event_id((answer or {}).get("event_id"))
            if not event_id:
                return Unknown("unreadable_answer")
            return Posted({"post_id": event_id}, url_of(self._server.room, event_id))
        code = code_of(status, answer)
        if code == "asked_to_wait":
            return RetryAfter(wait_in(answer))
        # Only what the homeserver itself says is proof; a gateway before it may say anything.
        return Refused(code) if 400 <= status < 500 and code in REFUSALS else Unknown(code)

    def find_published(self, prepared: Prepared) -> Lookup:
        """Looks through our own messages since the answered one; deleted ones keep their ids."""
        tag = prepared.body["tag"]
        self._server.check_joined()
        try:
            hits = {
                event["event_id"]
                for event in self._server.own_since(str(prepared.body["parent_id"]))
                if tag in (events.transaction_of(event), events.part(event, "content").get(TAG))
            }
        except ConnectorError as error:
            if error.code in ("not_found", "too_many"):
                return Ambiguous(0)
            raise
        if len(hits) > 1:
            return Ambiguous(len(hits))
        for hit in hits:
            return Found({"post_id": hit}, url_of(self._server.room, hit))
        return NotFound()

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """The text of the newest edit. The version is the id of the event that holds it."""
        try:
            self._server.check_joined()
            return self._live(_event_id(ref))[0]
        except ConnectorError:
            return Live(LiveState.UNREADABLE)

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Replaces the text if the live copy is still `expected_version`.

        Matrix has no compare-and-swap: the version is compared before and after. An edit by hand
        in between is found afterwards and is a Conflict too, but ours may be what is shown then.
        """
        event_id = _event_id(ref)
        content = events.replacing(event_id, text)
        if _size(content) > LARGEST_CONTENT:
            raise ConnectorError("too_long", retry=False)
        self._server.check_joined()
        live, transaction = self._live(event_id)
        tag = _digest("edit", event_id, expected_version, text)
        if live.state is LiveState.GONE:
            raise ConnectorError("gone", retry=False)
        if transaction == tag:
            return live  # this very edit went through, and its answer was lost
        if live.version != expected_version:
            raise Conflict
        self._server.ask("PUT", self._server.path("send", events.MESSAGE, tag), json=content)
        live, transaction = self._live(event_id)
        if live.state is LiveState.GONE:
            self.withdraw(ref)  # deleted meanwhile: our edit would show a text again
            raise ConnectorError("gone", retry=False)
        if transaction != tag:
            raise Conflict
        return live

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """Empties the reply, and each of its edits: they keep their texts when it is deleted."""
        event_id = _event_id(ref)
        self._server.check_joined()
        event = self._server.event(event_id)
        if event is None:
            return
        if not events.is_redacted(event):
            self._redact(event_id)
        for own in self._server.own_since(event_id):
            if events.replaced_by(own) == event_id:
                self._redact(own["event_id"])

    def _redact(self, event_id: str) -> None:
        path = self._server.path("redact", event_id, _digest("withdraw", event_id))
        self._server.ask("PUT", path, json={})

    def _live(self, event_id: str) -> tuple[Live, Any]:
        """The live copy, and the transaction id that made it if that was on our device."""
        event = self._server.event(event_id)
        if event is None or events.is_redacted(event):
            return Live(LiveState.GONE), None
        newest = events.newest_edit(event) or event
        version = events.event_id(newest.get("event_id"))
        if not version:
            raise ConnectorError("unreadable_answer")
        live = Live(LiveState.LIVE, events.text_of(event), version)
        return live, events.transaction_of(newest)


def _event_id(ref: Mapping[str, Any]) -> str:
    event_id = events.event_id(ref.get("post_id"))
    if not event_id:
        raise ConnectorError("bad_reference", retry=False)
    return event_id


def _size(content: Mapping[str, Any]) -> int:
    try:
        return len(json.dumps(content, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        raise ValueError("The reply holds half of a character (a lone surrogate).") from None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
