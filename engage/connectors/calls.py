"""One request to a community's server, bounded in time and size, whatever the server does."""

from __future__ import annotations

import functools
import json as json_text
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from engage.connectors.base import ConnectorError

LARGEST = 5 * 1024 * 1024  # bytes of an answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. Names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The JSON value of the body; None if it is none."""
        try:
            return json_text.loads(self.body)
        except (ValueError, RecursionError):
            return None


def call(
    method: str,
    url: str,
    *,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    json: Any = None,
    params: Mapping[str, Any] | None = None,
) -> Answer:
    """Asks once. Redirects are answers; proxies of the environment are not used.

    Args:
        seconds: the longest that it may take, all in all.
        auth: name and password, for HTTP Basic.
    Raises:
        ConnectorError: `timeout`, `connection` or `too_large`: what the server did is not known.
    """
    until = time.monotonic() + seconds
    # The waits add up to the whole.
    waits = httpx.Timeout(
        seconds * 0.6, connect=seconds * 0.2, write=seconds * 0.19, pool=seconds * 0.01
    )
    # Uncompressed, so that what is counted is all there is: a few packed bytes can be gigabytes.
    asked = {**(headers or {}), "Accept-Encoding": "identity"}
    body = bytearray()
    try:
        # A new connection each time: one that the server has closed meanwhile looks like a reset.
        with (
            httpx.Client(timeout=waits, auth=auth, verify=_tls(), trust_env=False) as client,
            client.stream(method, url, headers=asked, json=json, params=params) as response,
        ):
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > LARGEST:
                    raise ConnectorError("too_large")
                if time.monotonic() > until:
                    raise ConnectorError("timeout")
    except httpx.TimeoutException:
        raise ConnectorError("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise ConnectorError("connection") from None
    return Answer(response.status_code, response.headers, bytes(body))


@functools.cache
def _tls() -> ssl.SSLContext:
    # Loading the certificates takes longer than a request, so it is done once a process.
    return httpx.create_ssl_context(trust_env=False)
