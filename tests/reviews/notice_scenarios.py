"""What happens before each kind of notice, and the relations of those who are told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings

from engage import breaches, drafting, publications, publishing, relooks, watching
from engage.connectors.base import Ambiguous, Live, LiveState, Pending, Posted, Refused, Unknown
from engage.models import Publication
from reviews import (
    claims,
    corrections,
    profile_changes,
    reminders,
    safety,
    safety_reminders,
    second_looks,
    signposts,
    workflow,
)
from reviews.enums import NoticeKind, Opinion, ReviewState, Role, SafetyOutcome, Verdict
from reviews.models import Notice, Proposal, Review, RoleGrant, SafetyCase, SecondLook, User
from tests import cases
from tests.laws.test_one_live_copy import FakePlatform, drive

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
        workflow.send_back(
            by=people["earlier"], review_id=first.pk, code="other", reason="Shorter, please."
        )
        leave(people)
        drafting.save(by=people["author"], draft_id=first.case_id, body=cases.FLAGGED + " Ask.")
        cases.done_as_required(first.case_id, people["author"])
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
        verb(by=self.people["actor"], review_id=self.signed().pk, code="other", reason="Because.")
        return self.review.pk


Scenario = Callable[[FakePlatform], tuple[UUID, People]]
ACTED = {"author", "coauthor", "earlier", "disposer", "commenter", "signer"}
MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)  # in working time
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


def assigned(platform: FakePlatform) -> tuple[UUID, People]:
    reply = Reply()
    claims.assign(
        by=reply.people["actor"], review_id=reply.review.pk, to=reply.people["idle legal"].pk
    )
    return reply.review.pk, reply.people


def second_look(people: People, review: Review) -> SecondLook:
    """Counsel who had no part is given one."""
    with override_settings(SECOND_LOOK_PERCENT=100):
        RoleGrant.objects.filter(user__username__startswith="legal-").exclude(
            user__in=people.values()
        ).delete()
        second_looks.deal()
    return SecondLook.objects.get(review=review, role=Role.LEGAL)


def dealt(platform: FakePlatform) -> tuple[UUID, People]:
    platform.outcomes = [Posted(REF)]
    reply = Reply()
    drive(reply.queued())
    return second_look(reply.people, reply.review).pk, reply.people


def doubted(platform: FakePlatform) -> tuple[UUID, People]:
    look_id, people = dealt(platform)
    look = SecondLook.objects.get(pk=look_id)
    second_looks.answer(
        by=look.user,
        look_id=look_id,
        opinion=Opinion.REFUSE,
        verdicts={finding.pk: Verdict.VALID for finding in second_looks.wanted(look)},
        reason="It promises too much.",
    )
    return look.review_id, people


def grown_old(platform: FakePlatform) -> tuple[UUID, People]:
    platform.outcomes = [Posted(REF)]
    reply = Reply()
    drive(reply.queued())
    with override_settings(REREVIEW_DAYS=-1):
        relooks.open_due()
    return reply.review.pk, reply.people


def near(hours: float) -> Scenario:
    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        reply = Reply()
        due_at = MONDAY + timedelta(hours=hours)
        Review.objects.filter(pk=reply.signed().pk).update(due_at=due_at)
        reminders.remind_due(MONDAY)
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


def by_hand(then: Callable[[Publication], None] = lambda p: None) -> Scenario:
    """A person must post it, or take down what a person posted."""

    def scenario(platform: FakePlatform) -> tuple[UUID, People]:
        platform.caps = replace(platform.caps, by_hand=True)
        reply = Reply()
        publication = reply.queued()
        drive(publication)
        then(publication)
        return publication.pk, reply.people

    return scenario


def take_down_by_hand(publication: Publication) -> None:
    by = cases.person(Role.CLINICIAN)
    publishing.hand_out(by=by, publication_id=publication.pk)
    attempt = publication.attempts.get()
    publications.landed(publications.read(publication.pk), attempt, REF, "", False)
    take_down(Publication.objects.get(pk=publication.pk))


def look_twice(publication: Publication) -> None:
    drive(publication)


def take_down(publication: Publication) -> None:
    review = publication.review
    author = review.submitted_by
    workflow.withdraw(by=author, review_id=review.pk, code="other", reason="Not any more.")
    publishing.withdrawing.follow_withdrawals()
    drive(publication)


def assess(publication: Publication) -> None:
    safety = cases.person(Role.SAFETY)
    breaches.open_assessment(by=safety, publication_id=publication.pk, why="It names somebody.")


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
            safety_reminders.remind()
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


def spoken_of(platform: FakePlatform) -> tuple[UUID, People]:
    people = bystanders()
    people["watcher"], people["other"] = cases.person(Role.LEGAL), cases.person(Role.CLINICIAN)
    cases.topic_watch(people["watcher"], "copper coil")
    cases.topic_watch(people["other"], "hormonal coil")
    cases.topic_watch(people["demoted"], "copper coil")  # before they became something else
    cases.topic_watch(people["gone"], "copper coil")
    leave(people)
    return cases.post("Is my copper coil to blame?").thread_id, people


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
    K.ASSIGNED: (assigned, {"idle legal"}),
    K.LOOK_DEALT: (dealt, {"idle legal"}),
    K.LOOK_DIFFERS: (doubted, OFFICERS),
    K.RELOOK_OPENED: (grown_old, OFFICERS),
    K.DUE_SOON: (near(1), COUNSEL),
    K.OVERDUE: (near(0), COUNSEL),
    K.ESCALATED: (near(-72), COUNSEL | OFFICERS),
    K.PUBLISHED: (posted(Posted(REF)), ACTED | {"actor", "demoted"}),
    K.HELD_THERE: (posted(Pending(REF)), ACTED | {"actor", "demoted"}),
    K.REFUSED_THERE: (posted(Refused("banned")), ACTED | {"actor", "demoted"}),
    K.UNCLEAR_THERE: (posted(Unknown("timeout"), then=look_twice), OFFICERS | COUNSEL),
    K.POST_BY_HAND: (by_hand(), ACTED | {"actor", "demoted"}),
    K.REMOVE_BY_HAND: (by_hand(then=take_down_by_hand), ACTED | {"actor", "demoted"}),
    K.TAKEN_DOWN: (posted(Posted(REF), then=take_down), ACTED | {"actor", "demoted"}),
    K.BREACH_OPENED: (posted(Posted(REF), then=assess), OFFICERS | COUNSEL),
    K.INCIDENT: (posted(Posted(REF), then=hide), ACTED | {"actor", "demoted"}),
    K.WATCH_MATCHED: (spoken_of, {"watcher", "demoted"}),
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
        self._patch.setattr(safety_reminders.timezone, "now", lambda: self._moment)

    def __exit__(self, *rest: object) -> None:
        self._patch.undo()
