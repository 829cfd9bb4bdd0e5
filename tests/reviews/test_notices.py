"""Who is told: every kind of notice times every relation to what it is about. Generated from the
enum, so that a new kind fails until it has a scenario here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from compliance import ledger
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from engage.connectors.base import Posted
from reviews import notices, reminders, safety, safety_reminders, workflow
from reviews.enums import NoticeGroup, NoticeKind, ReviewState, Role
from reviews.models import Delivery, Notice, Review
from reviews.notice_table import AUDIENCE, FROM_LEDGER, UNTOLD
from tests import cases
from tests.laws.test_one_live_copy import FakePlatform, drive, platform
from tests.reviews.notice_scenarios import MONDAY, REF, TABLE, K, as_of

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db


def told(kind: NoticeKind, about: UUID) -> set[UUID]:
    rows = Notice.objects.filter(kind=kind, about_id=about)
    assert rows.count() == rows.values("recipient").distinct().count(), "somebody was told twice"
    return set(rows.values_list("recipient", flat=True))


def test_every_kind_has_its_rows() -> None:
    assert set(TABLE) == set(AUDIENCE) == set(NoticeKind)


def test_every_entry_of_the_ledger_is_told_of_or_listed_as_untold() -> None:
    assert FROM_LEDGER.keys() | UNTOLD == set(EventKind)
    assert not FROM_LEDGER.keys() & UNTOLD


def test_every_group_has_a_kind() -> None:
    assert {row.group for row in AUDIENCE.values()} == set(NoticeGroup)


@pytest.mark.parametrize("kind", NoticeKind)
def test_exactly_the_right_people_are_told(
    kind: NoticeKind, platform: FakePlatform, client: Client
) -> None:
    scenario, expected = TABLE[kind]
    about, people = scenario(platform)
    reached = told(kind, about)
    assert {name: person.pk in reached for name, person in people.items()} == {
        name: name in expected for name in people
    }
    for notice in Notice.objects.filter(kind=kind, about_id=about):
        client.force_login(notice.recipient)
        page = client.get(reverse("notice", args=[notice.pk]), follow=True)
        assert page.status_code == 200, f"the link is closed to {notice.recipient.username}"
        notice.refresh_from_db()
        assert notice.read_at and len(notice.title) <= 220


def test_signposts_are_told_of_to_those_who_signed_them(platform: FakePlatform) -> None:
    platform.outcomes = [Posted(REF)]
    signpost = cases.signpost()
    signers = {s.user_id for s in signpost.signatures.all()}
    officer = cases.person(Role.SAFETY)
    publication = cases.queued_signpost(signpost, by=officer)
    assert told(K.CLEARED, publication.review_id) == signers
    title = Notice.objects.get(kind=K.CLEARED, recipient=next(iter(signers))).title
    assert title == f"Cleared to post: a signpost in {publication.community.name}"
    drive(publication)
    everybody = signers | {officer.pk, signpost.written_by_id}
    assert told(K.PUBLISHED, publication.pk) == everybody


def test_what_asks_is_settled_when_nobody_is_asked_any_more() -> None:
    officers = [cases.person(Role.COMPLIANCE) for _ in range(2)]
    counsel = cases.person(Role.LEGAL)
    review = cases.review_at(ReviewState.SUBMITTED)
    waiting = Notice.objects.filter(kind=K.SIGNATURE_WANTED, about_id=review.pk, read_at=None)
    assert waiting.count() == 3
    cases.sign(review, Role.COMPLIANCE, by=officers[0])
    assert {n.recipient for n in waiting} == {counsel}
    workflow.refuse(by=cases.person(Role.LEGAL), review_id=review.pk, code="other", reason="No.")
    assert not waiting.all().exists()


def test_cleared_takes_the_place_of_signed() -> None:
    review = cases.review_at(ReviewState.IN_REVIEW)
    cases.sign(review, Role.LEGAL)
    mine = Notice.objects.filter(recipient=review.submitted_by, read_at=None)
    assert [n.kind for n in mine] == [K.CLEARED]


def test_who_comes_later_is_asked_with_the_next_signature() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    counsel = cases.person(Role.LEGAL)
    assert counsel.pk not in told(K.SIGNATURE_WANTED, review.pk)
    cases.sign(review, Role.COMPLIANCE)
    assert counsel.pk in told(K.SIGNATURE_WANTED, review.pk)


def test_deadline_that_was_met_is_not_asked_for_any_more() -> None:
    officer, case = cases.person(Role.SAFETY), cases.signals("SAFE-CRISIS", cases.CRISIS)[0]
    with as_of(case.due_at):
        assert safety_reminders.remind() == 1
        assert safety_reminders.remind() == 0
    overdue = Notice.objects.get(kind=K.SAFETY_OVERDUE, recipient=officer)
    assert overdue.read_at is None
    safety.record_help(by=officer, case_id=case.pk, how="Called.")
    overdue.refresh_from_db()
    assert overdue.read_at is not None


def test_overdue_takes_the_place_of_due_soon() -> None:
    counsel, review = cases.person(Role.LEGAL), cases.review_at(ReviewState.IN_REVIEW)
    Review.objects.filter(pk=review.pk).update(due_at=MONDAY)
    for hours in (3, 1, 1, 0, 0):
        reminders.remind_due(MONDAY - timedelta(hours=hours))
    reminded = counsel.notices.filter(kind__in=(K.DUE_SOON, K.OVERDUE)).order_by("created_at")
    assert [(n.kind, n.read_at is None) for n in reminded] == [
        (K.DUE_SOON, False),
        (K.OVERDUE, True),
    ]


def test_release_of_a_signal_reaches_every_safety_officer() -> None:
    case = cases.signals("SAFE-CRISIS", cases.CRISIS)[0]
    officers = [cases.person(Role.SAFETY) for _ in range(2)]
    safety.take(by=officers[0], case_id=case.pk)
    safety.hand_over(by=officers[0], case_id=case.pk, to=None)
    assert told(K.SAFETY_OWNED, case.pk) == {officers[1].pk}


def test_notice_commits_with_its_event_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)

    def fails(*args: object, **rest: object) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(notices.deliveries, "plan", fails)
    with pytest.raises(RuntimeError):
        workflow.refuse(
            by=cases.person(Role.LEGAL), review_id=review.pk, code="other", reason="No."
        )
    assert Review.objects.get(pk=review.pk).state == ReviewState.SUBMITTED
    assert not Event.objects.filter(kind=EventKind.REFUSED).exists()
    assert not Notice.objects.filter(kind=K.REFUSED).exists()
    monkeypatch.undo()
    workflow.refuse(by=cases.person(Role.LEGAL), review_id=review.pk, code="other", reason="No.")
    assert Notice.objects.filter(kind=K.REFUSED).exists()  # the negative control


def test_verb_that_fails_after_its_event_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    review, counsel = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.LEGAL)
    seen: list[int] = []

    def then_fail(event: Event, subject: object) -> None:
        seen.append(Notice.objects.filter(event=event).count())
        raise RuntimeError("after the notice")

    monkeypatch.setattr(ledger.events, "LISTENERS", [*ledger.LISTENERS, then_fail])
    with pytest.raises(RuntimeError):
        workflow.refuse(by=counsel, review_id=review.pk, code="other", reason="No.")
    assert seen == [1] and not Notice.objects.filter(kind=K.REFUSED).exists()
    assert not Delivery.objects.exists()


def test_one_event_tells_a_person_once() -> None:
    cases.review_at(ReviewState.SENT_BACK)
    notice = Notice.objects.filter(kind=K.SENT_BACK).latest("created_at")
    fields = {f.attname: getattr(notice, f.attname) for f in Notice._meta.concrete_fields}
    with pytest.raises(IntegrityError):
        Notice.objects.create(**{**fields, "id": UUID(int=1)})


def test_telling_costs_the_same_for_one_and_for_three() -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    event = Event.objects.get(kind=EventKind.REVIEW_SUBMITTED)
    event.kind, event.actor = EventKind.SENT_BACK, "system"
    counts = []
    for _ in range(2):
        counts.append(queries_of(lambda: notices.tell(event, review)))
        Notice.objects.filter(event=event).delete()
        for _ in range(2):
            workflow.remark(by=cases.person(Role.LEGAL), review_id=review.pk, body="Well.")
    assert counts[0] == counts[1] <= 8


def queries_of(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)
