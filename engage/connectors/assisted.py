"""A community without an API that we may use: a person posts the reply by hand.

Posts of it are pushed or imported. What a person says they did is looked at where that can be
done: the address is fetched, and the signed text is looked for in the page. Many platforms show a
stranger nothing but a form to sign in, which says nothing about the reply.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from engage.connectors.base import (
    Ambiguous,
    Caps,
    ConnectorError,
    Idempotency,
    Intent,
    Live,
    LiveState,
    Lookup,
    Outcome,
    Page,
    Prepared,
    Refused,
    check_length,
)
from engage.connectors.calls import call
from engage.connectors.plain_text import plain_text

TO_POST = 30 * 60.0  # seconds that somebody has after they saw the text
LONGEST = 10_000


class AssistedConnector:
    """One community that people post to by hand.

    Settings:
        base_url: what the address of everything in it begins with, such as
            https://www.facebook.com/groups/1234
        max_length: characters of a reply, if the platform takes fewer than 10,000.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._base = str(settings.get("base_url") or "").rstrip("/")
        if not self._base.startswith(("http://", "https://")):
            raise ValueError("The setting 'base_url' must start with http:// or https://.")
        self.caps = Caps(
            idempotency=Idempotency.NONE,
            can_edit=False,
            max_length=min(int(settings.get("max_length") or LONGEST), LONGEST),
            by_hand=True,
            client_timeout_seconds=TO_POST,
            quiet_seconds=0.0,
        )

    def prepare(self, intent: Intent) -> Prepared:
        """What is handed to a person."""
        check_length(intent.text, self.caps)
        return Prepared(body={"text": intent.text, "tag": intent.tag})

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """Nothing: its posts are pushed or imported."""
        return Page((), cursor)

    def publish(self, prepared: Prepared) -> Outcome:
        """Always refused: a person posts."""
        return Refused("by_hand")

    def find_published(self, prepared: Prepared) -> Lookup:
        """Only a person can know."""
        return Ambiguous(0)

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """Whether the page shows the text. A page without it proves nothing."""
        text = str(ref["text"])
        try:
            answer = call("GET", str(ref["post_id"]), seconds=10.0)
        except ConnectorError:
            return Live(LiveState.UNREADABLE)
        if answer.status in (404, 410):
            return Live(LiveState.GONE)
        page = plain_text(answer.body.decode("utf-8", "replace"))
        if answer.status != 200 or " ".join(text.split()) not in " ".join(page.split()):
            return Live(LiveState.UNREADABLE)
        return Live(LiveState.LIVE, text, hashlib.sha256(text.encode()).hexdigest()[:16])

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Raises ConnectorError: a person must do it."""
        raise ConnectorError("by_hand", retry=False)

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """Raises ConnectorError: a person must do it."""
        raise ConnectorError("by_hand", retry=False)

    def is_address(self, url: str) -> bool:
        """Whether something of this community can be there."""
        place, base = urlsplit(url), urlsplit(self._base)
        same = (place.scheme, place.netloc.lower()) == (base.scheme, base.netloc.lower())
        return same and f"{place.path}/".startswith(f"{base.path}/")

    def missing(self) -> list[str]:
        """Whether its address answers; without that only people can say what was posted."""
        try:
            call("GET", self._base, seconds=10.0)
        except ConnectorError as error:
            return [
                f"Nothing answers at the address in 'base_url' ({error.code}). Replies can be "
                "posted by hand all the same, but nobody looks whether they are there."
            ]
        return []
