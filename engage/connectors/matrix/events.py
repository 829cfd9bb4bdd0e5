"""Events of a room as the server gives them: what they say and what they belong to.

Everything in an event's content was written by somebody's app, and may be anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MESSAGE = "m.room.message"
REDACTION = "m.room.redaction"

Event = Mapping[str, Any]


def words(text: str) -> dict[str, Any]:
    """The content of a plain message."""
    # An empty list of mentions: no word of the text rings at anybody's, "@room" neither.
    return {"msgtype": "m.text", "body": text, "m.mentions": {}}


def answering(thread_id: str, parent_id: str, text: str) -> dict[str, Any]:
    """The content of a message in a thread."""
    relates = {
        "rel_type": "m.thread",
        "event_id": thread_id,
        "is_falling_back": False,
        "m.in_reply_to": {"event_id": parent_id},
    }
    return {**words(text), "m.relates_to": relates}


def replacing(event_id: str, text: str) -> dict[str, Any]:
    """The content of an edit. It holds the text twice: for apps that know no edits too."""
    relates = {"rel_type": "m.replace", "event_id": event_id}
    return {**words(f"* {text}"), "m.new_content": words(text), "m.relates_to": relates}


def text_of(event: Event) -> str:
    """What is shown of a message: its newest edit, if there is one."""
    new = part(part(newest_edit(event), "content"), "m.new_content")
    body = (new or part(event, "content")).get("body")
    return body if isinstance(body, str) else ""


def newest_edit(event: Event) -> Event:
    """The newest valid edit, which the server adds to the message; empty where there is none."""
    return part(part(part(event, "unsigned"), "m.relations"), "m.replace")


def transaction_of(event: Event) -> Any:
    """The transaction id of an event that was sent from our own device."""
    return part(event, "unsigned").get("transaction_id")


def is_redacted(event: Event) -> bool:
    """Whether it was deleted: an empty event is left."""
    return "redacted_because" in part(event, "unsigned")


def replaced_by(event: Event) -> str:
    """The message that an edit is for; empty where it is no edit."""
    relates = _relates(event)
    return event_id(relates.get("event_id")) if relates.get("rel_type") == "m.replace" else ""


def redacted_by(event: Event) -> str:
    """The event that a redaction deletes."""
    return event_id(event.get("redacts") or part(event, "content").get("redacts"))


def thread_of(event: Event) -> str:
    """The message that the event's thread began with; empty outside of threads."""
    relates = _relates(event)
    return event_id(relates.get("event_id")) if relates.get("rel_type") == "m.thread" else ""


def answered_by(event: Event) -> str:
    """The message that the event answers; empty where it answers none."""
    relates = _relates(event)
    answered = event_id(part(relates, "m.in_reply_to").get("event_id"))
    # In a thread, apps name the latest message only for those that know no threads.
    return thread_of(event) if relates.get("is_falling_back") or not answered else answered


def moment_of(event: Event) -> datetime:
    """When it was sent, by the clock of its server, but never in the future."""
    now = datetime.now(UTC)
    try:
        return min(datetime.fromtimestamp(event["origin_server_ts"] / 1000, UTC), now)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return now


def event_id(value: object) -> str:
    """The value if it can be the id of an event; else empty."""
    ok = isinstance(value, str) and value.startswith("$") and len(value) <= 255
    return str(value) if ok and str(value).isascii() and str(value).isprintable() else ""


def part(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object within an object; empty where it is missing or something else."""
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def _relates(event: Event) -> Mapping[str, Any]:
    return part(part(event, "content"), "m.relates_to")
