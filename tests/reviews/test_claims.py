"""Claims: who may take or give a review, when a claim ends by itself, and that it is a courtesy."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from compliance.exceptions import BadInput, NotAllowed, Refusal
from compliance.models import Event
from compliance.rules import Route
from compliance.rules.route import THE_TWO
from reviews import claims, permissions, presence, workflow, worklist
from reviews.enums import ClaimEnd, ReviewState, Role, Seat
from reviews.exceptions import WrongState
from reviews.models import Claim, Presence, Review, RoleGrant, User
from reviews.people import add_person
from reviews.permissions import PERMISSIONS, Permission
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws

pytestmark = pytest.mark.django_db

C, L, M = Role.COMPLIANCE, Role.LEGAL, Role.MEDICAL
EVERY = ("every_reply",)
ROUTES = [
    Route("compliance_first", EVERY, EVERY),
    Route("legal_first", EVERY),
    Route("parallel", (), EVERY),
]
CASES = [(state, THE_TWO) for state in ReviewState] + [
    (state, route) for state in worklist.OPEN for route in ROUTES
]


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is taken back."""
    before = transaction.savepoint()
    yield
    transaction.savepoint_rollback(before)


def with_role(user: User, role: Role) -> User:
    """The same person with one more role."""
    RoleGrant.objects.get_or_create(user=user, role=role)
    return User.objects.get(pk=user.pk)


def everybody(review: Review) -> Iterator[tuple[str, User]]:
    """Each role as a stranger, an author and the first signer hold it; one after the other."""
    for role in Role:
        with undone():
            yield f"{role}, stranger", cases.person(role)
        with undone():
            yield f"{role}, author", with_role(review.submitted_by, role)
        for signature in review.signatures[:1]:
            with undone():
                yield f"{role}, signer", with_role(signature.user, role)


def can_still_sign(review: Review, user: User) -> bool:
    """Written anew from law 1, to compare with."""
    open_ = review.state in (ReviewState.SUBMITTED, ReviewState.IN_REVIEW)
    wrote = review.authors.filter(user=user).exists()
    signed = any(signature.user_id == user.pk for signature in review.signatures)
    there = {f"{s.role}" for s in review.sign_offs.all()}
    there |= {f"{s.seat}" for s in review.further_sign_offs.all()}
    steps = {s.value: getattr(review, f"{s.value}_step") for s in Seat}
    waiting = {seat: step for seat, step in steps.items() if step and seat not in there}
    due = {seat for seat, step in waiting.items() if step == min(waiting.values())}
    roles = {role for role in Role if role in due or (role == L and "second_legal" in due)}
    return open_ and not wrote and not signed and bool(user.roles & roles)


def passes(verb: Callable[[], object]) -> bool:
    try:
        verb()
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(("state", "route"), CASES)
def test_claim_is_for_those_who_could_sign(state: ReviewState, route: Route) -> None:
    review = cases.review_at(state, route=route)
    for who, by in everybody(review):
        may = can_still_sign(review, by)
        # The button, the work list and the verb agree.
        assert permissions.can_claim(by, review) == may, who
        wanted = worklist.wanted_from(by)
        assert Review.objects.filter(wanted, pk=review.pk).exists() == may, who
        assert worklist.could_sign(review).filter(pk=by.pk).exists() == may, who
        assert passes(partial(claims.claim, by=by, review_id=review.pk)) == may, who
        assert Claim.objects.filter(user=by).exists() == may, who


@pytest.mark.parametrize("state", ReviewState)
def test_assign_is_by_signing_roles_and_to_those_who_could_sign(state: ReviewState) -> None:
    review, counsel = cases.review_at(state), cases.person(L)
    open_ = state in (ReviewState.SUBMITTED, ReviewState.IN_REVIEW)
    for who, person in everybody(review):
        wrote = review.authors.filter(user=person).exists()
        may = open_ and bool(person.roles & PERMISSIONS[Permission.CLAIM]) and not wrote
        assert permissions.can_assign(person, review) == may, who
        with undone():  # the signature of legal is open wherever the review is
            by_them = partial(claims.assign, by=person, review_id=review.pk, to=counsel.pk)
            assert passes(by_them) == may, who
        to_them = partial(claims.assign, by=counsel, review_id=review.pk, to=person.pk)
        assert passes(to_them) == can_still_sign(review, person), who


def test_claims_of_two_roles_stand_side_by_side() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    claims.claim(by=cases.person(C), review_id=review.pk)
    claims.claim(by=cases.person(L), review_id=review.pk)
    roles = {claim.role for claim in claims.live_claims(timezone.now())}
    assert roles == {C, L}


def test_medical_reviewer_claims_where_one_is_asked() -> None:
    by, plain = cases.person(M), cases.review_at(ReviewState.SUBMITTED)
    with pytest.raises(WrongState, match="asked for here"):
        claims.claim(by=by, review_id=plain.pk)
    review = cases.review_at(ReviewState.SUBMITTED, route=Route(medical_for=EVERY))
    assert claims.claim(by=by, review_id=review.pk).role == M


def test_claim_of_legal_outlives_the_signature_of_another_where_a_second_is_asked() -> None:
    review = cases.review_at(ReviewState.SUBMITTED, route=Route(second_legal_for=EVERY))
    first, second = cases.person(L), cases.person(L)
    claims.claim(by=second, review_id=review.pk)
    cases.sign(review, Seat.LEGAL, by=first)
    assert claims.live_claims(timezone.now()).get().user == second
    cases.sign(review, Seat.SECOND_LEGAL, by=second)
    assert not claims.live_claims(timezone.now()).exists()


def test_claim_of_who_signs_first_leaves_the_second_seat_free() -> None:
    review = cases.review_at(ReviewState.SUBMITTED, route=Route(second_legal_for=EVERY))
    first, second = cases.person(L), cases.person(L)
    claims.claim(by=first, review_id=review.pk)
    cases.sign(review, Seat.LEGAL, by=first)
    assert claims.claim(by=second, review_id=review.pk).role == L


def test_second_claim_in_a_role_is_refused_by_name() -> None:
    review, first = cases.review_at(ReviewState.SUBMITTED), cases.person(C)
    claims.claim(by=first, review_id=review.pk)
    with pytest.raises(WrongState, match=first.printed_name):
        claims.claim(by=cases.person(C), review_id=review.pk)
    with pytest.raises(WrongState, match="already"):
        claims.claim(by=first, review_id=review.pk)


def test_person_with_two_roles_takes_the_free_one() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    claims.claim(by=cases.person(C), review_id=review.pk)
    both = add_person(by=None, username="both", password=cases.PASSWORD, roles=[C, L])
    assert claims.claim(by=both, review_id=review.pk).role == L


def test_claim_keeps_nobody_from_signing() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    claims.claim(by=cases.person(C), review_id=review.pk)
    cases.sign(review, C)
    assert Review.objects.get(pk=review.pk).state == ReviewState.IN_REVIEW


def test_claim_lapses_by_itself_and_the_next_one_records_it() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    with override_settings(CLAIM_MINUTES=-1):
        old = claims.claim(by=cases.person(C), review_id=review.pk)
    assert not claims.live_claims(timezone.now()).exists()
    claims.claim(by=cases.person(C), review_id=review.pk)
    old.refresh_from_db()
    assert old.ended == ClaimEnd.LAPSED
    event = Event.objects.get(kind="claim_ended")
    assert event.actor == "system" and event.facts["how"] == "lapsed"


def test_claim_lasts_while_its_holder_acts() -> None:
    review, by = cases.review_at(ReviewState.SUBMITTED), cases.person(C)
    with override_settings(CLAIM_MINUTES=1):
        made = claims.claim(by=by, review_id=review.pk)
    claims.keep(by=by, review=review)
    kept = Claim.objects.get(pk=made.pk).until
    assert kept > made.until
    with override_settings(CLAIM_MINUTES=1):  # never shortened
        claims.keep(by=by, review=review)
    claims.keep(by=cases.person(C), review=review)
    assert Claim.objects.get(pk=made.pk).until == kept


def test_lapsed_claim_does_not_come_back() -> None:
    review, by = cases.review_at(ReviewState.SUBMITTED), cases.person(C)
    with override_settings(CLAIM_MINUTES=-1):
        claims.claim(by=by, review_id=review.pk)
    claims.keep(by=by, review=review)
    assert not claims.live_claims(timezone.now()).exists()
    with pytest.raises(WrongState, match="lapsed"):
        claims.release(by=by, review_id=review.pk)


@pytest.mark.parametrize("how", ["signed", "signed by another", "sent back", "lapsed"])
def test_sweep_ends_what_is_over_and_nothing_else(how: str) -> None:
    review, other = cases.review_at(ReviewState.SUBMITTED), cases.review_at(ReviewState.SUBMITTED)
    by = cases.person(C)
    with override_settings(CLAIM_MINUTES=-1 if how == "lapsed" else 30):
        made = claims.claim(by=by, review_id=review.pk)
    stays = claims.claim(by=by, review_id=other.pk)
    if how.startswith("signed"):
        cases.sign(review, C, by=by if how == "signed" else None)
    elif how == "sent back":
        counsel = cases.person(L)
        workflow.send_back(by=counsel, review_id=review.pk, code="tone", reason="Change it.")
    assert claims.end_over() == 1 and claims.end_over() == 0
    made.refresh_from_db()
    stays.refresh_from_db()
    assert made.ended == (ClaimEnd.LAPSED if how == "lapsed" else ClaimEnd.DONE)
    assert stays.ended_at is None


def test_release_is_for_the_holder_alone() -> None:
    review, by = cases.review_at(ReviewState.SUBMITTED), cases.person(C)
    claims.claim(by=by, review_id=review.pk)
    with pytest.raises(WrongState):
        claims.release(by=cases.person(C), review_id=review.pk)
    assert claims.release(by=by, review_id=review.pk).ended == ClaimEnd.RELEASED
    claims.claim(by=cases.person(C), review_id=review.pk)


def test_assign_takes_the_place_of_a_claim() -> None:
    review, to = cases.review_at(ReviewState.SUBMITTED), cases.person(C)
    old = claims.claim(by=cases.person(C), review_id=review.pk)
    made = claims.assign(by=cases.person(L), review_id=review.pk, to=to.pk)
    old.refresh_from_db()
    assert old.ended == ClaimEnd.REASSIGNED and made.user == to
    assert made.until > timezone.now() + timedelta(hours=7)


@pytest.mark.parametrize("to", [uuid.uuid4(), None])
def test_assign_to_nobody_who_is_here_is_refused(to: uuid.UUID | None) -> None:
    gone = cases.person(C)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    review = cases.review_at(ReviewState.SUBMITTED)
    with pytest.raises(BadInput):
        claims.assign(by=cases.person(L), review_id=review.pk, to=to or gone.pk)


def test_nobody_who_is_away_is_given_a_review() -> None:
    review, to, by = cases.review_at(ReviewState.SUBMITTED), cases.person(C), cases.person(L)
    cases.absence(to)
    assert not worklist.could_sign(review).filter(pk=to.pk).exists()
    with pytest.raises(BadInput, match="away today"):
        claims.assign(by=by, review_id=review.pk, to=to.pk)
    assert claims.claim(by=to, review_id=review.pk)  # that is for them to say


def test_several_at_once_each_succeed_or_say_why() -> None:
    officer = cases.person(C)
    mine, his = cases.review_at(ReviewState.SUBMITTED), cases.review_at(ReviewState.SUBMITTED)
    claims.claim(by=cases.person(C), review_id=his.pk)
    done = cases.review_at(ReviewState.REFUSED)
    found = claims.claim_all(by=officer, review_ids=[mine.pk, his.pk, done.pk, mine.pk])
    assert [bool(one.refusal) for one in found] == [False, True, True]
    assert Claim.objects.filter(user=officer, ended_at=None).count() == 1
    assigned = claims.assign_all(by=officer, review_ids=[his.pk, done.pk], to=officer.pk)
    assert [bool(one.refusal) for one in assigned] == [False, True]


@pytest.mark.parametrize("number", [0, 51])
def test_too_few_or_too_many_at_once_are_refused(number: int) -> None:
    ids = [uuid.uuid4() for _ in range(number)]
    with pytest.raises(BadInput):
        claims.claim_all(by=cases.person(C), review_ids=ids)
    with pytest.raises(NotAllowed):
        claims.claim_all(by=cases.person(Role.AUDITOR), review_ids=ids)


def test_database_takes_one_live_claim_a_role_and_a_person() -> None:
    review, by = cases.review_at(ReviewState.SUBMITTED), cases.person(C)
    both = add_person(by=None, username="both", password=cases.PASSWORD, roles=[C, L])
    claims.claim(by=both, review_id=review.pk)
    until = timezone.now() + timedelta(minutes=5)
    for user, role in ((by, C), (both, L)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Claim.objects.create(review=review, user=user, role=role, until=until)


def test_claim_that_loses_on_the_constraint_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the row lock were not there: the second one sees no claim, and the constraint decides.
    review = cases.review_at(ReviewState.SUBMITTED)
    claims.claim(by=cases.person(C), review_id=review.pk)
    monkeypatch.setattr(claims, "_tidied", lambda review: {})
    with pytest.raises(WrongState, match="quicker"):
        claims.claim(by=cases.person(C), review_id=review.pk)
    assert Claim.objects.count() == 1


def unsaved(review: Review, user: User, role: Role) -> Claim:
    now = timezone.now()
    return Claim(id=uuid.uuid4(), review=review, user=user, role=role, since=now, until=now)


def claimed_by_an_author() -> str:
    review = cases.review_at(ReviewState.SUBMITTED)
    return insert(unsaved(review, with_role(review.submitted_by, C), C))


def claimed_in_a_role_not_held() -> str:
    return insert(unsaved(cases.review_at(ReviewState.SUBMITTED), cases.person(C), L))


def made() -> Claim:
    review = cases.review_at(ReviewState.SUBMITTED)
    return claims.claim(by=cases.person(C), review_id=review.pk)


def claim_taken_over() -> str:
    return update(made(), user_id=cases.person(C).pk)


def claim_removed() -> str:
    return delete(made())


def claim_revived() -> str:
    ended = claims.release(by=(one := made()).user, review_id=one.review_id)
    return update(ended, ended_at=None, ended="")


def risk_changed() -> str:
    return update(cases.review_at(ReviewState.SUBMITTED), risk=7)


ATTACKS = [
    claimed_by_an_author,
    claimed_in_a_role_not_held,
    claim_taken_over,
    claim_removed,
    claim_revived,
    risk_changed,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_presence_is_of_those_who_could_take_it_and_goes_stale() -> None:
    review, by = cases.review_at(ReviewState.SUBMITTED), cases.person(C)
    asks = cases.person(L)
    for one in (by, by, cases.person(Role.AUDITOR), review.submitted_by):
        presence.note(by=one, review=review)
    assert presence.names(review, but=asks) == [by.printed_name]
    assert presence.names(review, but=by) == []
    Presence.objects.update(seen_at=timezone.now() - presence.STALE)
    assert presence.names(review, but=asks) == []
    presence.forget_stale()
    assert not Presence.objects.exists()


@pytest.mark.skipif("sqlite" in connection.vendor, reason="SQLite in memory is one connection")
@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_make_one_claim() -> None:
    review, people = cases.review_at(ReviewState.SUBMITTED), [cases.person(C) for _ in range(4)]
    start, won, lost = threading.Barrier(len(people)), [], []

    def take(by: User) -> None:
        start.wait()
        try:
            won.append(claims.claim(by=by, review_id=review.pk))
        except WrongState as refusal:
            lost.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[by]) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and len(lost) == len(people) - 1
    assert Claim.objects.filter(ended_at=None).count() == 1
