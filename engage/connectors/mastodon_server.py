"""A Mastodon server's API: requests bounded in time and size, answered in our words.

Written after https://docs.joinmastodon.org and run against a fake that follows it: no Mastodon
could be had. Mastodon.py is not used, because it bounds neither the time nor the size of an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from engage.connectors.base import ConnectorError, Declined
from engage.connectors.calls import Answer, call
from engage.connectors.waits import wait_of

A_PAGE = 40  # the most that a list gives at once
CODES = {401: "unauthorised", 403: "not_permitted", 404: "gone", 410: "gone", 422: "not_accepted"}


class Server:
    """A server and the account that we use there.

    Args:
        base: its address, without a slash at the end.
        token: an access token.
        seconds: the longest that a request may take, all in all.
    """

    def __init__(self, base: str, token: str, seconds: float) -> None:
        self.base, self._seconds = base, seconds
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON value that it answers. Raises ConnectorError with a code for all else."""
        given = call(
            method,
            f"{self.base}/api/{path}",
            seconds=self._seconds,
            headers={**self._headers, **(headers or {})},
            json=json,
            params=params,
        )
        if 200 <= given.status < 300:
            if not isinstance(given.json, dict | list):
                raise ConnectorError("unreadable_answer")
            return given.json
        raise _error(given)

    def me(self) -> str:
        """The id of the account. Raises ConnectorError."""
        answer = self.ask("GET", "v1/accounts/verify_credentials")
        if not isinstance(answer, dict) or not is_id(answer.get("id")):
            raise ConnectorError("unreadable_answer")
        return str(answer["id"])


def _error(given: Answer) -> ConnectorError:
    status, said = given.status, given.json
    if status == 429:
        reset = _seconds_until(given.headers.get("x-ratelimit-reset"))
        return Declined("too_fast", wait_of(given.headers.get("retry-after"), reset))
    if status in CODES and isinstance(said, dict) and isinstance(said.get("error"), str):
        return Declined(CODES[status])
    return ConnectorError(f"http_{status}")


def _seconds_until(moment_said: str | None) -> float | None:
    try:
        return (moment(moment_said) - datetime.now(UTC)).total_seconds()
    except ValueError:
        return None


def moment(value: Any) -> datetime:
    """A time as Mastodon writes it. Raises ValueError."""
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError("it has no time zone")
    return at


def is_id(value: object) -> bool:
    """Whether it can be the id of a post or an account: numbers, in the form of texts."""
    return isinstance(value, str) and value.isascii() and value.isalnum() and len(value) <= 32
