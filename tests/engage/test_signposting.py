"""Sending a signpost to a thread with a safety signal, and posting it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from compliance import scanners, vault
from compliance.exceptions import BadInput, NotScanned, Refusal
from compliance.models import Event
from engage import (
    conversation,
    drafting,
    intake,
    publications,
    publishing,
    signposting,
    watching,
    withdrawing,
)
from engage.connectors.base import Posted, RetryAfter
from engage.enums import ConnectorKind, PublicationState
from engage.models import Attempt, Community, Draft, Post, Publication, Thread
from reviews import safety, signposts, workflow
from reviews.enums import ReviewState, Role, SafetyOutcome
from reviews.exceptions import GateClosed, WrongState
from reviews.models import HelpGiven, Review, SafetyCase, Signpost
from tests import cases
from tests.laws.test_one_live_copy import FakePlatform, platform
from tests.reviews.test_signposts import BrokenScanner

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db


def send(answered: Post, signpost: Signpost, role: Role = Role.SAFETY) -> Review:
    return signposting.post(by=cases.person(role), post_id=answered.pk, signpost_id=signpost.pk)


def offers(thread: Thread, role: Role = Role.SAFETY) -> signposting.Offered:
    return signposting.offered(cases.person(role), Thread.objects.get(pk=thread.pk))


def arrive(answered: Post, text: str, **changes: object) -> Post:
    source = conversation.source_of(answered.thread)
    item = cases.item(text, thread_id=source["id"], thread_url=source["url"], **changes)
    return intake.receive(answered.community, [item], by="system")[0].post


def test_signpost_is_posted_exactly_as_it_was_signed(platform: FakePlatform) -> None:
    platform.outcomes = [Posted({"post_id": "77"}, "https://community.example/1")]
    review = cases.posted_signpost()
    assert review.state == ReviewState.CLEARED and not review.sign_offs.exists()
    assert review.expires_at and review.expires_at <= timezone.now() + timedelta(hours=1)
    (publication_id,) = publishing.queue_cleared()
    assert publishing.drive(publication_id) == PublicationState.LIVE
    assert [p.body["text"] for p in platform.sent] == [cases.SIGNPOST]  # no line is added
    review.refresh_from_db()
    assert review.state == ReviewState.PUBLISHED
    assert SafetyCase.objects.get().disposed_at is None  # help was offered; the danger stands
    watching.look(publication_id)
    assert not Publication.objects.get().incidents.exists()


def test_every_step_is_in_the_ledger_and_no_word_of_it(platform: FakePlatform) -> None:
    platform.outcomes = [Posted({"post_id": "77"})]
    publication = cases.queued_signpost()
    publishing.drive(publication.pk)
    events = Event.objects.filter(case_id=str(publication.draft_id)).order_by("id")
    assert [e.kind for e in events if e.kind != "text_scanned"] == [
        "draft_started",
        "draft_saved",
        "signpost_chosen",
        "cleared",
        "publication_queued",
        "attempt_started",
        "attempt_ended",
        "published",
    ]
    chosen = events.get(kind="signpost_chosen")
    assert chosen.facts["signpost"] == str(publication.review.signpost_id)
    # Digits alone could be part of a digest; no digest has a letter behind f.
    words = [w for w in re.findall(r"[a-z]{5,}", cases.SIGNPOST.lower()) if max(w) > "f"]
    told = str([e.facts for e in events]).lower()
    assert len(words) > 5 and not any(word in told for word in words)


def test_live_signpost_can_be_withdrawn(platform: FakePlatform) -> None:
    platform.outcomes = [Posted({"post_id": "77"})]
    publication = cases.queued_signpost()
    publishing.drive(publication.pk)
    workflow.withdraw(
        by=cases.person(Role.SAFETY),
        review_id=publication.review_id,
        code="other",
        reason="Not needed.",
    )
    withdrawing.follow_withdrawals()
    assert publishing.drive(publication.pk) == PublicationState.WITHDRAWN


def test_post_without_a_signal_is_refused() -> None:
    with pytest.raises(GateClosed, match="no open signal"):
        send(cases.post(), cases.signpost())
    assert not Draft.objects.exists()


def test_other_post_of_a_thread_with_a_signal_is_refused() -> None:
    danger = cases.post(cases.CRISIS)
    calm = arrive(danger, "Please talk to somebody.", author="somebody-else")
    cases.scanned()
    with pytest.raises(GateClosed):
        send(calm, cases.signpost())


def test_signal_of_another_rule_is_refused() -> None:
    other = signposts.write(
        by=cases.person(Role.SAFETY), title="Urgent", text="Call 911.", answers=["SAFE-URGENT"]
    )
    for role in (Role.COMPLIANCE, Role.LEGAL):
        cases.sign_signpost(other, role)
    with pytest.raises(GateClosed):
        send(cases.post(cases.CRISIS), other)


def test_disposed_signal_is_refused() -> None:
    answered = cases.post(cases.CRISIS)
    safety.dispose(
        by=cases.person(Role.SAFETY),
        case_id=SafetyCase.objects.get().pk,
        outcome=SafetyOutcome.NOT_VALID,
        reason="A song.",
    )
    with pytest.raises(GateClosed):
        send(answered, cases.signpost())
    assert not offers(answered.thread).offers and not offers(answered.thread).lacking


def test_signal_in_the_title_is_answered_at_the_first_post() -> None:
    item = cases.item("Please read the title.", thread_title=cases.CRISIS)
    (received,) = intake.receive(cases.community(), [item], by="system")
    cases.scanned()
    signpost = cases.signpost()
    (offer,) = offers(received.post.thread).offers
    assert [a.post.pk for a in offer.posts] == [received.post.pk]
    assert send(received.post, signpost).state == ReviewState.CLEARED


@pytest.mark.parametrize("how", ["half", "retired", "elsewhere"])
def test_signpost_that_does_not_hold_here_is_refused(how: str) -> None:
    signpost = cases.signpost(Role.LEGAL) if how == "half" else cases.signpost()
    if how == "retired":
        signposts.retire(by=cases.person(Role.LEGAL), signpost_id=signpost.pk)
    if how == "elsewhere":
        signpost = signposts.write(
            by=cases.person(Role.SAFETY),
            title="Elsewhere",
            text=cases.SIGNPOST,
            answers=["SAFE-CRISIS"],
            community_id=cases.community().pk,
            community_name="Elsewhere",
        )
        for role in (Role.COMPLIANCE, Role.LEGAL):
            cases.sign_signpost(signpost, role)
    answered = cases.post(cases.CRISIS)
    with pytest.raises(WrongState, match="can't be posted here"):
        send(answered, signpost)
    assert not Review.objects.exists()


def test_second_signpost_for_the_same_signal_is_refused() -> None:
    first, second, answered = cases.signpost(), cases.signpost(), cases.post(cases.CRISIS)
    send(answered, first)
    for signpost in (first, second):
        with pytest.raises(WrongState, match="on its way or live"):
            send(answered, signpost)
    assert all(offer.sent for offer in offers(answered.thread).offers)
    # What came to rest is not there any more, so that another may be sent.
    publication = publishing.queue(review_id=Review.objects.get().pk)
    assert publication is not None
    with pytest.raises(WrongState):
        send(answered, first)
    workflow.withdraw(
        by=cases.person(Role.SAFETY),
        review_id=publication.review_id,
        code="other",
        reason="The wrong one.",
    )
    withdrawing.follow_withdrawals()
    assert send(answered, second).state == ReviewState.CLEARED


def test_signpost_for_another_signal_of_the_thread_may_follow() -> None:
    answered = cases.post(cases.CRISIS)
    send(answered, cases.signpost())
    safety.open_cases(
        thread_id=answered.thread_id,
        community_name="Community",
        text=answered.revisions.get().text,
        rule_ids=["SAFE-URGENT"],
    )
    other = signposts.write(
        by=cases.person(Role.SAFETY), title="Urgent", text="Call 911.", answers=["SAFE-URGENT"]
    )
    for role in (Role.COMPLIANCE, Role.LEGAL):
        cases.sign_signpost(other, role)
    assert send(answered, other).state == ReviewState.CLEARED


def test_read_only_community_says_what_to_do() -> None:
    answered, signpost = cases.post(cases.CRISIS), cases.signpost()
    Community.objects.update(connector=ConnectorKind.FEED)
    with pytest.raises(WrongState, match="moderators"):
        send(answered, signpost)
    (offer,) = offers(answered.thread).offers
    assert "read only" in offer.why_not


def test_text_that_is_too_long_for_the_community_is_refused() -> None:
    answered, signpost = cases.post(cases.CRISIS), cases.signpost()
    Community.objects.update(max_length=20)
    with pytest.raises(BadInput, match="shorter one"):
        send(answered, signpost)


def test_locked_thread_and_deleted_post_are_refused() -> None:
    answered, signpost = cases.post(cases.CRISIS), cases.signpost()
    Thread.objects.update(locked=True)
    with pytest.raises(WrongState, match="locked"):
        send(answered, signpost)
    Thread.objects.update(locked=False)
    Post.objects.update(state="deleted")
    with pytest.raises(WrongState, match="deleted"):
        send(answered, signpost)


def test_held_posts_in_the_thread_do_not_keep_help_away(platform: FakePlatform) -> None:
    platform.outcomes = [Posted({"post_id": "77"})]
    answered = cases.post(cases.CRISIS)
    arrive(answered, "Something that nobody has scanned yet.", author="somebody-else")
    publication = publishing.queue(review_id=send(answered, cases.signpost()).pk)
    assert publication is not None
    assert publishing.drive(publication.pk) == PublicationState.LIVE


@pytest.mark.parametrize("moved", ["author", "crisis", "edited", "locked", "deleted"])
def test_only_a_thread_that_closed_stops_what_was_sent(moved: str, platform: FakePlatform) -> None:
    platform.outcomes = [Posted({"post_id": "77"})]
    publication = cases.queued_signpost()
    answered = publication.draft.reply_to
    author = conversation.source_of(answered)["author"]
    if moved == "author":
        arrive(answered, "Anybody there?", author=author)
    elif moved == "crisis":
        arrive(answered, cases.CRISIS, author="somebody-else")
    elif moved == "locked":
        arrive(answered, "Closed.", author="moderator", locked=True)
    else:
        post_id = conversation.source_of(answered)["id"]
        arrive(answered, "Nothing.", post_id=post_id, author=author, deleted=moved == "deleted")
    cases.scanned()
    stops = moved in ("locked", "deleted")
    state = publishing.drive(publication.pk)
    assert state == (PublicationState.CANCELLED if stops else PublicationState.LIVE)
    review = Review.objects.get(pk=publication.review_id)
    assert review.state == (ReviewState.SUSPENDED if stops else ReviewState.PUBLISHED)


def test_retired_while_it_waits_is_not_sent(platform: FakePlatform) -> None:
    signpost = cases.signpost()
    publication = cases.queued_signpost(signpost)
    signposts.retire(by=cases.person(Role.LEGAL), signpost_id=signpost.pk)
    assert publishing.drive(publication.pk) == PublicationState.CANCELLED
    assert platform.sent == []


def test_retry_later_still_sends_within_its_hour(platform: FakePlatform) -> None:
    platform.outcomes = [RetryAfter(0), Posted({"post_id": "77"})]
    publication = cases.queued_signpost()
    assert publishing.drive(publication.pk) == PublicationState.QUEUED
    assert publishing.drive(publication.pk) == PublicationState.LIVE


def test_signpost_that_no_scanner_can_read_is_not_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, signpost = cases.post(cases.CRISIS), cases.signpost()
    monkeypatch.setattr(scanners, "SCANNERS", (*scanners.SCANNERS, BrokenScanner()))
    with pytest.raises(NotScanned, match="nothing was posted"):
        send(answered, signpost)
    assert not Draft.objects.exists() and not Review.objects.exists()


def test_its_writer_may_post_it() -> None:
    officer = cases.person(Role.SAFETY)
    assert cases.posted_signpost(cases.signpost(by=officer), by=officer).submitted_by == officer


def test_offers_name_the_posts_and_say_why_not() -> None:
    answered, signpost = cases.post(cases.CRISIS), cases.signpost()
    second = arrive(answered, cases.CRISIS, author="somebody-else")
    cases.scanned()
    (offer,) = offers(answered.thread).offers
    assert [(a.post.pk, a.author) for a in offer.posts] == [
        (answered.pk, "Author 1"),
        (second.pk, "Author 2"),
    ]
    assert not offer.why_not and not offers(answered.thread).lacking
    (offer,) = signposting.offered(
        signpost.signatures.get(role="compliance").user, answered.thread
    ).offers
    assert "somebody else must post it" in offer.why_not
    assert "You may not post signposts" in offers(answered.thread, Role.AUDITOR).offers[0].why_not


def test_what_is_lacking_is_said_of_danger_alone() -> None:
    answered = cases.post(cases.CRISIS)
    assert offers(answered.thread).lacking
    calm = cases.post()
    safety.open_cases(
        thread_id=calm.thread_id,
        community_name="Community",
        text=calm.revisions.get().text,
        rule_ids=["AE-POSSIBLE"],
    )
    assert not offers(calm.thread).lacking


def test_withdrawn_signpost_goes_through_review_like_any_reply() -> None:
    clinician = cases.person(Role.CLINICIAN)
    review = cases.posted_signpost(by=clinician)
    workflow.withdraw(by=clinician, review_id=review.pk, code="other", reason="Not needed.")
    drafting.save(by=clinician, draft_id=review.case_id, body=cases.CLEAN)
    with pytest.raises(GateClosed, match="safety"):
        drafting.submit(by=clinician, draft_id=review.case_id, answers={})


def test_erased_thread_takes_no_signpost() -> None:
    answered, signpost = cases.post(cases.CRISIS), cases.signpost()
    vault.destroy_key(answered.thread.key, by="system")
    with pytest.raises(Refusal):
        send(answered, signpost)


@pytest.mark.parametrize(("pending", "helped"), [(False, True), (True, False)])
def test_signpost_that_is_live_meets_the_deadline_of_the_crisis(
    pending: bool, helped: bool
) -> None:
    publication = cases.queued_signpost()
    attempt = Attempt.objects.create(publication=publication, number=1, started_at=timezone.now())
    publications.landed(publication, attempt, {"post_id": "1"}, "", pending)
    assert HelpGiven.objects.filter(publication_id=publication.pk).exists() == helped
