"""Law 7 for notices: no word of a post, a title, a reply, a comment, a reason or an identifier is
in one, on any channel, nor in a log. And what was told is never changed."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from compliance import vault
from config import logs
from engage import drafting, intake, publishing, watching
from engage.connectors.base import Live, LiveState, Posted
from reviews import (
    corrections,
    deliveries,
    gates,
    profile_changes,
    safety,
    safety_reminders,
    workflow,
)
from reviews.enums import NoticeKind, ReviewState, Role, SafetyOutcome
from reviews.models import Delivery, Notice, Review, SafetyCase, User
from tests import cases
from tests.hook_server import HookServer
from tests.laws.attacks import assert_refused, run, update, without_laws
from tests.laws.test_one_live_copy import REF, FakePlatform, drive, platform
from tests.mail_server import MailServer
from tests.outside import hooks, mails

__all__ = ["hooks", "mails", "platform"]  # fixtures

pytestmark = pytest.mark.django_db
POST, TITLE, HANDLE, DRAFT, WORDS = (
    "quetzpost",
    "quetztitle",
    "quetzhandle",
    "quetzdraft",
    "quetzsay",
)
CANARIES = (POST, TITLE, HANDLE, DRAFT, WORDS, "Brandt")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that our logs say at DEBUG."""
    root, stream = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.WithholdingFormatter())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logs.LEVELS[name])


def everybody(hooks: HookServer) -> dict[Role, User]:
    people = {}
    for role in Role:
        people[role] = cases.reachable(cases.person(role), webhook=hooks.url)
    return people


def story(hooks: HookServer, platform: FakePlatform) -> None:
    """A reply from the first post to the incident, a signal, a word and a profile, with a canary
    wherever somebody writes."""
    people = everybody(hooks)
    here = cases.community()
    item = cases.item(
        f"My name is Keisha Brandt. How do cycles change with the ring? {POST}.",
        thread_title=f"About {TITLE}",
        author=HANDLE,
    )
    post = intake.receive(here, [item], by="system")[0].post
    intake.receive(here, [cases.item(f"{cases.CRISIS} {POST}", author=HANDLE)], by="system")
    cases.scanned()
    draft = drafting.start(by=people[Role.CLINICIAN], post_id=post.pk)
    for number in (1, 2):
        review = _submitted(people, draft.pk, number)
        workflow.remark(by=people[Role.LEGAL], review_id=review.pk, body=f"{WORDS}?")
        if number == 1:
            reason = f"Not {WORDS}."
            workflow.send_back(
                by=people[Role.COMPLIANCE], review_id=review.pk, code="other", reason=reason
            )
            cases.done_as_required(draft.pk, people[Role.CLINICIAN])
    cases.dispose_all(review)
    cases.sign(review, Role.COMPLIANCE, by=people[Role.COMPLIANCE])
    cases.sign(review, Role.LEGAL, by=people[Role.LEGAL])
    platform.outcomes = [Posted(REF)]
    publication = publishing.queue(review_id=review.pk)
    assert publication is not None
    drive(publication)
    platform.fetch_published = lambda ref: Live(  # type: ignore[method-assign]  # the fake's
        LiveState.LIVE, f"{DRAFT} was changed", "2"
    )
    watching.look(publication.pk)
    workflow.withdraw(
        by=people[Role.CLINICIAN], review_id=review.pk, code="other", reason=f"{WORDS}!"
    )
    _safety(people)
    _rules(people, here, post)


def _submitted(people: dict[Role, User], draft_id: Any, number: int) -> Review:
    author = people[Role.CLINICIAN]
    version = drafting.save(by=author, draft_id=draft_id, body=f"{cases.CLEAN} {DRAFT} {number}.")
    version.text.refresh_from_db()
    assert version.text.scan is not None
    answers = {
        f.pk: WORDS
        for f in version.text.scan.findings.all()
        if f.severity in gates.ANSWERED_BY_AUTHOR
    }
    return drafting.submit(by=author, draft_id=draft_id, answers=answers)


def _safety(people: dict[Role, User]) -> None:
    case = SafetyCase.objects.get()
    another = cases.person(Role.SAFETY)
    safety.take(by=people[Role.SAFETY], case_id=case.pk)
    SafetyCase.objects.filter(pk=case.pk).update(due_at=timezone.now())
    safety_reminders.remind()
    safety.record_help(by=another, case_id=case.pk, how=f"Called {WORDS}.")
    safety.hand_off(by=another, case_id=case.pk, recipient=WORDS, reference=WORDS)
    safety.dispose(by=another, case_id=case.pk, outcome=SafetyOutcome.FORWARDED, reason=f"{WORDS}.")


def _rules(people: dict[Role, User], here: Any, post: Any) -> None:
    marked = corrections.mark_missed(
        by=people[Role.SAFETY],
        text_id=post.revisions.get().text_id,
        words=POST,
        kind="OTHER",
        everywhere=True,
    )
    corrections.decline(
        by=people[Role.LEGAL], proposal_id=marked[0].proposal.pk, reason=f"{WORDS}."
    )
    second = cases.person(Role.COMPLIANCE)
    change = cases.profile_change(here=here, by=people[Role.COMPLIANCE])
    profile_changes.decline(by=second, change_id=change.pk, reason=f"{WORDS}.")


def held(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary.lower() in text.lower()]


def test_no_channel_and_no_log_holds_what_anybody_wrote(
    mails: MailServer, hooks: HookServer, platform: FakePlatform, logged: io.StringIO
) -> None:
    story(hooks, platform)
    mails.answers["DATA"] = "451 Later"
    hooks.answers = [(500, {})] * 3  # the ways of failure are walked too
    for _ in range(2):
        for message in deliveries.claim_due():
            deliveries.send(message)
        mails.answers.clear()
        waiting = Delivery.objects.filter(state="waiting")
        waiting.update(due_at=timezone.now())
    kinds = set(Notice.objects.values_list("kind", flat=True))
    expected = {
        NoticeKind.SIGNATURE_WANTED, NoticeKind.REMARKED, NoticeKind.SENT_BACK, NoticeKind.CLEARED,
        NoticeKind.PUBLISHED, NoticeKind.INCIDENT, NoticeKind.WITHDRAWN, NoticeKind.CRISIS,
        NoticeKind.SAFETY_OVERDUE, NoticeKind.SAFETY_DISPOSED, NoticeKind.WORD_WAITING,
        NoticeKind.WORD_DECLINED, NoticeKind.PROFILE_WAITING, NoticeKind.PROFILE_DECLINED,
    }  # fmt: skip
    assert expected <= kinds
    assert len(mails.mails) >= 3 and len(hooks.calls) >= 3
    for mail in mails.mails:
        assert not held(mail.as_string()) and not held(str(mail["Subject"]) + mail.get_content())
    for call in hooks.calls:
        assert not held(json.dumps(call.body) + json.dumps(call.headers))
    with connection.cursor() as cursor:
        for table in ("reviews_notice", "reviews_delivery", "reviews_noticeaddress"):
            cursor.execute(f"SELECT * FROM {table}")
            rows = str(cursor.fetchall())
            assert not held(rows) and "T0/B0/secret" not in rows
    assert logged.getvalue() and not held(logged.getvalue())
    assert "T0/B0/secret" not in logged.getvalue()
    # The negative control: the words are there, where they belong.
    texts = [vault.unseal(r.packet) for r in Review.objects.select_related("packet__key")]
    assert set(held(" ".join(texts))) >= {POST, TITLE, DRAFT}


def a_notice() -> Notice:
    cases.review_at(ReviewState.SENT_BACK)
    return Notice.objects.filter(kind=NoticeKind.SENT_BACK).latest("created_at")


def other_words() -> str:
    return update(a_notice(), title="Cleared to post: a reply")


def other_reader() -> str:
    return update(a_notice(), recipient_id=cases.person(Role.AUDITOR).pk)


def other_cause() -> str:
    return update(a_notice(), event_id=1)


def sent_again() -> str:
    return update(cases.failed_delivery(), state="waiting", due_at=timezone.now(), ended_at=None)


ATTACKS = [other_words, other_reader, other_cause, sent_again]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_what_was_told_is_never_changed(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_what_was_told_could_be_changed_without_the_laws(attack: Callable[[], str]) -> None:
    # The negative control.
    statement = attack()
    with without_laws():
        run(statement)


def test_unread_becomes_read() -> None:
    run(update(a_notice(), read_at=timezone.now()))
