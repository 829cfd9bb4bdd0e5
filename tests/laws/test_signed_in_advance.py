"""Law 1, for what is posted at once: a signpost needs its two signatures before, raw SQL included,
and nothing but a signpost gets past the signatures of its own review."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from compliance import scanning, vault
from compliance.enums import Direction
from compliance.exceptions import NotAllowed
from engage import drafting, publishing
from engage.connectors.base import Posted
from engage.enums import PublicationState
from engage.models import Draft, DraftVersion, Post, Publication
from reviews import clearance, safety, signposts, workflow
from reviews.enums import ReviewState, Role, SafetyOutcome
from reviews.exceptions import NotCleared
from reviews.models import (
    Review,
    ReviewAuthor,
    RoleGrant,
    SafetyCase,
    Signpost,
    SignpostSignature,
    User,
)
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws
from tests.laws.test_one_live_copy import FakePlatform, platform
from tests.laws.test_two_signatures import attempt, sign_off

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db


def signature(signpost: Signpost, user: User, role: Role, digest: str = "") -> SignpostSignature:
    """An unsaved signature row."""
    return SignpostSignature(
        id=uuid.uuid4(),
        signpost=signpost,
        user=user,
        role=role,
        digest=digest or clearance.signpost_digest(signpost),
        printed_name="Mallory",
        meaning="none",
        signed_at=timezone.now(),
    )


def begun(signpost: Signpost | None, by: User | None = None) -> Review:
    """A review of a signpost as somebody with a shell puts it there, one step before `cleared`."""
    ordinary = cases.review_at(ReviewState.SUBMITTED)
    workflow.withdraw(
        by=ordinary.submitted_by, review_id=ordinary.pk, code="other", reason="Not needed."
    )
    review = Review.objects.get(pk=ordinary.pk)
    review.pk = uuid.uuid4()
    review.packet = cases.spare_text(ordinary.packet.key)
    review.state, review.decided_at = ReviewState.SUBMITTED, None
    review.signpost = signpost
    review.save(force_insert=True)
    ReviewAuthor.objects.create(review=review, user=by or ordinary.submitted_by)
    run(update(review, state="in_review"))
    return review


def cleared(review: Review) -> str:
    return update(review, state="cleared", expires_at=timezone.now() + timedelta(hours=1))


def unsigned() -> Signpost:
    return signposts.write(
        by=cases.person(Role.SAFETY), title="One", text="Call 988.", answers=["SAFE-CRISIS"]
    )


# Clearing a review


def cleared_without_any_signature() -> str:
    return cleared(begun(unsigned()))


def cleared_with_the_signature_of_compliance_alone() -> str:
    return cleared(begun(cases.signpost(Role.COMPLIANCE)))


def cleared_with_the_signature_of_legal_alone() -> str:
    return cleared(begun(cases.signpost(Role.LEGAL)))


def cleared_with_a_retired_signpost() -> str:
    retired = cases.signpost()
    signposts.retire(by=cases.person(Role.LEGAL), signpost_id=retired.pk)
    return cleared(begun(retired))


def cleared_with_a_signer_as_author() -> str:
    signpost = cases.signpost()
    return cleared(begun(signpost, by=signpost.signatures.all()[0].user))


def cleared_without_a_signpost() -> str:
    # Good signatures under some signpost are nothing to a review that is of none.
    cases.signpost()
    return cleared(begun(None))


def cleared_with_one_signature_of_its_own_and_one_in_advance() -> str:
    review = begun(cases.signpost(Role.COMPLIANCE))
    run(insert(sign_off(review, cases.person(Role.LEGAL), Role.LEGAL)))
    return cleared(review)


def signpost_given_to_an_ordinary_review() -> str:
    review = cases.review_at(ReviewState.IN_REVIEW)
    return update(review, signpost_id=cases.signpost().pk)


def signpost_of_a_review_exchanged() -> str:
    return update(begun(cases.signpost()), signpost_id=cases.signpost().pk)


def signpost_taken_off_a_review() -> str:
    return update(cases.posted_signpost(), signpost_id=None)


# Signatures


def signed_by_its_writer() -> str:
    once = cases.signpost(Role.LEGAL)
    RoleGrant.objects.create(user=once.written_by, role=Role.COMPLIANCE)
    return insert(signature(once, once.written_by, Role.COMPLIANCE))


def signed_in_a_role_not_held() -> str:
    return insert(signature(cases.signpost(Role.LEGAL), cases.person(Role.LEGAL), Role.COMPLIANCE))


def signed_once_it_was_retired() -> str:
    retired = cases.signpost(Role.LEGAL)
    signposts.retire(by=cases.person(Role.LEGAL), signpost_id=retired.pk)
    return insert(signature(retired, cases.person(Role.COMPLIANCE), Role.COMPLIANCE))


def second_signature_over_something_else() -> str:
    once = cases.signpost(Role.LEGAL)
    return insert(signature(once, cases.person(Role.COMPLIANCE), Role.COMPLIANCE, "e" * 64))


def signature_removed() -> str:
    return delete(cases.signpost().signatures.all()[0])


def signature_taken_over() -> str:
    first = cases.signpost().signatures.all()[0]
    return update(first, user_id=cases.person(Role.COMPLIANCE).pk)


def signature_moved_to_another_signpost() -> str:
    return update(cases.signpost().signatures.all()[0], signpost_id=cases.signpost(Role.LEGAL).pk)


def signature_replaced() -> str:
    given = cases.signpost().signatures.all()[0]
    given.printed_name = "Mallory"
    return insert(given, replace=True)


# The signpost


def text_exchanged() -> str:
    return update(cases.signpost(), text="Buy our pills.")


def answers_widened() -> str:
    return update(cases.signpost(), answers=["AE-POSSIBLE"])


def moved_to_every_community() -> str:
    signpost = signposts.write(
        by=cases.person(Role.SAFETY),
        title="Here",
        text=cases.SIGNPOST,
        answers=["SAFE-CRISIS"],
        community_id=cases.community().pk,
        community_name="Here",
    )
    return update(signpost, community_id=None)


def writer_exchanged() -> str:
    return update(cases.signpost(), written_by_id=cases.person(Role.AUDITOR).pk)


def retired_and_brought_back() -> str:
    retired = cases.signpost()
    signposts.retire(by=cases.person(Role.LEGAL), signpost_id=retired.pk)
    return update(retired, retired_at=None, retired_by_id=None)


def signpost_removed() -> str:
    return delete(unsigned())


def signpost_replaced() -> str:
    signpost = cases.signpost()
    signpost.text = "Buy our pills."
    return insert(signpost, replace=True)


# Posting


def attempt_after_it_was_retired() -> str:
    signpost = cases.signpost()
    publication = cases.queued_signpost(signpost)
    signposts.retire(by=cases.person(Role.LEGAL), signpost_id=signpost.pk)
    return insert(attempt(publication))


def attempt_after_withdrawal() -> str:
    publication = cases.queued_signpost()
    workflow.withdraw(
        by=cases.person(Role.SAFETY), review_id=publication.review_id, code="other", reason="No."
    )
    return insert(attempt(publication))


def attempt_with_a_signer_among_the_authors() -> str:
    publication = cases.queued_signpost()
    signer = publication.review.signatures[0].user
    run(insert(ReviewAuthor(id=9_000_001, review=publication.review, user=signer)))
    return insert(attempt(publication))


def signer_writes_a_version() -> str:
    publication = cases.queued_signpost()
    version = DraftVersion.objects.get(draft=publication.draft)
    version.pk, version.number = uuid.uuid4(), 2
    version.author = publication.review.signatures[0].user
    version.text = cases.spare_text(version.text.key)
    return insert(version)


def attempt_where_no_signal_ever_was() -> str:
    return insert(attempt(published(cases.post())))


def attempt_where_another_signal_is() -> str:
    calm = cases.post()
    safety.open_cases(
        thread_id=calm.thread_id,
        community_name="Community",
        text=calm.thread.title,
        rule_ids=["AE-POSSIBLE"],
    )
    return insert(attempt(published(calm)))


def attempt_in_another_community() -> str:
    elsewhere = signposts.write(
        by=cases.person(Role.SAFETY),
        title="Elsewhere",
        text=cases.SIGNPOST,
        answers=["SAFE-CRISIS"],
        community_id=cases.community().pk,
        community_name="Elsewhere",
    )
    for role in (Role.COMPLIANCE, Role.LEGAL):
        cases.sign_signpost(elsewhere, role)
    return insert(attempt(published(cases.post(cases.CRISIS), elsewhere)))


def attempt_after_expiry() -> str:
    return insert(attempt(published(cases.post(cases.CRISIS), hours=-1)))


def publication_of_another_text() -> str:
    publication = cases.queued_signpost()
    review = cases.posted_signpost()
    publication.pk, publication.review = uuid.uuid4(), review
    publication.draft_id, publication.text_digest = review.case_id, "f" * 64
    return insert(publication)


def clearance_prolonged() -> str:
    return update(cases.posted_signpost(), expires_at=timezone.now() + timedelta(days=9000))


def published(
    answered: Post,
    signpost: Signpost | None = None,
    *,
    hours: int = 1,
    text: str = cases.SIGNPOST,
) -> Publication:
    """The publication of a cleared signpost as somebody with a shell puts it there."""
    answered = Post.objects.get(pk=answered.pk)
    thread, poster = answered.thread, cases.person(Role.SAFETY)
    signpost = signpost or cases.signpost()
    draft = Draft.objects.create(thread=thread, reply_to=answered, started_by=poster)
    sealed = vault.seal(thread.key, text, scan=Direction.OUTBOUND)
    scanning.scan_texts([sealed], [drafting.context_for(thread, poster)])
    version = DraftVersion.objects.create(
        draft=draft, number=1, author=poster, body=sealed, text=sealed
    )
    assert sealed.scan is not None
    review = Review.objects.create(
        case_id=draft.pk,
        community_name=thread.community.name,
        submitted_by=poster,
        packet=vault.seal(thread.key, drafting.packet_for(draft, version).dumps()),
        text=sealed,
        text_digest=sealed.digest,
        scan=sealed.scan,
        rule_set=sealed.scan.rule_set,
        signpost=signpost,
        due_at=timezone.now(),
    )
    run(update(review, state="in_review"))
    run(update(review, state="cleared", expires_at=timezone.now() + timedelta(hours=hours)))
    return Publication.objects.create(
        review=review,
        draft=draft,
        community=thread.community,
        text_digest=review.text_digest,
        request=vault.seal(thread.key, json.dumps({"text": text, "tag": "t"})),
        due_at=timezone.now(),
    )


ATTACKS = [
    cleared_without_any_signature,
    cleared_with_the_signature_of_compliance_alone,
    cleared_with_the_signature_of_legal_alone,
    cleared_with_a_retired_signpost,
    cleared_with_a_signer_as_author,
    cleared_without_a_signpost,
    cleared_with_one_signature_of_its_own_and_one_in_advance,
    signpost_given_to_an_ordinary_review,
    signpost_of_a_review_exchanged,
    signpost_taken_off_a_review,
    signed_by_its_writer,
    signed_in_a_role_not_held,
    signed_once_it_was_retired,
    second_signature_over_something_else,
    signature_removed,
    signature_taken_over,
    signature_moved_to_another_signpost,
    signature_replaced,
    text_exchanged,
    answers_widened,
    moved_to_every_community,
    writer_exchanged,
    retired_and_brought_back,
    signpost_removed,
    signpost_replaced,
    attempt_after_it_was_retired,
    attempt_after_withdrawal,
    attempt_with_a_signer_among_the_authors,
    signer_writes_a_version,
    attempt_where_no_signal_ever_was,
    attempt_where_another_signal_is,
    attempt_in_another_community,
    attempt_after_expiry,
    publication_of_another_text,
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


def test_good_rows_are_taken() -> None:
    # The other negative control: what the attacks change is all that keeps them out.
    run(cleared(begun(cases.signpost())))
    run(insert(attempt(cases.queued_signpost())))
    run(insert(attempt(published(cases.post(cases.CRISIS)))))


def test_disposing_of_the_signal_does_not_stop_what_was_sent() -> None:
    publication = cases.queued_signpost()
    safety.dispose(
        by=cases.person(Role.SAFETY),
        case_id=SafetyCase.objects.get().pk,
        outcome=SafetyOutcome.SIGNPOSTED,
        reason="Done.",
    )
    run(insert(attempt(publication)))


def test_open_signal_still_stops_an_ordinary_reply() -> None:
    # In the same thread, with a signpost there that anybody could point at.
    cases.signpost()
    publication = cases.queued_publication()
    safety.open_cases(
        thread_id=publication.draft.thread_id,
        community_name="Community",
        text=publication.draft.thread.title,
        rule_ids=["SAFE-CRISIS"],
    )
    assert_refused(insert(attempt(publication)))


@pytest.mark.parametrize("words", [cases.SIGNPOST, "Buy our pills.", cases.SIGNPOST + " "])
def test_other_words_under_a_good_signpost_are_never_sent(
    words: str, platform: FakePlatform
) -> None:
    # The database can't read sealed texts, so what is signed and what is sent meet in the code.
    publication = published(cases.post(cases.CRISIS), text=words)
    platform.outcomes = [Posted({"post_id": "77"})]
    state = publishing.drive(publication.pk)
    signed = words == cases.SIGNPOST
    assert state == (PublicationState.LIVE if signed else PublicationState.CANCELLED)
    assert [p.body["text"] for p in platform.sent] == [words] * signed


@pytest.mark.parametrize("what", ["text", "signature", "writer", "signer", "retired", "author"])
def test_cleared_text_finds_what_was_changed_even_without_triggers(what: str) -> None:
    review = Review.objects.select_related("packet__key").get(pk=cases.posted_signpost().pk)
    signpost = review.signpost
    assert signpost is not None and clearance.cleared_text(review) == cases.SIGNPOST
    first, second = signpost.signatures.all()
    changes = {
        "text": update(signpost, text="Buy our pills."),
        "signature": delete(first),
        "writer": update(signpost, written_by_id=first.user_id),
        "signer": update(second, digest="e" * 64),
        "retired": update(
            signpost, retired_at=timezone.now(), retired_by_id=signpost.written_by_id
        ),
        "author": insert(ReviewAuthor(id=9_000_001, review=review, user=second.user)),
    }
    with without_laws():
        run(changes[what])
        with pytest.raises(NotCleared):
            clearance.cleared_text(Review.objects.select_related("packet__key").get(pk=review.pk))


def test_bulk_update_of_signposts_is_refused() -> None:
    signpost = cases.signpost()
    signpost.text = "Buy our pills."
    with pytest.raises(IntegrityError):
        Signpost.objects.bulk_update([signpost], ["text"])


def test_bulk_create_that_ignores_conflicts_signs_nothing() -> None:
    once = cases.signpost(Role.LEGAL)
    given = signature(once, once.written_by, Role.COMPLIANCE)
    with pytest.raises(IntegrityError):
        SignpostSignature.objects.bulk_create([given], ignore_conflicts=True)


def test_posting_by_a_signer_is_refused() -> None:
    signpost = cases.signpost()
    officer = signpost.signatures.get(role="compliance").user
    with pytest.raises(NotAllowed, match="somebody else must post it"):
        cases.posted_signpost(signpost, by=officer)
    assert not Review.objects.exists()


def test_replaced_laws_still_stand_for_what_they_stood_for_before() -> None:
    """Backwards brings the earlier law back, and forwards the new one again."""
    from importlib import import_module

    from django.db.migrations.recorder import MigrationRecorder
    from django.db.migrations.state import ProjectState

    from compliance.checks import law_triggers_stand
    from compliance.triggers import ReplacedTrigger

    operations = import_module("engage.migrations.0004_signposts").Migration.operations
    (replaced,) = (o for o in operations if isinstance(o, ReplacedTrigger))
    publication, state = cases.queued_signpost(), ProjectState()
    editor = connection.schema_editor(atomic=False)
    replaced.database_backwards("engage", editor, state, state)
    assert_refused(insert(attempt(publication)))
    # The check sees that the earlier law stands in the place of the one that was applied, ...
    assert [e.id for e in law_triggers_stand(None, ["default"])] == ["compliance.E003"]
    # ... and asks for the earlier one alone while the later one waits to be applied.
    for later in ("0006_routes", "0004_signposts"):
        MigrationRecorder(connection).record_unapplied("engage", later)
    assert law_triggers_stand(None, ["default"]) == []
    replaced.database_forwards("engage", editor, state, state)
    run(insert(attempt(publication)))
