"""Second looks: who is given what, what is said, and what follows."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from reviews import golden_cases, quality, second_looks
from reviews.enums import NoticeKind, Opinion, ReviewState, Role, Verdict
from reviews.exceptions import WrongState
from reviews.models import GoldenCase, Notice, RoleGrant, SecondLook, Sight
from tests import cases

pytestmark = pytest.mark.django_db

ALL = override_settings(SECOND_LOOK_PERCENT=100)


def said(look: SecondLook, opinion: Opinion, verdict: str = Verdict.ACCEPTED) -> SecondLook:
    verdicts = {finding.pk: verdict for finding in second_looks.wanted(look)}
    return second_looks.answer(
        by=look.user, look_id=look.pk, opinion=opinion, verdicts=verdicts, reason="It is so."
    )


def give(case: GoldenCase, role: Role = Role.LEGAL) -> SecondLook:
    """As `deal` would, were it this person's turn."""
    return SecondLook.objects.create(
        review=case.review, golden_case=case, user=cases.person(role), role=role
    )


def test_nothing_is_dealt_unless_it_was_chosen() -> None:
    cases.review_at(ReviewState.PUBLISHED)
    cases.person(Role.LEGAL)
    assert second_looks.deal() == 0
    with ALL:
        assert second_looks.deal() == 1
        assert second_looks.deal() == 0


@pytest.mark.parametrize(
    "state", [ReviewState.SUBMITTED, ReviewState.IN_REVIEW, ReviewState.CLEARED]
)
def test_undecided_reviews_are_not_dealt(state: ReviewState) -> None:
    cases.review_at(state)
    cases.person(Role.LEGAL)
    with ALL:
        assert second_looks.deal() == 0


def test_what_was_erased_is_not_dealt() -> None:
    review = cases.review_at(ReviewState.PUBLISHED)
    vault.destroy_key(review.packet.key, by="system")
    case = cases.golden_case(approved=True)
    vault.destroy_key(case.review.packet.key, by="system")
    cases.sign(cases.review_at(ReviewState.SUBMITTED), Role.LEGAL, by=cases.person(Role.LEGAL))
    with ALL, override_settings(GOLDEN_EVERY=1):
        assert second_looks.deal() == 0


def test_share_that_is_drawn_is_the_chosen_one_and_stays_the_same() -> None:
    ids = [UUID(int=n) for n in range(2_000)]
    with override_settings(SECOND_LOOK_PERCENT=10):
        drawn = {pk for pk in ids if second_looks.is_drawn(pk, Role.LEGAL)}
        assert 140 < len(drawn) < 260
        assert drawn == {pk for pk in ids if second_looks.is_drawn(pk, Role.LEGAL)}
        assert drawn != {pk for pk in ids if second_looks.is_drawn(pk, Role.COMPLIANCE)}
    with override_settings(SECOND_LOOK_PERCENT=20):
        assert drawn < {pk for pk in ids if second_looks.is_drawn(pk, Role.LEGAL)}


def test_nobody_who_had_a_part_is_given_one() -> None:
    review = cases.review_at(ReviewState.PUBLISHED, flagged=True)
    reader, away = cases.person(Role.LEGAL), cases.person(Role.LEGAL)
    Sight.objects.create(review=review, user=reader, seen_at=review.submitted_at)
    cases.absence(away)
    with ALL:
        assert second_looks.deal() == 0
    fresh = cases.person(Role.LEGAL)
    with ALL:
        assert second_looks.deal() == 1
    look = SecondLook.objects.get()
    assert (look.user, look.role, look.first_opinion) == (fresh, Role.LEGAL, Opinion.SIGN)
    assert look.first and Role.LEGAL in look.first.roles


def test_work_is_shared_out() -> None:
    for _ in range(4):
        cases.second_look()  # each brings its own signers, so that there are many who could
    people = [look.user for look in SecondLook.objects.all()]
    for _ in range(4):
        cases.review_at(ReviewState.PUBLISHED)
    RoleGrant.objects.exclude(user__in=people).delete()
    with ALL:
        assert second_looks.deal() == 4
    assert sorted(person.second_looks.count() for person in people) == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("state", "opinion"),
    [(ReviewState.SENT_BACK, Opinion.SEND_BACK), (ReviewState.REFUSED, Opinion.REFUSE)],
)
def test_it_is_held_against_what_was_decided(state: ReviewState, opinion: Opinion) -> None:
    look = cases.second_look(state, Role.COMPLIANCE)
    assert look.expected == opinion
    assert said(look, opinion).agrees


def test_opinion_is_given_once_and_whole() -> None:
    look = cases.second_look(flagged=True)
    ask = {"by": look.user, "look_id": look.pk}
    findings = {f.pk: Verdict.VALID.value for f in second_looks.wanted(look)}
    assert findings
    for opinion, verdicts, reason in [
        ("", findings, "Why."),
        (Opinion.REFUSE, {}, "Why."),
        (Opinion.REFUSE, findings, " "),
        (Opinion.SIGN, findings, "Why."),  # what is valid can't be signed
    ]:
        with pytest.raises(BadInput):
            second_looks.answer(**ask, opinion=opinion, verdicts=verdicts, reason=reason)
    with pytest.raises(NotAllowed):
        second_looks.answer(
            by=cases.person(Role.LEGAL), look_id=look.pk, opinion=Opinion.SIGN,
            verdicts=findings, reason="",
        )  # fmt: skip
    said(look, Opinion.REFUSE, Verdict.VALID)
    with pytest.raises(WrongState):
        said(look, Opinion.SIGN)
    event = Event.objects.get(kind=EventKind.SECOND_LOOK_CLOSED)
    assert event.facts["opinion"] == "refuse" and "It is so" not in str(event.facts)


def test_one_that_is_put_aside_goes_to_somebody_else() -> None:
    cases.review_at(ReviewState.PUBLISHED)
    RoleGrant.objects.all().delete()
    first = cases.person(Role.LEGAL)
    with ALL:
        assert second_looks.deal() == 1
        look = SecondLook.objects.get(user=first)
        second_looks.put_aside(by=first, look_id=look.pk)
        assert second_looks.deal() == 0
        other = cases.person(Role.LEGAL)
        assert second_looks.deal() == 1
    assert set(second_looks.open_for(other).values_list("review", flat=True)) == {look.review_id}


def test_doubt_about_what_is_live_reaches_those_who_can_take_it_down() -> None:
    look = cases.second_look()
    officer = cases.person(Role.COMPLIANCE)
    said(look, Opinion.SEND_BACK)
    notice = Notice.objects.get(kind=NoticeKind.LOOK_DIFFERS, recipient=officer)
    assert notice.about_id == look.review_id
    assert second_looks.worrying().get() == look
    look.review.refresh_from_db()
    assert look.review.state == ReviewState.PUBLISHED  # nothing changed by itself


@pytest.mark.parametrize("state", [ReviewState.SENT_BACK, ReviewState.PUBLISHED])
def test_doubt_that_changes_nothing_alarms_nobody(state: ReviewState) -> None:
    agrees = state == ReviewState.PUBLISHED
    look = cases.second_look(state, Role.LEGAL if agrees else Role.COMPLIANCE)
    said(look, Opinion.SIGN if agrees else Opinion.REFUSE)
    assert not Notice.objects.filter(kind=NoticeKind.LOOK_DIFFERS).exists()
    assert not second_looks.worrying().exists()


def test_golden_case_comes_after_so_many_decisions() -> None:
    case = cases.golden_case(approved=True)
    counsel = cases.person(Role.LEGAL)
    with override_settings(GOLDEN_EVERY=2):
        for _ in range(2):
            assert second_looks.deal() == 0
            review = cases.review_at(ReviewState.SUBMITTED)
            cases.sign(review, Role.LEGAL, by=counsel)
        assert second_looks.deal() == 1 and second_looks.deal() == 0
        look = SecondLook.objects.get()
        assert (look.user, look.golden_case, look.expected) == (counsel, case, Opinion.REFUSE)
        said(look, Opinion.REFUSE, Verdict.VALID)
        assert second_looks.deal() == 0  # there is no other case
    event = Event.objects.get(kind=EventKind.SECOND_LOOK_DEALT)
    assert str(case.pk) not in str(event.facts)  # which would tell before it is answered


def test_golden_case_is_made_by_two_and_never_given_to_them() -> None:
    review = cases.review_at(ReviewState.REFUSED)
    officer = cases.person(Role.COMPLIANCE)
    make = {"by": officer, "review_id": review.pk, "opinion": Opinion.REFUSE, "verdicts": {}}
    with pytest.raises(BadInput):
        golden_cases.propose(**make, why=" ")
    case = golden_cases.propose(**make, why="It confirms a patient.")
    with pytest.raises(WrongState):
        golden_cases.propose(**make, why="Again.")
    with pytest.raises(NotAllowed):
        golden_cases.approve(by=officer, case_id=case.pk)
    with pytest.raises(NotAllowed):
        golden_cases.approve(by=cases.person(Role.AUDITOR), case_id=case.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        GoldenCase.objects.filter(pk=case.pk).update(
            approved_by=officer, approved_at=review.submitted_at
        )
    with override_settings(GOLDEN_EVERY=1):
        cases.sign(cases.review_at(ReviewState.SUBMITTED), Role.COMPLIANCE, by=officer)
        golden_cases.approve(by=cases.person(Role.LEGAL), case_id=case.pk)
        assert second_looks.deal() == 0
    golden_cases.retire(by=officer, case_id=case.pk)
    with pytest.raises(WrongState):
        golden_cases.retire(by=officer, case_id=case.pk)


@pytest.mark.parametrize("state", [ReviewState.SUBMITTED, ReviewState.CLEARED])
def test_golden_case_is_made_of_what_is_decided(state: ReviewState) -> None:
    review = cases.review_at(state)
    with pytest.raises(WrongState):
        golden_cases.propose(
            by=cases.person(Role.LEGAL), review_id=review.pk, opinion=Opinion.SIGN,
            verdicts={}, why="Fine.",
        )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"opinion": Opinion.REFUSE},
        {"verdicts": {}},
        {"seen_before": True},
        {"first_opinion": Opinion.REFUSE},
        {"closed_at": None, "opinion": ""},
    ],
)
def test_what_was_said_never_changes(change: dict[str, object]) -> None:
    look = said(cases.second_look(), Opinion.SIGN)
    with pytest.raises(IntegrityError), transaction.atomic():
        SecondLook.objects.filter(pk=look.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        SecondLook.objects.filter(pk=look.pk)._raw_delete("default")  # type: ignore[attr-defined]


def test_database_keeps_authors_and_signers_from_looking() -> None:
    review = cases.review_at(ReviewState.PUBLISHED)
    case = cases.golden_case(approved=True)
    for person in [review.submitted_by, *cases.signers(review)]:
        with pytest.raises(IntegrityError), transaction.atomic():
            SecondLook.objects.create(review=review, golden_case=case, user=person, role=Role.LEGAL)


def test_golden_case_keeps_its_answer() -> None:
    case = cases.golden_case(approved=True)
    for change in ({"opinion": Opinion.SIGN}, {"verdicts": {}}, {"approved_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            GoldenCase.objects.filter(pk=case.pk).update(**change)
    golden_cases.retire(by=cases.person(Role.LEGAL), case_id=case.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        GoldenCase.objects.filter(pk=case.pk).update(retired_at=None, retired_by=None)


def test_figures_count_what_was_blind() -> None:
    auditor = cases.person(Role.AUDITOR)
    look = said(cases.second_look(flagged=True), Opinion.REFUSE, Verdict.VALID)
    spoilt = cases.second_look()
    Sight.objects.create(review=spoilt.review, user=spoilt.user, seen_at=spoilt.review.submitted_at)
    said(spoilt, Opinion.SIGN)
    tested = said(give(cases.golden_case(approved=True)), Opinion.SIGN)
    by = {record.person: record for record in quality.records(by=auditor)}
    assert by[look.user].as_looker.number == 1 and by[look.user].as_looker.agreed == 0
    assert look.first and by[look.first].as_first.number == 1
    assert by[spoilt.user].spoilt == 1 and not by[spoilt.user].looks
    assert (by[tested.user].right, by[tested.user].too_mild) == (0, 1)
    assert [role for role, _ in quality.by_role()] == [Role.LEGAL]
    rule = quality.by_rule()[0]
    assert (rule.between.number, rule.between.agreed) == (1, 0)
    assert (rule.with_golden.number, rule.with_golden.agreed) == (1, 0)


def test_people_see_their_own_figures_and_overseers_all() -> None:
    look = said(cases.second_look(), Opinion.SIGN)
    assert [r.person for r in quality.records(by=look.user)] == [look.user]
    assert quality.records(by=cases.person(Role.LEGAL)) == []
    assert len(quality.records(by=cases.person(Role.COMPLIANCE))) == 2
    with pytest.raises(NotAllowed):
        quality.records(by=cases.person(Role.CLINICIAN))
