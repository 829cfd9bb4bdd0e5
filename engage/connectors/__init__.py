"""The platforms that can be read or written, one file each. To add one, add it to CONNECTORS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engage.connectors.assisted import AssistedConnector
from engage.connectors.base import Connector
from engage.connectors.bluesky import BlueskyConnector
from engage.connectors.discourse import DiscourseConnector
from engage.connectors.feed import FeedConnector
from engage.connectors.mastodon import MastodonConnector
from engage.connectors.matrix import MatrixConnector
from engage.connectors.reddit import RedditConnector
from engage.connectors.sandbox import SandboxConnector
from engage.connectors.wordpress import WordPressConnector

CONNECTORS: dict[str, Callable[[Mapping[str, Any]], Connector]] = {
    "sandbox": SandboxConnector,
    "feed": FeedConnector,
    "matrix": MatrixConnector,
    "wordpress": WordPressConnector,
    "bluesky": BlueskyConnector,
    "discourse": DiscourseConnector,
    "mastodon": MastodonConnector,
    "reddit": RedditConnector,
    "assisted": AssistedConnector,
}


def connector_for(kind: str, settings: Mapping[str, Any]) -> Connector:
    """The connector of one community.

    Args:
        kind: a name in CONNECTORS.
        settings: addresses and credentials; each connector's docstring says which.
    Raises:
        ValueError: unknown kind, or a setting is missing or malformed. The message names the
            setting, never its value.
    """
    try:
        connector = CONNECTORS[kind]
    except KeyError:
        raise ValueError(
            f"There is no connector of the kind {kind!r}. "
            f"Choose one of: {', '.join(sorted(CONNECTORS))}."
        ) from None
    return connector(dict(settings))
