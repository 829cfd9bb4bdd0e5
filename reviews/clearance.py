"""Clearance: the digest that a signature binds, and the only door to a text that may be posted."""

from __future__ import annotations

import hashlib
import hmac
import json
from uuid import UUID

from django.utils import timezone

from compliance import vault
from reviews import evidence, gates, required_changes, routes
from reviews.enums import SIGNING_ROLES, RemarkKind, ReviewState
from reviews.exceptions import EvidenceRecalled, NotCleared
from reviews.models import Confirmation, Review, Signpost
from reviews.packet import Packet, packet_of


def seal_digest(review: Review) -> str:
    """Keyed digest of everything that a signature covers (law 2).

    The packet (text as it will be posted, thread, findings, references, rule set), the author's
    answers, the dispositions with their reasons, whose signatures it takes and why, what was asked
    for when the reply was last sent back with what its author made of it, and the signpost that
    the text is, if it is one.
    """
    answers = review.remarks.filter(kind=RemarkKind.RESPONSE).select_related("body")
    content = {
        "packet": review.packet.digest,
        "text": review.text_digest,
        "scan": str(review.scan_id),
        "rule_set": str(review.rule_set_id),
        "answers": sorted([str(a.finding_id), str(a.by_id), a.body.digest] for a in answers),
        "dispositions": sorted(
            [str(d.finding_id), str(d.by_id), d.role, d.verdict, d.reason.digest]
            for d in gates.newest_dispositions(review).values()
        ),
    }
    if (seats := routes.as_sealed(review)) is not None:
        content["seats"] = seats
    if changes := required_changes.as_sealed(review):
        content["changes"] = changes
    if review.signpost is not None:
        content["signpost"] = signpost_digest(review.signpost)
    return vault.digest(review.packet.key, json.dumps(content, sort_keys=True))


def signpost_digest(signpost: Signpost) -> str:
    """SHA-256 of what the signatures under a signpost cover. No key: nobody is spoken of in it."""
    content = {
        "title": signpost.title,
        "text": signpost.text,
        "answers": sorted(signpost.answers),
        "community": str(signpost.community_id or ""),
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def confirmation_digest(review: Review, thread: str) -> str:
    """Keyed digest of what a confirmation covers: all that was signed, and the thread as it is.

    Args:
        thread: keyed digest of the thread's new state, a packet.
    """
    content = {"seal": seal_digest(review), "thread": thread}
    return vault.digest(review.packet.key, json.dumps(content, sort_keys=True))


def standing_confirmation(review: Review) -> Confirmation | None:
    """The newest confirmation of what every signer confirmed; None if none was, or none needed."""
    given = list(review.confirmations.select_related("thread__key").order_by("-confirmed_at"))
    signers = {signature.user_id for signature in review.signatures}
    by_content: dict[tuple[int, str], set[UUID]] = {}
    for c in given:
        by_content.setdefault((c.suspension, c.digest), set()).add(c.user_id)
    return next((c for c in given if signers <= by_content[c.suspension, c.digest]), None)


def signed_thread(review: Review) -> Packet:
    """The thread that the signatures stand for: as it was submitted, or as last confirmed.

    Raises:
        TextErased: the thread was erased.
    """
    confirmation = standing_confirmation(review)
    if confirmation is None:
        return packet_of(review)
    return Packet.loads(vault.unseal(confirmation.thread))


def cleared_text(review: Review) -> str:
    """The text that everybody signed who must, and that may be posted now (laws 1 and 2).

    Reads everything anew: pass a review that the caller holds locked.

    Raises:
        NotCleared: the review is not cleared, the clearance expired, a signature is missing or
            covers something else, the stored text is not what was signed, or what it rests on was
            recalled.
        TextErased: the thread was erased.
    """
    if review.state != ReviewState.CLEARED:
        raise NotCleared(
            f"This reply may not be posted: it stands at \u201c{review.get_state_display()}\u201d."
        )
    if review.expires_at is None or review.expires_at <= timezone.now():
        raise NotCleared("The clearance expired. Submit the reply again.")
    _check_signed(review)
    _check_confirmed(review)
    stored = vault.unseal(review.packet)
    packet = Packet.loads(stored)
    text = packet.text
    key = review.packet.key
    if not (
        hmac.compare_digest(vault.digest(key, stored), review.packet.digest)
        and hmac.compare_digest(vault.digest(key, text), review.text_digest)
    ):
        raise NotCleared("The stored text is not what was signed.")
    if review.signpost is not None and text != review.signpost.text:
        raise NotCleared("The stored text is not the signpost that was signed.")
    if evidence.rests_on_recalled(review, packet):
        raise EvidenceRecalled("Evidence that this reply rests on was recalled.")
    return text


def _check_confirmed(review: Review) -> None:
    if not review.suspensions:
        return
    confirmation = standing_confirmation(review)
    if confirmation is None or confirmation.suspension != review.suspensions:
        raise NotCleared("The thread moved, and not everybody who signed confirmed this reply.")
    thread = vault.digest(review.packet.key, vault.unseal(confirmation.thread))
    if not hmac.compare_digest(confirmation.digest, confirmation_digest(review, thread)):
        raise NotCleared("The confirmations cover something else than what is stored.")


def _check_signed(review: Review) -> None:
    signpost, signatures = review.signpost, review.signatures
    signers = {signature.user_id for signature in signatures}
    lacking = (
        routes.open_seats(review)
        if signpost is None
        else set(SIGNING_ROLES) - {s.role for s in signatures}
    )
    if lacking or len(signers) != len(signatures):
        raise NotCleared("This reply lacks a signature.")
    if review.authors.filter(user__in=signers).exists():
        raise NotCleared("One of the signers wrote a version of this reply.")
    if signpost is not None and signpost.written_by_id in signers:
        raise NotCleared("One of the signers wrote this signpost.")
    if signpost is not None and signpost.retired_at:
        raise NotCleared("This signpost was retired.")
    expected = seal_digest(review) if signpost is None else signpost_digest(signpost)
    if not all(hmac.compare_digest(s.digest, expected) for s in signatures):
        raise NotCleared("The signatures cover something else than what is stored.")
