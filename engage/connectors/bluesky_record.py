"""How a reply becomes a record of Bluesky: its length, its key, its links."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import regex

LONGEST = 300  # characters as people count them
LARGEST = 3_000  # bytes
TID = "234567abcdefghijklmnopqrstuvwxyz"  # https://atproto.com/specs/tid
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]'’”]")


def too_long(text: str) -> str:
    """What is wrong with the length of a text, in a sentence; "" if it fits."""
    length = len(regex.findall(r"\X", text))
    if length > LONGEST:
        return f"The reply has {length} characters; Bluesky takes at most {LONGEST}. Shorten it."
    if len(text.encode()) > LARGEST:
        return f"The reply has more than {LARGEST} bytes, which Bluesky doesn't take. Shorten it."
    return ""


def key_of(made: datetime, tag: str) -> str:
    """The record key: 53 bits of microseconds, and 10 that keep apart what was made in the same."""
    chance = int.from_bytes(hashlib.sha256(tag.encode()).digest()[:2]) & 1023
    number = (made - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) << 10 | chance
    return "".join(TID[number >> 5 * place & 31] for place in reversed(range(13)))


def facets_of(text: str) -> dict[str, Any]:
    """Addresses in the text as links, which Bluesky does not find by itself."""
    facets = [
        {
            "index": {
                "byteStart": len(text[: link.start()].encode()),
                "byteEnd": len(text[: link.end()].encode()),
            },
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": link.group()}],
        }
        for link in LINK.finditer(text)
    ]
    return {"facets": facets} if facets else {}
