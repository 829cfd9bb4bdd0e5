"""Absences: who is away, who stands in, and that standing in gives no right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from compliance.exceptions import BadInput, NotAllowed
from reviews import absences, permissions
from reviews.enums import SEAT_ROLES, ReviewState, Role
from reviews.exceptions import WrongState
from reviews.models import Absence, Review, RoleGrant, User
from tests import cases
from tests.laws.attacks import assert_refused, delete, run, update, without_laws

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("delegate_role", Role)
@pytest.mark.parametrize("role", Role)
def test_delegate_signs_in_a_role_of_the_absent(role: Role, delegate_role: Role) -> None:
    who, delegate = cases.person(role), cases.person(delegate_role)
    if role in SEAT_ROLES and role == delegate_role:
        assert cases.absence(who, delegate).delegate == delegate
        assert delegate in absences.delegates_for(who)
        return
    with pytest.raises((BadInput, NotAllowed)):
        cases.absence(who, delegate)
    assert not Absence.objects.exists()


@pytest.mark.parametrize("role", Role)
def test_absence_is_for_those_who_write_or_sign(role: Role) -> None:
    who = cases.person(role)
    if role in (Role.CLINICIAN, *SEAT_ROLES):
        assert cases.absence(who).person == who
    else:
        with pytest.raises(NotAllowed):
            cases.absence(who)


def two() -> tuple[User, User]:
    return cases.person(Role.LEGAL), cases.person(Role.LEGAL)


def oneself() -> object:
    who, _ = two()
    return cases.absence(who, who)


def somebody_who_names_me() -> object:
    one, other = two()
    cases.absence(one, other)
    return cases.absence(other, one)  # a circle


def somebody_who_is_away() -> object:
    one, other = two()
    cases.absence(other, cases.person(Role.LEGAL))
    return cases.absence(one, other)  # a chain


def somebody_inactive() -> object:
    one, other = two()
    User.objects.filter(pk=other.pk).update(is_active=False)
    return cases.absence(one, User.objects.get(pk=other.pk))


def twice_on_a_day() -> object:
    one, _ = two()
    cases.absence(one, first=0, last=2)
    return cases.absence(one, first=2, last=4)


def backwards() -> object:
    return cases.absence(two()[0], first=2, last=1)


def in_the_past() -> object:
    return cases.absence(two()[0], first=-3, last=-1)


def for_years() -> object:
    return cases.absence(two()[0], first=0, last=800)


@pytest.mark.parametrize(
    "wrong",
    [
        oneself,
        somebody_who_names_me,
        somebody_who_is_away,
        somebody_inactive,
        twice_on_a_day,
        backwards,
        in_the_past,
        for_years,
    ],
    ids=lambda f: f.__name__,
)
def test_absence_that_makes_no_sense_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(BadInput):
        wrong()


def standing_in(user: User, review: Review) -> list[User]:
    return absences.stood_in_for(user, review, absences.stands_in_for(user))


def test_what_waits_for_the_absent_waits_for_the_delegate() -> None:
    who, delegate = two()
    review = cases.review_at(ReviewState.SUBMITTED)
    assert standing_in(delegate, review) == []
    absence = cases.absence(who, delegate)
    assert standing_in(delegate, review) == [who]
    assert absences.is_away(who) and not absences.is_away(delegate)
    absences.end(by=who, absence_id=absence.pk)
    assert standing_in(delegate, review) == [] and not absences.is_away(who)


def test_absence_of_other_days_moves_nothing() -> None:
    who, delegate = two()
    cases.absence(who, delegate, first=1, last=2)
    assert absences.stands_in_for(delegate) == []


# What about the delegate, the absent person or the review keeps it from the delegate.
def delegate_wrote_it(who: User, delegate: User) -> Review:
    RoleGrant.objects.create(user=delegate, role=Role.CLINICIAN)
    return cases.review_at(ReviewState.SUBMITTED, versions_by=[User.objects.get(pk=delegate.pk)])


def delegate_wrote_an_early_version(who: User, delegate: User) -> Review:
    RoleGrant.objects.create(user=delegate, role=Role.CLINICIAN)
    again = User.objects.get(pk=delegate.pk)
    return cases.review_at(ReviewState.SUBMITTED, versions_by=[again, None])


def absent_person_wrote_it(who: User, delegate: User) -> Review:
    RoleGrant.objects.create(user=who, role=Role.CLINICIAN)
    return cases.review_at(ReviewState.SUBMITTED, versions_by=[User.objects.get(pk=who.pk)])


def delegate_lost_the_role(who: User, delegate: User) -> Review:
    delegate.role_grants.all().delete()
    return cases.review_at(ReviewState.SUBMITTED)


def delegate_signed_in_another_role(who: User, delegate: User) -> Review:
    RoleGrant.objects.create(user=delegate, role=Role.COMPLIANCE)
    review = cases.review_at(ReviewState.SUBMITTED)
    cases.sign(review, Role.COMPLIANCE, by=User.objects.get(pk=delegate.pk))
    return review


def somebody_else_signed_in_the_role(who: User, delegate: User) -> Review:
    review = cases.review_at(ReviewState.SUBMITTED)
    cases.sign(review, Role.LEGAL)
    return review


def absent_person_signed(who: User, delegate: User) -> Review:
    review = cases.review_at(ReviewState.SUBMITTED)
    cases.sign(review, Role.LEGAL, by=who)
    return review


def it_was_decided(who: User, delegate: User) -> Review:
    return cases.review_at(ReviewState.REFUSED)


def delegate_is_away_too(who: User, delegate: User) -> Review:
    cases.absence(delegate, cases.person(Role.LEGAL))  # no chain: nobody stands in for `who` now
    return cases.review_at(ReviewState.SUBMITTED)


@pytest.mark.parametrize(
    "reason",
    [
        delegate_wrote_it,
        delegate_wrote_an_early_version,
        absent_person_wrote_it,
        delegate_lost_the_role,
        delegate_signed_in_another_role,
        somebody_else_signed_in_the_role,
        absent_person_signed,
        it_was_decided,
        delegate_is_away_too,
    ],
    ids=lambda f: f.__name__,
)
def test_nothing_moves_to_a_delegate_who_may_not_sign(
    reason: Callable[[User, User], Review],
) -> None:
    who, delegate = two()
    cases.absence(who, delegate)
    review = reason(who, delegate)
    assert standing_in(User.objects.get(pk=delegate.pk), review) == []


def test_standing_in_gives_no_right() -> None:
    who, delegate = two()
    cases.absence(who, delegate)
    review = delegate_wrote_it(who, delegate)
    delegate = User.objects.get(pk=delegate.pk)
    with pytest.raises(NotAllowed, match="wrote a version"):
        cases.sign(review, Role.LEGAL, by=delegate)
    with pytest.raises(NotAllowed):
        permissions.check_may_stand_in(delegate, who, review)


def test_who_can_not_stand_in_is_told_why() -> None:
    review, counsel = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.LEGAL)
    officer = cases.person(Role.COMPLIANCE)
    with pytest.raises(NotAllowed, match="does not wait for Legal counsel in a role of yours"):
        permissions.check_may_stand_in(officer, counsel, review)
    RoleGrant.objects.create(user=review.submitted_by, role=Role.LEGAL)
    author = User.objects.get(pk=review.submitted_by_id)
    with pytest.raises(NotAllowed, match="You wrote a version"):
        permissions.check_may_stand_in(counsel, author, review)


def test_absent_person_may_still_sign() -> None:
    who, delegate = two()
    cases.absence(who, delegate)
    cases.sign(cases.review_at(ReviewState.SUBMITTED), Role.LEGAL, by=who)


def test_absence_is_ended_once_and_by_its_person() -> None:
    who, delegate = two()
    absence = cases.absence(who, delegate)
    with pytest.raises(NotAllowed):
        absences.end(by=delegate, absence_id=absence.pk)
    absences.end(by=who, absence_id=absence.pk)
    with pytest.raises(WrongState):
        absences.end(by=who, absence_id=absence.pk)


def test_absence_is_never_changed() -> None:
    who, delegate = two()
    absence = cases.absence(who, delegate)
    attacks = [update(absence, delegate_id=who.pk), update(absence, person_id=delegate.pk),
               delete(absence)]  # fmt: skip
    for attack in attacks:
        assert_refused(attack)
    with without_laws():
        run(update(absence, person_id=cases.person(Role.AUDITOR).pk))


def test_database_refuses_oneself_as_delegate() -> None:
    who, _ = two()
    day = absences.today()
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.create(person=who, first_day=day, last_day=day, delegate=who)


def test_page_enters_and_ends_an_absence(client: Client) -> None:
    who, delegate = two()
    client.force_login(who)
    day = absences.today()
    typed = {
        "first_day": day.isoformat(),
        "last_day": (day + timedelta(days=3)).isoformat(),
        "delegate": str(delegate.pk),
    }
    page = client.post(reverse("enter_absence"), typed, follow=True).content.decode()
    assert f"{delegate.printed_name} stands in for you" in page and "you are away now" in page
    again = client.post(reverse("enter_absence"), typed)
    assert again.status_code == 400 and "away on some of these days" in again.content.decode()
    assert f'value="{typed["last_day"]}"' in again.content.decode()
    absence = Absence.objects.get()
    page = client.post(reverse("end_absence", args=[absence.pk]), follow=True).content.decode()
    assert "That absence is over" in page and "You have entered no absence" in page


@pytest.mark.parametrize("wrong", [{"first_day": "soon"}, {"delegate": "nobody"}, {"last_day": ""}])
def test_page_refuses_what_is_no_day_or_person(client: Client, wrong: dict[str, str]) -> None:
    client.force_login(two()[0])
    day = absences.today().isoformat()
    typed = {"first_day": day, "last_day": day, "delegate": "", **wrong}
    assert client.post(reverse("enter_absence"), typed).status_code == 400


def test_delegate_is_told_and_who_leaves_them_alone_too(client: Client) -> None:
    who, delegate = two()
    cases.absence(who, delegate)
    review = cases.review_at(ReviewState.SUBMITTED)
    client.force_login(delegate)
    assert f"You stand in for {who.printed_name}" in client.get(reverse("profile")).content.decode()
    page = client.get(reverse("review", args=[review.pk])).content.decode()
    assert f"You stand in for {who.printed_name}" in page
    queue = client.get(reverse("queue")).content.decode()
    assert f"Your signature is wanted, also in the place of {who.printed_name}" in queue
    day = absences.today().isoformat()
    typed = {"first_day": day, "last_day": day, "delegate": ""}
    page = client.post(reverse("enter_absence"), typed, follow=True).content.decode()
    assert f"You were to stand in for {who.printed_name}; now nobody does." in page
