"""Laws 1 and 2 when two people act in the same moment, on PostgreSQL: nobody's signature stands
under what they did not see, and nobody signs twice. With negative controls."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, connections, transaction

from compliance.exceptions import Refusal
from compliance.ledger import events
from compliance.rules import Route
from compliance.rules.route import EVERY_REPLY
from engage import drafting
from engage.models import Draft
from reviews import clearance, gates, required_changes, signatures, workflow
from reviews.enums import ReviewState, Role, Seat, Verdict
from reviews.models import Review, User
from tests import cases

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = pytest.mark.parametrize("rounds", [40, pytest.param(1000, marks=pytest.mark.long)])
THINKS = 0.004  # seconds between a look and a write, so that the other one gets between
COMMITS = 0.02  # seconds between a written answer and its commit

Verb = Callable[[], object]


class Table:
    """One reply and those who work on it; each round submits it anew."""

    def __init__(self) -> None:
        self.author = cases.person(Role.CLINICIAN)
        self.officers = [cases.person(Role.COMPLIANCE) for _ in range(2)]
        self.counsel = [cases.person(Role.LEGAL) for _ in range(2)]
        self.draft = cases.draft(cases.FLAGGED, [self.author])
        self.peer = cases.person(Role.MEDICAL)
        route = Route(medical_for=(EVERY_REPLY,), second_legal_for=(EVERY_REPLY,))
        cases.routed(route, self.draft.thread.community)
        self.seen: dict[tuple[UUID, UUID], str] = {}

    def submit(self) -> Review:
        newest = drafting.newest_version(Draft.objects.get(pk=self.draft.pk))
        assert newest and newest.text.scan
        found = newest.text.scan.findings.filter(severity__in=gates.ANSWERED_BY_AUTHOR)
        return drafting.submit(
            by=self.author, draft_id=self.draft.pk, answers={f.pk: "For all." for f in found}
        )

    def dispose(self, review: Review, verdict: Verdict = Verdict.ACCEPTED) -> None:
        for finding in review.scan.findings.filter(severity__in=gates.DISPOSED_BY_REVIEWERS):
            workflow.dispose(
                by=self.counsel[0],
                review_id=review.pk,
                finding_id=finding.pk,
                verdict=verdict,
                reason="In line with the label.",
            )

    def signing(self, review: Review, by: User, seat: Seat) -> Verb:
        """Somebody's signature under what their page shows now."""
        seen = clearance.seal_digest(Review.objects.select_related("packet__key").get(pk=review.pk))
        self.seen[review.pk, by.pk] = seen
        return partial(
            workflow.sign,
            by=User.objects.get(pk=by.pk),
            review_id=review.pk,
            seat=seat,
            proof=cases.PROOF,
            seen=seen,
        )

    def rewrite(self, review: Review, words: str) -> None:
        self.withdraw(review)
        drafting.save(by=self.author, draft_id=self.draft.pk, body=f"{cases.FLAGGED} {words}")
        self.submit()

    def withdraw(self, review: Review) -> None:
        workflow.withdraw(by=self.author, review_id=review.pk, code="other", reason="Not now.")

    def clear_away(self) -> None:
        open_ = Review.objects.filter(case_id=self.draft.pk, state__in=workflow.OPEN_STATES)
        for review in open_:
            self.withdraw(review)
        self.seen.clear()

    def stale(self) -> int:
        """Signatures under something else than their signer saw, or than what is there."""
        found = 0
        reviews = Review.objects.select_related("packet__key", "text__key")
        for review in reviews.filter(pk__in={pk for pk, _ in self.seen}):
            there = clearance.seal_digest(review)
            people = [s.user_id for s in review.signatures]
            found += len(people) - len(set(people))
            found += sum(
                not s.digest == there == self.seen[review.pk, s.user_id] for s in review.signatures
            )
        return found


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time anyway")
    monkeypatch.setattr(events, "LISTENERS", [])
    monkeypatch.setattr(signatures, "write", after_a_thought(signatures.write))
    monkeypatch.setattr(required_changes, "_keep", before_a_thought(required_changes._keep))
    yield Table()


def after_a_thought(verb: Callable[..., object]) -> Callable[..., object]:
    def slow(*args: object, **kwargs: object) -> object:
        time.sleep(THINKS)
        return verb(*args, **kwargs)

    return slow


def before_a_thought(verb: Callable[..., object]) -> Callable[..., object]:
    def slow(*args: object, **kwargs: object) -> object:
        done = verb(*args, **kwargs)
        time.sleep(COMMITS)
        return done

    return slow


def at_the_same_time(*verbs: Verb) -> list[bool]:
    """Runs them in threads of their own; says which were done and not refused."""
    start = threading.Barrier(len(verbs))

    def run_one(verb: Verb) -> bool:
        start.wait()
        try:
            verb()
        except (Refusal, IntegrityError):
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(len(verbs)) as pool:
        return list(pool.map(run_one, verbs))


def text_rewritten(table: Table, number: int) -> list[bool]:
    review = table.submit()
    table.dispose(review)
    signs = table.signing(review, table.officers[0], Seat.COMPLIANCE)
    words = "Ask us." if number % 2 else "Do ask."
    return at_the_same_time(partial(table.rewrite, review, words), signs)


def finding_disposed_of_anew(table: Table, number: int) -> list[bool]:
    review = table.submit()
    table.dispose(review)
    signs = table.signing(review, table.officers[0], Seat.COMPLIANCE)
    return at_the_same_time(partial(table.dispose, review, Verdict.FALSE_ALARM), signs)


def changes_answered_anew(table: Table, number: int) -> list[bool]:
    review = table.submit()
    workflow.send_back(
        by=table.officers[0], review_id=review.pk, code="other", reason="Please shorten it."
    )
    change = review.required_changes.get().pk
    answer = partial(required_changes.answer, by=table.author, case_id=table.draft.pk)
    answer(answers={change: required_changes.Said(True, "")})

    def submitted_and_signed() -> None:
        again = table.submit()
        table.dispose(again)
        table.signing(again, table.officers[0], Seat.COMPLIANCE)()

    no = {change: required_changes.Said(False, "It would say less.")}
    return at_the_same_time(submitted_and_signed, partial(answer, answers=no))


EDITS = (text_rewritten, finding_disposed_of_anew, changes_answered_anew)


@ROUNDS
def test_edit_against_sign_leaves_no_signature_on_what_was_not_seen(
    table: Table, rounds: int
) -> None:
    done = Counter[str]()
    try:
        for number in range(rounds):
            edit = EDITS[number % len(EDITS)]
            edited, signed = edit(table, number)
            assert table.stale() == 0, edit.__name__
            done += Counter(races=1, edited=edited, signed=signed)
            table.clear_away()
    finally:
        print("edit against sign:", dict(done))
    assert done["edited"] and done["signed"]  # neither always comes first


def two_for_one_seat(table: Table, review: Review) -> list[bool]:
    first, second = table.officers
    return at_the_same_time(
        table.signing(review, first, Seat.COMPLIANCE),
        table.signing(review, second, Seat.COMPLIANCE),
    )


def one_for_two_seats(table: Table, review: Review) -> list[bool]:
    # Between two others: neither the state nor a clearance that is refused shows a second one.
    table.signing(review, table.officers[0], Seat.COMPLIANCE)()
    one = table.counsel[0]
    return at_the_same_time(
        table.signing(review, one, Seat.LEGAL), table.signing(review, one, Seat.SECOND_LEGAL)
    )


def everybody(table: Table, review: Review) -> list[bool]:
    (officer, _), (first, second) = table.officers, table.counsel
    return at_the_same_time(
        table.signing(review, officer, Seat.COMPLIANCE),
        table.signing(review, first, Seat.LEGAL),
        table.signing(review, second, Seat.SECOND_LEGAL),
        table.signing(review, table.peer, Seat.MEDICAL),
    )


SIGNERS = (two_for_one_seat, one_for_two_seats, everybody)


def signers(table: Table, number: int) -> list[bool]:
    review = table.submit()
    table.dispose(review)
    return SIGNERS[number % len(SIGNERS)](table, review)


@ROUNDS
def test_two_signers_at_once_sign_each_once_and_what_they_saw(table: Table, rounds: int) -> None:
    raced = 0
    try:
        for number in range(rounds):
            done = signers(table, number)
            assert table.stale() == 0
            review = Review.objects.select_related("packet__key").latest("submitted_at")
            if SIGNERS[number % len(SIGNERS)] is everybody:
                assert all(done) and clearance.cleared_text(review)
            else:
                assert sum(done) == 1 and review.state == ReviewState.IN_REVIEW
            table.clear_away()
            raced += 1
    finally:
        print(f"two signers: {raced} races")


def test_submission_waits_for_an_answer_that_is_being_committed(table: Table) -> None:
    review = table.submit()
    workflow.send_back(
        by=table.officers[0], review_id=review.pk, code="other", reason="Please shorten it."
    )
    change = review.required_changes.get().pk
    answer = partial(required_changes.answer, by=table.author, case_id=table.draft.pk)
    answer(answers={change: required_changes.Said(True, "")})
    submitted: list[bool] = []

    def submits() -> None:
        submitted.extend(at_the_same_time(table.submit))

    worker = threading.Thread(target=submits)
    with transaction.atomic():
        answer(answers={change: required_changes.Said(False, "It would say less.")})
        worker.start()
        worker.join(timeout=3)
        assert worker.is_alive()  # else the reply is signed without the answer that it has then
    worker.join(timeout=10)
    assert submitted == [True]


def unlocked(review_id: UUID) -> Review:
    return Review.objects.select_related("packet__key").get(pk=review_id)


@pytest.mark.parametrize("race", [finding_disposed_of_anew, signers])
def test_races_find_a_lock_that_is_gone(
    table: Table, monkeypatch: pytest.MonkeyPatch, race: Callable[[Table, int], object]
) -> None:
    monkeypatch.setattr(workflow, "_locked", unlocked)
    monkeypatch.setitem(globals(), "THINKS", 0.05)
    for number in range(40):
        race(table, number)
        if table.stale():
            return
        table.clear_away()
    pytest.fail("no signature went wrong although nothing is locked")
