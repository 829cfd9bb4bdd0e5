"""One request to a community's server, bounded in time and size, whatever the server does.

It may not lead into our own network (compliance/outbound.py), unless COMMUNITY_HOSTS_INSIDE lists
the host.
"""

from __future__ import annotations

import functools
import json as json_text
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from django.conf import settings

from compliance.outbound import LeadsInside, UnknownHost, addresses_of
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
    form: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    largest: int = LARGEST,
) -> Answer:
    """Asks once. Redirects are answers; proxies of the environment are not used.

    Args:
        seconds: the longest that it may take, all in all.
        auth: name and password, for HTTP Basic.
        largest: bytes of the answer.
    Raises:
        ConnectorError: `timeout`, `connection` or `too_large`: what the server did is not known.
            `unknown_host` or `leads_inside`: nobody was asked.
    """
    until = time.monotonic() + seconds
    target, addresses = _resolved(url)
    # The waits add up to the whole.
    waits = httpx.Timeout(
        seconds * 0.6,
        connect=seconds * 0.2 / len(addresses),
        write=seconds * 0.19,
        pool=seconds * 0.01,
    )
    asked = {
        **(headers or {}),
        "Host": target.netloc.decode("ascii"),
        # Uncompressed, so that all is counted: a few packed bytes can be gigabytes.
        "Accept-Encoding": "identity",
    }
    trouble = "connection"
    # A new connection each time: one that the server has closed meanwhile looks like a reset.
    with httpx.Client(timeout=waits, auth=auth, verify=_tls(), trust_env=False) as client:
        request = client.build_request(
            method, target, headers=asked, json=json, data=form, params=params
        )
        # The certificate must be that of the name, not of the number.
        request.extensions["sni_hostname"] = target.raw_host.decode("ascii")
        for address in addresses:
            request.url = request.url.copy_with(host=address)
            try:
                return _sent(client, request, largest, until)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                # Nothing was sent; the next address of the same host may answer.
                trouble = "timeout" if isinstance(error, httpx.ConnectTimeout) else "connection"
            except httpx.TimeoutException:
                raise ConnectorError("timeout") from None
            except httpx.HTTPError:
                raise ConnectorError("connection") from None
    raise ConnectorError(trouble)


def _resolved(url: str) -> tuple[httpx.URL, list[str]]:
    try:
        target = httpx.URL(url)
        host = target.raw_host.decode("ascii")
        port = target.port or (443 if target.scheme == "https" else 80)
        anywhere = target.host in settings.COMMUNITY_HOSTS_INSIDE
        return target, addresses_of(host, port, anywhere=anywhere)
    except httpx.InvalidURL:
        raise ConnectorError("connection") from None
    except UnknownHost:
        raise ConnectorError("unknown_host") from None
    except LeadsInside:
        raise ConnectorError("leads_inside") from None


def _sent(client: httpx.Client, request: httpx.Request, largest: int, until: float) -> Answer:
    body = bytearray()
    response = client.send(request, stream=True, follow_redirects=False)
    try:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > largest:
                raise ConnectorError("too_large")
            if time.monotonic() > until:
                raise ConnectorError("timeout")
    finally:
        response.close()
    return Answer(response.status_code, response.headers, bytes(body))


@functools.cache
def _tls() -> ssl.SSLContext:
    # Loading the certificates takes longer than a request, so it is done once a process.
    return httpx.create_ssl_context(trust_env=False)
