"""The row of a publication: how it is read and locked, and what each outcome does to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from compliance import ledger, vault
from compliance.ledger.kinds import EventKind
from engage.enums import AttemptOutcome, PublicationState
from engage.intake import post_digest
from engage.models import Attempt, Publication
from reviews import safety, workflow
from reviews.enums import ReviewState
from reviews.models import Review


def reference_of(publication: Publication) -> dict[str, Any]:
    """Where the reply is on its platform: {"ref": ..., "url": ...}; empty before it landed."""
    if publication.reference is None:
        return {}
    value: dict[str, Any] = vault.unlock(
        publication.request.key, bytes(publication.reference), about="publication.reference"
    )
    return value


def request_of(publication: Publication) -> dict[str, Any]:
    """The frozen request, text included."""
    value: dict[str, Any] = json.loads(vault.unseal(publication.request))
    return value


def landed(
    publication: Publication,
    attempt: Attempt,
    ref: Mapping[str, Any],
    url: str,
    pending: bool,
    by: str = "system",
) -> None:
    """The reply is there: live, or held by the moderators of its community.

    Args:
        by: the actor who says so.
    """
    if attempt.outcome in (AttemptOutcome.SENDING, AttemptOutcome.UNKNOWN):
        close(attempt, AttemptOutcome.PENDING if pending else AttemptOutcome.POSTED, "", by)
    refer(publication, ref, url)
    publication.state = PublicationState.PENDING if pending else PublicationState.LIVE
    publication.posted_at, publication.due_at = timezone.now(), None
    publication.watch_due_at = timezone.now()
    publication.save(
        update_fields=["reference", "state", "posted_at", "due_at", "watch_due_at", "post_digest"]
    )
    if publication.review.state == ReviewState.CLEARED:
        workflow.mark_published(review_id=publication.review_id)
    if not pending:
        note_help(publication)
    kind = EventKind.HELD_BY_PLATFORM if pending else EventKind.PUBLISHED
    record(kind, publication, by=by, text=publication.text_digest)
    if publication.draft.corrects_id:
        _take_its_place(publication, lock(publication.draft.corrects_id))


def _take_its_place(correction: Publication, corrected: Publication) -> None:
    if corrected.state == PublicationState.LIVE:
        rest(corrected, PublicationState.REPLACED)
    elif corrected.state in (PublicationState.TAKING_DOWN, PublicationState.WITHDRAWN):
        # Withdrawn meanwhile: nothing brings it back, a correction neither.
        wait(correction, PublicationState.TAKING_DOWN, timedelta())


def refer(publication: Publication, ref: Mapping[str, Any], url: str) -> None:
    """Where it is; the caller saves it."""
    publication.reference = vault.lock(
        publication.request.key, {"ref": dict(ref), "url": url}, about="publication.reference"
    )
    publication.post_digest = post_digest(publication.community, str(ref["post_id"]))


def note_help(publication: Publication) -> None:
    """A signpost is live: help was given to those whose signal it answers."""
    if publication.review.signpost_id:
        thread_id = publication.draft.thread_id
        safety.record_signpost(thread_id=thread_id, publication_id=publication.pk)


def close(attempt: Attempt, outcome: AttemptOutcome, reason: str, by: str = "system") -> None:
    """Ends an attempt with what became of it."""
    attempt.outcome, attempt.reason, attempt.ended_at = outcome, reason[:60], timezone.now()
    attempt.save(update_fields=["outcome", "reason", "ended_at"])
    record(
        EventKind.ATTEMPT_ENDED,
        attempt.publication,
        attempt=attempt.pk,
        outcome=str(outcome),
        reason=reason[:60],
        by=by,
    )


def cancel(publication: Publication) -> None:
    """It was not sent, and never will be."""
    rest(publication, PublicationState.CANCELLED)


def take_up(review: Review) -> None:
    """What was not sent because the thread moved is sent after all: its signers confirmed it."""
    cancelled = Publication.objects.filter(review=review, state=PublicationState.CANCELLED)
    for publication_id in cancelled.values_list("pk", flat=True):
        requeue(lock(publication_id))


def requeue(publication: Publication) -> None:
    """It is sent, or handed out, once everything was looked at again."""
    wait(publication, PublicationState.QUEUED, timedelta())
    record(EventKind.PUBLICATION_QUEUED, publication, text=publication.text_digest)


def rest(publication: Publication, state: PublicationState) -> None:
    """Nothing more is done for it by itself."""
    publication.state, publication.due_at = state, None
    publication.save(update_fields=["state", "due_at"])
    record(EventKind.PUBLICATION_CAME_TO_REST, publication, state=str(state))


def wait(publication: Publication, state: PublicationState, delay: timedelta) -> None:
    """It is taken up again after the delay."""
    publication.state, publication.due_at = state, timezone.now() + delay
    publication.save(update_fields=["state", "due_at"])


def read(publication_id: UUID) -> Publication:
    """A publication with what every step needs."""
    return Publication.objects.select_related(
        "community__key", "request__key", "review", "draft__thread__key"
    ).get(pk=publication_id)


def lock(publication_id: UUID) -> Publication:
    """The same, locked for the caller's transaction and read after the lock was given."""
    Publication.objects.select_for_update().get(pk=publication_id)
    return read(publication_id)


def record(kind: EventKind, publication: Publication, *, by: str = "system", **facts: Any) -> None:
    """A ledger entry in the history of its reply."""
    ledger.record(kind, by=by, subject=publication, case_id=publication.draft_id, **facts)
