"""What somebody with a shell may try: rows written round every verb, by the ORM or as SQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import models
from django.utils import timezone

from compliance.models import Event
from engage.models import Attempt, DraftVersion, Publication
from reviews import clearance
from reviews.enums import FURTHER_SEATS, Seat, Verdict
from reviews.models import Confirmation, Disposition, FurtherSignOff, Review, SignOff, User
from tests import cases
from tests.laws.attacks import delete, insert, run, update

FORGED = "f" * 64
Attack = Callable[[], object] | None


def write(row: models.Model) -> None:
    run(insert(row))


def signature(review: Review, user: User, seat: Seat, forged: bool) -> SignOff | FurtherSignOff:
    """A signature row without a password or a look at the gates."""
    values: dict[str, Any] = {
        "id": uuid.uuid4(),
        "review": review,
        "user": user,
        "role": str(seat.role),
        "digest": FORGED if forged else clearance.seal_digest(review),
        "printed_name": "Mallory",
        "meaning": "none",
        "signed_at": timezone.now(),
    }
    if seat in FURTHER_SEATS:
        return FurtherSignOff(seat=str(seat), **values)
    return SignOff(**values)


def move(review: Review, after: str, orm: bool) -> None:
    """Another state, and what the database asks for beside it."""
    changes: dict[str, Any] = {"state": after}
    if after == "cleared" and review.expires_at is None:
        changes["expires_at"] = timezone.now() + timedelta(days=1)
    if (review.state, after) == ("cleared", "suspended"):
        changes["suspensions"] = (review.suspensions or 0) + 1
    if orm:
        Review.objects.filter(pk=review.pk).update(**changes)
    else:
        run(update(review, **changes))


def another_version(newest: DraftVersion, by: User) -> DraftVersion:
    """A version that nobody saved."""
    row = DraftVersion.objects.get(pk=newest.pk)
    row.pk, row.number, row.author = uuid.uuid4(), newest.number + 1, by
    row.text = cases.spare_text(newest.text.key)
    return row


def _text_exchanged(review: Review, user: User) -> Attack:
    return partial(run, update(review, text_digest="e" * 64))


def _packet_exchanged(review: Review, user: User) -> Attack:
    spare = cases.spare_text(review.packet.key)
    return lambda: Review.objects.filter(pk=review.pk).update(packet=spare)


def _seat_taken_away(review: Review, user: User) -> Attack:
    return lambda: Review.objects.filter(pk=review.pk).update(legal_step=None)


def _author_taken_off(review: Review, user: User) -> Attack:
    return partial(run, delete(review.authors.all()[0]))


def _signature_removed(review: Review, user: User) -> Attack:
    return partial(run, delete(review.signatures[0])) if review.signatures else None


def _signature_taken_over(review: Review, user: User) -> Attack:
    if not review.signatures:
        return None
    return partial(run, update(review.signatures[0], user_id=user.pk, digest=FORGED))


def _disposed_after_a_signature(review: Review, user: User) -> Attack:
    given = review.dispositions.first()
    if given is None or not review.signatures:
        return None
    row = Disposition(
        id=9_000_001,
        review=review,
        finding=given.finding,
        by=user,
        role="legal",
        verdict=str(Verdict.FALSE_ALARM),
        reason=given.reason,
        at=timezone.now(),
    )
    return partial(write, row)


def _confirmed_by_a_stranger(review: Review, user: User) -> Attack:
    if any(s.user_id == user.pk for s in review.signatures):
        return None
    row = Confirmation(
        id=uuid.uuid4(),
        review=review,
        user=user,
        suspension=review.suspensions or 0,
        thread=review.packet,
        digest=FORGED,
        printed_name="Mallory",
        meaning="none",
        confirmed_at=timezone.now(),
    )
    return partial(write, row)


def _clearance_prolonged(review: Review, user: User) -> Attack:
    if review.expires_at is None:
        return None
    later = review.expires_at + timedelta(days=1)
    return lambda: Review.objects.filter(pk=review.pk).update(expires_at=later)


def _another_text_published(review: Review, user: User) -> Attack:
    if hasattr(review, "publication"):
        return None
    version = cases.newest_version(review)
    row = Publication(
        id=uuid.uuid4(),
        review=review,
        draft=version.draft,
        community=version.draft.thread.community,
        text_digest="d" * 64,
        request=cases.spare_text(review.packet.key),
        queued_at=timezone.now(),
    )
    return partial(write, row)


def _sent_without_clearance(review: Review, user: User) -> Attack:
    publication = Publication.objects.filter(review=review).first()
    if publication is None or (review.state == "cleared" and publication.state == "queued"):
        return None
    row = Attempt(
        id=uuid.uuid4(),
        publication=publication,
        number=publication.attempts.count() + 1,
        started_at=timezone.now(),
    )
    return partial(write, row)


def _event_rewritten(review: Review, user: User) -> Attack:
    return partial(run, update(Event.objects.latest("id"), actor=f"person:{user.pk}"))


def _event_removed(review: Review, user: User) -> Attack:
    return partial(run, delete(Event.objects.latest("id")))


def _review_removed(review: Review, user: User) -> Attack:
    return partial(run, delete(review))


ATTACKS: dict[str, Callable[[Review, User], Attack]] = {
    attack.__name__: attack
    for attack in (
        _text_exchanged,
        _packet_exchanged,
        _seat_taken_away,
        _author_taken_off,
        _signature_removed,
        _signature_taken_over,
        _disposed_after_a_signature,
        _confirmed_by_a_stranger,
        _clearance_prolonged,
        _another_text_published,
        _sent_without_clearance,
        _event_rewritten,
        _event_removed,
        _review_removed,
    )
}
