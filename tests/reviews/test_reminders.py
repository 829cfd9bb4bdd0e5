"""Reminders: once for each stage, to those who can do something about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.models import Event
from reviews import reminders, workflow
from reviews.enums import ReviewState, Role, Stage
from reviews.models import Reminder, Review, RoleGrant
from tests import cases
from tests.laws.attacks import assert_refused, delete, run, update, without_laws

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)  # a working day; 9:00 to 17:00


def due(review: Review, moment: datetime) -> Review:
    Review.objects.filter(pk=review.pk).update(due_at=moment)
    return Review.objects.get(pk=review.pk)


def stages(review: Review) -> list[str]:
    return sorted(review.reminders.values_list("stage", flat=True))


def named(review: Review, stage: Stage) -> set[object]:
    return set(review.reminders.get(stage=stage).named.values_list("person", flat=True))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (3, []),  # from now until it is due
        (2, ["due_soon"]),
        (0, ["overdue"]),
        (-3, ["overdue"]),
        (-72, ["escalated", "overdue"]),  # since Friday noon: a working day
    ],
)
def test_stage_follows_the_due_time(hours: int, expected: list[str]) -> None:
    review = due(cases.review_at(ReviewState.SUBMITTED), MONDAY + timedelta(hours=hours))
    reminders.remind_due(MONDAY)
    assert stages(review) == expected
    assert reminders.remind_due(MONDAY) == 0  # once each
    assert stages(review) == expected


@pytest.mark.parametrize("state", ReviewState)
def test_only_what_waits_for_a_signature_is_reminded_of(state: ReviewState) -> None:
    review = due(cases.review_at(state), MONDAY - timedelta(hours=1))
    reminders.remind_due(MONDAY)
    assert bool(stages(review)) == (state in reminders.WAITING)


@pytest.mark.parametrize("moment", ["2026-11-28T12:00", "2026-11-30T08:59", "2026-11-26T12:00"])
def test_nobody_is_reminded_outside_working_time(moment: str) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    review = due(cases.review_at(ReviewState.SUBMITTED), now - timedelta(days=9))
    assert reminders.remind_due(now) == 0 and not stages(review)


def test_reminder_names_those_who_may_sign_and_have_not() -> None:
    officer, counsel, away = (cases.person(r) for r in (Role.COMPLIANCE, Role.LEGAL, Role.LEGAL))
    gone = cases.person(Role.LEGAL)
    gone.is_active = False
    gone.save()
    author = cases.person(Role.CLINICIAN)
    RoleGrant.objects.create(user=author, role=Role.LEGAL)
    cases.absence(away, counsel)
    review = cases.review_at(ReviewState.SUBMITTED, versions_by=[author])
    cases.sign(review, Role.COMPLIANCE, by=officer)
    due(review, MONDAY)
    reminders.remind_due(MONDAY)
    assert named(review, Stage.OVERDUE) == {counsel.pk}


def test_escalation_names_all_compliance_officers_too() -> None:
    officer, counsel = cases.person(Role.COMPLIANCE), cases.person(Role.LEGAL)
    other, away = cases.person(Role.COMPLIANCE), cases.person(Role.COMPLIANCE)
    cases.absence(away)
    review = cases.review_at(ReviewState.SUBMITTED)
    cases.sign(review, Role.COMPLIANCE, by=officer)
    due(review, MONDAY - timedelta(days=5))
    reminders.remind_due(MONDAY)
    assert named(review, Stage.OVERDUE) == {counsel.pk}
    assert named(review, Stage.ESCALATED) == {counsel.pk, officer.pk, other.pk}
    event = Event.objects.filter(kind="reminded").latest("id")
    assert event.facts["stage"] == "escalated" and str(other.pk) in event.facts["named"]


def test_review_that_was_signed_meanwhile_is_not_reminded_of() -> None:
    review = due(cases.review_at(ReviewState.SUBMITTED), MONDAY)
    workflow.refuse(by=cases.person(Role.LEGAL), review_id=review.pk, code="other", reason="No.")
    assert not reminders._remind(review.pk, Stage.OVERDUE)


def test_second_reminder_of_a_stage_is_refused_by_the_database() -> None:
    review = due(cases.review_at(ReviewState.SUBMITTED), MONDAY)
    reminders.remind_due(MONDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(review=review, stage=Stage.OVERDUE)


def test_reminders_stay() -> None:
    cases.person(Role.LEGAL)
    review = due(cases.review_at(ReviewState.SUBMITTED), MONDAY)
    reminders.remind_due(MONDAY)
    row = review.reminders.get()
    for attack in (update(row, stage="due_soon"), delete(row.named.all()[0])):
        assert_refused(attack)
    with without_laws():
        run(update(row, stage="due_soon"))


def test_pages_say_since_when_and_to_whom(client: Client) -> None:
    counsel = cases.person(Role.LEGAL)
    review = due(cases.review_at(ReviewState.SUBMITTED), MONDAY - timedelta(days=400))
    reminders.remind_due(MONDAY)
    client.force_login(counsel)
    page = client.get(reverse("review", args=[review.pk])).content.decode()
    assert review.due_at < timezone.now()
    assert "Overdue since" in page and f"to {counsel.printed_name}" in page
    queue = client.get(reverse("queue")).content.decode()
    assert ">Escalated<" in queue and "overdue since" in queue


def test_escalation_to_nobody_says_so(client: Client) -> None:
    review = due(cases.review_at(ReviewState.SUBMITTED), MONDAY - timedelta(days=400))
    reminders.remind_due(MONDAY)
    client.force_login(cases.person(Role.AUDITOR))
    page = client.get(reverse("review", args=[review.pk])).content.decode()
    assert "all who may decide are away" in page
