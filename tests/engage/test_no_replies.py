"""Deciding not to reply: who may, what it ends, and how it ends."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed, Refusal
from compliance.models import Event
from engage import drafting, no_replies
from engage.models import NoReply, Post
from engage.overview import NoReplies, overview
from reviews import workflow
from reviews.enums import ReviewState, Role
from reviews.exceptions import WrongState
from reviews.models import SafetyCase
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws
from tests.laws.test_fails_closed_and_safety_first import _arrive
from tests.pages.test_markup import Markup

pytestmark = pytest.mark.django_db


def decide(post: Post, reason: str = "late", note: str = "") -> NoReply:
    by = cases.person(Role.CLINICIAN)
    return no_replies.decide(by=by, post_id=post.pk, reason=reason, note=note)


@pytest.mark.parametrize("role", Role)
def test_who_writes_or_signs_may_decide(role: Role) -> None:
    may = {Role.CLINICIAN, Role.COMPLIANCE, Role.LEGAL}
    by, post = cases.person(role), cases.post()
    if role in may:
        assert no_replies.decide(by=by, post_id=post.pk, reason="not_ours").by == by
        return
    with pytest.raises(NotAllowed):
        no_replies.decide(by=by, post_id=post.pk, reason="not_ours")


def test_reason_is_a_code_and_the_note_is_sealed() -> None:
    post = cases.post()
    decision = decide(post, "unsafe", "Two people quarrel there.")
    assert decision.note and vault.unseal(decision.note) == "Two people quarrel there."
    (event,) = Event.objects.filter(kind="no_reply_decided", case_id=str(post.thread_id))
    assert event.facts == {"post": str(post.pk), "reason": "unsafe", "signal_open": False}


@pytest.mark.parametrize(("reason", "note"), [("", ""), ("because", ""), ("other", " ")])
def test_without_a_reason_nothing_is_decided(reason: str, note: str) -> None:
    with pytest.raises(BadInput):
        decide(cases.post(), reason, note)


def deleted() -> Post:
    post = cases.post()
    _arrive(post, same=True, deleted=True)
    return post


def decided() -> Post:
    post = cases.post()
    decide(post)
    return post


def in_review() -> Post:
    return cases.newest_version(cases.review_at(ReviewState.SUBMITTED)).draft.reply_to


@pytest.mark.parametrize("post", [deleted, decided, in_review], ids=lambda p: p.__name__)
def test_where_there_is_nothing_to_decide_it_is_refused(post: Callable[[], Post]) -> None:
    with pytest.raises(WrongState):
        decide(post())


def test_open_signal_stays_open() -> None:
    post = cases.post(cases.CRISIS)
    decide(post, "unsafe")
    assert SafetyCase.objects.get().disposed_at is None
    assert Event.objects.get(kind="no_reply_decided").facts["signal_open"] is True


def test_beginning_a_reply_reverses_it() -> None:
    post, by = cases.post(), cases.person(Role.CLINICIAN)
    decide(post)
    draft = drafting.start(by=by, post_id=post.pk)
    decision = NoReply.objects.get()
    assert (decision.reversed_by, decision.reversed_for) == (by, draft) and decision.reversed_at
    assert Event.objects.filter(kind="no_reply_reversed").count() == 1
    decide(post)  # and once more


def test_submitting_a_reply_that_was_begun_before_reverses_it() -> None:
    draft = cases.draft()
    decide(draft.reply_to)
    review = drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})
    assert NoReply.objects.get().reversed_for == draft
    workflow.withdraw(by=draft.started_by, review_id=review.pk, code="other", reason="Not needed.")
    decide(draft.reply_to)


def test_refused_submission_reverses_nothing() -> None:
    draft = cases.draft()
    decide(draft.reply_to)
    _arrive(draft.reply_to, author="somebody-else", text=cases.CRISIS)
    cases.scanned()
    with pytest.raises(Refusal):
        drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})
    assert NoReply.objects.get().reversed_at is None


def listed(client: Client, tab: str) -> bool:
    client.force_login(cases.person(Role.CLINICIAN))
    page = client.get(reverse("inbox"), {"tab": tab}).content.decode()
    assert not Markup(page).faults
    return 'class="row"' in page


def test_inbox_lists_it_as_decided_until_somebody_writes_again(client: Client) -> None:
    post = cases.post()
    assert listed(client, "unanswered") and not listed(client, "decided")
    decide(post)
    assert listed(client, "decided") and not listed(client, "unanswered")
    _arrive(post, author="somebody-else")
    cases.scanned()
    assert listed(client, "unanswered") and not listed(client, "decided")


def test_page_decides_and_says_what_happened(client: Client) -> None:
    post, counsel = cases.post(), cases.person(Role.LEGAL)
    client.force_login(counsel)
    page = client.get(reverse("thread", args=[post.thread_id])).content.decode()
    assert "Decide not to reply" in page and not Markup(page).faults
    sent = {"why": "answered", "body": "The nurse there said it."}
    answer = client.post(reverse("no_reply", args=[post.pk]), sent, follow=True)
    page = answer.content.decode()
    assert "Recorded: this post gets no reply" in page and "Answered well already" in page
    assert "The nurse there said it." in page and counsel.printed_name in page
    assert not Markup(page).faults and "<summary>Decide" not in page
    again = client.post(reverse("no_reply", args=[post.pk]), sent)
    assert again.status_code == 409 and "The nurse there said it." in again.content.decode()


def test_signal_is_spoken_of_where_it_is_decided(client: Client) -> None:
    post = cases.post(cases.CRISIS)
    client.force_login(cases.person(Role.CLINICIAN))
    page = client.get(reverse("thread", args=[post.thread_id])).content.decode()
    assert "stays open all the same" in page


def test_auditor_reads_it_and_decides_nothing(client: Client) -> None:
    post = decided()
    client.force_login(cases.person(Role.AUDITOR))
    page = client.get(reverse("thread", args=[post.thread_id])).content.decode()
    assert "No longer timely" in page and "<summary>Decide" not in page


def test_overview_counts_share_and_median_time(client: Client) -> None:
    assert overview().no_replies == NoReplies({}, 0, None)
    now = timezone.now()
    for hours in (1, 2, 9):
        post = cases.post()
        Post.objects.filter(pk=post.pk).update(arrived_at=now - timedelta(hours=hours))
        decide(post)
    cases.post()
    assert overview().no_replies == NoReplies({"late": 3}, 75, 2.0)
    told = StringIO()
    call_command("status", stdout=told)
    assert "decided not to reply" in told.getvalue() and "2.0" in told.getvalue()
    client.force_login(cases.person(Role.ADMIN))
    page = client.get(reverse("installation")).content.decode()
    assert "75 % of the threads; 2.0 hours" in page


def test_two_decisions_have_their_mean() -> None:
    now = timezone.now()
    for hours in (2, 5):
        post = cases.post()
        Post.objects.filter(pk=post.pk).update(arrived_at=now - timedelta(hours=hours))
        decide(post)
    assert overview().no_replies.hours == 3.5


# Round every verb:


def reason_rewritten() -> str:
    return update(NoReply.objects.get(post=decided()), reason="not_ours")


def reversal_taken_back() -> str:
    post = decided()
    drafting.start(by=cases.person(Role.CLINICIAN), post_id=post.pk)
    decision = NoReply.objects.get(post=post)
    return update(decision, reversed_at=None, reversed_by_id=None, reversed_for_id=None)


def decision_replaced() -> str:
    decision = NoReply.objects.get(post=decided())
    decision.reason = "not_ours"
    return insert(decision, replace=True)


def decided_in_the_place_of_another() -> str:
    decision = NoReply.objects.get(post=decided())
    decision.pk = uuid.uuid4()
    return insert(decision, replace=True)


ATTACKS = [
    reason_rewritten,
    reversal_taken_back,
    decision_replaced,
    lambda: delete(NoReply.objects.get(post=decided())),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_second_decision_takes_the_place_of_none() -> None:
    assert_refused(decided_in_the_place_of_another())


def test_post_of_another_thread_is_untouched() -> None:
    one, other = cases.post(), cases.post()
    decide(one), decide(other)
    drafting.start(by=cases.person(Role.CLINICIAN), post_id=one.pk)
    assert NoReply.objects.get(reversed_at=None).post == other
