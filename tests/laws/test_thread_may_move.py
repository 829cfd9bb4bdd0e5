"""Law 3: a cleared review whose thread moved is suspended until its signers confirm that their
signatures stand in the thread as it is now, or somebody sends it back."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from compliance.exceptions import NotAllowed, Refusal
from compliance.models import Event
from compliance.rules import RuleProfile
from compliance.rules.profile import Phrase
from engage import confirming, publishing
from engage.connectors.base import Posted
from engage.enums import PublicationState
from engage.models import Publication
from reviews import clearance, safety, workflow
from reviews.enums import ReviewState, Role, SafetyOutcome
from reviews.exceptions import NotCleared, NotFresh, WrongState
from reviews.freshness import Proof
from reviews.models import Confirmation, Review, ReviewAuthor, RoleGrant, SafetyCase, User
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws
from tests.laws.test_fails_closed_and_safety_first import MOVES, _arrive, crisis, edited
from tests.laws.test_one_live_copy import REF, FakePlatform, platform

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db
OTHERS_REPLY = "I had the same, it went away."


def suspended() -> Publication:
    """A publication that was cancelled because the answered post was edited."""
    publication = cases.queued_publication()
    edited(publication.draft.reply_to)
    cases.scanned()
    publishing.drive(publication.pk)
    return read(publication)


def read(publication: Publication) -> Publication:
    return Publication.objects.select_related("review", "draft__reply_to").get(pk=publication.pk)


def seen_by(user: User, review: Review) -> str:
    return confirming.moved(user, Review.objects.get(pk=review.pk)).seen


def confirm(review: Review, user: User, seen: str, proof: Proof = cases.PROOF) -> Review:
    return confirming.confirm(by=user, review_id=review.pk, proof=proof, seen=seen)


def again(publication: Publication, text: str) -> None:
    """The author of the answered post writes again, and it is scanned."""
    _arrive(publication.draft.reply_to, author="marigold", text=text)
    cases.scanned()


def test_reply_is_posted_once_all_signers_confirmed(platform: FakePlatform) -> None:
    publication = suspended()
    review, ends = publication.review, publication.review.expires_at
    assert publication.state == PublicationState.CANCELLED and not platform.sent
    first, second = cases.signers(review)
    assert cases.confirm(review, first).state == ReviewState.SUSPENDED
    publishing.queue_cleared()
    assert publishing.drive(publication.pk) == PublicationState.CANCELLED
    cleared = cases.confirm(review, second)
    assert (cleared.state, cleared.expires_at) == (ReviewState.CLEARED, ends)
    platform.outcomes = [Posted(REF)]
    assert publishing.drive(publication.pk) == PublicationState.LIVE
    assert len(platform.sent) == 1
    kinds = Event.objects.filter(case_id=str(review.case_id)).values_list("kind", flat=True)
    tail = ["suspended", "confirmed", "confirmed", "cleared", "publication_queued"]
    assert [kind for kind in kinds.order_by("id") if kind in tail][-5:] == tail


def test_confirmation_keeps_the_thread_as_it_was_read() -> None:
    publication = suspended()
    first, second = cases.signers(publication.review)
    for user in (first, second):
        cases.confirm(publication.review, user)
    one, other = Confirmation.objects.all()
    assert one.digest == other.digest and one.thread_id == other.thread_id
    assert one.meaning and one.printed_name == first.printed_name
    read_again = clearance.signed_thread(Review.objects.get(pk=publication.review_id))
    assert read_again.posts[0].text == "I changed my question."


@pytest.mark.parametrize("why", MOVES)
def test_thread_that_moves_after_the_confirmation_suspends_again(
    platform: FakePlatform, why: str
) -> None:
    publication = suspended()
    for user in cases.signers(publication.review):
        cases.confirm(publication.review, user)
    if why == "answered_post_edited":
        _arrive(publication.draft.reply_to, same=True, text="And again.")
    else:
        MOVES[why](publication.draft.reply_to)
    cases.scanned()
    assert publishing.drive(publication.pk) == PublicationState.CANCELLED
    review = Review.objects.get(pk=publication.review_id)
    assert (review.state, review.suspensions) == (ReviewState.SUSPENDED, 2)
    assert not platform.sent


def test_confirmations_of_an_earlier_suspension_do_not_count() -> None:
    publication = suspended()
    review = publication.review
    first, second = cases.signers(review)
    for user in (first, second):
        cases.confirm(review, user)
    again(publication, "It got worse.")
    publishing.drive(publication.pk)
    assert cases.confirm(review, second).state == ReviewState.SUSPENDED
    assert cases.confirm(review, first).state == ReviewState.CLEARED


def test_move_between_two_confirmations_makes_the_first_worthless() -> None:
    publication = suspended()
    review = publication.review
    first, second = cases.signers(review)
    seen = seen_by(second, review)
    cases.confirm(review, first)
    again(publication, "It got worse.")
    with pytest.raises(WrongState, match="Something changed"):
        confirm(review, second, seen)
    assert cases.confirm(review, second).state == ReviewState.SUSPENDED
    (outdated,) = confirming.moved(second, Review.objects.get(pk=review.pk)).outdated
    assert outdated.user_id == first.pk
    assert cases.confirm(review, first).state == ReviewState.CLEARED


def test_reply_of_somebody_else_between_two_confirmations_is_only_shown() -> None:
    publication = suspended()
    first, second = cases.signers(publication.review)
    cases.confirm(publication.review, first)
    _arrive(publication.draft.reply_to, author="somebody-else", text=OTHERS_REPLY)
    cases.scanned()
    shown = confirming.moved(second, Review.objects.get(pk=publication.review_id))
    assert [change.kind for change in shown.movement.changes] == ["edited", "added"]
    assert cases.confirm(publication.review, second).state == ReviewState.CLEARED


def deleted(publication: Publication) -> None:
    _arrive(publication.draft.reply_to, same=True, deleted=True)


def locked(publication: Publication) -> None:
    MOVES["thread_locked"](publication.draft.reply_to)
    cases.scanned()


def unsafe(publication: Publication) -> None:
    crisis(publication.draft.reply_to)
    cases.scanned()


def unscanned(publication: Publication) -> None:
    _arrive(publication.draft.reply_to, author="somebody-else", text=OTHERS_REPLY)


def forbidden(publication: Publication) -> None:
    phrase = Phrase("irregular bleeding", "outbound", "block", "Too vague.", "Say more.")
    cases.profile_version(RuleProfile(phrases=(phrase,)), here=publication.community)


def expired(publication: Publication) -> None:
    # As if a fortnight had gone by: no clearance is ever moved in the database.
    ended = timezone.now() - timedelta(seconds=1)
    with without_laws():
        Review.objects.filter(pk=publication.review_id).update(expires_at=ended)


REFUSED: dict[str, tuple[Callable[[Publication], None], str]] = {
    "deleted": (deleted, "was deleted"),
    "locked": (locked, "locked this thread"),
    "unsafe": (unsafe, "open safety signal"),
    "unscanned": (unscanned, "not been scanned"),
    "forbidden": (forbidden, "speaks against this text"),
    "expired": (expired, "expired"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_confirmation_is_refused_with_a_sentence_and_offered_to_nobody(name: str) -> None:
    publication = suspended()
    user, happens, sentence = cases.signers(publication.review)[0], *REFUSED[name]
    seen = seen_by(user, publication.review)
    happens(publication)
    shown = confirming.moved(user, Review.objects.get(pk=publication.review_id))
    assert not shown.seen and sentence in shown.why_not
    with pytest.raises(Refusal, match=sentence):
        confirm(publication.review, user, seen)
    assert not Confirmation.objects.exists()


def test_signal_that_was_disposed_of_can_be_confirmed() -> None:
    publication = suspended()
    unsafe(publication)
    safety.dispose(
        by=cases.person(Role.SAFETY),
        case_id=SafetyCase.objects.get().pk,
        outcome=SafetyOutcome.FORWARDED,
        reason="Called.",
    )
    for user in cases.signers(publication.review):
        shown = confirming.moved(user, Review.objects.get(pk=publication.review_id))
        assert shown.movement.signals == 1
        last = cases.confirm(publication.review, user)
    assert last.state == ReviewState.CLEARED


def test_finding_that_was_disposed_of_can_be_confirmed() -> None:
    review = cases.review_at(ReviewState.CLEARED, flagged=True)
    workflow.suspend(review_id=review.pk, why="answered_post_edited")
    for user in cases.signers(review):
        last = cases.confirm(review, user)
    assert last.state == ReviewState.CLEARED


def test_finding_that_weighs_more_by_now_takes_legal_counsel() -> None:
    review = cases.review_at(ReviewState.SUSPENDED, flagged=True)
    hits = [f for f in review.scan.findings.all() if f.severity == "needs_legal"]
    assert hits and all(d.role == Role.LEGAL for d in review.dispositions.all())
    with without_laws():
        review.dispositions.update(role=Role.COMPLIANCE)
        with pytest.raises(Refusal, match="speaks against"):
            cases.confirm(review, cases.signers(review)[0])


def test_confirmation_takes_the_password_and_what_was_seen() -> None:
    review = suspended().review
    user = cases.signers(review)[0]
    right = seen_by(user, review)
    with pytest.raises(NotFresh):
        confirm(review, user, right, Proof("guess"))
    with pytest.raises(WrongState, match="Something changed"):
        confirm(review, user, "0" * 64)
    confirm(review, user, right)
    with pytest.raises(WrongState, match="confirmed this already"):
        confirm(review, user, right)


def test_only_signers_confirm() -> None:
    review = suspended().review
    seen = seen_by(cases.signers(review)[0], review)
    for stranger in (cases.person(Role.LEGAL), cases.person(Role.ADMIN), review.submitted_by):
        assert not seen_by(stranger, review)
        with pytest.raises(NotAllowed):
            confirm(review, stranger, seen)


def test_signer_without_the_role_any_more_does_not_confirm() -> None:
    review = suspended().review
    officer = cases.signers(review)[0]
    RoleGrant.objects.filter(user=officer).update(role=Role.LEGAL)
    with pytest.raises(NotAllowed, match="role"):
        cases.confirm(review, User.objects.get(pk=officer.pk))


def test_signpost_is_not_confirmed() -> None:
    review = cases.posted_signpost()
    workflow.suspend(review_id=review.pk, why="thread_locked")
    with pytest.raises(WrongState, match="signpost"):
        cases.confirm(review, cases.signers(review)[0])


def test_suspended_review_can_still_be_sent_back_after_one_confirmed() -> None:
    review = suspended().review
    cases.confirm(review, cases.signers(review)[0])
    workflow.send_back(
        by=cases.person(Role.LEGAL), review_id=review.pk, code="other", reason="It moved."
    )
    with pytest.raises(WrongState):
        cases.confirm(review, cases.signers(review)[1])


# Round every verb, as somebody with a shell:


def confirmation(review: Review, user: User, **changes: object) -> Confirmation:
    """An unsaved row."""
    values: dict[str, object] = {
        "id": uuid.uuid4(),
        "review": review,
        "user": user,
        "suspension": 1,
        "thread": review.packet,
        "digest": "0" * 64,
        "printed_name": "Mallory",
        "meaning": "none",
        "confirmed_at": timezone.now(),
    }
    return Confirmation(**{**values, **changes})  # type: ignore[arg-type]  # fields of the model


def cleared_without_a_confirmation() -> str:
    return update(suspended().review, state="cleared")


def cleared_with_one_confirmation() -> str:
    review = suspended().review
    cases.confirm(review, cases.signers(review)[0])
    return update(review, state="cleared")


def cleared_over_two_contents() -> str:
    review = suspended().review
    for digest, user in zip("ab", cases.signers(review), strict=True):
        run(insert(confirmation(review, user, digest=digest * 64)))
    return update(review, state="cleared")


def cleared_with_earlier_confirmations() -> str:
    publication = suspended()
    for user in cases.signers(publication.review):
        cases.confirm(publication.review, user)
    again(publication, "It got worse.")
    publishing.drive(publication.pk)
    return update(Review.objects.get(pk=publication.review_id), state="cleared")


def suspension_not_counted() -> str:
    return update(cases.review_at(ReviewState.CLEARED), state="suspended")


def suspensions_turned_back() -> str:
    return update(suspended().review, suspensions=0)


def signpost_cleared_again() -> str:
    review = cases.posted_signpost()
    workflow.suspend(review_id=review.pk, why="thread_locked")
    return update(review, state="cleared")


def confirmed_by_a_stranger() -> str:
    return insert(confirmation(suspended().review, cases.person(Role.LEGAL)))


def confirmed_by_an_author() -> str:
    review = suspended().review
    user = cases.signers(review)[0]
    run(insert(ReviewAuthor(id=9_000_002, review=review, user=user)))
    return insert(confirmation(review, user))


def confirmed_without_the_role() -> str:
    review = suspended().review
    user = cases.signers(review)[0]
    RoleGrant.objects.filter(user=user).delete()
    return insert(confirmation(review, user))


def confirmed_before_it_was_suspended() -> str:
    review = cases.review_at(ReviewState.CLEARED)
    return insert(confirmation(review, cases.signers(review)[0]))


def confirmed_for_the_next_suspension() -> str:
    review = suspended().review
    return insert(confirmation(review, cases.signers(review)[0], suspension=2))


def one_confirmation() -> Confirmation:
    review = suspended().review
    cases.confirm(review, cases.signers(review)[0])
    return Confirmation.objects.get()


def confirmation_taken_over() -> str:
    given = one_confirmation()
    return update(given, user_id=cases.signers(given.review)[1].pk)


def confirmation_replaced() -> str:
    given = one_confirmation()
    given.printed_name = "Mallory"
    return insert(given, replace=True)


ATTACKS = [
    cleared_without_a_confirmation,
    cleared_with_one_confirmation,
    cleared_over_two_contents,
    cleared_with_earlier_confirmations,
    suspension_not_counted,
    suspensions_turned_back,
    signpost_cleared_again,
    confirmed_by_a_stranger,
    confirmed_by_an_author,
    confirmed_without_the_role,
    confirmed_before_it_was_suspended,
    confirmed_for_the_next_suspension,
    confirmation_taken_over,
    confirmation_replaced,
    lambda: delete(one_confirmation()),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_cleared_text_finds_missing_confirmations_even_without_triggers() -> None:
    review = suspended().review
    cases.confirm(review, cases.signers(review)[0])
    with without_laws():
        run(update(review, state="cleared"))
        with pytest.raises(NotCleared, match="not everybody"):
            clearance.cleared_text(Review.objects.get(pk=review.pk))


def test_cleared_text_finds_an_exchanged_thread_even_without_triggers() -> None:
    review = suspended().review
    for user in cases.signers(review):
        cases.confirm(review, user)
    cleared = Review.objects.get(pk=review.pk)
    assert clearance.cleared_text(cleared)  # the negative control
    with without_laws():
        Confirmation.objects.update(thread=review.packet)
        with pytest.raises(NotCleared, match="something else"):
            clearance.cleared_text(cleared)


ROUNDS = 10


@pytest.mark.django_db(transaction=True)
def test_confirmation_that_races_a_new_post_sends_nothing(platform: FakePlatform) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite has one writer at a time anyway
    for _ in range(ROUNDS):
        publication = suspended()
        first, second = cases.signers(publication.review)
        cases.confirm(publication.review, first)
        seen = seen_by(second, publication.review)
        both = threading.Barrier(2)

        def confirms(
            publication: Publication = publication,
            user: User = second,
            seen: str = seen,
            both: threading.Barrier = both,
        ) -> None:
            both.wait()
            with contextlib.suppress(Refusal):
                confirm(publication.review, user, seen)
            connections.close_all()

        racer = threading.Thread(target=confirms)
        racer.start()
        both.wait()
        _arrive(publication.draft.reply_to, author="marigold", text="It got worse.")
        racer.join()
        cases.scanned()
        assert publishing.drive(publication.pk) == PublicationState.CANCELLED
        assert Review.objects.get(pk=publication.review_id).state == ReviewState.SUSPENDED
    assert not platform.sent
