"""Law 4: at most one live copy. An attempt is committed before the network is touched, and an
unclear outcome is settled by looking."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone

from compliance.models import Event
from engage import communities, drafting, publishing, withdrawing
from engage.connectors.base import (
    Ambiguous,
    Caps,
    Found,
    Idempotency,
    Intent,
    Live,
    LiveState,
    Lookup,
    NotFound,
    Outcome,
    Pending,
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
)
from engage.enums import AttemptOutcome, PublicationState
from engage.models import Attempt, Publication
from reviews import workflow
from reviews.enums import ReviewState, Role
from reviews.exceptions import WrongState
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws

pytestmark = pytest.mark.django_db
REF = {"post_id": "77"}


class FakePlatform:
    """A fake: answers as told, and remembers what was asked. The real server is in the tests of
    the sandbox connector, in the journey and under the kills."""

    def __init__(self) -> None:
        # Timeout and quiet window add up to nothing, so that every look-up may be made at once.
        self.caps = Caps(Idempotency.LOOKUP, client_timeout_seconds=1, quiet_seconds=-1)
        self.outcomes: list[Outcome] = []
        self.lookups: list[Lookup] = []
        self.sent: list[Prepared] = []
        self.attempts_when_sent: list[int] = []
        self.withdrawn: list[Mapping[str, Any]] = []

    def prepare(self, intent: Intent) -> Prepared:
        return Prepared({"text": intent.text, "tag": intent.tag})

    def publish(self, prepared: Prepared) -> Outcome:
        assert not _in_verb(), "the network was called inside a transaction"
        self.sent.append(prepared)
        self.attempts_when_sent.append(Attempt.objects.filter(outcome="sending").count())
        return self.outcomes.pop(0)

    def find_published(self, prepared: Prepared) -> Lookup:
        return self.lookups.pop(0)

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        return Live(LiveState.LIVE, self.sent[-1].body["text"], "1")

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        self.withdrawn.append(ref)


def _in_verb() -> bool:
    # The test itself runs in one transaction; a verb would add a savepoint.
    return len(transaction.get_connection().savepoint_ids) > 0


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePlatform]:
    fake = FakePlatform()
    monkeypatch.setattr(communities, "connector_for", lambda kind, settings: fake)
    yield fake


def drive(publication: Publication) -> PublicationState:
    """One step, and whatever was waiting is due at once."""
    state = publishing.drive(publication.pk)
    Publication.objects.filter(pk=publication.pk, due_at__isnull=False).update(
        due_at=timezone.now()
    )
    return state


def test_send_commits_the_attempt_before_the_network(platform: FakePlatform) -> None:
    platform.outcomes = [Posted(REF, "https://community.example/1")]
    publication = cases.queued_publication()
    assert drive(publication) == PublicationState.LIVE
    assert platform.attempts_when_sent == [1]
    assert publication.review.state == ReviewState.CLEARED  # as it was read
    publication.review.refresh_from_db()
    assert publication.review.state == ReviewState.PUBLISHED


@pytest.mark.parametrize(
    ("outcome", "state", "attempt"),
    [
        (Posted(REF), PublicationState.LIVE, AttemptOutcome.POSTED),
        (Pending(REF), PublicationState.PENDING, AttemptOutcome.PENDING),
        (Refused("banned"), PublicationState.REFUSED, AttemptOutcome.REFUSED),
        (RetryAfter(1), PublicationState.QUEUED, AttemptOutcome.RETRY),
        (Unknown("timeout"), PublicationState.UNKNOWN, AttemptOutcome.UNKNOWN),
    ],
)
def test_send_records_the_outcome(
    platform: FakePlatform, outcome: Outcome, state: PublicationState, attempt: AttemptOutcome
) -> None:
    platform.outcomes = [outcome]
    publication = cases.queued_publication()
    assert drive(publication) == state
    assert publication.attempts.get().outcome == attempt


def test_unknown_and_found_is_live_without_a_second_send(platform: FakePlatform) -> None:
    platform.outcomes, platform.lookups = [Unknown("reset")], [Found(REF)]
    publication = cases.queued_publication()
    drive(publication)
    assert drive(publication) == PublicationState.LIVE
    assert len(platform.sent) == 1


def test_unknown_is_sent_again_only_after_two_empty_looks(platform: FakePlatform) -> None:
    platform.outcomes = [Unknown("reset"), Posted(REF)]
    platform.lookups = [NotFound(), NotFound()]
    publication = cases.queued_publication()
    steps = [drive(publication) for _ in range(4)]
    assert steps == [
        PublicationState.UNKNOWN,
        PublicationState.UNKNOWN,
        PublicationState.QUEUED,
        PublicationState.LIVE,
    ]
    assert [p.body for p in platform.sent] == [platform.sent[0].body] * 2  # the frozen request


def test_unknown_and_ambiguous_waits_for_a_person(platform: FakePlatform) -> None:
    platform.outcomes, platform.lookups = [Unknown("reset")], [Ambiguous(2)]
    publication = cases.queued_publication()
    drive(publication)
    assert drive(publication) == PublicationState.AMBIGUOUS
    assert publication.pk not in publishing.claim_due()


def test_settle_within_the_quiet_window_does_not_look(platform: FakePlatform) -> None:
    platform.outcomes = [Unknown("timeout")]
    platform.caps = Caps(Idempotency.LOOKUP, client_timeout_seconds=5, quiet_seconds=5)
    publication = cases.queued_publication()
    drive(publication)
    assert drive(publication) == PublicationState.UNKNOWN  # lookups is empty: a look would raise


def test_dead_worker_leaves_sending_and_is_settled(platform: FakePlatform) -> None:
    publication = cases.queued_publication()
    platform.outcomes = []
    with pytest.raises(IndexError):  # the worker dies inside the call
        publishing.send(publication.pk)
    assert Publication.objects.get(pk=publication.pk).state == PublicationState.SENDING
    platform.lookups = [Found(REF)]
    assert drive(publication) == PublicationState.LIVE


def test_send_of_what_is_being_sent_does_nothing(platform: FakePlatform) -> None:
    platform.outcomes = [Unknown("timeout")]
    publication = cases.queued_publication()
    drive(publication)
    publishing.send(publication.pk)
    assert len(platform.sent) == 1


def test_withdrawal_in_flight_takes_down_what_lands(platform: FakePlatform) -> None:
    platform.outcomes, platform.lookups = [Unknown("timeout")], [Found(REF)]
    publication = cases.queued_publication()
    drive(publication)
    author = publication.review.submitted_by
    workflow.withdraw(by=author, review_id=publication.review_id, code="other", reason="Stop.")
    assert drive(publication) == PublicationState.LIVE  # it had landed
    withdrawing.follow_withdrawals()
    assert drive(publication) == PublicationState.WITHDRAWN
    assert platform.withdrawn == [REF]


def test_withdrawal_in_flight_is_never_sent_again(platform: FakePlatform) -> None:
    platform.outcomes, platform.lookups = [Unknown("reset")], [NotFound(), NotFound()]
    publication = cases.queued_publication()
    drive(publication)
    author = publication.review.submitted_by
    workflow.withdraw(by=author, review_id=publication.review_id, code="other", reason="Stop.")
    steps = [drive(publication) for _ in range(3)]
    assert steps[-1] == PublicationState.CANCELLED
    assert len(platform.sent) == 1


def test_send_back_in_flight_is_refused(platform: FakePlatform) -> None:
    platform.outcomes = [Unknown("timeout")]
    publication = cases.queued_publication()
    drive(publication)
    with pytest.raises(WrongState, match="withdraw"):
        workflow.send_back(
            by=cases.person(Role.LEGAL), review_id=publication.review_id, code="other", reason="No."
        )


def test_what_is_taken_down_goes_first_then_what_may_be_live(platform: FakePlatform) -> None:
    reply, unsure, down = (cases.queued_publication() for _ in range(3))
    ago = timezone.now() - timedelta(hours=1)
    Publication.objects.filter(pk=reply.pk).update(due_at=ago)
    platform.outcomes = [Unknown("timeout")]
    drive(unsure)
    Publication.objects.filter(pk=unsure.pk).update(due_at=ago + timedelta(minutes=30))
    Publication.objects.filter(pk=down.pk).update(
        state=PublicationState.TAKING_DOWN, due_at=timezone.now()
    )
    assert publishing.claim_due() == [down.pk, unsure.pk, reply.pk]


def test_queue_twice_makes_one_publication(platform: FakePlatform) -> None:
    publication = cases.queued_publication()
    assert publishing.queue(review_id=publication.review_id) is None
    assert publishing.queue_cleared() == []


def attempt(publication: Publication, outcome: str = "sending", number: int = 2) -> Attempt:
    return Attempt(
        id=uuid.uuid4(),
        publication=publication,
        number=number,
        started_at=timezone.now(),
        outcome=outcome,
    )


def second_attempt(outcome: str) -> Callable[[], str]:
    def attack() -> str:
        publication = cases.queued_publication()
        first = attempt(publication, number=1)
        first.save()
        if outcome != "sending":
            first.outcome = outcome
            first.save()
        return insert(attempt(publication))

    attack.__name__ = f"second_attempt_while_{outcome}"
    return attack


def attempt_at_the_next_text_while_the_first_may_be_live() -> str:
    first = cases.queued_publication()
    sent = attempt(first, number=1)
    sent.save()
    sent.outcome = "unknown"
    sent.save()
    workflow.withdraw(
        by=first.review.submitted_by, review_id=first.review_id, code="other", reason="Wrong."
    )
    with patch.object(drafting, "_check_nothing_may_be_live"):  # the barrier before this one
        review = drafting.submit(by=first.draft.started_by, draft_id=first.draft_id, answers={})
    cases.sign(review, Role.COMPLIANCE)
    cases.sign(review, Role.LEGAL)
    second = publishing.queue(review_id=review.pk)
    assert second is not None
    return insert(attempt(second, number=1))


def attempt_that_was_never_recorded_as_sent() -> str:
    return insert(attempt(cases.queued_publication(), outcome="refused"))


def posted_turned_into_refused() -> str:
    publication = cases.queued_publication()
    first = attempt(publication)
    first.save()
    first.outcome = "posted"
    first.save()
    return update(first, outcome="refused")


def attempt_deleted() -> str:
    first = attempt(cases.queued_publication())
    first.save()
    return delete(first)


def attempt_replaced() -> str:
    first = attempt(cases.queued_publication())
    first.save()
    first.started_at -= timedelta(days=1)
    return insert(first, replace=True)


ATTACKS = [
    *[second_attempt(outcome) for outcome in ("sending", "unknown", "posted", "pending")],
    attempt_at_the_next_text_while_the_first_may_be_live,
    attempt_that_was_never_recorded_as_sent,
    posted_turned_into_refused,
    attempt_deleted,
    attempt_replaced,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS[4:], ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_second_attempt_is_refused_by_the_index_even_without_triggers() -> None:
    from django.db import IntegrityError

    statement = second_attempt("unknown")()
    with without_laws(), pytest.raises(IntegrityError):
        run(statement)


def test_submit_while_an_earlier_text_may_be_live_is_refused(platform: FakePlatform) -> None:
    platform.outcomes = [Unknown("timeout")]
    publication = cases.queued_publication()
    drive(publication)
    draft = publication.draft
    workflow.withdraw(
        by=draft.started_by,
        review_id=publication.review_id,
        code="other",
        reason="Another wording.",
    )
    with pytest.raises(WrongState, match="live or may be"):
        drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})
    Publication.objects.filter(pk=publication.pk).update(state=PublicationState.WITHDRAWN)
    drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})


def test_every_step_is_in_the_ledger(platform: FakePlatform) -> None:
    platform.outcomes, platform.lookups = [Unknown("reset")], [Found(REF)]
    publication = cases.queued_publication()
    drive(publication)
    drive(publication)
    kinds = Event.objects.filter(case_id=str(publication.draft_id)).values_list("kind", flat=True)
    wanted = [
        "publication_queued",
        "attempt_started",
        "attempt_ended",
        "attempt_ended",
        "published",
    ]
    assert [k for k in kinds.order_by("id") if k in wanted] == wanted


def test_worker_that_slept_before_sending_does_not_send(
    platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = cases.queued_publication()
    begin = publishing._begin

    def slept(publication_id: uuid.UUID, newly_blocked: bool) -> object:
        begun = begin(publication_id, newly_blocked)
        assert begun is not None
        begun[0].started_at -= timedelta(minutes=5)
        return begun

    monkeypatch.setattr(publishing, "_begin", slept)
    assert drive(publication) == PublicationState.UNKNOWN
    assert platform.sent == []


def test_answer_after_it_was_settled_as_absent_goes_to_a_person(platform: FakePlatform) -> None:
    platform.lookups = [NotFound(), NotFound()]
    publication = cases.queued_publication()
    begun = publishing._begin(publication.pk, False)
    assert begun is not None
    drive(publication)
    assert drive(publication) == PublicationState.QUEUED
    publishing._end(begun[0], begun[1], Posted(REF))
    assert Publication.objects.get(pk=publication.pk).state == PublicationState.AMBIGUOUS
