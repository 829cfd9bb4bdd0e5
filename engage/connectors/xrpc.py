"""XRPC, which Bluesky's servers speak: calls of one account, with limits on time and size."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engage.connectors.base import ConnectorError
from engage.connectors.calls import Answer, call
from engage.connectors.waits import wait_of

ONE_CALL = 5.0  # seconds
STALE = {"ExpiredToken", "InvalidToken"}
# What the servers call their errors, and what we do. Anything else is `http_<status>`.
CODES = {
    "RecordNotFound": "no_such_record",
    "NotFound": "no_such_post",
    "InvalidSwap": "invalid_swap",
    "AccountDeactivated": "account_deactivated",
    "AccountTakedown": "account_taken_down",
    "AuthFactorTokenRequired": "second_factor",
}


@dataclass(frozen=True, slots=True)
class Session:
    """A login that holds for some hours."""

    did: str
    token: str = field(repr=False)


# One a process: servers allow some hundred logins a day, and a connector is built for every poll.
_sessions: dict[str, Session] = {}
_lock = threading.Lock()


class Account:
    """One account on one server.

    Args:
        service: the server's address, without a path.
        identifier: the account's handle or DID.
        password: an app password.
    """

    def __init__(self, service: str, identifier: str, password: str) -> None:
        self._service = service
        self._login = {"identifier": identifier, "password": password}
        self._key = hashlib.sha256(f"{service}\0{identifier}\0{password}".encode()).hexdigest()

    def get(self, name: str, until: float, **params: Any) -> dict[str, Any]:
        """A query, as `call`."""
        return self.call("GET", name, until, params=params)

    def call(
        self,
        method: str,
        name: str,
        until: float,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The answer's JSON object.

        Args:
            until: `time.monotonic()` at which it must be over.
        Raises:
            ConnectorError: with a code of our own; `retry` is True unless the server answered
                clearly that it did not and will not do it.
        """
        for last_try in (False, True):
            session = self.session(until)
            try:
                return self._send(method, name, until, session.token, params, body)
            except ConnectorError as error:
                # The server did nothing: the login is over. A second login tells whether for good.
                if last_try or error.code != "unauthorised":
                    raise
                with _lock:
                    if _sessions.get(self._key) == session:
                        del _sessions[self._key]
        raise AssertionError("unreachable")

    def session(self, until: float) -> Session:
        """The login, made if there is none. Raises ConnectorError as `call`."""
        with _lock:
            session = _sessions.get(self._key)
        if session is None:
            answer = self._send(
                "POST", "com.atproto.server.createSession", until, "", None, self._login
            )
            did, token = answer.get("did"), answer.get("accessJwt")
            if not isinstance(did, str) or not isinstance(token, str) or not token.isascii():
                raise ConnectorError("unreadable_answer")
            session = Session(did, token)
            with _lock:
                _sessions[self._key] = session
        return session

    def _send(
        self,
        method: str,
        name: str,
        until: float,
        token: str,
        params: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        limit = min(ONE_CALL, until - time.monotonic())
        if limit <= 0:
            raise ConnectorError("timeout")
        given = call(
            method,
            f"{self._service}/xrpc/{name}",
            seconds=limit,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            params=params,
            json=body,
        )
        found = given.json
        answer = found if isinstance(found, dict) else None
        if given.status == 200:
            if answer is None:
                raise ConnectorError("unreadable_answer")
            return answer
        raise _refusal(given, (answer or {}).get("error"))


def _refusal(given: Answer, error: object) -> ConnectorError:
    status, error = given.status, error if isinstance(error, str) else ""
    if status == 429:
        return ConnectorError("rate_limited", wait=_wait(given.headers))
    if error in CODES:
        return ConnectorError(CODES[error], retry=status >= 500)
    if status == 401 or error in STALE:
        return ConnectorError("unauthorised", retry=False)
    # Only its own words are proof. 408 and 425 say nothing about whether the work was done.
    refused = bool(error) and 400 <= status < 500 and status not in (408, 425)
    return ConnectorError(f"http_{status}", retry=not refused)


def _wait(headers: Mapping[str, str]) -> float:
    try:
        reset = float(headers["RateLimit-Reset"]) - time.time()
    except (KeyError, ValueError):
        reset = None
    return wait_of(headers.get("Retry-After"), reset)
