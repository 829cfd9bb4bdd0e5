"""The API of a Discourse forum: requests bounded in time and size, answered in our words.

Written after https://docs.discourse.org and run against a fake that follows it: no Discourse could
be had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engage.connectors.base import ConnectorError, Declined
from engage.connectors.calls import Answer, call
from engage.connectors.waits import wait_of


class Forum:
    """A forum and the account that we use there.

    Args:
        base: its address, without a slash at the end.
        username: of the account that the key belongs to.
        key: an API key.
        seconds: the longest that a request may take, all in all.
    """

    def __init__(self, base: str, username: str, key: str, seconds: float) -> None:
        self.base, self.username, self._seconds = base, username, seconds
        self._headers = {
            "Api-Key": key,
            "Api-Username": username,
            "Accept": "application/json",
            "User-Agent": "Countersign",  # Discourse knows a repeated request by it, too
        }

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str | Sequence[str]] | None = None,
    ) -> Any:
        """The JSON object that it answers. Raises ConnectorError with a code for all else."""
        given = self._call(method, path, json, params)
        if 200 <= given.status < 300:
            if not isinstance(given.json, dict):
                raise ConnectorError("unreadable_answer")
            return given.json
        raise self._error(given)

    def delete(self, path: str) -> None:
        """Deletes; the answer is empty."""
        given = self._call("DELETE", path, None, None)
        if not 200 <= given.status < 300:
            raise self._error(given)

    def is_known(self) -> bool:
        """Whether the key is that of the account. Raises ConnectorError if it can't be asked."""
        given = self._call("GET", "/session/current.json", None, None)
        if given.status >= 500 or given.status == 429:
            raise ConnectorError(f"http_{given.status}")
        return given.status == 200

    def _call(
        self,
        method: str,
        path: str,
        json: Any,
        params: Mapping[str, str | Sequence[str]] | None,
    ) -> Answer:
        return call(
            method,
            self.base + path,
            seconds=self._seconds,
            headers=self._headers,
            json=json,
            params=params,
        )

    def _error(self, given: Answer) -> ConnectorError:
        said = given.json if isinstance(given.json, dict) else {}
        status = given.status
        if status == 429:
            extras = said.get("extras")
            seconds = extras.get("wait_seconds") if isinstance(extras, dict) else None
            return Declined("too_fast", wait_of(seconds, given.headers.get("retry-after")))
        if not isinstance(said.get("errors"), list):  # not in Discourse's words
            return ConnectorError(f"http_{status}")
        if status == 403:
            # It says the same of a key that does not hold and of a right that is missing.
            return Declined("not_permitted" if self.is_known() else "unauthorised")
        codes = {404: "gone", 410: "gone", 409: "conflict", 422: "not_accepted"}
        return Declined(codes[status]) if status in codes else ConnectorError(f"http_{status}")


def moment(value: Any) -> datetime:
    """A time as Discourse writes it. Raises ValueError."""
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError("it has no time zone")
    return at
