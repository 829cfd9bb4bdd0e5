"""Deliveries: real mails to a real mail server, real webhooks to a real web server, retries, the
digest, and addresses that lead where they must not."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
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

from compliance.exceptions import BadInput, NotAllowed
from compliance.models import Event
from reviews import deliveries, notice_choices, notices, tasks, workflow
from reviews.channels import mail, webhook
from reviews.channels.base import SENTENCES, Line, Message, Undelivered
from reviews.enums import Channel, DeliveryState, NoticeGroup, NoticeKind, Pace, ReviewState, Role
from reviews.models import Delivery, NoticeAddress, RoleGrant, User
from tests import cases
from tests.hook_server import HookServer
from tests.laws.test_one_live_copy import _in_verb
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db
MESSAGE = Message(
    id=UUID(int=7), lines=[Line("Sent back: a reply in A <b> & C", "https://c.test/n/1")]
)
DIGEST = {(group, Channel.EMAIL): Pace.DIGEST for group in NoticeGroup}


@pytest.fixture
def mails(settings: Settings) -> Iterator[MailServer]:
    with MailServer() as server:
        settings.NOTICES_BY_EMAIL = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.PUBLIC_URL = "https://countersign.test/"
        yield server


@pytest.fixture
def hooks(settings: Settings) -> Iterator[HookServer]:
    with HookServer() as server:
        settings.WEBHOOK_HOSTS_INSIDE = ["127.0.0.1"]
        settings.PUBLIC_URL = "https://countersign.test"
        yield server


def author(**how: Any) -> User:
    return cases.reachable(cases.person(Role.CLINICIAN), **{"webhook": None, **how})


def sent_back(to: User, times: int = 1) -> None:
    """Decisions that reach this author."""
    for _ in range(times):
        review = cases.review_at(ReviewState.SUBMITTED, versions_by=[to])
        workflow.send_back(
            by=cases.person(Role.COMPLIANCE), review_id=review.pk, reason="Shorter, please."
        )


def sweep() -> None:
    """Sends everything that is due now."""
    for message in deliveries.claim_due():
        deliveries.send(message)


def due_now() -> None:
    """Whatever waits is due, as if its time had come."""
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING)
    waiting.update(due_at=timezone.now() - timedelta(seconds=1))


def states(of: User) -> list[tuple[str, int, str]]:
    rows = Delivery.objects.filter(notice__recipient=of).order_by("notice__created_at", "channel")
    return [(row.state, row.attempts, row.error) for row in rows]


def test_mail_says_what_happened_and_where_to_look(mails: MailServer) -> None:
    reader = author()
    sent_back(reader)
    sweep()
    (taken,) = mails.mails
    notice = reader.notices.get(kind=NoticeKind.SENT_BACK)
    assert taken["Subject"] == notice.title
    assert taken["To"] == f"{reader.username}@example.org"
    assert taken["Message-ID"] == f"<{notice.deliveries.get().pk}@countersign.test>"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert f"https://countersign.test/notifications/{notice.pk}/" in taken.get_content()
    assert states(reader) == [("sent", 0, "")]


def test_what_is_due_together_goes_out_together(mails: MailServer) -> None:
    reader = author()
    sent_back(reader, times=3)
    sweep()
    (taken,) = mails.mails
    assert taken["Subject"] == "3 notifications"
    assert taken.get_content().count("Sent back: a reply in") == 3


def test_no_message_is_longer_than_fifty_lines(
    mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MOST_LINES", 2)
    sent_back(author(), times=3)
    sweep()
    assert [m["Subject"][:15] for m in mails.mails] == ["2 notifications", "Sent back: a re"]


def test_mail_without_an_outside_address_says_so_by_itself(
    mails: MailServer, settings: Settings
) -> None:
    settings.PUBLIC_URL = ""
    sent_back(author())
    sweep()
    (taken,) = mails.mails
    assert "/notifications/" not in taken.get_content()
    assert "sign in to Countersign" in taken.get_content()


def test_refusal_for_now_is_tried_again_under_the_same_id(mails: MailServer) -> None:
    reader = author()
    sent_back(reader)
    mails.answers["DATA"] = "451 Try later"
    sweep()
    assert states(reader) == [("waiting", 1, "mail_not_taken")]
    row = Delivery.objects.get(notice__recipient=reader)
    assert row.due_at and timedelta(0) < row.due_at - timezone.now() <= deliveries.WAITS[0]
    sweep()
    assert states(reader)[0][1] == 1  # not due yet
    mails.answers.clear()
    due_now()
    sweep()
    assert states(reader) == [("sent", 1, "")]
    assert mails.mails[0]["Message-ID"] == f"<{row.message}@countersign.test>"


def test_it_is_given_up_after_the_last_wait(mails: MailServer) -> None:
    reader = author()
    sent_back(reader)
    mails.answers["DATA"] = "451 Try later"
    waits = []
    for _ in range(len(deliveries.WAITS) + 1):
        due_now()
        sweep()
        due_at = Delivery.objects.get(notice__recipient=reader).due_at
        waits.append(round((due_at - timezone.now()) / timedelta(minutes=1)) if due_at else None)
    assert waits == [1, 5, 15, 60, 240, 720, None]
    assert states(reader) == [("failed", 7, "mail_not_taken")]
    (trouble,) = deliveries.troubles()
    assert (trouble.person, trouble.given_up, trouble.waiting) == (reader, 1, 0)
    assert trouble.why == SENTENCES["mail_not_taken"]


@pytest.mark.parametrize(
    ("command", "answer", "state", "code"),
    [
        ("RCPT", "550 No such person", "failed", "mail_recipient"),
        ("RCPT", "450 Mailbox busy", "waiting", "mail_recipient"),
        ("MAIL", "550 Not from you", "waiting", "mail_sender"),
        ("DATA", "554 Spam", "failed", "mail_not_taken"),
        ("HELLO", "421 Closed", "waiting", "mail_not_taken"),
    ],
)
def test_answer_of_the_mail_server_says_whether_a_retry_helps(
    mails: MailServer, command: str, answer: str, state: str, code: str
) -> None:
    reader = author()
    sent_back(reader)
    mails.answers[command] = answer
    sweep()
    assert states(reader) == [(state, 1, code)]


def test_mail_server_that_is_away_is_tried_again(mails: MailServer, settings: Settings) -> None:
    settings.EMAIL_PORT = 9
    reader = author()
    sent_back(reader)
    sweep()
    assert states(reader) == [("waiting", 1, "mail_server_away")]


def test_who_died_after_sending_sends_again_under_the_same_id(
    mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = author()
    sent_back(reader)
    (first,) = deliveries.claim_due()
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_end", lambda rows, state: None)
        deliveries.send(first)
    assert deliveries.claim_due() == []  # the lease stands
    sent_back(reader)  # something new meanwhile
    due_now()
    sweep()
    ids = [m["Message-ID"] for m in mails.mails]
    assert len(ids) == 3 and ids.count(f"<{first}@countersign.test>") == 2
    assert {state for state, _, _ in states(reader)} == {"sent"}


def test_network_is_called_outside_any_transaction(
    mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[bool] = []
    monkeypatch.setattr(mail, "send", lambda to, message: inside.append(_in_verb()))
    sent_back(author())
    sweep()
    assert inside == [False]


def test_digest_waits_for_its_hour_and_is_one_mail(mails: MailServer) -> None:
    reader = author(chosen=DIGEST)
    sent_back(reader, times=3)
    sweep()
    assert mails.mails == []
    rows = Delivery.objects.filter(notice__recipient=reader)
    expected = notice_choices.next_digest(reader, timezone.now())
    assert {row.due_at for row in rows} == {expected}
    notices.mark_read(by=reader, notice_id=rows[0].notice_id)
    due_now()
    sweep()
    (taken,) = mails.mails
    assert taken["Subject"] == "Daily digest: 2 in Countersign"
    assert sorted(state for state, _, _ in states(reader)) == ["dropped", "sent", "sent"]


def test_digest_of_nothing_is_not_sent(mails: MailServer) -> None:
    reader = author(chosen=DIGEST)
    sent_back(reader)
    notices.mark_read(by=reader)
    due_now()
    sweep()
    assert mails.mails == [] and states(reader) == [("dropped", 0, "")]


def test_digest_moves_with_the_hour_that_is_chosen(mails: MailServer) -> None:
    reader = author(chosen=DIGEST)
    sent_back(reader)
    cases.reachable(reader, webhook=None, chosen={}, digest_hour=19, zone="Asia/Tokyo")
    due_at = Delivery.objects.get(notice__recipient=reader).due_at
    assert due_at is not None and due_at.hour == 10


@pytest.mark.parametrize(
    ("zone", "hour", "now", "then"),
    [
        ("UTC", 7, "2026-11-26T06:59", "2026-11-26T07:00"),
        ("UTC", 7, "2026-11-26T07:00", "2026-11-27T07:00"),
        ("Europe/Stockholm", 7, "2026-11-26T05:00", "2026-11-26T06:00"),
        ("Europe/Stockholm", 7, "2026-07-01T05:30", "2026-07-02T05:00"),
        ("America/New_York", 0, "2026-11-26T05:00", "2026-11-27T05:00"),
        ("Asia/Kolkata", 23, "2026-11-26T18:00", "2026-11-27T17:30"),
        # The hour that is not there in spring, and the one that is there twice in autumn.
        ("Europe/Stockholm", 2, "2026-03-28T12:00", "2026-03-29T01:00"),
        ("Europe/Stockholm", 2, "2026-10-24T12:00", "2026-10-25T00:00"),
        ("Europe/Stockholm", 2, "2026-10-25T00:30", "2026-10-26T01:00"),
    ],
)
def test_digest_goes_out_at_the_readers_hour(zone: str, hour: int, now: str, then: str) -> None:
    reader = author(zone=zone, digest_hour=hour)
    at = notice_choices.next_digest(reader, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert at == datetime.fromisoformat(then).replace(tzinfo=UTC)


@pytest.mark.parametrize("change", ["inactive", "no role", "another role"])
def test_who_may_not_open_it_any_more_is_sent_nothing(mails: MailServer, change: str) -> None:
    reader = author()
    sent_back(reader)
    if change == "inactive":
        User.objects.filter(pk=reader.pk).update(is_active=False)
    elif change == "no role":
        RoleGrant.objects.filter(user=reader).delete()
    else:
        RoleGrant.objects.filter(user=reader).update(role=Role.SAFETY)
    sweep()
    assert mails.mails == [] and states(reader) == [("dropped", 0, "")]


def test_nothing_waits_for_a_mail_server_that_is_not_there(settings: Settings) -> None:
    settings.NOTICES_BY_EMAIL = False
    reader = author()
    sent_back(reader)
    assert states(reader) == []


def test_switched_off_group_is_not_sent_and_not_counted(mails: MailServer) -> None:
    off = {
        (NoticeGroup.DECIDED, Channel.EMAIL): Pace.OFF,
        (NoticeGroup.DECIDED, Channel.IN_APP): Pace.OFF,
    }
    reader = author(chosen=off)
    sent_back(reader)
    assert states(reader) == [] and notices.unread(reader).count() == 0
    assert reader.notices.get().quiet


def test_claim_gives_a_delivery_to_one_caller(mails: MailServer) -> None:
    sent_back(author())
    assert len(deliveries.claim_due()) == 1
    assert deliveries.claim_due() == []


def test_tasks_send_what_is_due(mails: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[list[str]] = []
    monkeypatch.setattr(
        tasks, "nudge", lambda task, ids: handed.append([str(message) for message in ids])
    )
    sent_back(author())
    tasks.sweep_notices()
    tasks.send_notices(handed[0])
    assert len(mails.mails) == 1
    tasks.send_notices(handed[0])  # a repeated message
    assert len(mails.mails) == 1


def test_notice_nudges_a_sweep_after_its_commit(
    mails: MailServer, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[str, list[Any]]] = []
    monkeypatch.setattr(
        "celery.Task.apply_async", lambda self, args, **rest: sent.append((self.name, args))
    )
    reader = author()
    with django_capture_on_commit_callbacks(execute=True):
        sent_back(reader)
    assert ("reviews.tasks.sweep_notices", []) in sent


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

    monkeypatch.setattr(webhook.socket, "getaddrinfo", look_up)
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
    assert webhook.is_public(ipaddress.ip_address(address))


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


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "017700000001", "127.1"])
def test_odd_spellings_of_loopback_lead_nowhere(host: str) -> None:
    # The resolver takes them for 127.0.0.1; what it says is what is looked at.
    with pytest.raises(Undelivered) as refused:
        webhook.send(f"https://{host}/", MESSAGE)
    assert refused.value.code in ("inside", "unknown_host", "not_an_address")


def test_unknown_host_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **rest: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(webhook.socket, "getaddrinfo", unknown)
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


def test_webhook_is_kept_sealed_and_can_be_removed(hooks: HookServer) -> None:
    reader = hooked(hooks)
    address = NoticeAddress.objects.get(user=reader)
    assert address.webhook is not None and b"secret" not in bytes(address.webhook)
    event = Event.objects.get(kind="notices_chosen")
    assert "secret" not in str(event.facts) and "webhook" in event.facts["changed"]
    cases.reachable(reader, webhook=None, chosen={})
    reader = User.objects.get(pk=reader.pk)
    assert notice_choices.webhook_of(reader) == hooks.url  # None keeps it
    cases.reachable(reader, webhook="", chosen={})
    assert notice_choices.webhook_of(User.objects.get(pk=reader.pk)) == ""
    sent_back(reader)
    assert "webhook" not in Delivery.objects.values_list("channel", flat=True)


def test_test_message_says_in_words_what_is_wrong(mails: MailServer, hooks: HookServer) -> None:
    reader = author(webhook=hooks.url)
    deliveries.send_test(by=reader, channel=Channel.EMAIL)
    deliveries.send_test(by=reader, channel=Channel.WEBHOOK)
    assert "A test" in mails.mails[0]["Subject"] and "A test" in hooks.calls[0].body["text"]
    hooks.answers = [(404, {})]
    mails.answers["RCPT"] = "550 No"
    for channel, words in [(Channel.EMAIL, "Check it"), (Channel.WEBHOOK, "no such webhook")]:
        with pytest.raises(BadInput, match=words):
            deliveries.send_test(by=reader, channel=channel)
    with pytest.raises(BadInput, match="no address"):
        deliveries.send_test(by=cases.person(Role.LEGAL), channel=Channel.WEBHOOK)
    with pytest.raises(BadInput, match="Choose"):
        deliveries.send_test(by=reader, channel=Channel.IN_APP)


def test_choices_that_did_not_change_are_not_recorded() -> None:
    reader = author()
    before = Event.objects.count()
    cases.reachable(reader, webhook=None)
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nobody"},
        {"digest_hour": 24},
        {"digest_hour": -1},
        {"zone": "Mars/Phobos"},
        {"chosen": {(NoticeGroup.DUE, Channel.IN_APP): Pace.DIGEST}},
    ],
)
def test_choice_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {
        "email": "", "webhook_url": None, "digest_hour": 7, "zone": "UTC", "chosen": {},
    }  # fmt: skip
    with pytest.raises(BadInput):
        notice_choices.choose(by=cases.person(Role.LEGAL), **{**right, **wrong})


def test_safety_officers_see_safety_signals_whatever_they_choose(mails: MailServer) -> None:
    off = {(NoticeGroup.SAFETY, Channel.IN_APP): Pace.OFF}
    officer = cases.person(Role.SAFETY)
    with pytest.raises(BadInput, match="always"):
        cases.reachable(officer, webhook=None, chosen=off)
    # Chosen before they held the role: it counts all the same.
    auditor = cases.person(Role.AUDITOR)
    cases.reachable(auditor, webhook=None, chosen=off)
    RoleGrant.objects.create(user=auditor, role=Role.SAFETY)
    cases.post(cases.CRISIS)
    assert not auditor.notices.get(kind=NoticeKind.CRISIS).quiet
    # By mail they may switch it off: the notice is here.
    cases.reachable(officer, webhook=None, chosen={(NoticeGroup.SAFETY, Channel.EMAIL): Pace.OFF})
    cases.post(cases.CRISIS)
    assert states(officer) == []


def test_person_without_a_role_chooses_nothing() -> None:
    nobody = cases.person(Role.LEGAL)
    nobody.role_grants.all().delete()
    nobody = User.objects.get(pk=nobody.pk)
    with pytest.raises(NotAllowed):
        cases.reachable(nobody, webhook=None)
    with pytest.raises(NotAllowed):
        deliveries.send_test(by=nobody, channel=Channel.EMAIL)
    with pytest.raises(NotAllowed):
        notices.mark_read(by=nobody)
