"""The laws as questions to the rows alone: what must be true after each step of the machine."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from compliance import vault
from engage.models import Attempt, Draft, DraftVersion, Publication
from reviews.models import Confirmation, FurtherSignOff, Review, SignOff
from tests.laws.workflow_model import OPEN, SEATS, TABLE

SIGNED = ("cleared", "suspended", "published")


def check(draft: Draft, before: Mapping[uuid.UUID, str]) -> dict[uuid.UUID, str]:
    """Asks about every review of a reply; returns where each stands.

    Args:
        before: where each stood before the step.
    """
    writers = set(DraftVersion.objects.filter(draft=draft).values_list("author", flat=True))
    states = {}
    for review in Review.objects.filter(case_id=draft.pk):
        states[review.pk] = review.state
        _check_way(before.get(review.pk), review.state)
        if review.state in OPEN:
            _check_signed(review, writers, whole=review.state in SIGNED)
        if review.state == "cleared" and review.suspensions:
            _check_confirmed(review)
        if review.state in OPEN:
            newest = DraftVersion.objects.filter(draft=draft).latest("number")
            assert newest.text_id == review.text_id, "the text changed under its review"
    assert sum(state in OPEN for state in states.values()) <= 1, "two reviews of one reply"
    return states


def check_posted(publication: Publication, text: str, seen: Mapping[str, str]) -> None:
    """What was posted is what everybody signed who must, once (laws 1, 2 and 4)."""
    review = Review.objects.get(pk=publication.review_id)
    draft = publication.draft_id
    writers = set(DraftVersion.objects.filter(draft=draft).values_list("author", flat=True))
    _check_signed(review, writers)
    assert set(seen) == _wanted(review), "posted without a signature of its route"
    assert set(seen.values()) == {text}, "posted is not what its signers saw"
    assert vault.unseal(review.text) == text
    assert review.expires_at and publication.attempts.get().started_at < review.expires_at
    live = Attempt.objects.filter(publication__draft=draft, outcome="posted")
    assert live.exclude(publication__state="withdrawn").count() == 1, "two live copies"


def _wanted(review: Review) -> set[str]:
    return {seat for seat in SEATS if getattr(review, f"{seat}_step") is not None}


def _check_signed(review: Review, writers: set[uuid.UUID], *, whole: bool = True) -> None:
    given = {s.role: s for s in SignOff.objects.filter(review=review)}
    further = {s.seat: s for s in FurtherSignOff.objects.filter(review=review)}
    signatures = {**given, **further}
    assert _wanted(review) >= {"compliance", "legal"}, "a route without the two"
    assert not whole or set(signatures) == _wanted(review), "a signature lacks"
    people = {signature.user_id for signature in signatures.values()}
    assert len(people) == len(signatures), "somebody signed twice"
    assert not people & writers, "somebody signed what they wrote"
    assert len({s.digest for s in signatures.values()}) < 2, "they signed different things"


def _check_confirmed(review: Review) -> None:
    signers = {
        *SignOff.objects.filter(review=review).values_list("user", flat=True),
        *FurtherSignOff.objects.filter(review=review).values_list("user", flat=True),
    }
    by_content: dict[str, set[uuid.UUID]] = {}
    for c in Confirmation.objects.filter(review=review, suspension=review.suspensions):
        by_content.setdefault(c.digest, set()).add(c.user_id)
    assert any(signers <= who for who in by_content.values()), "cleared before all confirmed"


def _check_way(before: str | None, after: str) -> None:
    if before is None:
        assert after == "submitted", "a review begins as submitted"
        return
    # One verb makes two steps: the last signature, if rows of the others were written by hand.
    assert (
        before == after or (before, after) in TABLE or (before, after) == ("submitted", "cleared")
    ), f"{before} became {after}"
