"""The homeserver, as one account sees one room: requests with limits, and answers as codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from engage.connectors.base import ConnectorError
from engage.connectors.calls import call
from engage.connectors.matrix.events import MESSAGE, event_id
from engage.connectors.waits import wait_of

PER_PAGE = 25  # a message has up to 64 KiB, and comes with its newest edit and newest answer
BELOW_PAGES = 20  # of a thread, newest first
OWN_PAGES = 200  # of our own messages since another one
CODES = {
    "M_FORBIDDEN": "not_permitted",
    "M_LIMIT_EXCEEDED": "asked_to_wait",
    "M_MISSING_TOKEN": "unauthorised",
    "M_NOT_FOUND": "not_found",
    "M_TOO_LARGE": "too_long",
    "M_UNKNOWN": "refused",  # such as a relation to an event that isn't there
    "M_UNKNOWN_TOKEN": "unauthorised",
    "M_USER_DEACTIVATED": "unauthorised",
    "M_USER_LOCKED": "unauthorised",
    "M_USER_SUSPENDED": "not_permitted",
    **dict.fromkeys(("M_BAD_JSON", "M_INVALID_PARAM", "M_NOT_JSON"), "bad_request"),
}
REFUSALS = frozenset(CODES.values()) - {"asked_to_wait"}


class MatrixServer:
    """Asks a homeserver for one room.

    Args:
        base: the address, without a slash at its end.
        timeout: seconds that a call may take in all.
    """

    def __init__(self, base: str, room: str, token: str, timeout: float) -> None:
        self.room = room
        self._base, self._seconds = base, timeout
        self._headers = {"Authorization": f"Bearer {token}"}

    def whoami(self) -> dict[str, Any]:
        """`user_id` and `device_id` of the token."""
        return self.ask("GET", "/account/whoami")

    def check_joined(self) -> None:
        """Raises ConnectorError unless the account is in the room.

        Whoever was put out of a room still gets its old events, and never hears of new ones.
        """
        rooms = self.ask("GET", "/joined_rooms").get("joined_rooms")
        if not isinstance(rooms, list) or self.room not in rooms:
            raise ConnectorError("not_in_room", retry=False)

    def event(self, wanted: str) -> dict[str, Any] | None:
        """An event with its newest edit; None where there is none."""
        return self.found(self.path("event", wanted))

    def messages(self, **params: str) -> tuple[list[dict[str, Any]], str]:
        """A page of the room's events, and where the next one begins (empty at the end)."""
        answer = self.ask("GET", self.path("messages"), params={"limit": str(PER_PAGE), **params})
        chunk, end = answer.get("chunk"), answer.get("end")
        return checked(chunk), end if isinstance(end, str) and chunk else ""

    def own_since(self, since: str) -> Iterator[dict[str, Any]]:
        """Our messages after an event, oldest first; deleted ones and edits too.

        Raises:
            ConnectorError: `not_found` if the event isn't there, `too_many` after OWN_PAGES.
        """
        wanted = json.dumps({"senders": [self.whoami().get("user_id")], "types": [MESSAGE]})
        start = self.ask("GET", self.path("context", since), params={"limit": "0"}).get("end")
        for _ in range(OWN_PAGES):
            chunk, start = self.messages(**{"dir": "f", "from": str(start), "filter": wanted})
            yield from chunk
            if not start:
                return
        raise ConnectorError("too_many", retry=False)

    def below(self, root: str) -> Iterator[dict[str, Any]]:
        """The messages of a thread but for its first one, each with its newest edit."""
        start = ""
        for _ in range(BELOW_PAGES):
            more = {"from": start} if start else {}
            answer = self.ask(
                "GET",
                self.path("relations", root, "m.thread"),
                params={"limit": str(PER_PAGE), **more},
                version="v1",
            )
            yield from checked(answer.get("chunk"))
            start = str(answer.get("next_batch") or "")
            if not start:
                return

    def found(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """The answer, or None where there is nothing."""
        try:
            return self.ask("GET", path, params=params)
        except ConnectorError as error:
            if error.code == "not_found":
                return None
            raise

    def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """The answer's JSON object. Raises ConnectorError with a code for everything else."""
        status, answer = self.send(method, path, **more)
        if status == 200:
            if answer is None:
                raise ConnectorError("unreadable_answer")
            return answer
        again = status >= 500 or status in (408, 425, 429)
        wait = wait_in(answer) if status == 429 else 0.0
        raise ConnectorError(code_of(status, answer), retry=again, wait=wait)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        version: str = "v3",
    ) -> tuple[int, dict[str, Any] | None]:
        """Status and JSON object, None if it is none. Raises ConnectorError if nothing came."""
        answer = call(
            method,
            f"{self._base}/_matrix/client/{version}{path}",
            seconds=self._seconds,
            headers=self._headers,
            json=json,
            params=params,
        )
        found = answer.json
        return answer.status, found if isinstance(found, dict) else None

    def path(self, *parts: str) -> str:
        """A path within the room."""
        return "/rooms/" + "/".join(quote(one, safe="") for one in (self.room, *parts))


def checked(chunk: Any) -> list[dict[str, Any]]:
    """Events that have what every event has. Raises ConnectorError."""
    if not isinstance(chunk, list) or not all(
        isinstance(event, dict)
        and event_id(event.get("event_id"))
        and isinstance(event.get("type"), str)
        for event in chunk
    ):
        raise ConnectorError("unreadable_answer")
    return chunk


def code_of(status: int, answer: Mapping[str, Any] | None) -> str:
    """A code from our own list: whatever else the server says is not passed on."""
    return CODES.get(str((answer or {}).get("errcode")), f"http_{status}")


def wait_in(answer: Mapping[str, Any] | None) -> float:
    """Seconds that the server asks to wait."""
    milliseconds = (answer or {}).get("retry_after_ms")
    return wait_of(milliseconds / 1000 if isinstance(milliseconds, int) else None)
