"""Law 8: a scanner that fails, fails closed. Law 9: safety first. Law 3: the thread may move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from compliance import scanners
from compliance.enums import ScanState
from compliance.exceptions import NotScanned, ScannerFailed
from compliance.findings import Hit, ScanContext
from compliance.models import Event, VaultText
from compliance.rules import RuleSet
from compliance.scanning import findings_of
from engage import conversation, drafting, intake, publishing, screening
from engage.connectors.base import Item
from engage.enums import PublicationState
from engage.models import Post
from reviews import safety, workflow
from reviews.enums import ReviewState, Role, SafetyOutcome
from reviews.exceptions import GateClosed
from reviews.models import Review, SafetyCase
from tests import cases

pytestmark = pytest.mark.django_db
CRISIS = "I can't do another day of this, nobody would miss me."
POISON = "poison"


class BrokenScanner:
    """A scanner that raises on one word, with the text in its message."""

    name, version = "broken", "1"

    def scan(
        self, texts: Sequence[str], contexts: Sequence[ScanContext], rules: RuleSet
    ) -> list[list[Hit]]:
        for text in texts:
            if POISON in text:
                raise ValueError(text)
        return [[] for _ in texts]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanners, "SCANNERS", (*scanners.SCANNERS, BrokenScanner()))


def receive(*texts: str) -> list[Post]:
    community = cases.community()
    items = [cases.item(text, thread_id="1", thread_title="One thread") for text in texts]
    return [r.post for r in intake.receive(community, items, by="system")]


def scan_now() -> screening.ScanReport:
    return screening.scan_inbound(screening.claim_due(100))


def test_scanner_that_raises_holds_its_text_and_no_other(broken: None) -> None:
    good, bad = receive("Hello.", POISON)
    assert scan_now().held == 1
    assert good.revisions.get().text.scan_state == ScanState.SCANNED
    held = bad.revisions.get().text
    assert held.scan_state == ScanState.HELD
    with pytest.raises(NotScanned):
        findings_of(held)


def test_held_text_is_not_shown(broken: None) -> None:
    _, bad = receive("Hello.", POISON)
    scan_now()
    shown = {s.post.pk: s for s in conversation.show(bad.thread)}
    assert not shown[bad.pk].screened and not shown[bad.pk].segments


def test_held_text_is_retried_with_growing_waits(broken: None) -> None:
    (bad,) = receive(POISON)
    waits = []
    for _ in range(3):
        scan_now()
        text = bad.revisions.get().text
        waits.append(text.scan_due_at - timezone.now())
        VaultText.objects.filter(pk=text.pk).update(scan_due_at=timezone.now())
    assert waits == sorted(waits) and waits[0] > timedelta(seconds=3)


def test_held_text_is_scanned_once_the_scanner_works(
    broken: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bad,) = receive(POISON)
    scan_now()
    monkeypatch.setattr(scanners, "SCANNERS", scanners.SCANNERS[:-1])
    VaultText.objects.update(scan_due_at=timezone.now())
    scan_now()
    assert bad.revisions.get().text.scan_state == ScanState.SCANNED


def test_scanner_failure_keeps_the_text_out_of_ledger_and_message(broken: None) -> None:
    receive(POISON)
    scan_now()
    assert POISON not in str(list(Event.objects.values_list("facts", flat=True)))
    assert POISON not in str(ScannerFailed("broken"))


def test_draft_that_can_not_be_scanned_is_kept_and_not_submitted(broken: None) -> None:
    draft = cases.draft()
    version = drafting.save(by=draft.started_by, draft_id=draft.pk, body=f"Take {POISON}.")
    assert version.text.scan_state == ScanState.HELD
    with pytest.raises(NotScanned):
        drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})


def test_reply_in_a_thread_with_an_unscanned_post_is_not_submitted() -> None:
    draft = cases.draft()
    _arrive(draft.reply_to, author="somebody-else")
    with pytest.raises(GateClosed, match="not been scanned"):
        drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})


def test_crisis_post_opens_a_case_and_closes_the_thread() -> None:
    draft = cases.draft()
    _arrive(draft.reply_to, text=CRISIS, author="somebody-else")
    cases.scanned()
    assert SafetyCase.objects.filter(thread_id=draft.thread_id, disposed_at=None).exists()
    with pytest.raises(GateClosed, match="safety"):
        drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})


def test_disposed_signal_opens_the_thread_again() -> None:
    draft = cases.draft()
    _arrive(draft.reply_to, text=CRISIS, author="somebody-else")
    cases.scanned()
    officer = cases.person(Role.SAFETY)
    for case in SafetyCase.objects.all():
        safety.dispose(
            by=officer, case_id=case.pk, outcome=SafetyOutcome.SIGNPOSTED, reason="Done."
        )
    drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})


def test_crisis_in_a_title_opens_a_case() -> None:
    for title, opened in (("How long does it last?", 0), (CRISIS, 1)):
        item = cases.item("Please read the title.", thread_title=title)
        intake.receive(cases.community(), [item], by="system")
        cases.scanned()
        assert SafetyCase.objects.count() == opened


def test_signal_of_a_held_revision_is_not_lost_to_a_later_one() -> None:
    community, item = cases.community(), cases.item(CRISIS)
    post = intake.receive(community, [item], by="system")[0].post
    first = post.revisions.get(number=1).text
    VaultText.objects.filter(pk=first.pk).update(
        scan_state=ScanState.HELD, scan_due_at=timezone.now() + timedelta(minutes=5)
    )
    intake.receive(community, [replace(item, text="Never mind, thanks.")], by="system")
    cases.scanned()
    assert not SafetyCase.objects.exists()
    VaultText.objects.filter(pk=first.pk).update(scan_due_at=timezone.now())
    cases.scanned()
    assert SafetyCase.objects.count() == 1


def _arrive(answered: Post, **changes: object) -> Post:
    """Another item in the thread of `answered`, or `answered` itself, changed."""
    source = conversation.source_of(answered)
    thread = conversation.source_of(answered.thread)
    values: dict[str, object] = {"thread_id": thread["id"], "thread_url": thread["url"], **changes}
    if changes.pop("same", None):
        values = {**values, "post_id": source["id"], "author": source["author"]}
        values.pop("same", None)
    text = str(values.pop("text", "Me too."))
    item: Item = cases.item(text, **values)
    return intake.receive(answered.community, [item], by="system")[0].post


def edited(post: Post) -> None:
    _arrive(post, same=True, text="I changed my question.")


def deleted(post: Post) -> None:
    _arrive(post, same=True, deleted=True)


def locked(post: Post) -> None:
    _arrive(post, author="moderator", locked=True)


def author_again(post: Post) -> None:
    _arrive(post, author=conversation.source_of(post)["author"], text="It got worse.")


def crisis(post: Post) -> None:
    _arrive(post, author="somebody-else", text=CRISIS)


MOVES: dict[str, Callable[[Post], None]] = {
    "answered_post_edited": edited,
    "answered_post_deleted": deleted,
    "thread_locked": locked,
    "author_wrote_again": author_again,
    "safety_signal": crisis,
}


@pytest.mark.parametrize("why", MOVES)
def test_thread_that_moved_suspends_the_clearance(why: str) -> None:
    publication = cases.queued_publication()
    MOVES[why](publication.draft.reply_to)
    cases.scanned()
    assert publishing.drive(publication.pk) == PublicationState.CANCELLED
    assert Review.objects.get(pk=publication.review_id).state == ReviewState.SUSPENDED
    assert Event.objects.get(kind="suspended").facts == {"why": why}


def test_signal_that_was_disposed_of_meanwhile_suspends_the_clearance() -> None:
    publication = cases.queued_publication()
    crisis(publication.draft.reply_to)
    cases.scanned()
    safety.dispose(
        by=cases.person(Role.SAFETY),
        case_id=SafetyCase.objects.get().pk,
        outcome=SafetyOutcome.FORWARDED,
        reason="Called.",
    )
    assert publishing.drive(publication.pk) == PublicationState.CANCELLED
    assert Event.objects.get(kind="suspended").facts == {"why": "safety_signal"}


@pytest.mark.parametrize("who", ["marigold", "somebody-else"])
def test_edit_of_another_post_by_the_answered_author_suspends(who: str) -> None:
    draft = cases.draft()
    other = cases.item(
        "One more thing.", author=who, thread_id=conversation.source_of(draft.thread)["id"]
    )
    community = draft.thread.community
    intake.receive(community, [other], by="system")
    cases.scanned()
    review = drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})
    for role in (Role.COMPLIANCE, Role.LEGAL):
        cases.sign(review, role)
    publication = publishing.queue(review_id=review.pk)
    assert publication is not None
    intake.receive(community, [replace(other, text="I take warfarin.")], by="system")
    cases.scanned()
    publishing.drive(publication.pk)
    moved = Review.objects.get(pk=review.pk).state == ReviewState.SUSPENDED
    assert moved == (who == "marigold")


def test_reply_by_somebody_else_does_not_suspend(monkeypatch: pytest.MonkeyPatch) -> None:
    publication = cases.queued_publication()
    _arrive(publication.draft.reply_to, author="somebody-else")
    cases.scanned()
    publishing.drive(publication.pk)  # nobody listens at the address: the outcome is unknown
    assert Review.objects.get(pk=publication.review_id).state == ReviewState.CLEARED


def test_unscanned_post_delays_the_sending() -> None:
    publication = cases.queued_publication()
    _arrive(publication.draft.reply_to, author="somebody-else")
    assert publishing.drive(publication.pk) == PublicationState.QUEUED
    assert publication.attempts.count() == 0


def test_suspended_review_can_be_sent_back() -> None:
    review = cases.review_at(ReviewState.SUSPENDED)
    sent = workflow.send_back(
        by=cases.person(Role.LEGAL), review_id=review.pk, code="other", reason="The thread moved."
    )
    assert sent.state == ReviewState.SENT_BACK
