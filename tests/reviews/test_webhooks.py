"""Webhooks: to a real web server, and never to where they must not lead."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from pytest_django.fixtures import Settings

from compliance import outbound
from compliance.exceptions import BadInput
from reviews.channels import webhook
from reviews.channels.base import SENTENCES, Line, Message, Undelivered
from reviews.enums import Channel, NoticeGroup, NoticeKind, Pace
from reviews.models import Delivery, User
from tests import cases
from tests.hook_server import HookServer
from tests.outside import hooks
from tests.reviews.test_deliveries import author, due_now, sent_back, states, sweep

__all__ = ["hooks"]  # a fixture


pytestmark = pytest.mark.django_db
MESSAGE = Message(
    id=UUID(int=7), lines=[Line("Sent back: a reply in A <b> & C", "https://c.test/n/1")]
)


def hooked(hooks: HookServer) -> User:
    off = {(group, Channel.EMAIL): Pace.OFF for group in NoticeGroup}
    return author(webhook=hooks.url, chosen={**cases.AT_ONCE, **off})


def test_webhook_gets_slacks_json(hooks: HookServer) -> None:
    reader = hooked(hooks)
    sent_back(reader)
    sweep()
    (call,) = hooks.calls
    notice = reader.notices.get(kind=NoticeKind.SENT_BACK)
    link = f"https://countersign.test/notifications/{notice.pk}/"
    assert call.body == {"text": f"<{link}|{notice.title}>"}
    assert call.headers["Idempotency-Key"] == str(notice.deliveries.get().pk)
    assert call.path == "/services/T0/B0/secret"
    assert states(reader) == [("sent", 0, "")]


def test_webhook_escapes_what_slack_would_read() -> None:
    assert webhook.text_of(MESSAGE) == (
        "<https://c.test/n/1|Sent back: a reply in A &lt;b&gt; &amp; C>"
    )
    several = Message(MESSAGE.id, [Line("One", ""), Line("Two", "")], digest=True)
    assert webhook.text_of(several) == "*Daily digest: 2 in Countersign*\nOne\nTwo"


@pytest.mark.parametrize(
    ("status", "headers", "state", "code"),
    [
        (204, {}, "sent", ""),
        (301, {"Location": "/elsewhere"}, "failed", "redirected"),
        (400, {}, "failed", "not_taken"),
        (403, {}, "failed", "not_permitted"),
        (404, {}, "failed", "gone"),
        (410, {}, "failed", "gone"),
        (429, {"Retry-After": "600"}, "waiting", "busy"),
        (500, {}, "waiting", "host_failed"),
        (503, {}, "waiting", "host_failed"),
    ],
)
def test_answer_of_the_host_says_whether_a_retry_helps(
    hooks: HookServer, status: int, headers: dict[str, str], state: str, code: str
) -> None:
    hooks.answers = [(status, headers)]
    reader = hooked(hooks)
    sent_back(reader)
    sweep()
    assert len(hooks.calls) == 1  # no redirect is followed
    assert [(s, e) for s, _, e in states(reader)] == [(state, code)]
    if code == "busy":
        due_at = Delivery.objects.get(notice__recipient=reader).due_at
        assert due_at is not None and due_at > timezone.now() + timedelta(minutes=9)
    if state == "waiting":
        due_now()
        sweep()
        first, second = (call.headers["Idempotency-Key"] for call in hooks.calls)
        assert first == second and states(reader)[0][0] == "sent"


def test_host_that_is_away_or_silent_is_tried_again(
    hooks: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Undelivered) as away:
        webhook.send("http://127.0.0.1:9/", MESSAGE)
    assert (away.value.code, away.value.retry) == ("no_connection", True)
    monkeypatch.setattr(webhook, "TIMEOUT", httpx.Timeout(0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Undelivered) as slow:
        webhook.send(f"http://127.0.0.1:{silent.getsockname()[1]}/", MESSAGE)
    assert (slow.value.code, slow.value.retry) == ("too_slow", True)


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name stands for these addresses; returns the names that are asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any, **named: Any) -> Any:
        if host == "127.0.0.1":  # a number, on its way to be connected to
            return real(host, port, *rest, **named)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.5", "172.16.4.4", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "ff02::1",
    "::ffff:10.0.0.5", "::ffff:8.8.8.8", "64:ff9b::a00:5", "2002:a00:5::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    asked = resolved(monkeypatch, "93.184.215.14", address)
    with pytest.raises(Undelivered) as refused:
        webhook.send("https://hooks.example.org/x", MESSAGE)
    assert (refused.value.code, refused.value.retry) == ("inside", False)
    assert asked == ["hooks.example.org"]


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_address_is_public(address: str) -> None:
    assert outbound.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example.org/x", "not_https"),
        ("ftp://hooks.example.org/x", "not_an_address"),
        ("hooks.example.org", "not_an_address"),
        ("https://", "not_an_address"),
        ("https://user:secret@hooks.example.org/", "not_an_address"),
        ("https://hooks.example.org/" + "x" * 500, "not_an_address"),
        ("https://hooks.example.org:99999/", "not_an_address"),
        ("https://127.0.0.1/x", "inside"),
        ("https://[::1]/x", "inside"),
        ("https://[fd00:ec2::254]/x", "inside"),
        ("https://169.254.169.254/latest/", "inside"),
    ],
)
def test_address_that_can_be_no_webhook_is_refused_when_it_is_entered(url: str, code: str) -> None:
    with pytest.raises(Undelivered) as refused:
        webhook.checked(url)
    assert refused.value.code == code
    with pytest.raises(BadInput, match=SENTENCES[code].partition("(")[0]):
        author(webhook=url)


def test_name_that_is_too_long_for_a_name_is_unknown() -> None:
    with pytest.raises(Undelivered, match=r"unknown_host|not_an_address"):
        webhook.send(f"https://{'x' * 70}.example.org/", MESSAGE)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "017700000001", "127.1"])
def test_odd_spellings_of_loopback_lead_nowhere(host: str) -> None:
    # The resolver takes them for 127.0.0.1; what it says is what is looked at.
    with pytest.raises(Undelivered) as refused:
        webhook.send(f"https://{host}/", MESSAGE)
    assert refused.value.code in ("inside", "unknown_host", "not_an_address")


def test_unknown_host_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **rest: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Undelivered) as refused:
        webhook.send("https://nowhere.example.org/", MESSAGE)
    assert (refused.value.code, refused.value.retry) == ("unknown_host", True)


def test_connection_goes_to_the_address_that_was_looked_at(
    hooks: HookServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A name that is asked for twice may stand for something else the second time.
    settings.WEBHOOK_HOSTS_INSIDE = ["hooks.test"]
    asked = resolved(monkeypatch, "127.0.0.1")
    port = hooks.server_address[1]
    webhook.send(f"http://hooks.test:{port}/x", MESSAGE)
    assert asked == ["hooks.test"] and hooks.calls[0].headers["Host"] == f"hooks.test:{port}"


def certificate(folder: Path, name: str) -> Path:
    """A certificate for a name, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_certificate_must_be_that_of_the_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.WEBHOOK_HOSTS_INSIDE = ["hooks.test", "other.test"]
    resolved(monkeypatch, "127.0.0.1")
    pem = certificate(tmp_path, "hooks.test")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem)
    with HookServer() as server:
        server.socket = served.wrap_socket(server.socket, server_side=True)
        port = server.server_address[1]
        with pytest.raises(Undelivered, match="no_connection"):
            webhook.send(f"https://hooks.test:{port}/", MESSAGE)  # signed by nobody we know
        trusted = ssl.create_default_context(cafile=str(pem))
        real: Callable[..., httpx.Client] = httpx.Client
        monkeypatch.setattr(webhook.httpx, "Client", lambda **how: real(verify=trusted, **how))
        webhook.send(f"https://hooks.test:{port}/", MESSAGE)
        with pytest.raises(Undelivered, match="no_connection"):
            webhook.send(f"https://other.test:{port}/", MESSAGE)
        assert len(server.calls) == 1
