"""What the story asks of a community server, and of the people who use it without our connector."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from engage.enums import ConnectorKind

CACHE = Path(os.environ.get("COUNTERSIGN_PEERS") or Path.home() / ".cache/countersign-peers")


class Peer(Protocol):
    """One real server. A thread is named by the id of its first post."""

    name: str
    kind: ConnectorKind
    # Known once it has started:
    version: str
    port: int
    settings: dict[str, Any]  # what the connector needs, with a quiet window of a second
    # Known before:
    sends: bytes  # what the first line of a request that posts holds, for the proxy that cuts
    locks: bool  # whether threads can be closed to replies here

    def missing(self) -> str:
        """What it takes and is not installed, in words; "" if it can start."""
        ...

    def install(self) -> None:
        """Gets what is missing into CACHE, or by apt as root. Raises if it can't be had."""
        ...

    def start(self, folder: Path) -> None:
        """Starts it, with everything that it keeps below the folder, and waits until it answers."""
        ...

    def stop(self) -> None:
        """Stops whatever `start` started, also if it got stuck half-way."""
        ...

    def via(self, url: str) -> dict[str, Any]:
        """The settings with another address, such as that of a proxy in front of it."""
        ...

    def without_right(self) -> dict[str, Any]:
        """Settings of somebody whose authorisation was lost."""
        ...

    def say(
        self,
        text: str,
        *,
        thread: str | None = None,
        parent: str | None = None,
        by: str = "patient",
    ) -> str:
        """Posts as somebody else does and returns the id; without a thread it starts one."""
        ...

    def change(self, post_id: str, text: str) -> None:
        """The author edits a post."""
        ...

    def delete(self, post_id: str) -> None:
        """The author removes a post."""
        ...

    def lock(self, thread: str) -> None:
        """A moderator closes a thread to replies; only where `locks`."""
        ...

    def change_ours(self, ref: Mapping[str, Any], text: str) -> None:
        """Somebody else changes our reply by hand."""
        ...

    def remove_ours(self, ref: Mapping[str, Any]) -> None:
        """Somebody else removes our reply by hand."""
        ...

    def texts(self, thread: str) -> list[str]:
        """What every live post of a thread says, as plain text: the truth that is counted in."""
        ...
