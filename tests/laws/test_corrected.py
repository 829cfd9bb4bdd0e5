"""A correction is signed as a reply is and takes its place in one step: what somebody else changed
is not overwritten, what was taken down does not come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.utils import timezone

from compliance.exceptions import NotAllowed
from engage import communities, drafting, publications, publishing, watching, withdrawing
from engage.connectors.base import (
    Conflict,
    ConnectorError,
    Live,
    LiveState,
    Posted,
    Prepared,
)
from engage.enums import IncidentKind, PublicationState
from engage.models import Draft, Publication
from reviews import workflow
from reviews.enums import ReasonCode, ReviewState, Role
from reviews.exceptions import WrongState
from reviews.models import Review, RoleGrant, SignOff, User
from reviews.packet import Packet, packet_of
from tests import cases
from tests.laws.attacks import assert_refused, insert, run, update, without_law
from tests.laws.test_one_live_copy import REF, FakePlatform, drive

pytestmark = pytest.mark.django_db
BETTER = "Many people notice irregular bleeding at first. It often settles within months."


class Shelf(FakePlatform):
    """A fake with one place, which keeps what was posted; faults happen when they are told to."""

    def __init__(self) -> None:
        super().__init__()
        self.text: str | None = None
        self.edits: list[str] = []
        self.faults: list[Exception] = []  # of the next edits, after they were done
        self.before_edit: list[Any] = []  # what somebody else does in that very moment
        self.readable = True

    def publish(self, prepared: Prepared) -> Posted:
        self.sent.append(prepared)
        self.text = prepared.body["text"]
        return Posted(REF, "https://community.example/1")

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        if not self.readable:
            return Live(LiveState.UNREADABLE)
        if self.text is None:
            return Live(LiveState.GONE)
        return Live(LiveState.LIVE, self.text, str(hash(self.text)))

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        if self.before_edit:
            self.before_edit.pop(0)()
        if self.text is None:
            raise ConnectorError("gone", retry=False)
        if str(hash(self.text)) != expected_version:
            raise Conflict
        self.text = text
        self.edits.append(text)
        if self.faults:
            raise self.faults.pop(0)
        return self.fetch_published(ref)

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        self.withdrawn.append(ref)
        self.text = None


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    fake = Shelf()
    monkeypatch.setattr(communities, "connector_for", lambda kind, settings: fake)
    yield fake


def live() -> Publication:
    return publications.read(cases.live_publication().pk)


def drafted(publication: Publication, by: User | None = None) -> Draft:
    by = by or cases.person(Role.CLINICIAN)
    draft = drafting.start_correction(by=by, publication_id=publication.pk)
    drafting.save(by=by, draft_id=draft.pk, body=BETTER)
    return draft


def cleared(publication: Publication) -> Publication:
    """The publication of a correction that was signed twice."""
    draft = drafted(publication)
    review = drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})
    cases.sign(review, Role.COMPLIANCE)
    cases.sign(review, Role.LEGAL)
    queued = publishing.queue(review_id=review.pk)
    assert queued is not None
    return queued


def fresh(publication: Publication) -> Publication:
    return publications.read(publication.pk)


def withdraw(review: Review) -> None:
    workflow.withdraw(
        by=cases.person(Role.LEGAL), review_id=review.pk, reason="Wrong.", code=ReasonCode.OTHER
    )
    withdrawing.follow_withdrawals()


def test_correction_takes_the_place_of_what_was_live(shelf: Shelf) -> None:
    before = live()
    after = cleared(before)
    assert shelf.edits == []
    assert drive(after) == PublicationState.LIVE
    assert shelf.text == str(publications.request_of(after)["text"]) and len(shelf.sent) == 1
    before, after = fresh(before), fresh(after)
    assert before.state == PublicationState.REPLACED
    assert publications.reference_of(after) == publications.reference_of(before)
    assert after.review.state == ReviewState.PUBLISHED
    assert drive(after) == PublicationState.LIVE and len(shelf.edits) == 1


def test_correction_begins_with_the_live_text_and_tells_what_it_replaces(shelf: Shelf) -> None:
    before = live()
    draft = drafting.start_correction(by=cases.person(Role.CLINICIAN), publication_id=before.pk)
    assert drafting.live_body(draft, draft.started_by) == cases.CLEAN
    assert draft.reply_to == before.draft.reply_to
    after = cleared(before)
    packet = packet_of(after.review)
    assert packet.corrects == str(before.review_id)
    assert Packet.loads(packet.dumps()) == packet
    assert after.review.corrects == before.review


def test_nobody_who_wrote_the_live_text_signs_its_correction(shelf: Shelf) -> None:
    before = live()
    author = before.review.submitted_by
    draft = drafted(before)
    review = drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})
    RoleGrant.objects.create(user=author, role=Role.LEGAL)
    with pytest.raises(NotAllowed, match="You wrote a version"):
        cases.sign(review, Role.LEGAL, by=User.objects.get(pk=author.pk))


def test_nobody_who_wrote_any_text_before_signs_the_third_one(shelf: Shelf) -> None:
    first = live()
    second = cleared(first)
    drive(second)
    third = drafted(fresh(second))
    review = drafting.submit(by=third.started_by, draft_id=third.pk, answers={})
    author = first.review.submitted_by
    RoleGrant.objects.create(user=author, role=Role.LEGAL)
    with pytest.raises(NotAllowed, match="You wrote a version"):
        cases.sign(review, Role.LEGAL, by=User.objects.get(pk=author.pk))


def test_raw_signature_of_who_wrote_the_live_text_is_refused(shelf: Shelf) -> None:
    before = live()
    draft = drafted(before)
    review = drafting.submit(by=draft.started_by, draft_id=draft.pk, answers={})
    author = before.review.submitted_by
    RoleGrant.objects.create(user=author, role=Role.LEGAL)
    signed = before.review.sign_offs.get(role=Role.LEGAL)
    forged = SignOff(
        review=review,
        user=author,
        role=Role.LEGAL,
        digest=signed.digest,
        printed_name=author.printed_name,
        meaning=signed.meaning,
        signed_at=timezone.now(),
    )
    # Even where the list of the correction's own authors would let it pass.
    without_law("law_reviews_signoff_not_author", "reviews_signoff")
    assert_refused(insert(forged))
    without_law("law_reviews_signoff_not_author_of_corrected", "reviews_signoff")
    run(insert(forged))  # the negative control


def test_live_text_of_somebody_else_is_not_unmasked_by_correcting_it(shelf: Shelf) -> None:
    before = live()
    author, other = before.review.submitted_by, cases.person(Role.CLINICIAN)
    draft = drafting.start_correction(by=other, publication_id=before.pk)
    assert drafting.live_body(draft, other) == cases.CLEAN
    before.review.scan.findings.create(
        rule_id="PHI-NAME", severity="warn", entity="NAME", start=0, end=4, confidence=1.0
    )
    assert drafting.live_body(draft, other) == ""
    assert drafting.live_body(draft, author) == cases.CLEAN


def test_what_somebody_else_changed_is_not_overwritten(shelf: Shelf) -> None:
    before = live()
    after = cleared(before)
    shelf.text = "A moderator was here."
    assert drive(after) == PublicationState.REFUSED
    assert (shelf.text, shelf.edits) == ("A moderator was here.", [])
    assert after.attempts.get().reason == "changed_by_others"
    assert fresh(before).state == PublicationState.LIVE


def test_what_somebody_else_changed_in_that_moment_is_not_overwritten(shelf: Shelf) -> None:
    after = cleared(live())
    shelf.before_edit = [lambda: setattr(shelf, "text", "A moderator was quicker.")]
    assert drive(after) == PublicationState.REFUSED
    assert shelf.text == "A moderator was quicker."


def test_what_is_gone_does_not_come_back(shelf: Shelf) -> None:
    after = cleared(live())
    shelf.text = None
    assert drive(after) == PublicationState.REFUSED
    assert shelf.text is None and len(shelf.sent) == 1


def test_withdrawn_reply_is_not_corrected(shelf: Shelf) -> None:
    before = live()
    after = cleared(before)
    withdraw(before.review)
    assert drive(after) == PublicationState.CANCELLED
    assert drive(before) == PublicationState.WITHDRAWN
    assert shelf.text is None and shelf.edits == []


def test_withdrawn_while_the_correction_is_sent_is_taken_down_all_the_same(shelf: Shelf) -> None:
    before = live()
    after = cleared(before)
    shelf.before_edit = [lambda: withdraw(before.review)]
    drive(after)
    withdrawing.follow_withdrawals()
    for publication in (before, after):
        drive(publication)
    assert shelf.text is None
    assert fresh(before).state == PublicationState.WITHDRAWN
    assert fresh(after).state == PublicationState.WITHDRAWN


def test_lost_answer_is_settled_by_looking(shelf: Shelf) -> None:
    after = cleared(live())
    shelf.faults = [ConnectorError("timeout")]
    assert drive(after) == PublicationState.UNKNOWN
    assert drive(after) == PublicationState.LIVE
    assert len(shelf.edits) == 1
    assert [a.outcome for a in after.attempts.all()] == ["posted"]


def test_lost_request_is_sent_again_after_two_looks(shelf: Shelf) -> None:
    before = live()
    after = cleared(before)
    shelf.before_edit = [lambda: (_ for _ in ()).throw(ConnectorError("connection"))]
    steps = [drive(after) for _ in range(4)]
    assert [str(step) for step in steps] == ["unknown", "unknown", "queued", "live"]
    assert len(shelf.edits) == 1 and fresh(before).state == PublicationState.REPLACED


def test_while_the_live_text_can_not_be_read_it_waits(shelf: Shelf) -> None:
    after = cleared(live())
    shelf.readable = False
    assert drive(after) == PublicationState.QUEUED and shelf.edits == []
    shelf.readable = True
    assert drive(after) == PublicationState.LIVE


def test_correction_under_way_is_no_edit_by_somebody_else(shelf: Shelf) -> None:
    before = live()
    watching.look(before.pk)
    after = cleared(before)
    shelf.faults = [ConnectorError("timeout")]
    assert drive(after) == PublicationState.UNKNOWN
    watching.look(before.pk)
    assert not before.incidents.exists()
    shelf.text = "A moderator was here."
    watching.look(before.pk)
    assert before.incidents.get().kind == IncidentKind.EDITED


def test_unclear_correction_that_reads_differently_waits_for_a_person(shelf: Shelf) -> None:
    after = cleared(live())
    shelf.faults = [ConnectorError("timeout")]
    drive(after)
    shelf.text = "Somebody wrote something else."
    assert drive(after) == PublicationState.AMBIGUOUS


def test_of_two_corrections_the_second_finds_another_text(shelf: Shelf) -> None:
    before = live()
    first = cleared(before)
    other = cases.person(Role.CLINICIAN)
    draft = drafting.start_correction(by=other, publication_id=before.pk)
    drafting.save(by=other, draft_id=draft.pk, body="It often settles. " + BETTER)
    review = drafting.submit(by=other, draft_id=draft.pk, answers={})
    assert drive(first) == PublicationState.LIVE
    cases.sign(review, Role.COMPLIANCE)
    cases.sign(review, Role.LEGAL)
    second = publishing.queue(review_id=review.pk)
    assert second is not None and drive(second) == PublicationState.CANCELLED
    with pytest.raises(WrongState, match="Only a live reply"):
        drafted(before)
    third = cleared(fresh(first))  # the correction itself can be corrected
    assert drive(third) in (PublicationState.LIVE,)


def test_who_withdraws_withdraws_what_stands(shelf: Shelf) -> None:
    before = live()
    after = cleared(before)
    drive(after)
    with pytest.raises(WrongState, match="A correction stands in its place"):
        withdraw(before.review)
    withdraw(fresh(after).review)
    drive(after)
    assert shelf.text is None and fresh(after).state == PublicationState.WITHDRAWN


def test_only_live_replies_are_corrected(shelf: Shelf) -> None:
    queued = cases.queued_publication()
    with pytest.raises(WrongState, match="Only a live reply"):
        drafted(queued)
    with pytest.raises(NotAllowed):
        drafted(live(), by=cases.person(Role.COMPLIANCE))


def test_raw_rows_keep_what_they_correct(shelf: Shelf) -> None:
    before = live()
    after = cleared(before)
    for attack in (
        update(after.review, corrects_id=None),
        update(after.draft, corrects_id=None),
    ):
        assert_refused(attack)
