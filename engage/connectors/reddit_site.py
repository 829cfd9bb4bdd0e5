"""Reddit's API for one account: requests bounded in time and size, answered in our words.

Written after https://www.reddit.com/dev/api and run against a fake that follows it: Reddit gives no
server to try. praw is not used, because it bounds neither the time nor the size of an answer, and
waits by itself.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engage.connectors.base import ConnectorError, Declined
from engage.connectors.calls import Answer, call
from engage.connectors.waits import wait_of

LOGIN, API = "https://www.reddit.com", "https://oauth.reddit.com"
AGENT = "python:countersign:1 (self-hosted review service)"
A_PAGE = 100  # the most that Reddit gives at once
CODES = {401: "unauthorised", 403: "not_permitted", 404: "gone"}
# What Reddit calls its refusals of a comment, in our words; others are `not_accepted`.
REFUSALS = {
    "DELETED_COMMENT": "gone",
    "DELETED_LINK": "gone",
    "THREAD_LOCKED": "thread_locked",
    "TOO_LONG": "too_long",
    "TOO_OLD": "thread_locked",
    "USER_BLOCKED": "not_permitted",
    "SUBREDDIT_OUTBOUND_LINKING_DISALLOWED": "bad_text",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token, and when it ends (monotonic seconds)."""

    token: str = field(repr=False)
    until: float


# One a process: a connector is built for every poll.
_grants: dict[str, Grant] = {}
_lock = threading.Lock()


class Account:
    """An account, as an application that Reddit approved may use it.

    Args:
        client: id and secret of the application.
        refresh_token: that lets it go on using the account.
        seconds: the longest that a request may take, all in all.
        login, api: addresses of Reddit's servers.
    """

    def __init__(
        self,
        client: tuple[str, str],
        refresh_token: str,
        seconds: float,
        login: str = LOGIN,
        api: str = API,
    ) -> None:
        self._client, self._refresh, self._seconds = client, refresh_token, seconds
        self._login, self._api = login, api
        whole = "\0".join((login, *client, refresh_token))
        self._key = hashlib.sha256(whole.encode()).hexdigest()

    def ask(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON object that it answers. Raises ConnectorError with a code for all else."""
        answer = self._ask(method, path, form, params)
        if not isinstance(answer, dict):
            raise ConnectorError("unreadable_answer")
        return answer

    def ask_list(self, path: str, **params: str) -> list[Any]:
        """The JSON list that it answers. Raises ConnectorError with a code for all else."""
        answer = self._ask("GET", path, None, params)
        if not isinstance(answer, list):
            raise ConnectorError("unreadable_answer")
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
    ) -> Any:
        for once_more in (True, False):
            given = call(
                method,
                self._api + path,
                seconds=self._seconds,
                headers={"Authorization": f"bearer {self._token()}", "User-Agent": AGENT},
                form=form,
                params={**(params or {}), "raw_json": "1"},
            )
            if given.status == 401 and once_more:
                _grants.pop(self._key, None)  # it ended before its time
                continue
            break
        if given.status != 200:
            raise _error(given)
        return given.json

    def submit(self, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        """What an action answers: "data", after its list of errors was looked at."""
        answer = self.ask("POST", path, form={**form, "api_type": "json"}).get("json")
        if not isinstance(answer, dict) or not isinstance(answer.get("errors"), list):
            raise ConnectorError("unreadable_answer")
        if answer["errors"]:
            first = answer["errors"][0]
            said = str(first[0]) if isinstance(first, list) and first else ""
            if said == "RATELIMIT":
                raise Declined("too_fast", wait_of(answer.get("ratelimit")))
            raise Declined(REFUSALS.get(said, "not_accepted"))
        data = answer.get("data")
        return data if isinstance(data, dict) else {}

    def listing(self, path: str, **params: str) -> tuple[list[dict[str, Any]], str]:
        """Posts and comments of a list, and where it goes on ("" at its end)."""
        answer = self.ask("GET", path, params=params)
        try:
            things = [thing["data"] for thing in answer["data"]["children"]]
            return things, str(answer["data"].get("after") or "")
        except (KeyError, TypeError, AttributeError):
            raise ConnectorError("unreadable_answer") from None

    def info(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Posts and comments by their full names, as they are now."""
        wanted, found = list(names), []
        for start in range(0, len(wanted), A_PAGE):
            rows, _ = self.listing("/api/info", id=",".join(wanted[start : start + A_PAGE]))
            found += rows
        return found

    def me(self) -> str:
        """The name of the account. Raises ConnectorError."""
        name = self.ask("GET", "/api/v1/me").get("name")
        if not isinstance(name, str) or not name:
            raise ConnectorError("unreadable_answer")
        return name

    def _token(self) -> str:
        with _lock:
            grant = _grants.get(self._key)
            if grant is None or grant.until < time.monotonic():
                grant = _grants[self._key] = self._granted()
            return grant.token

    def _granted(self) -> Grant:
        given = call(
            "POST",
            f"{self._login}/api/v1/access_token",
            seconds=self._seconds,
            auth=self._client,
            headers={"User-Agent": AGENT},
            form={"grant_type": "refresh_token", "refresh_token": self._refresh},
        )
        said = given.json if isinstance(given.json, dict) else {}
        if given.status in (400, 401) and said:
            raise Declined("unauthorised")
        if given.status != 200:
            raise _error(given)
        token, seconds = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not isinstance(seconds, int | float):
            raise ConnectorError("unreadable_answer")
        return Grant(token, time.monotonic() + seconds - 60)


def _error(given: Answer) -> ConnectorError:
    if given.status == 429:
        headers = given.headers
        return Declined(
            "too_fast", wait_of(headers.get("retry-after"), headers.get("x-ratelimit-reset"))
        )
    if given.status in CODES and isinstance(given.json, dict):
        return Declined(CODES[given.status])
    return ConnectorError(f"http_{given.status}")
