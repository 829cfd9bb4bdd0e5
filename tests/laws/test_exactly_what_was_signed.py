"""Law 2: a sign-off binds one exact content, and only that is published."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest
from django.db import IntegrityError

from compliance import vault
from compliance.models import VaultText
from engage import publishing
from engage.connectors.base import Posted
from engage.enums import PublicationState
from engage.models import Publication
from reviews import clearance, workflow
from reviews.enums import ReviewState, Role, Seat, Verdict
from reviews.exceptions import NotCleared, WrongState
from reviews.models import Disposition, Review
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws
from tests.laws.test_one_live_copy import FakePlatform, platform
from tests.laws.test_two_signatures import sign_off

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db


def reviewed_text_exchanged() -> str:
    review = cases.review_at(ReviewState.CLEARED)
    return update(review, text_digest="f" * 64)


def packet_exchanged() -> str:
    review = cases.review_at(ReviewState.CLEARED)
    return update(review, packet_id=cases.spare_text(review.packet.key).pk)


def sealed_text_overwritten() -> str:
    review = cases.review_at(ReviewState.CLEARED)
    return update(review.text, ciphertext=b"other")


def sealed_text_deleted() -> str:
    return delete(cases.spare_text(cases.review_at(ReviewState.CLEARED).packet.key))


def sealed_text_replaced() -> str:
    text = cases.review_at(ReviewState.CLEARED).text
    text.ciphertext = b"other"
    return insert(text, replace=True)


def version_changed() -> str:
    review = cases.review_at(ReviewState.CLEARED)
    version = cases.newest_version(review)
    return update(version, text_id=cases.spare_text(version.text.key).pk)


def version_deleted() -> str:
    return delete(cases.newest_version(cases.review_at(ReviewState.CLEARED)))


def second_signature_over_something_else() -> str:
    review = cases.review_at(ReviewState.IN_REVIEW)
    return insert(sign_off(review, cases.person(Role.LEGAL), Role.LEGAL, digest="e" * 64))


def disposition_after_a_signature() -> str:
    review = cases.review_at(ReviewState.IN_REVIEW, flagged=True)
    given = review.dispositions.all()[0]
    return insert(
        Disposition(
            id=9_000_001,
            review=review,
            finding=given.finding,
            by=given.by,
            role=given.role,
            verdict=Verdict.FALSE_ALARM,
            reason=given.reason,
            at=given.at,
        )
    )


def disposition_rewritten() -> str:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    return update(cases.dispose_all(review)[0], verdict="false_alarm")


def finding_moved() -> str:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    return update(review.scan.findings.all()[0], severity="info")


def published_text_is_another() -> str:
    publication = cases.queued_publication()
    return update(publication, text_digest="d" * 64)


def request_exchanged() -> str:
    publication = cases.queued_publication()
    return update(publication, request_id=cases.spare_text(publication.request.key).pk)


def publication_of_a_text_nobody_signed() -> str:
    review = cases.review_at(ReviewState.CLEARED)
    key = review.packet.key
    draft = cases.newest_version(review).draft
    publication = Publication(
        id=uuid.uuid4(),
        review=review,
        draft=draft,
        community=draft.thread.community,
        text_digest=vault.digest(key, "Something else."),
        request=cases.spare_text(key),
        queued_at=review.submitted_at,
    )
    return insert(publication)


def rule_set_rewritten() -> str:
    return update(cases.review_at(ReviewState.CLEARED).rule_set, content="{}")


ATTACKS = [
    reviewed_text_exchanged,
    packet_exchanged,
    sealed_text_overwritten,
    sealed_text_deleted,
    sealed_text_replaced,
    version_changed,
    version_deleted,
    second_signature_over_something_else,
    disposition_after_a_signature,
    disposition_rewritten,
    finding_moved,
    published_text_is_another,
    request_exchanged,
    publication_of_a_text_nobody_signed,
    rule_set_rewritten,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_bulk_update_of_sealed_texts_is_refused() -> None:
    text = cases.review_at(ReviewState.CLEARED).text
    text.ciphertext = b"other"
    with pytest.raises(IntegrityError):
        VaultText.objects.bulk_update([text], ["ciphertext"])


def test_cleared_text_is_the_text_with_its_disclosure_line() -> None:
    review = cases.review_at(ReviewState.CLEARED)
    text = clearance.cleared_text(review)
    assert text == vault.unseal(review.text)
    assert cases.newest_version(review).draft.thread.community.disclosure_line[:20] in text


def test_sign_over_what_changed_since_the_page_was_read_is_refused() -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    seen = clearance.seal_digest(review)
    cases.dispose_all(review)
    with pytest.raises(WrongState, match="changed since"):
        workflow.sign(
            by=cases.person(Role.COMPLIANCE),
            review_id=review.pk,
            seat=Seat.COMPLIANCE,
            proof=cases.PROOF,
            seen=seen,
        )


@pytest.mark.parametrize("column", ["packet", "text_digest", "disposition"])
def test_cleared_text_finds_what_was_changed_even_without_triggers(column: str) -> None:
    review = cases.review_at(ReviewState.CLEARED, flagged=True)
    with without_laws():
        if column == "packet":
            # A packet that opens, under the same key, but is another one.
            other = cases.review_at(ReviewState.SUBMITTED).packet
            run(update(review, packet_id=vault.seal(review.packet.key, vault.unseal(other)).pk))
        elif column == "text_digest":
            run(update(review, text_digest="f" * 64))
        else:
            run(update(review.dispositions.all()[0], verdict="false_alarm"))
        with pytest.raises(NotCleared):
            clearance.cleared_text(Review.objects.select_related("packet__key").get(pk=review.pk))


@pytest.mark.parametrize("signed", [True, False])
def test_request_that_is_not_what_was_signed_is_never_sent(
    signed: bool, platform: FakePlatform
) -> None:
    # A row that somebody put there: the frozen request of another text under a good review.
    review = cases.review_at(ReviewState.CLEARED)
    draft = cases.newest_version(review).draft
    text = clearance.cleared_text(review) if signed else "Buy our pills."
    request = json.dumps({"text": text, "tag": "t"})
    publication = Publication.objects.create(
        review=review,
        draft=draft,
        community=draft.thread.community,
        text_digest=review.text_digest,
        request=vault.seal(draft.thread.key, request),
        due_at=review.submitted_at,
    )
    platform.outcomes = [Posted({"post_id": "77"})]
    state = publishing.drive(publication.pk)
    assert state == (PublicationState.LIVE if signed else PublicationState.CANCELLED)
    assert len(platform.sent) == signed


def test_save_while_in_review_is_refused() -> None:
    from engage import drafting

    review = cases.review_at(ReviewState.CLEARED)
    with pytest.raises(WrongState, match="in review"):
        drafting.save(by=review.submitted_by, draft_id=review.case_id, body="Something else.")
