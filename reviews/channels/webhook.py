"""Webhooks: a POST with Slack's `{"text": ...}`, which Mattermost, Rocket.Chat and Discord (with
/slack behind the address) read as well.

The address comes from a person, so it may not lead into our own network (compliance/outbound.py).
Redirects are not followed.
"""

from __future__ import annotations

import ipaddress

import httpx
from django.conf import settings

from compliance.outbound import LeadsInside, UnknownHost, addresses_of, is_public
from reviews.channels.base import Message, Undelivered

LONGEST_URL = 500
TIMEOUT = httpx.Timeout(5, connect=3, write=2)  # seconds; together 10
ANSWERS = {401: "not_permitted", 403: "not_permitted", 404: "gone", 410: "gone"}


def send(url: str, message: Message) -> None:
    """Posts one message.

    Raises:
        Undelivered: it was not taken.
    """
    target = checked(url)
    for address in _addresses(target):
        try:
            return _post(target, address, message)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue  # nothing was sent; the next address of the same host may answer
        except httpx.TimeoutException as error:
            raise Undelivered("too_slow", retry=True) from error
        except httpx.HTTPError as error:
            raise Undelivered("no_connection", retry=True) from error
    raise Undelivered("no_connection", retry=True)


def checked(url: str) -> httpx.URL:
    """The address of a webhook, as far as it can be judged without asking anybody.

    Raises:
        Undelivered: it can't be one.
    """
    try:
        target = httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError) as error:
        raise Undelivered("not_an_address", retry=False) from error
    if target.scheme not in ("http", "https") or not target.host or len(url) > LONGEST_URL:
        raise Undelivered("not_an_address", retry=False)
    if target.userinfo or not 0 < (target.port or 443) < 65536:
        raise Undelivered("not_an_address", retry=False)
    if target.scheme != "https" and not _may_be_inside(target):
        raise Undelivered("not_https", retry=False)
    try:
        literal = ipaddress.ip_address(target.host)
    except ValueError:
        return target
    if not _may_be_inside(target) and not is_public(literal):
        raise Undelivered("inside", retry=False)
    return target


def _may_be_inside(target: httpx.URL) -> bool:
    return target.host in settings.WEBHOOK_HOSTS_INSIDE


def _addresses(target: httpx.URL) -> list[str]:
    port = target.port or (443 if target.scheme == "https" else 80)
    host = target.raw_host.decode("ascii")
    try:
        return addresses_of(host, port, anywhere=_may_be_inside(target))
    except UnknownHost as error:
        raise Undelivered("unknown_host", retry=True) from error
    except LeadsInside as error:
        raise Undelivered("inside", retry=False) from error


def _post(target: httpx.URL, address: str, message: Message) -> None:
    headers = {"Host": target.netloc.decode("ascii"), "Idempotency-Key": str(message.id)}
    # The certificate must be that of the name, not of the number.
    extensions = {"sni_hostname": target.raw_host.decode("ascii")}
    at = target.copy_with(host=address)
    content = {"text": text_of(message)}
    with (
        httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
        client.stream("POST", at, json=content, headers=headers, extensions=extensions) as answer,
    ):
        _judge(answer)  # the status alone: what the host says is not read


def _judge(answer: httpx.Response) -> None:
    status = answer.status_code
    if answer.is_success:
        return
    if answer.is_redirect or 300 <= status < 400:
        raise Undelivered("redirected", retry=False)
    if status in (408, 425, 429):
        said = answer.headers.get("Retry-After", "")
        raise Undelivered("busy", retry=True, wait=int(said) if said.isdecimal() else 0)
    if status in ANSWERS:
        raise Undelivered(ANSWERS[status], retry=False)
    raise Undelivered("host_failed" if status >= 500 else "not_taken", retry=status >= 500)


def text_of(message: Message) -> str:
    """The message in Slack's mark-up, a line for each notice."""
    heading = [f"*{message.subject}*"] if len(message.lines) > 1 else []
    return "\n".join(
        heading
        + [
            f"<{line.url}|{_escaped(line.title)}>" if line.url else _escaped(line.title)
            for line in message.lines
        ]
    )


def _escaped(words: str) -> str:
    # The three characters that Slack asks to escape: https://docs.slack.dev/messaging/formatting-message-text
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
