"""Reading a fake, and asking its connector to post there, in tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engage.connectors.base import Connector, Intent, Item, Prepared, new_tag

TEXT = "Many people notice it in the first months."


class Reader:
    """Fetches, and knows what every post is like now."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector
        self.cursor: Any = {}
        self.items: dict[str, Item] = {}

    def read(self, times: int = 1) -> list[Item]:
        """So many fetches, each from where the last one ended."""
        heard: list[Item] = []
        for _ in range(times):
            page = self.connector.fetch_since(self.cursor)
            self.cursor = page.cursor
            heard += page.items
        self.items |= {item.post_id: item for item in heard}
        return heard


def prepared(connector: Connector, post_id: str, text: str = TEXT) -> Prepared:
    """A request to answer a post, made now."""
    tag = new_tag(datetime.now(UTC))
    thread = post_id.partition("/")[0]
    return connector.prepare(Intent(thread, "https://x.example/", post_id, text, tag))
