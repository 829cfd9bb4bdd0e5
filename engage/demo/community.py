"""Speaks to the sandbox community as its founders would: opens boards and threads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx


class SandboxFounder:
    """The sandbox community's own API, for the demo alone.

    Args:
        url: where it runs.
        token: its API token.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    def boards(self) -> set[str]:
        """Short names of the boards that exist."""
        return {board["slug"] for board in self._send("GET", "/api/boards/")["boards"]}

    def open_board(self, slug: str, name: str, about: str) -> None:
        """Adds a board."""
        self._send("POST", "/api/boards/", {"slug": slug, "name": name, "about": about})

    def open_thread(self, board: str, title: str, posts: list[dict[str, str]], at: datetime) -> str:
        """Opens a thread with replies; returns the id of its first post."""
        first = self._send(
            "POST",
            f"/api/boards/{board}/threads/",
            {"title": title, "created_at": at.isoformat(), **posts[0]},
        )
        for post in posts[1:]:
            self._send(
                "POST",
                f"/api/threads/{first['thread_id']}/posts/",
                {"parent_id": first["id"], "created_at": at.isoformat(), **post},
            )
        return str(first["id"])

    def edit_as_moderator(self, post_id: str, text: str) -> None:
        """Changes somebody's post, as moderators can."""
        self._send("PATCH", f"/api/posts/{post_id}/", {"text": text})

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = httpx.request(
            method, f"{self._url}{path}", json=body, headers=self._headers, timeout=10
        )
        answer.raise_for_status()
        return answer.json()
