"""Who is told: every kind of notice times every relation to what it is about. Generated from the
enum, so that a new kind fails until it has a scenario here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from compliance import ledger
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from engage import drafting, publishing, watching
from engage.connectors.base import Ambiguous, Live, LiveState, Pending, Posted, Refused, Unknown
from engage.models import Publication
from reviews import (
    corrections,
    notices,
    profile_changes,
    reminders,
    safety,
    signposts,
    workflow,
)
from reviews.enums import (
    NoticeGroup,
    NoticeKind,
    ReviewState,
    Role,
    SafetyOutcome,
)
from reviews.models import Delivery, Notice, Proposal, Review, RoleGrant, SafetyCase, User
from reviews.notice_table import AUDIENCE, FROM_LEDGER, UNTOLD
from tests import cases
from tests.laws.test_one_live_copy import FakePlatform, drive, platform

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db
K = NoticeKind
People = dict[str, User]
REF = {"post_id": "77"}


def bystanders() -> People:
    """One more person in every role, who had nothing to do with anything."""
    people = {f"idle {role.value}": cases.person(role) for role in Role}
    gone, demoted = cases.person(Role.COMPLIANCE), cases.person(Role.COMPLIANCE)
    return {**people, "gone": gone, "demoted": demoted}


def leave(people: People) -> None:
    """From here on one of them is away for good, and one has another role."""
    User.objects.filter(pk=people["gone"].pk).update(is_active=False)
    RoleGrant.objects.filter(user=people["demoted"]).update(role=Role.CLINICIAN)


class Reply:
    """A reply that was sent back once and submitted again, with everybody who acted on it."""

    def __init__(self) -> None:
        people = self.people = bystanders()
        for name, role in [
            ("author", Role.CLINICIAN),
            ("coauthor", Role.CLINICIAN),
            ("earlier", Role.COMPLIANCE),
            ("disposer", Role.LEGAL),
            ("commenter", Role.LEGAL),
            ("signer", Role.COMPLIANCE),
            ("actor", Role.LEGAL),
        ]:
            people[name] = cases.person(role)
        first = cases.review_at(
            ReviewState.SUBMITTED,
            flagged=True,
            versions_by=[people["coauthor"], people["author"]],
        )
        for name in ("gone", "demoted"):
            workflow.remark(by=people[name], review_id=first.pk, body="I wonder.")
        workflow.send_back(by=people["earlier"], review_id=first.pk, reason="Shorter, please.")
        leave(people)
        drafting.save(by=people["author"], draft_id=first.case_id, body=cases.FLAGGED + " Ask.")
        self.review = self._submitted(first)

    def _submitted(self, first: Review) -> Review:
        version = cases.newest_version(first)
        assert version.text.scan is not None
        answers = {f.pk: "For everybody." for f in version.text.scan.findings.all()}
        author = self.people["author"]
        return drafting.submit(by=author, draft_id=first.case_id, answers=answers)

    def signed(self) -> Review:
        people, review = self.people, self.review
        for finding in review.scan.findings.all():
            workflow.dispose(
                by=people["disposer"],
                review_id=review.pk,
                finding_id=finding.pk,
                verdict="accepted",  # type: ignore[arg-type]  # its value
                reason="In line with the label.",
            )
        workflow.remark(by=people["commenter"], review_id=review.pk, body="Fine.")
        cases.sign(review, Role.COMPLIANCE, by=people["signer"])
        return review

    def cleared(self) -> Review:
        cases.sign(self.signed(), Role.LEGAL, by=self.people["actor"])
        return self.review

    def queued(self) -> Publication:
        publication = publishing.queue(review_id=self.cleared().pk)
        assert publication is not None
        return publication

    def decided(self, verb: Callable[..., Any]) -> UUID:
        verb(by=self.people["actor"], review_id=self.signed().pk, reason="Because.")
        return self.review.pk


Scenario = Callable[[FakePlatform], tuple[UUID, People]]
ACTED = {"author", "coauthor", "earlier", "disposer", "commenter", "signer"}
COUNSEL = {"idle legal", "disposer", "commenter", "actor"}
OFFICERS = {"idle compliance", "earlier", "signer"}


def submitted(platform: FakePlatform) -> tuple[UUID, People]:
    reply = Reply()
    return reply.review.pk, reply.people


def signed(platform: FakePlatform) -> tuple[UUID, People]:
    reply = Reply()
    return reply.signed().pk, reply.people


def cleared(platform: FakePlatform) -> tuple[UUID, People]:
    reply = Reply()
    return reply.cleared().pk, reply.people


def decided(verb: Callable[..., Any]) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        reply = Reply()
        return reply.decided(verb), reply.people

    return scenario


def remarked(platform: FakePlatform) -> tuple[UUID, People]:
    reply = Reply()
    workflow.remark(by=reply.people["actor"], review_id=reply.signed().pk, body="Well.")
    newest = Notice.objects.filter(kind=K.REMARKED).latest("event").event
    Notice.objects.filter(kind=K.REMARKED).exclude(event=newest).delete()
    return reply.review.pk, reply.people


def suspended(platform: FakePlatform) -> tuple[UUID, People]:
    reply = Reply()
    workflow.suspend(review_id=reply.cleared().pk, why="answered_post_edited")
    return reply.review.pk, reply.people


def expired(platform: FakePlatform) -> tuple[UUID, People]:
    reply = Reply()
    with override_settings(CLEARANCE_DAYS=-1):
        reply.cleared()
    workflow.expire_due()
    return reply.review.pk, reply.people


def near(hours: float) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        reply = Reply()
        with as_of(reply.signed().due_at - timedelta(hours=hours)):
            reminders.remind()
        return reply.review.pk, reply.people

    return scenario


def posted(*outcomes: Any, then: Callable[[Publication], None] = lambda p: None) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        platform.outcomes = list(outcomes)
        platform.lookups = [Ambiguous(2)]
        reply = Reply()
        publication = reply.queued()
        drive(publication)
        then(publication)
        return publication.pk, reply.people

    return scenario


def look_twice(publication: Publication) -> None:
    drive(publication)


def take_down(publication: Publication) -> None:
    review = publication.review
    author = review.submitted_by
    workflow.withdraw(by=author, review_id=review.pk, reason="Not any more.")
    publishing.withdrawing.follow_withdrawals()
    drive(publication)


def hide(publication: Publication) -> None:
    publication = Publication.objects.get(pk=publication.pk)
    connector = watching.connect(publication.community)
    connector.fetch_published = lambda ref: Live(  # type: ignore[method-assign]  # the fake's
        LiveState.HIDDEN, "Hidden.", "2"
    )
    watching.look(publication.pk)


class Signal:
    """A safety signal that somebody has and others worked on."""

    def __init__(self, text: str = cases.CRISIS, rule: str = "SAFE-CRISIS") -> None:
        people = self.people = bystanders()
        for name in ("owner", "earlier", "actor"):
            people[name] = cases.person(Role.SAFETY)
        leave(people)
        self.case = cases.signals(rule, text)[0]

    def worked_on(self) -> UUID:
        people, pk = self.people, self.case.pk
        safety.hand_off(by=people["earlier"], case_id=pk, recipient="Team", reference="")
        safety.take(by=people["owner"], case_id=pk)
        Notice.objects.filter(about_id=pk).delete()
        return pk


SAFETY_PEOPLE = {"idle safety", "owner", "earlier", "actor"}


def opened(text: str, rule: str) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        signal = Signal(text, rule)
        return signal.case.pk, signal.people

    return scenario


def at_signal(act: Callable[[User, UUID, People], Any]) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        signal = Signal()
        pk = signal.worked_on()
        act(signal.people["actor"], pk, signal.people)
        return pk, signal.people

    return scenario


def hand_over(actor: User, pk: UUID, people: People) -> None:
    safety.hand_over(by=people["owner"], case_id=pk, to=None)
    Notice.objects.filter(about_id=pk).delete()
    safety.hand_over(by=actor, case_id=pk, to=people["owner"].pk)


def correct(actor: User, pk: UUID, people: People) -> None:
    safety.correct(by=actor, case_id=pk, seen=1, serious=True, struck=[], reason="It is.")


def signal_near(minutes: float) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        signal = Signal()
        pk = signal.worked_on()
        case = SafetyCase.objects.get(pk=pk)
        with as_of(case.due_at - timedelta(minutes=minutes)):
            reminders.remind()
        return pk, signal.people

    return scenario


def at_change(act: Callable[[User, Any], Any] = lambda actor, change: None) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        people = bystanders()
        people["author"], people["actor"] = (cases.person(Role.COMPLIANCE) for _ in range(2))
        leave(people)
        change = cases.profile_change(by=people["author"])
        act(people["actor"], change)
        return change.pk, people

    return scenario


def at_words(act: Callable[[User, Proposal], Any] = lambda actor, proposal: None) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        people = bystanders()
        people["author"], people["actor"] = cases.person(Role.SAFETY), cases.person(Role.LEGAL)
        leave(people)
        proposal = cases.proposal(by=people["author"])
        act(people["actor"], proposal)
        return proposal.pk, people

    return scenario


def retired(actor: User, proposal: Proposal) -> None:
    corrections.approve(by=cases.person(Role.LEGAL), proposal_id=proposal.pk)
    corrections.retire(by=actor, entry_id=proposal.pk, reason="No longer.")


def at_signpost(act: Callable[[People, Any], Any] = lambda people, signpost: None) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        people = bystanders()
        people["author"] = cases.person(Role.LEGAL)
        people["signer"], people["actor"] = cases.person(Role.COMPLIANCE), cases.person(Role.LEGAL)
        leave(people)
        signpost = signposts.write(
            by=people["author"], title="Line", text="Call 988.", answers=["SAFE-CRISIS"]
        )
        act(people, signpost)
        return signpost.pk, people

    return scenario


def both_sign(people: People, signpost: Any) -> None:
    cases.sign_signpost(signpost, Role.COMPLIANCE, by=people["signer"])
    Notice.objects.filter(kind=K.SIGNPOST_SIGNED).delete()
    cases.sign_signpost(signpost, Role.LEGAL, by=people["actor"])


def signed_and_retired(people: People, signpost: Any) -> None:
    cases.sign_signpost(signpost, Role.COMPLIANCE, by=people["signer"])
    signposts.retire(by=people["actor"], signpost_id=signpost.pk)


# Of each kind: what happens, and the relations of those who are told.
TABLE: dict[NoticeKind, tuple[Scenario, set[str]]] = {
    K.SIGNATURE_WANTED: (submitted, OFFICERS | COUNSEL),
    K.SIGNED: (signed, ACTED - {"signer"}),
    K.CLEARED: (cleared, ACTED),
    K.SENT_BACK: (decided(workflow.send_back), ACTED),
    K.REFUSED: (decided(workflow.refuse), ACTED),
    K.WITHDRAWN: (decided(workflow.withdraw), ACTED),
    K.SUSPENDED: (suspended, ACTED | {"actor"}),
    K.EXPIRED: (expired, ACTED | {"actor"}),
    K.REMARKED: (remarked, ACTED),
    K.DUE_SOON: (near(5), COUNSEL),
    K.OVERDUE: (near(0), COUNSEL),
    K.PUBLISHED: (posted(Posted(REF)), ACTED | {"actor", "demoted"}),
    K.HELD_THERE: (posted(Pending(REF)), ACTED | {"actor", "demoted"}),
    K.REFUSED_THERE: (posted(Refused("banned")), ACTED | {"actor", "demoted"}),
    K.UNCLEAR_THERE: (posted(Unknown("timeout"), then=look_twice), OFFICERS | COUNSEL),
    K.TAKEN_DOWN: (posted(Posted(REF), then=take_down), ACTED | {"actor", "demoted"}),
    K.INCIDENT: (posted(Posted(REF), then=hide), ACTED | {"actor", "demoted"}),
    K.CRISIS: (opened(cases.CRISIS, "SAFE-CRISIS"), SAFETY_PEOPLE),
    K.SAFETY_OPENED: (
        opened("I took the pill and got hives all over my body.", "AE-POSSIBLE"),
        SAFETY_PEOPLE,
    ),
    K.SAFETY_OWNED: (at_signal(hand_over), {"owner"}),
    K.SAFETY_CORRECTED: (at_signal(correct), {"owner", "earlier"}),
    K.SAFETY_HANDED_OFF: (
        at_signal(
            lambda by, pk, _: safety.hand_off(by=by, case_id=pk, recipient="T", reference="")
        ),
        {"owner", "earlier"},
    ),
    K.SAFETY_HELPED: (
        at_signal(lambda by, pk, _: safety.record_help(by=by, case_id=pk, how="Called.")),
        {"owner", "earlier"},
    ),
    K.SAFETY_DISPOSED: (
        at_signal(
            lambda by, pk, _: safety.dispose(
                by=by, case_id=pk, outcome=SafetyOutcome.NOT_VALID, reason="A song."
            )
        ),
        {"owner", "earlier"},
    ),
    K.SAFETY_DUE_SOON: (signal_near(3), {"owner"}),
    K.SAFETY_OVERDUE: (signal_near(0), {"owner"}),
    K.PROFILE_WAITING: (at_change(), {"idle compliance", "actor"}),
    K.PROFILE_APPROVED: (
        at_change(
            lambda by, change: profile_changes.approve(
                by=by, change_id=change.pk, seen=change.digest
            )
        ),
        {"author"},
    ),
    K.PROFILE_DECLINED: (
        at_change(
            lambda by, change: profile_changes.decline(by=by, change_id=change.pk, reason="No.")
        ),
        {"author"},
    ),
    K.WORD_WAITING: (at_words(), {"idle compliance", "idle legal", "idle safety", "actor"}),
    K.WORD_LISTED: (
        at_words(lambda by, p: corrections.approve(by=by, proposal_id=p.pk)),
        {"author"},
    ),
    K.WORD_DECLINED: (
        at_words(lambda by, p: corrections.decline(by=by, proposal_id=p.pk, reason="No.")),
        {"author"},
    ),
    K.WORD_RETIRED: (at_words(retired), {"author"}),
    K.SIGNPOST_WAITING: (at_signpost(), {"idle compliance", "idle legal", "signer", "actor"}),
    K.SIGNPOST_SIGNED: (at_signpost(both_sign), {"author", "signer"}),
    K.SIGNPOST_RETIRED: (at_signpost(signed_and_retired), {"author", "signer"}),
}


class as_of:
    """The clock of the reminders stands at a moment."""

    def __init__(self, moment: Any) -> None:
        self._moment, self._patch = moment, pytest.MonkeyPatch()

    def __enter__(self) -> None:
        self._patch.setattr(reminders.timezone, "now", lambda: self._moment)

    def __exit__(self, *rest: object) -> None:
        self._patch.undo()


def told(kind: NoticeKind, about: UUID) -> set[UUID]:
    rows = Notice.objects.filter(kind=kind, about_id=about)
    assert rows.count() == rows.values("recipient").distinct().count(), "somebody was told twice"
    return set(rows.values_list("recipient", flat=True))


def named(ids: Iterable[UUID], people: People) -> set[str]:
    names = {person.pk: name for name, person in people.items()}
    return {names[pk] for pk in ids if pk in names}


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
    workflow.refuse(by=cases.person(Role.LEGAL), review_id=review.pk, reason="No.")
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
        assert reminders.remind() == 1
        assert reminders.remind() == 0
    overdue = Notice.objects.get(kind=K.SAFETY_OVERDUE, recipient=officer)
    assert overdue.read_at is None
    safety.record_help(by=officer, case_id=case.pk, how="Called.")
    overdue.refresh_from_db()
    assert overdue.read_at is not None


def test_overdue_takes_the_place_of_due_soon() -> None:
    counsel, review = cases.person(Role.LEGAL), cases.review_at(ReviewState.IN_REVIEW)
    for hours in (7, 5, 5, 0, 0):
        with as_of(review.due_at - timedelta(hours=hours)):
            reminders.remind()
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
        workflow.refuse(by=cases.person(Role.LEGAL), review_id=review.pk, reason="No.")
    assert Review.objects.get(pk=review.pk).state == ReviewState.SUBMITTED
    assert not Event.objects.filter(kind=EventKind.REFUSED).exists()
    assert not Notice.objects.filter(kind=K.REFUSED).exists()
    monkeypatch.undo()
    workflow.refuse(by=cases.person(Role.LEGAL), review_id=review.pk, reason="No.")
    assert Notice.objects.filter(kind=K.REFUSED).exists()  # the negative control


def test_verb_that_fails_after_its_event_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    review, counsel = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.LEGAL)
    seen: list[int] = []

    def then_fail(event: Event, subject: object) -> None:
        seen.append(Notice.objects.filter(event=event).count())
        raise RuntimeError("after the notice")

    monkeypatch.setattr(ledger.events, "LISTENERS", [*ledger.LISTENERS, then_fail])
    with pytest.raises(RuntimeError):
        workflow.refuse(by=counsel, review_id=review.pk, reason="No.")
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
