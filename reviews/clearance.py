"""Clearance: the digest that a signature binds, and the only door to a text that may be posted."""

from __future__ import annotations

import hmac
import json

from django.utils import timezone

from compliance import vault
from reviews import gates
from reviews.enums import SIGNING_ROLES, RemarkKind, ReviewState
from reviews.exceptions import NotCleared
from reviews.models import Review
from reviews.packet import Packet


def seal_digest(review: Review) -> str:
    """Keyed digest of everything that a signature covers (law 2).

    The packet (text as it will be posted, thread, findings, references, rule set), the author's
    answers, and the dispositions with their reasons.
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
    return vault.digest(review.packet.key, json.dumps(content, sort_keys=True))


def cleared_text(review: Review) -> str:
    """The text that was signed twice, and that may be posted now (laws 1 and 2).

    Reads everything anew: pass a review that the caller holds locked.

    Raises:
        NotCleared: the review is not cleared, the clearance expired, a signature is missing or
            covers something else, or the stored text is not what was signed.
        TextErased: the thread was erased.
    """
    if review.state != ReviewState.CLEARED:
        raise NotCleared(
            f"This reply may not be posted: it stands at \u201c{review.get_state_display()}\u201d."
        )
    if review.expires_at is None or review.expires_at <= timezone.now():
        raise NotCleared("The clearance expired. Submit the reply again.")
    sign_offs = list(review.sign_offs.all())
    signers = {sign_off.user_id for sign_off in sign_offs}
    if {s.role for s in sign_offs} != set(SIGNING_ROLES) or len(signers) != len(SIGNING_ROLES):
        raise NotCleared("This reply lacks a signature.")
    if review.authors.filter(user__in=signers).exists():
        raise NotCleared("One of the signers wrote a version of this reply.")
    expected = seal_digest(review)
    if not all(hmac.compare_digest(s.digest, expected) for s in sign_offs):
        raise NotCleared("The signatures cover something else than what is stored.")
    stored = vault.unseal(review.packet)
    text = Packet.loads(stored).text
    key = review.packet.key
    if not (
        hmac.compare_digest(vault.digest(key, stored), review.packet.digest)
        and hmac.compare_digest(vault.digest(key, text), review.text_digest)
    ):
        raise NotCleared("The stored text is not what was signed.")
    return text
