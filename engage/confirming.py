"""Confirming a suspended review: what must be true of the thread and of the text in it (law 3).

Who may confirm, and what a confirmation covers, is in reviews/confirmations.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction

from compliance import profiles, scanning, vault
from compliance.enums import Severity
from compliance.exceptions import Refusal
from compliance.findings import Hit
from compliance.rules import RuleSet
from engage import citing, conversation, drafting, publications, publishing, screening
from engage.communities import connect
from engage.models import Draft, DraftVersion, Thread
from engage.movement import Movement, between
from reviews import clearance, confirmations, freshness, gates, permissions
from reviews.enums import Purpose, ReviewState
from reviews.exceptions import GateClosed, WrongState
from reviews.freshness import Proof
from reviews.models import Confirmation, Review, User
from reviews.packet import Packet, PacketMark

CLOSED = {
    "thread_locked": "The community locked this thread, so nothing can be posted in it and nothing "
    "can be confirmed. Send the reply back.",
    "answered_post_deleted": "The post that this reply answers was deleted, so nothing can be "
    "confirmed. Send the reply back.",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """A review beside its thread as it is now.

    Attributes:
        movement: what differs from the thread that the signatures stand for.
        held: how many posts wait for their scan, so that they can't be shown.
        confirmed: the confirmations that count; `outdated`: those before the thread moved again.
        wanted: printed names of those who signed and whose confirmation is wanted.
        seen: digest of what this person would confirm; "" if they can't.
        why_not: why they can't.
    """

    movement: Movement
    held: int
    confirmed: Sequence[Confirmation] = ()
    outdated: Sequence[Confirmation] = ()
    wanted: Sequence[str] = ()
    seen: str = ""
    why_not: str = ""


def confirm(*, by: User, review_id: UUID, proof: Proof, seen: str) -> Review:
    """Says that a signature stands in the thread as it is now; the last one clears the review.

    Args:
        proof: asked for afresh, as at the signature.
        seen: the digest that stood on the page that the signer read.
    Raises:
        NotFresh: it does not prove who they are.
        NotAllowed, WrongState, GateClosed, ScannerFailed: the message says why.
    """
    review = Review.objects.select_related("packet__key", "signpost").get(pk=review_id)
    permissions.check_may_confirm(by, review)
    how = freshness.proved(by, proof, Purpose.CONFIRM)
    rules, found = _scanned(review, _version(review))  # before any lock: it takes a while
    with transaction.atomic():
        Review.objects.select_for_update(of=("self",)).get(pk=review_id)
        version = _version(review)
        _check_stands(review, version.draft, rules, found)
        review = confirmations.confirm(
            by=by,
            review_id=review_id,
            proof=how,
            seen=seen,
            thread=_to_confirm(review, version, rules, found),
        )
        if review.state == ReviewState.CLEARED:
            publications.take_up(review)
    return review


def moved(user: User, review: Review) -> Moved:
    """What the page of a review says of the thread as it is now."""
    version = _version(review)
    thread = version.draft.thread
    pairs = screening.newest_revisions(thread)
    held = {str(post.pk) for post, newest in pairs if not screening.is_screened(post, newest)}
    now = drafting.packet_for(version.draft, version, without_held=True)
    movement = between(clearance.signed_thread(review), now, held)
    if review.state != ReviewState.SUSPENDED:
        return Moved(movement, len(held))
    given, counting = _given(review), _counting(review, thread)
    confirmed = {confirmation.user_id for confirmation in counting}
    seen, why_not = _offered(user, review, version)
    return Moved(
        movement,
        len(held),
        confirmed=counting,
        outdated=[c for c in given if c not in counting and c.user_id not in confirmed],
        wanted=[s.printed_name for s in review.signatures if s.user_id not in confirmed],
        seen="" if user.pk in confirmed else seen,
        why_not="" if user.pk in confirmed else why_not,
    )


def _offered(user: User, review: Review, version: DraftVersion) -> tuple[str, str]:
    """The digest that this person may confirm, or why they may not."""
    try:
        permissions.check_may_confirm(user, review)
        rules, found = _scanned(review, version)
        _check_stands(review, version.draft, rules, found)
        thread = _to_confirm(review, version, rules, found).dumps()
    except Refusal as refusal:
        return "", str(refusal)
    return clearance.confirmation_digest(review, vault.digest(review.packet.key, thread)), ""


def _version(review: Review) -> DraftVersion:
    # No other version can be written while the review is open, so the newest one is the signed one.
    draft = Draft.objects.select_related(
        "thread__community__key", "thread__key", "thread__title__key", "reply_to__thread__key"
    ).get(pk=review.case_id)
    version = drafting.newest_version(draft)
    assert version is not None
    version.draft = draft
    return version


def _scanned(review: Review, version: DraftVersion) -> tuple[RuleSet, list[Hit]]:
    """What the rules of today find in the signed text, in the thread as it is now."""
    thread = version.draft.thread
    context = drafting.context_for(thread, version.author, citing.references_of(version))
    text = vault.unseal(review.text)
    found = scanning.preview([text], [context], community_id=thread.community_id)[0]
    return profiles.rules_for(thread.community_id), found


def _check_stands(review: Review, draft: Draft, rules: RuleSet, found: Sequence[Hit]) -> None:
    if why := conversation.closed(draft.thread, draft.reply_to):
        raise WrongState(CLOSED[why])
    gates.check_safety(draft.thread_id)
    drafting.check_thread_screened(draft.thread)
    gates.check_still_disposed(
        review, [(hit, Severity(rules.rule(hit.rule_id).severity)) for hit in found]
    )
    intent = publishing.intent_of(draft, vault.unseal(review.text), tag="")
    try:
        connect(draft.thread.community).prepare(intent)
    except ValueError as error:
        raise GateClosed(
            "The community does not take this text any more. Send the reply back."
        ) from error


def _to_confirm(
    review: Review, version: DraftVersion, rules: RuleSet, found: Sequence[Hit]
) -> Packet:
    """The thread that is confirmed next: what another signer confirmed, while that counts; else
    the thread as it is now."""
    if counting := _counting(review, version.draft.thread):
        return Packet.loads(vault.unseal(counting[0].thread))
    marks = tuple(
        PacketMark("", h.start, h.end, h.rule_id, rules.rule(h.rule_id).severity, h.entity)
        for h in found
    )
    now = drafting.packet_for(version.draft, version)
    return replace(now, marks=marks, rule_set=rules.version)


def _given(review: Review) -> list[Confirmation]:
    """The confirmations since the newest suspension, the newest first."""
    given = review.confirmations.filter(suspension=review.suspensions or 0)
    return list(given.select_related("thread__key").order_by("-confirmed_at"))


def _counting(review: Review, thread: Thread) -> list[Confirmation]:
    """Those that count: nothing moved since that would suspend the review again.

    Other people's new replies don't; who confirms after them confirms the same (law 3).
    """
    given = _given(review)
    if not given:
        return []
    confirmed = Packet.loads(vault.unseal(given[0].thread))
    rules = profiles.rules_for(thread.community_id)
    if confirmed.rule_set != rules.version or conversation.moved(confirmed.snapshot, thread):
        return []
    return [confirmation for confirmation in given if confirmation.digest == given[0].digest]
