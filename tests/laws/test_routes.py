"""Law 1, where the route of a community asks for more signatures than the two: none is left out,
given twice, too early or by an author, raw SQL included; a later change of policy changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from compliance import profiles
from compliance.enums import Order
from compliance.exceptions import NotAllowed
from compliance.rules import Route, RuleProfile
from compliance.rules.route import EVERY_REPLY, THE_TWO
from engage import drafting, publishing
from engage.models import Community, DraftVersion, Publication
from reviews import clearance, permissions, profile_changes, routes
from reviews.enums import FURTHER_SEATS, Action, ReviewState, Role, Seat, Verdict
from reviews.exceptions import GateClosed, NotCleared, WrongState
from reviews.models import Disposition, FurtherSignOff, Review, ReviewAuthor, RoleGrant, User
from tests import cases
from tests.laws.attacks import (
    assert_refused,
    delete,
    insert,
    run,
    update,
    without_law,
    without_laws,
)
from tests.laws.test_two_signatures import attempt, sign_off

pytestmark = pytest.mark.django_db

MEDICAL = Route(medical_for=(EVERY_REPLY,))
SECOND = Route(second_legal_for=(EVERY_REPLY,))
ALL = Route(medical_for=(EVERY_REPLY,), second_legal_for=(EVERY_REPLY,))
FURTHER = FurtherSignOff._meta.db_table


def further(review: Review, user: User, seat: Seat, digest: str = "") -> FurtherSignOff:
    """An unsaved signature row."""
    return FurtherSignOff(
        id=uuid.uuid4(),
        review=review,
        user=user,
        seat=seat,
        role=seat.role,
        digest=digest or clearance.seal_digest(review),
        printed_name="Mallory",
        meaning="none",
        signed_at=timezone.now(),
    )


def submitted(route: Route, **more: object) -> Review:
    return cases.review_at(ReviewState.SUBMITTED, route=route, **more)  # type: ignore[arg-type]


def signed(route: Route, *seats: Seat) -> Review:
    """A review with these signatures."""
    review = submitted(route)
    for seat in seats:
        cases.sign(review, seat)
    return Review.objects.get(pk=review.pk)


def cleared(review: Review) -> str:
    return update(review, state="cleared", expires_at=timezone.now() + timedelta(days=1))


def queued(route: Route) -> Publication:
    publication = publishing.queue(review_id=cases.review_at(ReviewState.CLEARED, route=route).pk)
    assert publication is not None
    return publication


# Clearing


def cleared_without_the_medical_signature() -> str:
    return cleared(signed(MEDICAL, Seat.COMPLIANCE, Seat.LEGAL))


def cleared_without_the_second_legal_signature() -> str:
    return cleared(signed(SECOND, Seat.COMPLIANCE, Seat.LEGAL))


def cleared_without_compliance() -> str:
    return cleared(signed(ALL, Seat.LEGAL, Seat.MEDICAL, Seat.SECOND_LEGAL))


def cleared_with_a_medical_reviewer_who_became_an_author() -> str:
    review = signed(ALL, Seat.COMPLIANCE, Seat.LEGAL, Seat.MEDICAL)
    by = review.further_sign_offs.get().user
    run(insert(ReviewAuthor(id=9_000_001, review=review, user=by)))
    run(insert(further(review, cases.person(Role.LEGAL), Seat.SECOND_LEGAL)))
    return cleared(review)


# Signing


def signed_by_an_author() -> str:
    review = submitted(MEDICAL)
    RoleGrant.objects.create(user=review.submitted_by, role=Role.MEDICAL)
    return insert(further(review, review.submitted_by, Seat.MEDICAL))


def signed_in_a_role_not_held() -> str:
    return insert(further(submitted(MEDICAL), cases.person(Role.CLINICIAN), Seat.MEDICAL))


def signed_in_a_seat_of_another_role() -> str:
    signature = further(submitted(MEDICAL), cases.person(Role.COMPLIANCE), Seat.MEDICAL)
    signature.role = Role.LEGAL
    return insert(signature)


def signed_though_nobody_asked() -> str:
    return insert(further(submitted(THE_TWO), cases.person(Role.MEDICAL), Seat.MEDICAL))


def signed_after_it_was_decided() -> str:
    review = cases.review_at(ReviewState.REFUSED, route=MEDICAL)
    return insert(further(review, cases.person(Role.MEDICAL), Seat.MEDICAL))


def signed_before_compliance() -> str:
    review = submitted(Route(order=Order.COMPLIANCE_FIRST.value))
    counsel = cases.person(Role.LEGAL)
    return insert(sign_off(review, counsel, Role.LEGAL, clearance.seal_digest(review)))


def signed_before_legal() -> str:
    review = submitted(Route(order=Order.LEGAL_FIRST.value))
    officer = cases.person(Role.COMPLIANCE)
    return insert(sign_off(review, officer, Role.COMPLIANCE, clearance.seal_digest(review)))


def signed_before_the_medical_reviewer() -> str:
    review = signed(replace(MEDICAL, order=Order.COMPLIANCE_FIRST.value), Seat.COMPLIANCE)
    counsel = cases.person(Role.LEGAL)
    return insert(sign_off(review, counsel, Role.LEGAL, clearance.seal_digest(review)))


def signed_before_the_second_counsel() -> str:
    review = signed(replace(SECOND, order=Order.LEGAL_FIRST.value), Seat.LEGAL)
    officer = cases.person(Role.COMPLIANCE)
    return insert(sign_off(review, officer, Role.COMPLIANCE, clearance.seal_digest(review)))


def second_counsel_before_compliance() -> str:
    review = submitted(replace(SECOND, order=Order.COMPLIANCE_FIRST.value))
    return insert(further(review, cases.person(Role.LEGAL), Seat.SECOND_LEGAL))


def second_counsel_who_is_the_first() -> str:
    review = signed(SECOND, Seat.LEGAL)
    return insert(further(review, review.sign_offs.get().user, Seat.SECOND_LEGAL))


def first_counsel_who_is_the_second() -> str:
    review = signed(SECOND, Seat.SECOND_LEGAL)
    by = review.further_sign_offs.get().user
    return insert(sign_off(review, by, Role.LEGAL, clearance.seal_digest(review)))


def further_signature_over_something_else() -> str:
    review = signed(MEDICAL, Seat.COMPLIANCE)
    return insert(further(review, cases.person(Role.MEDICAL), Seat.MEDICAL, digest="e" * 64))


def further_signature_over_something_else_than_another() -> str:
    review = signed(ALL, Seat.MEDICAL)
    counsel = cases.person(Role.LEGAL)
    return insert(further(review, counsel, Seat.SECOND_LEGAL, digest="e" * 64))


def signature_of_law_1_over_something_else() -> str:
    review = signed(MEDICAL, Seat.MEDICAL)
    return insert(sign_off(review, cases.person(Role.LEGAL), Role.LEGAL, digest="e" * 64))


# What is there


def signature_taken_over() -> str:
    given = signed(MEDICAL, Seat.MEDICAL).further_sign_offs.get()
    return update(given, user_id=cases.person(Role.MEDICAL).pk)


def signature_removed() -> str:
    return delete(signed(MEDICAL, Seat.MEDICAL).further_sign_offs.get())


def signature_replaced() -> str:
    given = signed(MEDICAL, Seat.MEDICAL).further_sign_offs.get()
    given.printed_name = "Mallory"
    return insert(given, replace=True)


def seat_taken_away() -> str:
    return update(submitted(MEDICAL), medical_step=None)


def seat_put_later() -> str:
    return update(submitted(MEDICAL), medical_step=9)


def reason_of_a_seat_exchanged() -> str:
    return update(submitted(MEDICAL), seats_why={"medical": ["CLM-NONE"]})


def disposition_after_a_further_signature() -> str:
    review = submitted(MEDICAL, flagged=True)
    given = cases.dispose_all(review)[0]
    cases.sign(review, Seat.MEDICAL)
    later = Disposition.objects.get(pk=given.pk)
    later.pk, later.verdict = 9_000_001, Verdict.FALSE_ALARM
    return insert(later)


def medical_reviewer_writes_a_version() -> str:
    review = signed(MEDICAL, Seat.MEDICAL)
    version = DraftVersion.objects.filter(draft=review.case_id).latest("number")
    version.pk, version.number = uuid.uuid4(), version.number + 1
    version.author = review.further_sign_offs.get().user
    version.text = cases.spare_text(version.text.key)
    return insert(version)


# Posting


def attempt_without_the_medical_signature() -> str:
    publication = queued(MEDICAL)
    without_law(f"law_{FURTHER}_no_delete", FURTHER)
    run(delete(publication.review.further_sign_offs.get()))
    return insert(attempt(publication))


def attempt_without_the_second_legal_signature() -> str:
    publication = queued(SECOND)
    without_law(f"law_{FURTHER}_no_delete", FURTHER)
    run(delete(publication.review.further_sign_offs.get()))
    return insert(attempt(publication))


def attempt_with_a_further_signature_over_something_else() -> str:
    publication = queued(MEDICAL)
    without_law(f"law_{FURTHER}_no_update", FURTHER)
    run(update(publication.review.further_sign_offs.get(), digest="e" * 64))
    return insert(attempt(publication))


def attempt_with_a_further_signature_of_an_author() -> str:
    publication = queued(SECOND)
    by = publication.review.further_sign_offs.get().user
    run(insert(ReviewAuthor(id=9_000_001, review=publication.review, user=by)))
    return insert(attempt(publication))


ATTACKS = [
    cleared_without_the_medical_signature,
    cleared_without_the_second_legal_signature,
    cleared_without_compliance,
    cleared_with_a_medical_reviewer_who_became_an_author,
    signed_by_an_author,
    signed_in_a_role_not_held,
    signed_though_nobody_asked,
    signed_after_it_was_decided,
    signed_before_compliance,
    signed_before_legal,
    signed_before_the_medical_reviewer,
    signed_before_the_second_counsel,
    second_counsel_before_compliance,
    second_counsel_who_is_the_first,
    first_counsel_who_is_the_second,
    further_signature_over_something_else,
    further_signature_over_something_else_than_another,
    signature_of_law_1_over_something_else,
    signature_taken_over,
    signature_removed,
    signature_replaced,
    seat_taken_away,
    seat_put_later,
    reason_of_a_seat_exchanged,
    disposition_after_a_further_signature,
    medical_reviewer_writes_a_version,
    attempt_without_the_medical_signature,
    attempt_without_the_second_legal_signature,
    attempt_with_a_further_signature_over_something_else,
    attempt_with_a_further_signature_of_an_author,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_signature_in_a_seat_of_another_role_is_refused() -> None:
    # By a constraint of the table, which stands without the triggers too.
    statement = signed_in_a_seat_of_another_role()
    with without_laws():
        assert_refused(statement)


@pytest.mark.parametrize("route", [THE_TWO, MEDICAL, SECOND, ALL])
@pytest.mark.parametrize("order", Order)
def test_reply_is_cleared_and_posted_with_every_signature(route: Route, order: Order) -> None:
    # The negative control: what the laws let pass.
    route = replace(route, order=order.value)
    review = submitted(route)
    for wanted in routes.seats_of(review):
        cases.sign(review, wanted.seat)
        review = Review.objects.get(pk=review.pk)
        done = len(review.signatures) == len(routes.seats_of(review))
        assert review.state == (ReviewState.CLEARED if done else ReviewState.IN_REVIEW)
    assert clearance.cleared_text(review)
    publication = publishing.queue(review_id=review.pk)
    assert publication is not None
    run(insert(attempt(publication)))


TURNS = {
    Order.PARALLEL: {Seat.COMPLIANCE, Seat.LEGAL, Seat.MEDICAL, Seat.SECOND_LEGAL},
    Order.COMPLIANCE_FIRST: {Seat.COMPLIANCE, Seat.MEDICAL},
    Order.LEGAL_FIRST: {Seat.LEGAL, Seat.SECOND_LEGAL, Seat.MEDICAL},
}


@pytest.mark.parametrize("seat", Seat)
@pytest.mark.parametrize("order", Order)
def test_seat_is_signed_in_its_turn(order: Order, seat: Seat) -> None:
    review = submitted(replace(ALL, order=order.value))
    by = cases.person(seat.role)
    if seat in TURNS[order]:
        cases.sign(review, seat, by=by)
        return
    with pytest.raises(WrongState, match="first by"):
        cases.sign(review, seat, by=by)
    for first in TURNS[order]:
        cases.sign(review, first)
    cases.sign(review, seat, by=by)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("seat", Seat)
def test_seat_is_for_its_role_alone(seat: Seat, role: Role) -> None:
    review = submitted(ALL)
    if role == seat.role:
        cases.sign(review, seat, by=cases.person(role))
    else:
        with pytest.raises(NotAllowed):
            cases.sign(review, seat, by=cases.person(role))


@pytest.mark.parametrize("seat", FURTHER_SEATS)
def test_person_with_several_roles_signs_once(seat: Seat) -> None:
    both = cases.person(Role.LEGAL)
    RoleGrant.objects.create(user=both, role=Role.MEDICAL)
    review = submitted(ALL)
    assert permissions.signing_seats(both, review) == [Seat.LEGAL, Seat.MEDICAL]
    cases.sign(review, Seat.LEGAL, by=both)
    with pytest.raises(NotAllowed, match="signed this review already"):
        cases.sign(review, seat, by=both)
    assert permissions.signing_seats(both, review) == []


def test_clinician_signs_as_a_medical_reviewer_what_others_wrote() -> None:
    colleague = cases.person(Role.CLINICIAN)
    RoleGrant.objects.create(user=colleague, role=Role.MEDICAL)
    cases.sign(submitted(MEDICAL), Seat.MEDICAL, by=colleague)
    own = submitted(MEDICAL, versions_by=[colleague, None])
    with pytest.raises(NotAllowed, match="wrote a version"):
        cases.sign(own, Seat.MEDICAL, by=colleague)


def test_clinician_who_is_a_medical_reviewer_withdraws_only_what_they_wrote() -> None:
    colleague = cases.person(Role.CLINICIAN)
    RoleGrant.objects.create(user=colleague, role=Role.MEDICAL)
    assert not permissions.can_withdraw(colleague, submitted(MEDICAL))


def test_medical_reviewer_decides_where_one_is_asked_for() -> None:
    reviewer = cases.person(Role.MEDICAL)
    assert permissions.can_decide(reviewer, submitted(MEDICAL), Action.SEND_BACK)
    assert not permissions.can_decide(reviewer, submitted(SECOND), Action.SEND_BACK)
    assert not permissions.can_dispose(reviewer, submitted(MEDICAL, flagged=True))


def of_rules(*names: str) -> Route:
    return Route(medical_for=names, second_legal_for=names)


@pytest.mark.parametrize(
    ("names", "flagged", "asked"),
    [
        (("CLM-PROVEN",), True, True),
        (("CLM-PROVEN",), False, False),
        (("needs_legal",), True, True),
        (("block",), True, False),
        (("block", "CLM-PROVEN"), True, True),
        ((EVERY_REPLY,), False, True),
        ((), True, False),
    ],
)
def test_seats_follow_from_the_findings(names: tuple[str, ...], flagged: bool, asked: bool) -> None:
    review = submitted(of_rules(*names), flagged=flagged)
    seats = {wanted.seat: wanted for wanted in routes.seats_of(review)}
    assert set(seats) == {Seat.COMPLIANCE, Seat.LEGAL, *(FURTHER_SEATS if asked else ())}
    if asked:
        assert set(seats[Seat.MEDICAL].why) == set(names) - {"block"}


def test_later_change_of_policy_changes_nothing_under_way() -> None:
    review = signed(MEDICAL, Seat.COMPLIANCE)
    draft = cases.newest_version(review).draft
    here = draft.thread.community
    cases.profile_version(RuleProfile(route=SECOND), here=here)
    seal = clearance.seal_digest(Review.objects.get(pk=review.pk))
    assert seal == review.sign_offs.get().digest
    cases.sign(review, Seat.LEGAL)
    cases.sign(review, Seat.MEDICAL)
    assert clearance.cleared_text(Review.objects.get(pk=review.pk))
    assert profiles.active_profile(here.pk).route == SECOND


@pytest.mark.parametrize("column", ["medical_step", "seats_why"])
def test_cleared_text_finds_a_changed_route_even_without_triggers(column: str) -> None:
    review = cases.review_at(ReviewState.CLEARED, route=MEDICAL)
    assert clearance.cleared_text(review)
    with without_laws():
        run(update(review, **{column: 2 if column == "medical_step" else {"medical": ["block"]}}))
        with pytest.raises(NotCleared):
            clearance.cleared_text(Review.objects.get(pk=review.pk))


def test_cleared_text_finds_a_missing_further_signature_even_without_triggers() -> None:
    review = cases.review_at(ReviewState.CLEARED, route=MEDICAL)
    with without_laws():
        run(delete(review.further_sign_offs.get()))
        with pytest.raises(NotCleared, match="lacks"):
            clearance.cleared_text(Review.objects.get(pk=review.pk))


def test_review_of_before_there_were_routes_takes_the_two() -> None:
    review = submitted(THE_TWO)
    nothing = dict.fromkeys(("compliance_step", "legal_step", "seats_why", "community_id"))
    without_law("law_reviews_review_route_frozen", "reviews_review")
    run(update(review, **nothing))
    review = Review.objects.get(pk=review.pk)
    assert [wanted.seat for wanted in routes.seats_of(review)] == [Seat.COMPLIANCE, Seat.LEGAL]
    cases.sign(review, Seat.LEGAL)
    cases.sign(review, Seat.COMPLIANCE)
    assert clearance.cleared_text(Review.objects.get(pk=review.pk))


def test_route_that_nobody_could_follow_is_not_agreed_on() -> None:
    for route, who in ((MEDICAL, "medical reviewer"), (SECOND, "second legal counsel")):
        with pytest.raises(GateClosed, match=who):
            cases.profile_change(RuleProfile(route=route))
    cases.person(Role.MEDICAL)
    change = cases.profile_change(RuleProfile(route=MEDICAL))
    run(update(User.objects.get(role_grants__role=Role.MEDICAL), is_active=False))
    with pytest.raises(GateClosed, match="medical reviewer"):
        profile_changes.approve(
            by=cases.person(Role.COMPLIANCE), change_id=change.pk, seen=change.digest
        )


def test_route_of_one_community_is_not_that_of_another() -> None:
    draft = cases.draft()
    cases.routed(MEDICAL)
    author = draft.started_by
    review = drafting.submit(by=author, draft_id=draft.pk, answers={})
    assert Community.objects.count() == 2 and review.medical_step is None
