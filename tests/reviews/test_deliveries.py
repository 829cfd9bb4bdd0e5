"""Deliveries: mails to a real mail server, what is sent together, retries and the digest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from compliance.exceptions import BadInput
from compliance.models import Event
from reviews import deliveries, notice_choices, notices, tasks, workflow
from reviews.channels import mail
from reviews.channels.base import SENTENCES, Message
from reviews.enums import Channel, DeliveryState, NoticeGroup, NoticeKind, Pace, ReviewState, Role
from reviews.models import Delivery, NoticeAddress, RoleGrant, User
from tests import cases
from tests.hook_server import HookServer
from tests.laws.test_one_live_copy import _in_verb
from tests.mail_server import MailServer
from tests.outside import hooks, mails

__all__ = ["hooks", "mails"]  # fixtures

pytestmark = pytest.mark.django_db
DIGEST = {(group, Channel.EMAIL): Pace.DIGEST for group in NoticeGroup}


def author(**how: Any) -> User:
    return cases.reachable(cases.person(Role.CLINICIAN), **{"webhook": None, **how})


def sent_back(to: User, times: int = 1) -> None:
    """Decisions that reach this author."""
    for _ in range(times):
        review = cases.review_at(ReviewState.SUBMITTED, versions_by=[to])
        workflow.send_back(
            by=cases.person(Role.COMPLIANCE),
            review_id=review.pk,
            code="other",
            reason="Shorter, please.",
        )


def sweep() -> None:
    """Sends everything that is due now."""
    for message in deliveries.claim_due():
        deliveries.send(message)


def due_now() -> None:
    """Whatever waits is due, as if its time had come."""
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING)
    waiting.update(due_at=timezone.now() - timedelta(seconds=1), taken_until=None)


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


def test_two_workers_at_one_message_send_it_once(
    mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_back(author())
    (message,) = deliveries.claim_due()
    sent: list[str] = []

    def meanwhile(to: str, what: Message) -> None:
        sent.append(to)
        deliveries.send(message)  # the other worker

    monkeypatch.setattr(mail, "send", meanwhile)
    deliveries.send(message)
    assert len(sent) == 1


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


def test_address_that_is_taken_back_is_sent_nothing(mails: MailServer) -> None:
    reader = author()
    sent_back(reader)
    User.objects.filter(pk=reader.pk).update(email="")
    sweep()
    assert mails.mails == [] and states(reader) == [("dropped", 0, "")]


def test_mail_that_can_not_be_written_is_given_up(mails: MailServer, settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "two\nlines@example.org"
    reader = author()
    sent_back(reader)
    sweep()
    assert states(reader) == [("failed", 1, "mail_not_taken")]


def test_what_nobody_expected_is_not_tried_for_ever(
    mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(to: str, message: Message) -> None:
        raise RuntimeError("unheard of")

    monkeypatch.setattr(mail, "send", breaks)
    reader = author()
    sent_back(reader)
    sweep()
    assert states(reader) == [("waiting", 1, "unexpected")]


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


def test_webhook_is_kept_sealed_and_can_be_removed(hooks: HookServer) -> None:
    reader = author(webhook=hooks.url)
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
