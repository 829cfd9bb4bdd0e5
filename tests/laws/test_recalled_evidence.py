"""Nothing that rests on recalled evidence is signed, cleared or posted: not by the verbs, not in a
race with the posting, not by raw SQL."""

from __future__ import annotations

import base64
import importlib
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import override_settings
from django.utils import timezone

from compliance.rules import ApprovedClaim, RuleProfile
from engage import citing, drafting, publishing, relooks
from engage.connectors.base import Found, Posted, Unknown
from engage.enums import PublicationState
from engage.models import Attempt, Publication, Relook
from engage.tasks import sweep_evidence
from reviews import clearance, evidence, profile_changes, recalls
from reviews.enums import ReviewState, Role
from reviews.exceptions import EvidenceRecalled, GateClosed
from reviews.models import Citation, Recall, Recalled, Review
from reviews.permissions import PERMISSIONS, Permission
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws
from tests.laws.test_one_live_copy import FakePlatform, platform
from tests.laws.test_two_signatures import attempt, sign_off

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db


def state_of(review: Review) -> str:
    return Review.objects.get(pk=review.pk).state


def queued(review: Review) -> Publication:
    publication = publishing.queue(review_id=review.pk)
    assert publication is not None
    return publication


def shell_recall() -> Recalled:
    """A recall as somebody with a shell puts it there: nothing is sent back by it."""
    recall = cases.recall("Another reference, 1999")
    key = evidence.keys_in("", [cases.REFERENCE])
    return Recalled.objects.create(recall=recall, digest=next(iter(key)))


# Raw SQL


def attempt_at_what_cites_it() -> str:
    publication = queued(cases.citing_review_at(ReviewState.CLEARED))
    shell_recall()
    return insert(attempt(publication))


def cleared_although_it_cites_it() -> str:
    review = cases.citing_review_at(ReviewState.IN_REVIEW)
    cases.recall()
    counsel = cases.person(Role.LEGAL)
    given = review.sign_offs.get()
    run(insert(sign_off(review, counsel, Role.LEGAL, given.digest)))
    return update(review, state="cleared", expires_at=timezone.now() + timedelta(days=1))


def citation_taken_away() -> str:
    review = cases.citing_review_at(ReviewState.CLEARED)
    return delete(Citation.objects.filter(text=review.text).exclude(digest=evidence.read_mark())[0])


def citation_exchanged() -> str:
    review = cases.citing_review_at(ReviewState.CLEARED)
    return update(
        Citation.objects.filter(text=review.text).exclude(digest=evidence.read_mark())[0],
        digest="0" * 64,
    )


def recalled_digest_taken_away() -> str:
    return delete(cases.recall().digests.all()[0])


def recall_removed() -> str:
    return delete(cases.recall())


def recall_lifted_by_who_made_it() -> str:
    recall = cases.recall()
    return lifted(recall, recall.recalled_by_id)


def recall_lifted_by_a_clinician() -> str:
    return lifted(cases.recall(), cases.person(Role.CLINICIAN).pk)


def recall_lifted_and_put_back() -> str:
    recall = cases.recall()
    recalls.lift(by=cases.person(Role.LEGAL), recall_id=recall.pk, why="A mistake.")
    return update(recall, lifted_at=None, lifted_by_id=None, lifted_why_id=None)


def lifted(recall: Recall, by: object) -> str:
    now = timezone.now()
    return update(recall, lifted_at=now, lifted_by_id=by, lifted_why_id=recall.why_id)


ATTACKS = [
    attempt_at_what_cites_it,
    cleared_although_it_cites_it,
    citation_taken_away,
    citation_exchanged,
    recalled_digest_taken_away,
    recall_lifted_by_who_made_it,
    recall_lifted_by_a_clinician,
    recall_lifted_and_put_back,
]


@pytest.mark.parametrize("attack", [*ATTACKS, recall_removed], ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_attempt_at_what_cites_something_else_passes() -> None:
    # The negative control: it is the citation that the trigger looks at.
    publication = queued(cases.citing_review_at(ReviewState.CLEARED, "Another one, 2020"))
    cases.recall()
    run(insert(attempt(publication)))


def test_those_who_lift_are_those_of_the_table() -> None:
    may = importlib.import_module("reviews.migrations.0014_time").MAY_RECALL
    assert set(may) == {role.value for role in PERMISSIONS[Permission.RECALL]}


# The verbs


@pytest.mark.parametrize("state", ReviewState)
def test_recall_sends_back_what_is_cleared(state: ReviewState) -> None:
    review, other = cases.citing_review_at(state), cases.review_at(state)
    cases.recall()
    sent_back = state in (ReviewState.CLEARED, ReviewState.SUSPENDED)
    assert state_of(review) == (ReviewState.SENT_BACK if sent_back else state)
    assert state_of(other) == state


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.LEGAL])
def test_what_cites_it_can_not_be_signed(role: Role) -> None:
    review = cases.citing_review_at(ReviewState.SUBMITTED)
    recall = cases.recall()
    with pytest.raises(GateClosed, match="reference 1"):
        cases.sign(review, role)
    recalls.lift(by=cases.person(Role.LEGAL), recall_id=recall.pk, why="A mistake.")
    cases.sign(review, role)


def test_what_cites_it_can_not_be_submitted() -> None:
    cases.recall()
    with pytest.raises(GateClosed, match="reference 1"):
        cases.citing_review_at(ReviewState.SUBMITTED)
    with pytest.raises(GateClosed, match="reference 2"):
        cases.citing_review_at(ReviewState.SUBMITTED, f"A label, 2026\n{cases.REFERENCE}")
    cases.citing_review_at(ReviewState.SUBMITTED, "A label, 2026")


def test_sent_back_reply_goes_on_with_another_reference() -> None:
    review = cases.citing_review_at(ReviewState.CLEARED)
    cases.recall(instead="The new one, 2026")
    author = review.submitted_by
    with pytest.raises(GateClosed):
        drafting.submit(by=author, draft_id=review.case_id, answers={})
    drafting.save(
        by=author, draft_id=review.case_id, body=cases.CLEAN, references="The new one, 2026"
    )
    again = drafting.submit(by=author, draft_id=review.case_id, answers={})
    assert again.state == ReviewState.SUBMITTED


# The posting


def test_queued_reply_is_never_sent_once_it_is_recalled(platform: FakePlatform) -> None:
    publication = queued(cases.citing_review_at(ReviewState.CLEARED))
    cases.recall()
    assert publishing.drive(publication.pk) == PublicationState.CANCELLED
    assert platform.sent == [] and not Attempt.objects.exists()


def test_door_reads_what_was_signed_and_not_the_digests_alone(platform: FakePlatform) -> None:
    # As for a version from before digests were kept.
    publication = queued(cases.citing_review_at(ReviewState.CLEARED))
    with without_laws():
        run("DELETE FROM reviews_citation")
        cases.recall()
        assert state_of(publication.review) == ReviewState.CLEARED
        review = Review.objects.get(pk=publication.review_id)
        with pytest.raises(EvidenceRecalled):
            clearance.cleared_text(review)
        assert publishing.drive(publication.pk) == PublicationState.CANCELLED
        assert state_of(publication.review) == ReviewState.SENT_BACK
    assert platform.sent == []


def test_recall_between_the_look_and_the_attempt_is_seen(
    platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = queued(cases.citing_review_at(ReviewState.CLEARED))
    platform.outcomes = [Posted({"post_id": "1"})]
    look = publishing._newly_blocked

    def recalled_meanwhile(publication_id: uuid.UUID) -> bool:
        shell_recall()  # committed after everything was looked at, before the lock was given
        return look(publication_id)

    monkeypatch.setattr(publishing, "_newly_blocked", recalled_meanwhile)
    assert publishing.drive(publication.pk) == PublicationState.CANCELLED
    assert platform.sent == [] and state_of(publication.review) == ReviewState.SENT_BACK


def test_the_same_reply_is_sent_where_nothing_was_recalled(platform: FakePlatform) -> None:
    # The negative control.
    publication = queued(cases.citing_review_at(ReviewState.CLEARED))
    platform.outcomes = [Posted({"post_id": "1"})]
    assert publishing.drive(publication.pk) == PublicationState.LIVE


def test_recall_in_flight_waits_until_it_landed(platform: FakePlatform) -> None:
    publication = queued(cases.citing_review_at(ReviewState.CLEARED))
    platform.outcomes = [Unknown("timeout")]
    publishing.drive(publication.pk)
    recall = cases.recall()
    assert state_of(publication.review) == ReviewState.CLEARED
    platform.lookups = [Found({"post_id": "1"})]
    assert publishing.drive(publication.pk) == PublicationState.LIVE
    sweep_evidence()
    assert Relook.objects.get().recall == recall


def test_live_reply_is_looked_at_again_once(platform: FakePlatform) -> None:
    platform.outcomes = [Posted({"post_id": "1"}), Posted({"post_id": "2"})]
    live = cases.live_publication(cases.citing_review_at(ReviewState.CLEARED))
    cases.live_publication()  # cites nothing
    recall = cases.recall()
    sweep_evidence(), sweep_evidence()
    relook = Relook.objects.get()
    assert (relook.publication, relook.recall) == (live, recall)


def at_the_same_time(verbs: Sequence[Callable[[], object]]) -> list[object]:
    start = threading.Barrier(len(verbs))

    def run_one(verb: Callable[[], object]) -> object:
        start.wait()
        try:
            return verb()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return list(pool.map(run_one, verbs))


@pytest.mark.django_db(transaction=True)
def test_recall_and_posting_at_the_same_time_leave_no_attempt_after_the_recall() -> None:
    """Both orders are right: the attempt first, or no attempt. Never an attempt after it."""
    if connection.vendor == "sqlite":
        return  # one writer at a time
    for _ in range(10):
        publication = queued(cases.citing_review_at(ReviewState.CLEARED))
        officer = cases.person(Role.COMPLIANCE)
        verbs = [
            partial(publishing._begin, publication.pk, False),
            partial(cases.recall, by=officer),
        ]
        begun, _ = at_the_same_time(verbs)
        review = Review.objects.get(pk=publication.review_id)
        if begun is None:
            assert review.state == ReviewState.SENT_BACK
            assert not Attempt.objects.filter(publication=publication).exists()
        else:
            assert review.state == ReviewState.CLEARED  # in flight, before the recall
        standing = Recall.objects.get(lifted_at=None)
        recalls.lift(by=cases.person(Role.LEGAL), recall_id=standing.pk, why="The next round.")


# Approved claims

CLAIM = ApprovedClaim(cases.FLAGGED, "Label, 2026", "Ada Birch", "2199-01-01")


def claiming(claim: ApprovedClaim = CLAIM, state: ReviewState = ReviewState.CLEARED) -> Review:
    """A review of a reply that says an approved claim of its community."""
    post = cases.post()
    cases.profile_version(RuleProfile(claims=(claim,)), here=post.community)
    author = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=author, post_id=post.pk)
    drafting.save(by=author, draft_id=draft.pk, body=claim.text)
    review = drafting.submit(by=author, draft_id=draft.pk, answers={})
    cases.sign(review, Role.COMPLIANCE)
    if state == ReviewState.CLEARED:
        cases.sign(review, Role.LEGAL)
    return Review.objects.get(pk=review.pk)


def community_of(review: Review) -> object:
    return cases.newest_version(review).draft.thread.community


def test_claim_that_leaves_its_profile_is_recalled() -> None:
    review = claiming()
    cases.profile_version(RuleProfile(), here=community_of(review))  # type: ignore[arg-type]
    assert state_of(review) == ReviewState.SENT_BACK
    recall = Recall.objects.get()
    assert (recall.cause, recall.recalled_by) == ("removed", None)


def test_claim_whose_time_is_over_is_recalled(monkeypatch: pytest.MonkeyPatch) -> None:
    review = claiming()
    assert recalls.recall_lapsed() == 0
    monkeypatch.setattr(ApprovedClaim, "holds", lambda self, on: False)
    assert recalls.recall_lapsed() == 1 and recalls.recall_lapsed() == 0
    assert state_of(review) == ReviewState.SENT_BACK
    assert Recall.objects.get().cause == "expired"


def test_claim_that_is_prolonged_is_not_recalled() -> None:
    review = claiming()
    longer = RuleProfile(claims=(replace(CLAIM, expires_on="2299-01-01"),))
    cases.profile_version(longer, here=community_of(review))  # type: ignore[arg-type]
    assert state_of(review) == ReviewState.CLEARED and not Recall.objects.exists()


def test_claim_with_other_evidence_is_superseded_and_can_be_used_anew() -> None:
    review = claiming()
    here = community_of(review)
    other = RuleProfile(claims=(replace(CLAIM, reference="Label, 2027"),))
    cases.profile_version(other, here=here)  # type: ignore[arg-type]
    assert state_of(review) == ReviewState.SENT_BACK
    again = drafting.submit(by=review.submitted_by, draft_id=review.case_id, answers={})
    cases.sign(again, Role.LEGAL)


def test_claim_of_another_community_is_not_touched() -> None:
    here, there = claiming(), claiming()
    cases.profile_version(RuleProfile(), here=community_of(here))  # type: ignore[arg-type]
    assert state_of(here) == ReviewState.SENT_BACK and state_of(there) == ReviewState.CLEARED


def test_recall_of_the_evidence_of_a_claim_finds_what_says_it() -> None:
    review = claiming()
    cases.recall(CLAIM.reference)
    assert state_of(review) == ReviewState.SENT_BACK


def test_claim_that_somebody_recalled_can_not_be_used_nor_kept() -> None:
    review = claiming(state=ReviewState.IN_REVIEW)
    here = community_of(review)
    recalls.recall_claim(
        by=cases.person(Role.LEGAL),
        community_id=here.pk,  # type: ignore[attr-defined]
        claim_id=CLAIM.id,
        why="The label changed.",
    )
    with pytest.raises(GateClosed, match="an approved claim"):
        cases.sign(review, Role.LEGAL)
    assert evidence.still_usable(here.pk, [CLAIM]) == []  # type: ignore[attr-defined]
    with pytest.raises(GateClosed, match="was recalled"):
        cases.profile_change(
            RuleProfile(claims=(CLAIM,), disclosure_line="Ours."),
            here=here,  # type: ignore[arg-type]
        )


def test_profile_that_rests_on_what_was_recalled_meanwhile_is_not_approved() -> None:
    change = cases.profile_change(RuleProfile(claims=(CLAIM,)))
    cases.recall(CLAIM.reference)
    with pytest.raises(GateClosed, match="was recalled"):
        profile_changes.approve(
            by=cases.person(Role.COMPLIANCE), change_id=change.pk, seen=change.digest
        )


# Versions from before


def test_old_versions_are_read_by_a_sweep() -> None:
    review = cases.citing_review_at(ReviewState.CLEARED)
    claiming()
    said = sorted(Citation.objects.values_list("text", "scan", "digest"), key=str)
    with without_laws():
        run("DELETE FROM reviews_citation")
        cases.recall()
        assert state_of(review) == ReviewState.CLEARED
        assert citing.note_missing() == 3 and citing.note_missing() == 0
        assert sorted(Citation.objects.values_list("text", "scan", "digest"), key=str) == said
        sweep_evidence()
        assert state_of(review) == ReviewState.SENT_BACK
        assert relooks.open_due() == 0


def test_recalls_hold_after_the_master_key_was_changed() -> None:
    review, recall = cases.citing_review_at(ReviewState.IN_REVIEW), cases.recall()
    of_claim = claiming(state=ReviewState.IN_REVIEW)
    recalls.recall_claim(
        by=cases.person(Role.LEGAL),
        community_id=community_of(of_claim).pk,  # type: ignore[attr-defined]
        claim_id=CLAIM.id,
        why="The label changed.",
    )
    new = base64.urlsafe_b64encode(b"for tests only: another 32 bytes").decode()
    with override_settings(MASTER_KEYS=[new, *settings.MASTER_KEYS]):
        again = cases.draft()
        written = dict(by=again.started_by, draft_id=again.pk)
        drafting.save(**written, body=cases.CLEAN, references=cases.REFERENCE)  # type: ignore[arg-type]
        sweep_evidence(), sweep_evidence()
        with pytest.raises(GateClosed):
            drafting.submit(**written, answers={})  # type: ignore[arg-type]
        for signed in (review, of_claim):
            with pytest.raises(GateClosed):
                cases.sign(signed, Role.LEGAL)
        assert recall.digests.count() == 2 * len(evidence.keys_of_reference(cases.REFERENCE))
