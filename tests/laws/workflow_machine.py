"""Random people of random roles do the verbs, by themselves and through the API, and write rows by
hand, in any order; after each step
the laws must hold, and the product must stand where the
independent model stands."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.test import Client, override_settings
from django.urls import reverse
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from compliance import vault
from compliance.exceptions import Refusal
from compliance.ledger import log
from compliance.models import Event
from engage import drafting, publishing, stops, withdrawing
from engage.enums import PublicationState
from engage.models import Draft, Publication, Stop
from reviews import clearance, gates, required_changes, safety, workflow
from reviews.enums import Role, SafetyOutcome, Seat, Verdict
from reviews.freshness import Proof
from reviews.models import Review, RoleGrant, SafetyCase, User
from tests import cases
from tests.laws import workflow_laws, workflow_raw
from tests.laws.test_fails_closed_and_safety_first import _arrive
from tests.laws.workflow_model import SEATS, STATES, Model, Submission
from tests.laws.workflow_world import PEOPLE, TEXTS, World

PLACES = ["bea", "mix", "any1", "any2", *(name for name in PEOPLE if name not in ("bea", "mix"))]
WHO = st.sampled_from([*PEOPLE, "any1", "any2"])
ROLES = st.sets(st.sampled_from([role.value for role in Role]), min_size=1, max_size=3)
AUTHOR = st.sampled_from(["clara", "clara", "bea", "mix"])
SEAT = st.sampled_from([*SEATS])
WHICH = st.integers(0, 5)  # of the reviews of the reply; mostly the newest


class Workflow(RuleBasedStateMachine):
    """One reply in one thread. `laws_alone`: what the model expects does not count."""

    world: World
    laws_alone = False
    runs = 0
    steps = 0
    posted = 0

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.world.platform.sent.clear()
        self.seen: dict[uuid.UUID, dict[str, str]] = {}  # what each signer of a review saw
        self.ids: list[uuid.UUID] = []  # of the model's submissions
        self.before: dict[uuid.UUID, str] = {}
        self.events = Event.objects.count()
        self.draft: Draft | None = None
        type(self).runs += 1

    def teardown(self) -> None:
        log.sequence()
        assert log.verify().size == Event.objects.count()
        type(self).posted += bool(self.world.platform.sent)
        transaction.savepoint_rollback(self.savepoint)

    # The words of the rules.

    def who(self, name: str) -> User:
        return User.objects.get(pk=self.world.people[name])

    def target(self, which: int) -> tuple[Submission, Review]:
        place = which if which < len(self.ids) - 1 else -1
        review = Review.objects.select_related("packet__key", "text__key").get(pk=self.ids[place])
        return self.model.submissions[place], review

    def does(self, expected: bool, verb: Callable[[], Any], *, writes: bool = True) -> bool:
        """Tries a verb; the model said whether it may. What happened is in the ledger."""
        before = Event.objects.count()
        try:
            with transaction.atomic():
                verb()
        except (Refusal, IntegrityError) as refusal:
            if not self.laws_alone:
                assert not expected, f"refused, though nothing speaks against it: {refusal}"
                # The gates refuse before the database has to, unless rows were written by hand.
                assert isinstance(refusal, Refusal) or self.model.tampered, refusal
            return False
        assert self.laws_alone or expected, "this was allowed"
        if writes:
            assert Event.objects.count() > before, "nothing of this is in the ledger"
        return True

    def api(
        self, who: str, action: str, review: Review, given: dict[str, Any]
    ) -> Callable[[], Any]:
        """The same as a verb, as somebody asks it of the API; its refusals are the verb's."""

        def ask() -> None:
            client = Client()
            client.force_login(self.who(who))
            address = reverse(f"api_{action}", args=[review.pk])
            answer = client.post(address, given, content_type="application/json")
            if answer.status_code in (400, 403, 409):
                raise Refusal(answer.content.decode())
            assert answer.status_code == 200, answer.status_code

        return ask

    def by_hand(self, expected: bool, write: Callable[[], Any]) -> bool:
        """Writes rows round every verb; the database lets through what breaks no law."""
        try:
            with transaction.atomic():
                write()
        except IntegrityError:
            assert self.laws_alone or not expected, "the database refused what breaks no law"
            return False
        assert self.laws_alone or expected, "the database let this through"
        self.model.tampered = True
        return True

    # The rules.

    @initialize(
        place=st.integers(0, 3), any1=ROLES, any2=ROLES, steps=st.integers(0, 8), author=AUTHOR
    )
    def begin(self, place: int, any1: set[str], any2: set[str], steps: int, author: str) -> None:
        self.place = self.world.places[place]
        for name, roles in (("any1", any1), ("any2", any2)):
            for role in roles:
                RoleGrant.objects.create(user_id=self.world.people[name], role=role)
        people = {name: frozenset(roles) for name, roles in PEOPLE.items()}
        people |= {"any1": frozenset(any1), "any2": frozenset(any2)}
        self.model = Model(
            people, self.place.seats, second_legal_if_flagged=self.place.second_legal_if_flagged
        )
        self.draft = drafting.start(by=self.who("clara"), post_id=self.place.post.pk)
        for _ in range(steps):
            self._goes_on(author)
            self.laws_hold()

    @rule(who=WHO, text=st.sampled_from([*TEXTS]))
    def save(self, who: str, text: str) -> None:
        assert self.draft
        body, same = TEXTS[text], self.model.versions[-1:] == [(who, text)]
        save = lambda: drafting.save(by=self.who(who), draft_id=self.draft.pk, body=body)  # noqa: E731
        if self.does(self.model.may_save(who), save, writes=not same) and not same:
            self.model.versions.append((who, text))

    @rule(who=WHO)
    def submit(self, who: str) -> None:
        assert self.draft
        draft = self.draft
        newest = drafting.newest_version(draft)
        found = newest.text.scan.findings.all() if newest and newest.text.scan else []
        answers = {f.pk: "For all." for f in found if f.severity in gates.ANSWERED_BY_AUTHOR}

        def submit() -> None:
            review = drafting.submit(by=self.who(who), draft_id=draft.pk, answers=answers)
            self.ids.append(review.pk)

        if self.does(self.model.may_submit(who), submit):
            self.model.submit()
            self.seen[self.ids[-1]] = {}

    @rule(times=st.integers(1, 6), author=AUTHOR)
    def goes_well(self, times: int, author: str) -> None:
        """Some steps of a reply that all goes well with, so that runs get somewhere."""
        for _ in range(times):
            self._goes_on(author)
            self.laws_hold()

    def _goes_on(self, author: str) -> None:
        if not self.model.in_review:
            if not self.model.versions:
                self.save(author, "flagged" if len(self.ids) % 2 else "clean")
            elif self.ids and self.model.newest.state == "sent_back":
                self.answer(author)
            self.submit(author)
            return
        on = self.model.newest
        if on.state == "suspended":
            for signer in sorted(on.signers):
                self.confirm(signer, 9)
        elif on.flagged and not on.disposed:
            self.dispose("liz", 9, Verdict.ACCEPTED)
        elif on.state == "cleared":
            if author != "clara" and not on.suspended:  # and sometimes the thread moves first
                self.thread_moves("edited")
            self.work()
        else:
            ways = [(w, s) for s in SEATS for w in PEOPLE if self.model.may_sign(w, s, on)]
            signed = len(on.signatures)
            for among in ("authors", "signers"):  # first those who must not
                self.sign(author, ways[0][1] if ways else "legal", 9, "", among, False)
            for who, seat in ways:
                if len(on.signatures) == signed:
                    self.sign(who, seat, 9, "", "", False)

    @precondition(lambda self: self.ids)
    @rule(who=WHO, seat=SEAT, which=WHICH, amiss=st.sampled_from(["", "", "", "password", "seen"]),
          among=st.sampled_from(["", "", "authors", "signers"]),
          short=st.booleans(), api=st.booleans())  # fmt: skip
    def sign(
        self,
        who: str,
        seat: str,
        which: int,
        amiss: str,
        among: str,
        short: bool,
        api: bool = False,
    ) -> None:
        on, review = self.target(which)
        # Often somebody who must not, in a seat of theirs.
        if among == "authors" or (among == "signers" and on.signers):
            who = min(on.authors if among == "authors" else on.signers, key=PLACES.index)
        if among and not self.model.has(who, SEATS[seat]):
            seat = next((s for s, role in SEATS.items() if self.model.has(who, role)), seat)
        text = vault.unseal(review.text)
        seen = "0" * 64 if amiss == "seen" else clearance.seal_digest(review)

        password = "wrong" if amiss == "password" else cases.PASSWORD
        given = {"seat": seat, "seen": seen, "password": password}
        asked = self.api(who, "sign", review, given)

        def sign() -> None:
            with override_settings(CLEARANCE_DAYS=-1 if short else 14):
                if api:
                    asked()
                    return
                workflow.sign(
                    by=self.who(who),
                    review_id=review.pk,
                    seat=Seat(seat),
                    proof=Proof(password),
                    seen=seen,
                )

        if self.does(not amiss and self.model.may_sign(who, seat, on), sign):
            self.model.sign(who, seat, on, short)
            self.seen[review.pk][seat] = text

    @precondition(lambda self: self.ids)
    @rule(who=WHO, which=WHICH, verdict=st.sampled_from([*Verdict]), api=st.booleans())
    def dispose(self, who: str, which: int, verdict: Verdict, api: bool = False) -> None:
        on, review = self.target(which)
        found = [f for f in review.scan.findings.all() if f.severity in gates.DISPOSED_BY_REVIEWERS]
        assert bool(found) == on.flagged and len(found) < 2
        for finding in found:
            dispose = lambda finding=finding: workflow.dispose(  # noqa: E731
                by=self.who(who),
                review_id=review.pk,
                finding_id=finding.pk,
                verdict=verdict,
                reason="In line with the label.",
            )
            given = {"finding": str(finding.pk), "verdict": verdict, "reason": "In line."}
            verb = self.api(who, "dispose", review, given) if api else dispose
            if self.does(self.model.may_dispose(who, on), verb):
                legal = self.model.has(who, "legal")
                role = "legal" if legal else "compliance"
                on.disposed = "valid" if verdict == Verdict.VALID else role

    @precondition(lambda self: self.ids)
    @rule(who=WHO, which=WHICH, api=st.booleans())
    def remark(self, who: str, which: int, api: bool) -> None:
        on, review = self.target(which)
        remark = lambda: workflow.remark(by=self.who(who), review_id=review.pk, body="So?")  # noqa: E731
        verb = self.api(who, "remark", review, {"body": "So?"}) if api else remark
        self.does(self.model.may_remark(who, on), verb)

    @precondition(lambda self: self.ids)
    @rule(who=WHO, which=WHICH, what=st.sampled_from(["sent_back", "refused", "withdrawn"]),
          api=st.booleans())  # fmt: skip
    def decide(self, who: str, which: int, what: str, api: bool) -> None:
        on, review = self.target(which)
        verb, expected = {
            "sent_back": (
                workflow.send_back,
                self.model.may_decide(who, on, ("submitted", "in_review", "cleared", "suspended")),
            ),
            "refused": (
                workflow.refuse,
                self.model.may_decide(who, on, ("submitted", "in_review", "suspended")),
            ),
            "withdrawn": (workflow.withdraw, self.model.may_withdraw(who, on)),
        }[what]
        decide = lambda: verb(  # noqa: E731
            by=self.who(who), review_id=review.pk, code="other", reason="Please change it."
        )
        given = {"code": "other", "reason": "Please change it."}
        asked = self.api(who, verb.__name__, review, given)
        if self.does(expected, asked if api else decide):
            on.state, on.asked = what, what == "sent_back"

    @precondition(lambda self: self.ids)
    @rule(who=WHO)
    def answer(self, who: str) -> None:
        assert self.draft
        draft, on = self.draft, self.model.newest
        said = required_changes.Said(done=True, why_not="")
        answers = {entry.change.pk: said for entry in required_changes.waiting(draft.pk)}
        waits = on.state == "sent_back" and on.asked and not on.answered
        answer = lambda: required_changes.answer(  # noqa: E731
            by=self.who(who), case_id=draft.pk, answers=answers
        )
        if self.does(self.model.may_answer(who), answer, writes=waits):
            on.answered = on.answered or waits

    @precondition(lambda self: self.ids)
    @rule(who=WHO, which=WHICH)
    def confirm(self, who: str, which: int) -> None:
        on, review = self.target(which)
        if self.does(self.model.may_confirm(who, on), lambda: cases.confirm(review, self.who(who))):
            self.model.confirm(who, on)

    @rule(what=st.sampled_from(["edited", "author_again", "others_reply", "crisis"]))
    def thread_moves(self, what: str) -> None:
        post, again = self.place.post, "again " * (self.model.moves + 1)
        source = self.place.source["author"]
        if what == "edited":
            _arrive(post, same=True, text=f"I changed my question {again}.")
        elif what == "author_again":
            _arrive(post, author=source, text="It got worse.")
        elif what == "others_reply":
            _arrive(post, author="somebody", text="I had the same, it went away.")
        elif self.model.moves % 3 == 2:  # seldom: it ends all ordinary replies
            _arrive(post, author="somebody-else", text=cases.CRISIS)
            self.model.danger = True
        else:
            return
        cases.scanned()
        self.model.moves += what != "others_reply"

    @precondition(lambda self: self.model.danger)
    @rule(who=WHO)
    def calm(self, who: str) -> None:
        for case in SafetyCase.objects.filter(disposed_at=None):
            dispose = lambda case=case: safety.dispose(  # noqa: E731
                by=self.who(who),
                case_id=case.pk,
                outcome=SafetyOutcome.SIGNPOSTED,
                reason="Done.",
            )
            self.does(self.model.has(who, "safety"), dispose)
        self.model.danger = not self.model.has(who, "safety")

    @precondition(lambda self: self.ids)
    @rule(which=WHICH)
    def suspend(self, which: int) -> None:
        on, review = self.target(which)
        suspend = lambda: workflow.suspend(review_id=review.pk, why="rules_changed")  # noqa: E731
        if self.does(on.state == "cleared", suspend):
            self.model.suspend(on)

    @rule(who=WHO)
    def stop_or_lift(self, who: str) -> None:
        standing = Stop.objects.filter(lifted_at=None).first()
        by, here = self.who(who), self.place.post.community_id

        def act() -> None:
            if standing:
                stops.lift(by=by, stop_id=standing.pk, reason="Well again.")
            else:
                stops.stop(by=by, community_id=here, reason="A complaint.")

        if self.does(self.model.has(who, "compliance"), act):
            self.model.stopped = not standing

    @rule()
    def expire(self) -> None:
        workflow.expire_due()
        self.model.expire()

    @rule()
    def work(self) -> None:
        """What the workers do: take down, queue, and send; the signed texts are what is sent."""
        for publication_id in withdrawing.follow_withdrawals():
            withdrawing.take_down(publication_id)
        publishing.queue_cleared()
        expected = [self.ids[self.model.submissions.index(on)] for on in self.model.work()]
        posted = []
        for publication in Publication.objects.filter(state=PublicationState.QUEUED):
            sent = len(self.world.platform.sent)
            publishing.drive(publication.pk)
            for prepared in self.world.platform.sent[sent:]:
                posted.append(publication.review_id)
                workflow_laws.check_posted(
                    publication, prepared.body["text"], self.seen[publication.review_id]
                )
        assert self.laws_alone or posted == expected

    # By hand.

    @precondition(lambda self: self.ids)
    @rule(who=WHO, seat=SEAT, which=WHICH, forged=st.booleans())
    def sign_by_hand(self, who: str, seat: str, which: int, forged: bool) -> None:
        on, review = self.target(which)
        row = workflow_raw.signature(review, self.who(who), Seat(seat), forged)
        covers = "forged" if forged else "true"
        expected = self.model.may_be_raw_signed(who, seat, covers, on)
        if self.by_hand(expected, lambda: workflow_raw.write(row)):
            self.model.sign(who, seat, on, False)
            on.signatures[seat].covers, on.state = covers, self.before.get(review.pk, on.state)
            self.seen[review.pk][seat] = vault.unseal(review.text)

    @precondition(lambda self: self.ids)
    @rule(after=st.sampled_from(STATES), which=WHICH, orm=st.booleans())
    def move_by_hand(self, after: str, which: int, orm: bool) -> None:
        on, review = self.target(which)
        if on.state == after:
            return
        expected = self.model.may_be_moved(on, after)
        if self.by_hand(expected, lambda: workflow_raw.move(review, after, orm)):
            if after == "suspended":
                self.model.suspend(on)
            on.state = after

    @rule(who=WHO)
    def write_a_version_by_hand(self, who: str) -> None:
        assert self.draft
        newest = drafting.newest_version(self.draft)
        if newest is None or not self.model.in_review:
            return
        row = workflow_raw.another_version(newest, self.who(who))
        if self.by_hand(False, lambda: workflow_raw.write(row)):
            self.model.versions.append((who, "clean"))

    @precondition(lambda self: self.ids)
    @rule(who=WHO, which=WHICH, what=st.sampled_from([*workflow_raw.ATTACKS]))
    def attack(self, who: str, which: int, what: str) -> None:
        _, review = self.target(which)
        statement = workflow_raw.ATTACKS[what](review, self.who(who))
        if statement is not None:
            self.by_hand(False, statement)

    # After each step.

    @invariant()
    def laws_hold(self) -> None:
        if self.draft is None:
            return
        type(self).steps += 1
        events = Event.objects.count()
        assert events >= self.events, "the ledger shrank"
        self.events = events
        self.before = workflow_laws.check(self.draft, self.before)
        if not self.laws_alone:
            expected = [on.state for on in self.model.submissions]
            assert [self.before[pk] for pk in self.ids] == expected, "not where the model stands"
