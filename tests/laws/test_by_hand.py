"""Law 4 where a person posts, and where only a person can tell: one at a time has the text, its
attempt stands before it is seen, and nothing goes out again until somebody said what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed, Refusal
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from engage import (
    drafting,
    intake,
    publications,
    publishing,
    settling,
    stops,
    watching,
    withdrawing,
)
from engage.communities import add_community
from engage.connectors.base import Ambiguous, Posted, Unknown
from engage.enums import AttemptOutcome, ConnectorKind, PublicationState, Word
from engage.models import LiveCopy, Post, Publication, Statement
from reviews import workflow
from reviews.enums import ReasonCode, ReviewState, Role
from reviews.exceptions import WrongState
from reviews.models import User
from tests import cases
from tests.laws.attacks import assert_refused, delete, update
from tests.laws.test_one_live_copy import REF, FakePlatform, drive, platform

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db
DIGEST = "ab" * 32


class Site(BaseHTTPRequestHandler):
    """A group whose page says what `server.page` holds."""

    def do_GET(self) -> None:
        said = self.server.page.encode()  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def site() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.page, server.status = "<form>Sign in</form>", 200
    server.base = f"http://127.0.0.1:{server.server_port}/groups/1"
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def waiting(base: str = "http://127.0.0.1:9/groups/1") -> Publication:
    """A cleared reply that waits for a person."""
    here = add_community(
        by="system",
        slug=f"group-{uuid4().hex[:8]}",
        name="A group",
        connector=ConnectorKind.ASSISTED,
        settings={"base_url": base},
        disclosure_line=cases.LINE,
    )
    post = intake.receive(
        here, [cases.item("I have been spotting for weeks. When does it stop?")], by="system"
    )[0].post
    cases.scanned()
    assert post is not None
    clinician = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=clinician, post_id=post.pk)
    drafting.save(by=clinician, draft_id=draft.pk, body=cases.CLEAN)
    review = drafting.submit(by=clinician, draft_id=draft.pk, answers={})
    cases.sign(review, Role.COMPLIANCE)
    cases.sign(review, Role.LEGAL)
    publication = publishing.queue(review_id=review.pk)
    assert publication is not None
    publishing.drive(publication.pk)
    return fresh(publication)


def fresh(publication: Publication) -> Publication:
    return publications.read(publication.pk)


def handed_out(publication: Publication) -> User:
    """Somebody who has the text."""
    by = cases.person(Role.CLINICIAN)
    publishing.hand_out(by=by, publication_id=publication.pk)
    return by


def thirty_minutes_later(publication: Publication) -> None:
    later = timezone.now() + timedelta(minutes=31)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engage.publishing.timezone.now", lambda: later)
        publishing.drive(publication.pk)


# Handing out


def test_nothing_is_sent_and_a_person_is_waited_for() -> None:
    publication = waiting()
    assert publication.state == PublicationState.BY_HAND
    assert publication.due_at is None and not publication.attempts.exists()


def test_text_is_shown_once_and_after_its_attempt_was_recorded() -> None:
    publication = waiting()
    by = cases.person(Role.CLINICIAN)
    text = publishing.hand_out(by=by, publication_id=publication.pk)
    assert vault.digest(publication.request.key, text) == publication.text_digest
    attempt = publication.attempts.get()
    assert (attempt.outcome, attempt.handed_to) == (AttemptOutcome.SENDING, by)
    started = Event.objects.filter(kind=EventKind.ATTEMPT_STARTED).latest("id")
    assert started.actor == by.actor and text not in str(started.facts)
    for again in (by, cases.person(Role.COMPLIANCE)):
        with pytest.raises(WrongState, match="does not wait"):
            publishing.hand_out(by=again, publication_id=publication.pk)
    assert publication.attempts.count() == 1


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CLINICIAN, Role.COMPLIANCE}))
def test_text_is_not_shown_to_those_who_do_not_post(role: Role) -> None:
    publication = waiting()
    with pytest.raises(NotAllowed, match="post replies by hand"):
        publishing.hand_out(by=cases.person(role), publication_id=publication.pk)
    assert fresh(publication).state == PublicationState.BY_HAND


def test_text_is_not_shown_once_its_thread_moved() -> None:
    publication = waiting()
    thread = publication.draft.thread
    thread.locked = True
    thread.save()
    with pytest.raises(WrongState, match="may not be posted any more"):
        handed_out(publication)
    assert fresh(publication).state == PublicationState.CANCELLED
    assert fresh(publication).review.state == ReviewState.SUSPENDED
    assert not publication.attempts.exists()


def test_text_is_not_shown_while_publishing_is_stopped() -> None:
    publication = waiting()
    officer = cases.person(Role.COMPLIANCE)
    stop = stops.stop(by=officer, community_id=None, reason="A complaint.")
    with pytest.raises(WrongState, match="stopped"):
        handed_out(publication)
    stops.lift(by=officer, stop_id=stop.pk, reason="Settled.")
    handed_out(publication)


def test_text_is_not_shown_while_something_new_is_not_scanned() -> None:
    publication = waiting()
    thread = publication.draft.thread
    place = vault.unlock(thread.key, bytes(thread.source), about="thread.source")["id"]
    item = cases.item("And I fainted.", thread_id=place, author="heather")
    intake.receive(publication.community, [item], by="system")
    with pytest.raises(WrongState, match="still scanned"):
        handed_out(publication)
    assert fresh(publication).state == PublicationState.BY_HAND
    cases.scanned()


def test_withdrawn_reply_is_not_shown() -> None:
    publication = waiting()
    withdraw(publication)
    assert fresh(publication).state == PublicationState.CANCELLED
    with pytest.raises(WrongState):
        handed_out(publication)


def withdraw(publication: Publication) -> None:
    workflow.withdraw(
        by=cases.person(Role.LEGAL),
        review_id=publication.review_id,
        reason="It is wrong.",
        code=ReasonCode.OTHER,
    )
    withdrawing.follow_withdrawals()
    publishing.drive(publication.pk)


# Saying what became of it


def test_posted_where_its_page_shows_the_text(site: Any) -> None:
    publication = waiting(site.base)
    by = handed_out(publication)
    text = str(publications.request_of(publication)["text"])
    site.page = f"<html><p>{text.replace(chr(10), '<br>')}</p></html>"
    address = f"{site.base}/posts/7"
    assert settling.say_posted_at(by=by, publication_id=publication.pk, address=address)
    publication = fresh(publication)
    assert publication.state == PublicationState.LIVE
    assert publication.review.state == ReviewState.PUBLISHED
    assert publications.reference_of(publication)["url"] == address
    said = Statement.objects.get()
    assert (said.says, said.checked, said.by) == (Word.THERE, True, by)
    watching.look(publication.pk)
    assert LiveCopy.objects.get().text.digest == publication.text_digest
    site.status = 404
    watching.look(publication.pk)
    assert fresh(publication).state == PublicationState.GONE


def test_posted_where_nobody_else_can_read_it_is_on_their_word(site: Any) -> None:
    publication = waiting(site.base)
    by = handed_out(publication)
    address = f"{site.base}/posts/7"
    with pytest.raises(BadInput, match="write down what you saw"):
        settling.say_posted_at(by=by, publication_id=publication.pk, address=address)
    seen = settling.say_posted_at(
        by=by,
        publication_id=publication.pk,
        address=address,
        note="It stands below the question.",
        screenshot=DIGEST.upper(),
    )
    said = Statement.objects.get()
    assert not seen and not said.checked and said.screenshot == DIGEST
    assert said.note is not None and vault.unseal(said.note) == "It stands below the question."
    assert fresh(publication).state == PublicationState.LIVE


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://127.0.0.1:9/groups/1/posts/7",
        "http://127.0.0.1:9/groups/2/posts/7",
        "http://127.0.0.1:9/groups/12/posts/7",
        "http://127.0.0.1:9@evil.example/groups/1",
        "http://evil.example/groups/1",
        "javascript:alert(1)",
        "http://127.0.0.1:9/groups/1/" + "x" * 1000,
    ],
)
def test_address_outside_of_the_community_is_not_taken(address: str) -> None:
    publication = waiting()
    by = handed_out(publication)
    with pytest.raises(BadInput, match="address of the reply"):
        settling.say_posted_at(by=by, publication_id=publication.pk, address=address, note="x")
    assert fresh(publication).state == PublicationState.SENDING


def test_nobody_but_who_has_the_text_says_what_became_of_it() -> None:
    publication = waiting()
    by = handed_out(publication)
    for other in (Role.CLINICIAN, Role.COMPLIANCE, Role.LEGAL, Role.ADMIN, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            settling.say_absent(by=cases.person(other), publication_id=publication.pk, note="No.")
    settling.say_absent(by=by, publication_id=publication.pk, note="I had no time.")


def test_what_was_not_posted_is_handed_out_again() -> None:
    publication = waiting()
    by = handed_out(publication)
    with pytest.raises(BadInput, match="stays in the record"):
        settling.say_absent(by=by, publication_id=publication.pk, note=" ")
    settling.say_absent(by=by, publication_id=publication.pk, note="I had no time.")
    publishing.drive(publication.pk)
    assert fresh(publication).state == PublicationState.BY_HAND
    handed_out(publication)
    assert [a.outcome for a in publication.attempts.all()] == ["not_found", "sending"]


def test_who_says_nothing_in_time_leaves_it_to_be_settled() -> None:
    publication = waiting()
    by = handed_out(publication)
    publishing.drive(publication.pk)
    assert fresh(publication).state == PublicationState.SENDING  # the time is not over
    thirty_minutes_later(publication)
    assert fresh(publication).state == PublicationState.AMBIGUOUS
    with pytest.raises(NotAllowed, match="settle an unclear posting"):
        settling.say_absent(
            by=cases.person(Role.CLINICIAN), publication_id=publication.pk, note="No."
        )
    settling.check_may_say(by, fresh(publication))  # it is never too late for who had the text
    settling.say_absent(
        by=cases.person(Role.LEGAL), publication_id=publication.pk, note="I looked: no."
    )
    publishing.drive(publication.pk)
    assert fresh(publication).state == PublicationState.BY_HAND


def test_withdrawn_while_somebody_had_the_text_is_taken_down_by_hand(site: Any) -> None:
    publication = waiting(site.base)
    by = handed_out(publication)
    withdraw(publication)
    assert fresh(publication).state == PublicationState.SENDING
    address = f"{site.base}/posts/7"
    settling.say_posted_at(by=by, publication_id=publication.pk, address=address, note="There.")
    withdrawing.follow_withdrawals()
    publishing.drive(publication.pk)
    publication = fresh(publication)
    assert (publication.state, publication.due_at) == (PublicationState.TAKING_DOWN, None)
    for refused in (
        lambda: settling.say_absent(by=by, publication_id=publication.pk, note="x"),
        lambda: settling.say_posted_at(
            by=by, publication_id=publication.pk, address=address, note="x"
        ),
    ):
        with pytest.raises(WrongState, match="withdrawn"):
            refused()
    settling.say_removed(by=by, publication_id=publication.pk, note="Deleted it.")
    assert fresh(publication).state == PublicationState.WITHDRAWN
    assert Event.objects.filter(kind=EventKind.TAKEN_DOWN, actor=by.actor).count() == 1
    with pytest.raises(WrongState):
        handed_out(publication)


# An unclear outcome of a platform that we read


def unclear(platform: FakePlatform) -> Publication:
    platform.outcomes, platform.lookups = [Unknown("timeout")], [Ambiguous(2)]
    publication = cases.queued_publication()
    drive(publication)
    assert drive(publication) == PublicationState.AMBIGUOUS
    return fresh(publication)


def arrived(publication: Publication, text: str = "Perhaps it is this.") -> Post:
    thread = publication.draft.thread
    place = vault.unlock(thread.key, bytes(thread.source), about="thread.source")["id"]
    item = cases.item(text, thread_id=place, author="care-team")
    post = intake.receive(publication.community, [item], by="system")[0].post
    assert post is not None
    return post


def test_person_finds_the_reply_among_what_arrived(platform: FakePlatform) -> None:
    publication = unclear(platform)
    post = arrived(publication)
    assert list(settling.candidates(publication)) == [post]  # not what was there before
    counsel = cases.person(Role.LEGAL)
    settling.say_it_is(by=counsel, publication_id=publication.pk, post_id=post.pk)
    publication = fresh(publication)
    assert publication.state == PublicationState.LIVE and len(platform.sent) == 1
    assert publication.post_digest == post.external_digest
    assert publication.attempts.get().outcome == AttemptOutcome.POSTED
    withdraw(publication)
    assert platform.withdrawn == [publications.reference_of(publication)["ref"]]


def test_posts_of_those_who_were_there_before_are_no_candidates(platform: FakePlatform) -> None:
    # Whoever is taken for us could have their post taken down by us.
    publication = unclear(platform)
    thread = publication.draft.thread
    place = vault.unlock(thread.key, bytes(thread.source), about="thread.source")["id"]
    item = cases.item("Thank you all!", thread_id=place, author="marigold")
    stranger = intake.receive(publication.community, [item], by="system")[0].post
    assert stranger is not None and not settling.candidates(publication).exists()
    with pytest.raises(BadInput, match="listed"):
        settling.say_it_is(
            by=cases.person(Role.LEGAL), publication_id=publication.pk, post_id=stranger.pk
        )


@pytest.mark.parametrize("same", [True, False])
def test_what_is_said_of_a_post_says_whether_it_is_the_signed_text(
    platform: FakePlatform, same: bool
) -> None:
    publication = unclear(platform)
    text = str(publications.request_of(publication)["text"])
    post = arrived(publication, text if same else "Perhaps it is this.")
    settling.say_it_is(by=cases.person(Role.LEGAL), publication_id=publication.pk, post_id=post.pk)
    assert Statement.objects.get().checked is same


def test_person_says_it_is_not_there_and_it_is_sent_again(platform: FakePlatform) -> None:
    publication = unclear(platform)
    officer = cases.person(Role.COMPLIANCE)
    with pytest.raises(BadInput, match="listed"):
        settling.say_it_is(
            by=officer, publication_id=publication.pk, post_id=publication.draft.reply_to_id
        )
    with pytest.raises(WrongState, match="among the posts"):
        settling.say_posted_at(
            by=officer, publication_id=publication.pk, address="https://x.example/"
        )
    settling.say_absent(by=officer, publication_id=publication.pk, note="I looked twice.")
    platform.outcomes = [Posted(REF)]
    assert drive(publication) == PublicationState.LIVE
    assert [a.outcome for a in publication.attempts.all()] == ["not_found", "posted"]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.LEGAL, Role.COMPLIANCE}))
def test_others_do_not_settle(platform: FakePlatform, role: Role) -> None:
    publication = unclear(platform)
    with pytest.raises(NotAllowed):
        settling.say_absent(by=cases.person(role), publication_id=publication.pk, note="No.")
    assert fresh(publication).state == PublicationState.AMBIGUOUS


def test_nobody_is_asked_of_what_is_clear(platform: FakePlatform) -> None:
    platform.outcomes = [Posted(REF)]
    publication = cases.queued_publication()
    officer = cases.person(Role.COMPLIANCE)
    for _ in range(2):
        for say in (settling.say_absent, settling.say_removed):
            with pytest.raises(Refusal):
                say(by=officer, publication_id=publication.pk, note="No.")
        drive(publication)


# Nobody rewrites what was said


def test_raw_rows_of_what_was_said_and_of_who_had_it_stay() -> None:
    publication = waiting()
    by = handed_out(publication)
    settling.say_absent(by=by, publication_id=publication.pk, note="I had no time.")
    attempt, said = publication.attempts.get(), Statement.objects.get()
    other = cases.person(Role.LEGAL)
    for attack in (
        update(said, says="there"),
        delete(said),
        update(attempt, handed_to_id=other.pk),
    ):
        assert_refused(attack)
