"""Law 1: nothing is posted without a compliance and a legal sign-off, by two different people,
neither of them an author of any of its versions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from compliance.exceptions import NotAllowed
from engage.models import Attempt, DraftVersion, Publication
from reviews import clearance, safety, workflow
from reviews.enums import ReviewState, Role
from reviews.exceptions import NotCleared, WrongState
from reviews.models import Review, ReviewAuthor, RoleGrant, SignOff
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws

pytestmark = pytest.mark.django_db


def sign_off(review: Review, user: object, role: Role, digest: str = "") -> SignOff:
    """An unsaved signature row."""
    return SignOff(
        id=uuid.uuid4(),
        review=review,
        user=user,
        role=role,
        digest=digest or "0" * 64,
        printed_name="Mallory",
        meaning="none",
        signed_at=timezone.now(),
    )


def cleared_without_any_signature() -> str:
    review = cases.review_at(ReviewState.SUBMITTED)
    return update(review, state="cleared", expires_at=timezone.now() + timedelta(days=1))


def cleared_with_one_signature() -> str:
    review = cases.review_at(ReviewState.IN_REVIEW)
    return update(review, state="cleared", expires_at=timezone.now() + timedelta(days=1))


def signed_by_an_author() -> str:
    review = cases.review_at(ReviewState.SUBMITTED)
    author = review.submitted_by
    RoleGrant.objects.create(user=author, role=Role.LEGAL)
    return insert(sign_off(review, author, Role.LEGAL))


def signed_in_a_role_not_held() -> str:
    review = cases.review_at(ReviewState.SUBMITTED)
    return insert(sign_off(review, cases.person(Role.COMPLIANCE), Role.LEGAL))


def signed_after_it_was_decided() -> str:
    review = cases.review_at(ReviewState.REFUSED)
    return insert(sign_off(review, cases.person(Role.LEGAL), Role.LEGAL))


def author_taken_off() -> str:
    review = cases.review_at(ReviewState.SUBMITTED)
    return delete(review.authors.get())


def author_exchanged() -> str:
    review = cases.review_at(ReviewState.SUBMITTED)
    return update(review.authors.get(), user_id=cases.person(Role.AUDITOR).pk)


def signature_taken_over() -> str:
    first = cases.review_at(ReviewState.CLEARED).sign_offs.all()[0]
    return update(first, user_id=cases.person(Role.AUDITOR).pk)


def signature_removed() -> str:
    return delete(cases.review_at(ReviewState.CLEARED).sign_offs.all()[0])


def signature_replaced() -> str:
    signed = cases.review_at(ReviewState.CLEARED).sign_offs.all()[0]
    signed.printed_name = "Mallory"
    return insert(signed, replace=True)


def author_row_replaced() -> str:
    row = cases.review_at(ReviewState.SUBMITTED).authors.get()
    row.user = cases.person(Role.AUDITOR)
    return insert(row, replace=True)


def signer_writes_a_version() -> str:
    review = cases.review_at(ReviewState.IN_REVIEW)
    version = DraftVersion.objects.filter(draft=review.case_id).latest("number")
    version.pk, version.number = uuid.uuid4(), version.number + 1
    version.author = review.sign_offs.get().user
    version.text = cases.spare_text(version.text.key)
    return insert(version)


def review_begun_as_cleared() -> str:
    review = cases.review_at(ReviewState.WITHDRAWN)
    review.pk = uuid.uuid4()
    review.packet = cases.spare_text(review.packet.key)
    review.state = ReviewState.CLEARED
    review.expires_at = timezone.now() + timedelta(days=1)
    return insert(review)


def second_review_at_the_same_time() -> str:
    review = cases.review_at(ReviewState.CLEARED)
    review.pk = uuid.uuid4()
    review.packet = cases.spare_text(review.packet.key)
    review.state, review.expires_at = ReviewState.SUBMITTED, None
    return insert(review, replace=True)


def attempt_into_a_thread_with_an_open_signal() -> str:
    publication = cases.queued_publication()
    safety.open_cases(
        thread_id=publication.draft.thread_id,
        community_name="Community",
        text=publication.draft.thread.title,
        rule_ids=["SAFE-CRISIS"],
    )
    return insert(attempt(publication))


def attempt_after_withdrawal() -> str:
    publication = cases.queued_publication()
    workflow.withdraw(
        by=publication.review.submitted_by,
        review_id=publication.review_id,
        code="other",
        reason="No.",
    )
    return insert(attempt(publication))


def attempt_after_expiry() -> str:
    publication = cases.queued_publication(clearance_days=-1)
    return insert(attempt(publication))


def clearance_prolonged() -> str:
    review = cases.review_at(ReviewState.CLEARED)
    return update(review, expires_at=timezone.now() + timedelta(days=9000))


def review_deleted() -> str:
    return delete(cases.review_at(ReviewState.EXPIRED))


def attempt(publication: Publication, outcome: str = "sending") -> Attempt:
    """An unsaved attempt row."""
    return Attempt(
        id=uuid.uuid4(),
        publication=publication,
        number=77,
        started_at=timezone.now(),
        outcome=outcome,
    )


ATTACKS = [
    cleared_without_any_signature,
    cleared_with_one_signature,
    signed_by_an_author,
    signed_in_a_role_not_held,
    signed_after_it_was_decided,
    author_taken_off,
    author_exchanged,
    author_row_replaced,
    signature_taken_over,
    signature_removed,
    signature_replaced,
    signer_writes_a_version,
    review_begun_as_cleared,
    attempt_into_a_thread_with_an_open_signal,
    attempt_after_withdrawal,
    attempt_after_expiry,
    clearance_prolonged,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_second_review_at_the_same_time_is_refused() -> None:
    # SQLite would put it in the place of the first one, which the signatures hang on.
    statement = second_review_at_the_same_time()
    assert_refused(statement)
    if connection.vendor == "sqlite":
        with without_laws(), transaction.atomic():
            run(statement)
            transaction.set_rollback(True)  # it left signatures without a review


def test_row_put_in_the_place_of_another_by_its_number_is_refused() -> None:
    if connection.vendor != "sqlite":
        return  # only SQLite's rows have numbers beside their keys
    signed = cases.review_at(ReviewState.CLEARED)
    table = Review._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(rowid) FROM {table}")
        number = cursor.fetchone()[0]
    copy = Review.objects.get(pk=signed.pk)
    copy.pk, copy.case_id = uuid.uuid4(), uuid.uuid4()
    copy.packet, copy.state = cases.spare_text(signed.packet.key), ReviewState.SUBMITTED
    copy.expires_at = None
    replacing = insert(copy, replace=True).replace("(", "(rowid, ", 1)
    replacing = replacing.replace("VALUES (", f"VALUES ({number}, ")
    moving = f"UPDATE {table} SET rowid = rowid + 1000"
    for statement in (replacing, moving):
        assert_refused(statement)
    with without_laws():
        for statement in (moving, replacing):
            run(statement)


def test_bulk_update_of_signatures_is_refused() -> None:
    signed = list(cases.review_at(ReviewState.CLEARED).sign_offs.all())
    for sign_off_ in signed:
        sign_off_.printed_name = "Mallory"
    with pytest.raises(IntegrityError):
        SignOff.objects.bulk_update(signed, ["printed_name"])


def test_bulk_create_that_ignores_conflicts_signs_nothing() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    with pytest.raises(IntegrityError):
        SignOff.objects.bulk_create(
            [sign_off(review, review.submitted_by, Role.LEGAL)], ignore_conflicts=True
        )


def test_sign_by_an_author_of_an_early_version_is_refused() -> None:
    early = cases.person(Role.CLINICIAN)
    RoleGrant.objects.create(user=early, role=Role.LEGAL)
    review = cases.review_at(ReviewState.SUBMITTED, versions_by=[early, None])
    with pytest.raises(NotAllowed, match="wrote a version"):
        cases.sign(review, Role.LEGAL, by=early)


def test_sign_twice_by_a_person_with_two_roles_is_refused() -> None:
    both = cases.person(Role.LEGAL)
    RoleGrant.objects.create(user=both, role=Role.COMPLIANCE)
    review = cases.review_at(ReviewState.SUBMITTED)
    cases.sign(review, Role.COMPLIANCE, by=both)
    with pytest.raises(NotAllowed, match="signed this review already"):
        cases.sign(review, Role.LEGAL, by=both)


def test_sign_by_an_administrator_is_refused() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    with pytest.raises(NotAllowed):
        cases.sign(review, Role.LEGAL, by=cases.person(Role.ADMIN))


def test_cleared_text_finds_a_signature_of_an_author_even_without_triggers() -> None:
    review = cases.review_at(ReviewState.CLEARED)
    with without_laws():
        run(insert(ReviewAuthor(id=9_000_001, review=review, user=review.sign_offs.all()[0].user)))
        with pytest.raises(NotCleared, match="wrote a version"):
            clearance.cleared_text(Review.objects.get(pk=review.pk))


@pytest.mark.parametrize("state", [s for s in ReviewState if s != ReviewState.CLEARED])
def test_cleared_text_in_any_other_state_is_refused(state: ReviewState) -> None:
    with pytest.raises(NotCleared):
        clearance.cleared_text(cases.review_at(state))


def test_sign_when_cleared_already_is_refused() -> None:
    review = cases.review_at(ReviewState.CLEARED)
    with pytest.raises(WrongState):
        cases.sign(review, Role.LEGAL, by=cases.person(Role.LEGAL))
