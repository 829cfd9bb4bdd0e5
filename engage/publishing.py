"""Publishing: one cleared reply, at most once (laws 1, 2 and 4).

A row is queued for every cleared review; a sweep drives each row one step at a time. The attempt
is committed before the network is touched, the network is called outside any transaction, and
whatever is not a clean success or a proven refusal is settled by looking, never by sending again.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, When
from django.utils import timezone

from compliance import profiles, scanning, vault
from compliance.enums import Severity
from compliance.exceptions import Refusal, ScannerFailed, TextErased
from compliance.ledger.kinds import EventKind
from engage import (
    conversation,
    correcting,
    drafting,
    publications,
    screening,
    stops,
    timing,
    withdrawing,
)
from engage.communities import connect
from engage.connectors.base import (
    Ambiguous,
    Connector,
    ConnectorError,
    Found,
    Intent,
    Lookup,
    NotFound,
    Outcome,
    Pending,
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
    new_tag,
)
from engage.enums import AttemptOutcome, PublicationState
from engage.models import Attempt, Draft, Publication
from reviews import clearance, permissions, workflow
from reviews.enums import ReviewState
from reviews.exceptions import EvidenceRecalled, WrongState
from reviews.models import Review, User
from reviews.packet import packet_of
from reviews.permissions import Permission

LOOKS = 2  # look-ups that must find nothing before a request counts as never arrived
LOOK_AGAIN = timedelta(seconds=30)
LEASE = timedelta(seconds=30)
TURN = 60.0  # seconds of a worker at a time, for one community; a sweep hands it out again
SCAN_FIRST = timedelta(seconds=5)
STOPPED = timedelta(minutes=5)  # whoever lifts a stop makes what waits due at once
# What harms while it stands goes first, then help for somebody in danger, then what may be live
# and nobody watches yet.
URGENT = Case(
    When(state=PublicationState.TAKING_DOWN, then=0),
    When(review__signpost__isnull=False, then=1),
    When(state__in=(PublicationState.SENDING, PublicationState.UNKNOWN), then=2),
    default=3,
)
DRIVEN = (
    PublicationState.QUEUED,
    PublicationState.SENDING,
    PublicationState.UNKNOWN,
    PublicationState.TAKING_DOWN,
)


def queue_cleared() -> list[UUID]:
    """Queues every cleared review that has no publication yet; returns the new ones."""
    cleared = Review.objects.filter(state=ReviewState.CLEARED, publication=None)
    queued = [queue(review_id=pk) for pk in cleared.values_list("pk", flat=True)[:100]]
    return [publication.pk for publication in queued if publication]


@transaction.atomic
def queue(*, review_id: UUID) -> Publication | None:
    """Freezes the request for a cleared review; None if it is not cleared (any more)."""
    review = Review.objects.select_for_update(of=("self",)).get(pk=review_id)
    if Publication.objects.filter(review=review).exists():
        return None
    try:
        text = clearance.cleared_text(review)
    except Refusal:
        return None
    draft = Draft.objects.select_related(
        "thread__community__key", "thread__key", "reply_to__thread__key"
    ).get(pk=review.case_id)
    thread = draft.thread
    intent = intent_of(draft, text, tag=new_tag(timezone.now()))
    try:
        prepared = correcting.prepared_for(draft, intent, connect(thread.community))
    except ValueError:
        workflow.suspend(review_id=review.pk, why="platform_does_not_take_it")
        return None
    publication = Publication.objects.create(
        review=review,
        draft=draft,
        community=thread.community,
        text_digest=vault.digest(thread.key, intent.text),
        request=vault.seal(thread.key, json.dumps(dict(prepared.body))),
        due_at=timezone.now(),
    )
    publications.record(EventKind.PUBLICATION_QUEUED, publication, text=publication.text_digest)
    return publication


def communities_due() -> list[UUID]:
    """Communities in which something is due."""
    due = Publication.objects.filter(state__in=DRIVEN, due_at__lte=timezone.now())
    return list(due.order_by().values_list("community", flat=True).distinct())


def drive_due(community_id: UUID) -> None:
    """Takes what is due in a community one step further each, for one turn of a worker."""
    until = time.monotonic() + TURN
    while time.monotonic() < until and (ids := claim_due(1, community_id)):
        drive(ids[0])


@transaction.atomic
def claim_due(limit: int = 50, community_id: UUID | None = None) -> list[UUID]:
    """Takes publications that are due, for one lease; nobody else gets them meanwhile.

    Args:
        community_id: of which; None for all.
    """
    due = Publication.objects.filter(state__in=DRIVEN, due_at__lte=timezone.now())
    due = (due.filter(community=community_id) if community_id else due).order_by(URGENT, "due_at")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(of=("self",), skip_locked=True)
    ids = list(due.values_list("pk", flat=True)[:limit])
    Publication.objects.filter(pk__in=ids).update(due_at=timezone.now() + LEASE)
    return ids


def drive(publication_id: UUID) -> PublicationState:
    """Takes a publication one step further: send, settle, or take down.

    Safe to call twice and at the same time: every step begins with a claim that one caller wins.
    """
    publication = publications.read(publication_id)
    if publication.state == PublicationState.QUEUED:
        send(publication_id)
    elif publication.state in (PublicationState.SENDING, PublicationState.UNKNOWN):
        settle(publication_id)
    elif publication.state == PublicationState.TAKING_DOWN:
        withdrawing.take_down(publication_id)
    return PublicationState(publications.read(publication_id).state)


def send(publication_id: UUID) -> None:
    """Sends once, if everything still stands; what is posted by hand waits for a person."""
    if connect(publications.read(publication_id).community).caps.by_hand:
        _wait_for_a_person(publication_id)
        return
    try:
        newly_blocked = _newly_blocked(publication_id)
    except ScannerFailed:
        return  # it stays queued, and is looked at again when the lease is over (law 8)
    begun = _begin(publication_id, newly_blocked)
    if begun is None:
        return
    attempt, connector, prepared = begun
    # A worker that slept since the commit must not send: a look-up may have been made meanwhile.
    late = timezone.now() - attempt.started_at > timedelta(
        seconds=connector.caps.client_timeout_seconds
    )
    _end(attempt, connector, Unknown("late") if late else _sent(connector, prepared))


def _sent(connector: Connector, prepared: Prepared) -> Outcome:
    if correcting.is_correction(prepared):
        return correcting.send(connector, prepared)
    return connector.publish(prepared)


@transaction.atomic
def _wait_for_a_person(publication_id: UUID) -> None:
    publication = publications.lock(publication_id)
    if publication.state == PublicationState.QUEUED:
        publications.rest(publication, PublicationState.BY_HAND)


def hand_out(*, by: User, publication_id: UUID) -> str:
    """Shows the exact text to the person who posts it by hand, this once.

    It is an attempt like any other: it begins with every check that a sending begins with, and none
    follows it until somebody says what became of it.

    Returns:
        The text, to be posted character by character within `assisted.TO_POST` seconds.
    Raises:
        NotAllowed: not this person.
        WrongState: it does not wait for a person, or can't be posted now; the message says why.
        ScannerFailed: the rules changed, and the text could not be scanned with them.
    """
    permissions.check_may(by, Permission.POST_BY_HAND)
    publication = publications.read(publication_id)
    if publication.state != PublicationState.BY_HAND:
        raise WrongState("This reply does not wait for a person to post it. See how it stands.")
    if stops.holds(publication.community_id):
        raise WrongState("Publishing is stopped there. Try again when it was resumed.")
    if later := timing.waits_until(publication, timezone.now()):
        raise WrongState(f"It is not posted before {timezone.localtime(later):%d %B, %H:%M %Z}.")
    begun = _begin(publication_id, _newly_blocked(publication_id), handed_to=by)
    if begun is None:
        if publications.read(publication_id).state == PublicationState.BY_HAND:
            raise WrongState("Something new in the thread is still scanned. Try again in a moment.")
        raise WrongState("It may not be posted any more. The review says why.")
    return str(begun[2].body["text"])


def _newly_blocked(publication_id: UUID) -> bool:
    """Whether rules that changed since the review was submitted block what it cleared."""
    publication = publications.read(publication_id)
    review = publication.review
    community_id = publication.community_id
    before = profiles.rules_of_version(review.rule_set_id)
    rules = profiles.rules_for(community_id)
    if review.signpost_id or rules.version == before.version:
        return False
    try:
        packet = packet_of(review)
    except TextErased:
        return False  # nothing is sent of it
    draft = Draft.objects.select_related("thread__community", "thread__key").get(
        pk=publication.draft_id
    )
    context = drafting.context_for(draft.thread, review.submitted_by, packet.references)
    hits = scanning.preview([packet.text], [context], community_id=community_id)[0]
    answered = {mark.rule_id for mark in packet.marks}
    blocked = {h.rule_id for h in hits if rules.rule(h.rule_id).severity == Severity.BLOCK}
    return bool(blocked - answered)


@transaction.atomic
def _begin(
    publication_id: UUID, newly_blocked: bool, handed_to: User | None = None
) -> tuple[Attempt, Connector, Prepared] | None:
    # Lock order everywhere: review, then publication.
    publication = publications.read(publication_id)
    review = Review.objects.select_for_update(of=("self",)).get(pk=publication.review_id)
    publication = publications.lock(publication_id)
    waits = PublicationState.BY_HAND if handed_to else PublicationState.QUEUED
    if publication.state != waits:
        return None
    draft, thread = publication.draft, publication.draft.thread
    if review.signpost_id:
        why = conversation.closed(thread, draft.reply_to)
    elif screening.is_thread_screened(thread):
        why = conversation.moved(clearance.signed_thread(review).snapshot, thread)
    else:  # what arrived may matter (law 3)
        if not handed_to:
            publications.wait(publication, waits, SCAN_FIRST)
        return None
    why = why or ("rules_changed" if newly_blocked else "")
    if review.state == ReviewState.CLEARED and why:
        workflow.suspend(review_id=review.pk, why=why)
        review.refresh_from_db()
    try:
        text = clearance.cleared_text(review)
    except EvidenceRecalled:
        workflow.send_back_recalled(review_id=review.pk)
        publications.cancel(publication)
        return None
    except Refusal:
        publications.cancel(publication)
        return None
    stored = publications.request_of(publication)
    connector = connect(publication.community)
    stands = correcting.is_standing(draft)
    if not stands or not _is_request_for(publication, connector, text, stored):
        publications.cancel(publication)
        return None
    later = timing.waits_until(publication, timezone.now())
    if later:
        if not handed_to:
            publications.wait(publication, waits, later - timezone.now())
        return None
    if stops.holds(publication.community_id):
        if not handed_to:
            publications.wait(publication, waits, STOPPED)
        return None
    attempt = Attempt.objects.create(
        publication=publication,
        number=publication.attempts.count() + 1,
        started_at=timezone.now(),
        handed_to=handed_to,
    )
    publication.state = PublicationState.SENDING
    publication.due_at = timezone.now() + _patience(connector)
    publication.save(update_fields=["state", "due_at"])
    publications.record(
        EventKind.ATTEMPT_STARTED,
        publication,
        attempt=attempt.pk,
        number=attempt.number,
        text=vault.digest(publication.request.key, text),
        by=handed_to.actor if handed_to else "system",
    )
    return attempt, connector, Prepared(body=stored)


def intent_of(draft: Draft, text: str, tag: str) -> Intent:
    """What a connector is asked to post; `tag` is what it is known again by."""
    return Intent(
        thread_id=conversation.source_of(draft.thread)["id"],
        thread_url=conversation.source_of(draft.thread)["url"],
        parent_id=conversation.source_of(draft.reply_to)["id"],
        text=text,
        tag=tag,
    )


def _is_request_for(
    publication: Publication, connector: Connector, text: str, stored: dict[str, Any]
) -> bool:
    # The frozen request is a row like any other: what is sent is compared with what was signed.
    draft = Draft.objects.select_related("thread__key", "reply_to__thread__key").get(
        pk=publication.draft_id
    )
    intent = intent_of(draft, text, tag=str(stored.get("tag", "")))
    same_key = publication.request.key_id == draft.thread.key_id
    return same_key and dict(correcting.prepared_for(draft, intent, connector).body) == stored


def _patience(connector: Connector) -> timedelta:
    # Until then the request may still land: the client's timeout plus the platform's quiet window.
    caps = connector.caps
    return timedelta(seconds=caps.client_timeout_seconds + caps.quiet_seconds)


@transaction.atomic
def _end(attempt: Attempt, connector: Connector, outcome: Outcome) -> None:
    publication = publications.lock(attempt.publication_id)
    attempt.refresh_from_db()
    if attempt.outcome != AttemptOutcome.SENDING:
        # A sweep settled it meanwhile; if it said "never arrived", it was wrong.
        if attempt.outcome == AttemptOutcome.NOT_FOUND and isinstance(outcome, Posted | Pending):
            publications.rest(publication, PublicationState.AMBIGUOUS)
        return
    match outcome:
        case Posted() | Pending():
            publications.landed(
                publication, attempt, outcome.ref, outcome.url, isinstance(outcome, Pending)
            )
        case Refused(reason=reason):
            publications.close(attempt, AttemptOutcome.REFUSED, reason)
            publications.rest(publication, PublicationState.REFUSED)
        case RetryAfter(seconds=seconds):
            publications.close(attempt, AttemptOutcome.RETRY, "asked_to_wait")
            publications.wait(publication, PublicationState.QUEUED, timedelta(seconds=seconds))
        case Unknown(reason=reason):
            publications.close(attempt, AttemptOutcome.UNKNOWN, reason)
            publications.wait(publication, PublicationState.UNKNOWN, _patience(connector))


def settle(publication_id: UUID) -> None:
    """Finds out what became of a send without a clear answer, once it can no longer land."""
    publication = publications.read(publication_id)
    attempt = publication.attempts.filter(
        outcome__in=(AttemptOutcome.SENDING, AttemptOutcome.UNKNOWN)
    ).first()
    if attempt is None:
        return
    connector = connect(publication.community)
    if timezone.now() < attempt.started_at + _patience(connector):
        return  # a look-up now would prove nothing
    prepared = Prepared(body=publications.request_of(publication))
    try:
        found = _looked_up(connector, prepared)
    except ConnectorError:
        found = None
    _settled(attempt, connector, found)


def _looked_up(connector: Connector, prepared: Prepared) -> Lookup:
    if correcting.is_correction(prepared):
        return correcting.find(connector, prepared)
    return connector.find_published(prepared)


@transaction.atomic
def _settled(
    attempt: Attempt, connector: Connector, found: Found | NotFound | Ambiguous | None
) -> None:
    publication = publications.lock(attempt.publication_id)
    attempt.refresh_from_db()
    if attempt.outcome not in (AttemptOutcome.SENDING, AttemptOutcome.UNKNOWN):
        return
    match found:
        case Found():
            publications.landed(publication, attempt, found.ref, found.url, found.pending)
        case NotFound():
            attempt.empty_looks += 1
            attempt.save(update_fields=["empty_looks"])
            if attempt.empty_looks < LOOKS:
                publications.wait(
                    publication,
                    PublicationState.UNKNOWN,
                    timedelta(seconds=connector.caps.quiet_seconds),
                )
                return
            publications.close(attempt, AttemptOutcome.NOT_FOUND, "looked_twice")
            publications.wait(publication, PublicationState.QUEUED, timedelta())
        case Ambiguous():
            publications.rest(publication, PublicationState.AMBIGUOUS)
        case None:
            publications.wait(publication, PublicationState.UNKNOWN, LOOK_AGAIN)
