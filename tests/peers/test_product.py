"""The product on a real server, by its verbs: a question is heard and scanned, answered, signed
twice, posted by the sweep, watched, and withdrawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from compliance import vault
from engage import drafting, listening, publications, publishing, watching, withdrawing
from engage.communities import add_community, connect
from engage.enums import AttemptOutcome, IncidentKind, PublicationState
from engage.intake import post_digest
from engage.models import Community, LiveCopy, Post, Publication
from reviews import workflow
from reviews.enums import ReviewState, Role
from reviews.models import Review
from tests import cases
from tests.peers.cutting import Cutting, Mode
from tests.peers.peer import Peer
from tests.stack import wait_until

pytestmark = pytest.mark.django_db

QUESTION = "I have been spotting for weeks. When does it stop?"


CORRECTED = "Many people notice irregular bleeding at first. It often settles within months."


def community_on(peer: Peer, settings: dict[str, Any]) -> Community:
    """A community as an administrator adds it."""
    number = Community.objects.count()
    community = add_community(
        by="system",
        slug=f"{peer.name}-{number}",
        name=f"{peer.name} {number}",
        connector=peer.kind,
        settings=settings,
        disclosure_line=cases.LINE,
    )
    community.max_length = connect(community).caps.max_length
    community.save()
    return community


def heard(community: Community, post_id: str) -> Post:
    """The post, polled and scanned."""
    found = Post.objects.filter(
        community=community, external_digest=post_digest(community, post_id)
    )

    def polled() -> bool:
        listening.poll(community.pk)
        return found.exists()

    wait_until(polled, 20, "the arrival")
    cases.scanned()
    return found.get()


def cleared(post: Post) -> tuple[Review, str]:
    """A reply, signed twice, and what it says."""
    clinician = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=clinician, post_id=post.pk)
    version = drafting.save(by=clinician, draft_id=draft.pk, body=cases.CLEAN)
    review = drafting.submit(by=clinician, draft_id=draft.pk, answers={})
    cases.sign(review, Role.COMPLIANCE)
    cases.sign(review, Role.LEGAL)
    return review, vault.unseal(version.text)


def cleared_correction(publication: Publication) -> tuple[Review, str]:
    """Another text for a live reply, signed twice."""
    clinician = cases.person(Role.CLINICIAN)
    draft = drafting.start_correction(by=clinician, publication_id=publication.pk)
    version = drafting.save(by=clinician, draft_id=draft.pk, body=CORRECTED)
    review = drafting.submit(by=clinician, draft_id=draft.pk, answers={})
    cases.sign(review, Role.COMPLIANCE)
    cases.sign(review, Role.LEGAL)
    return review, vault.unseal(version.text)


def swept() -> None:
    """What the sweep does, once."""
    publishing.queue_cleared()
    withdrawing.follow_withdrawals()
    for publication_id in publishing.claim_due():
        publishing.drive(publication_id)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`later()`: an hour passes."""
    now, passed = timezone.now, [timedelta()]
    monkeypatch.setattr(timezone, "now", lambda: now() + passed[0])

    def pass_an_hour() -> None:
        passed[0] += timedelta(hours=1)

    return pass_an_hour


def test_the_whole_story(peer: Peer, later: Any) -> None:
    question = peer.say(QUESTION)
    community = community_on(peer, peer.settings)
    review, text = cleared(heard(community, question))
    swept()
    publication = Publication.objects.get(review=review)
    assert publication.state == PublicationState.LIVE
    assert sorted(peer.texts(question)) == sorted([QUESTION, text])

    corrected, text = cleared_correction(publication)
    assert sorted(peer.texts(question)) != sorted([QUESTION, text])
    swept()
    publication.refresh_from_db()
    assert publication.state == PublicationState.REPLACED
    review, publication = corrected, Publication.objects.get(review=corrected)
    assert publication.state == PublicationState.LIVE
    assert sorted(peer.texts(question)) == sorted([QUESTION, text])

    # Our own reply is read back and known as ours: it suspends nothing and opens no incident.
    ref = publications.reference_of(publication)["ref"]
    heard(community, str(ref["post_id"]))
    watching.look(publication.pk)
    assert not publication.incidents.exists()

    peer.change_ours(ref, "Somebody else wrote this.")
    watching.look(publication.pk)
    assert publication.incidents.get().kind == IncidentKind.EDITED
    newest = LiveCopy.objects.filter(publication=publication).latest("seen_at")
    assert newest.text and vault.unseal(newest.text) == "Somebody else wrote this."

    workflow.withdraw(
        by=review.submitted_by, review_id=review.pk, code="other", reason="It was changed."
    )
    swept()
    later()
    swept()
    publication.refresh_from_db()
    assert publication.state == PublicationState.WITHDRAWN
    assert peer.texts(question) == [QUESTION]

    # Nothing brings it back: a task that comes late, a repeated one, the next sweep.
    publishing.send(publication.pk)
    publishing.settle(publication.pk)
    withdrawing.take_down(publication.pk)
    later()
    swept()
    watching.look(publication.pk)
    assert peer.texts(question) == [QUESTION]
    assert publication.incidents.count() == 1
    assert Review.objects.get(pk=review.pk).state == ReviewState.WITHDRAWN


def test_a_reply_that_somebody_removed_is_gone(peer: Peer) -> None:
    question = peer.say(QUESTION)
    review, _ = cleared(heard(community_on(peer, peer.settings), question))
    swept()
    publication = Publication.objects.get(review=review)
    watching.look(publication.pk)
    peer.remove_ours(publications.reference_of(publication)["ref"])
    watching.look(publication.pk)
    publication.refresh_from_db()
    assert publication.incidents.get().kind == IncidentKind.GONE
    assert publication.state == PublicationState.GONE


@pytest.mark.parametrize("mode", [Mode.LOSE_ANSWER, Mode.LOSE_REQUEST], ids=lambda m: m.value)
def test_a_cut_connection_is_settled_and_the_reply_is_there_once(
    peer: Peer, mode: Mode, later: Any
) -> None:
    question = peer.say(QUESTION)
    with Cutting(peer.port, peer.sends) as cutting:
        review, text = cleared(heard(community_on(peer, peer.via(cutting.url)), question))
        cutting.mode = mode
        swept()
        cutting.mode = Mode.PASS
        publication = Publication.objects.get(review=review)
        assert publication.state == PublicationState.UNKNOWN and cutting.cut == 1
        assert peer.texts(question).count(text) == (mode is Mode.LOSE_ANSWER)
        swept()
        publication.refresh_from_db()
        assert publication.state == PublicationState.UNKNOWN  # within the quiet window
        for _ in range(4):
            later()
            swept()
    publication.refresh_from_db()
    assert publication.state == PublicationState.LIVE
    assert peer.texts(question).count(text) == 1
    outcomes = [attempt.outcome for attempt in publication.attempts.all()]
    absent = [] if mode is Mode.LOSE_ANSWER else [AttemptOutcome.NOT_FOUND]
    assert outcomes == [*absent, AttemptOutcome.POSTED]
