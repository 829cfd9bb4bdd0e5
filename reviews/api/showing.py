"""Reviews as the API shows them: masked, with what the asking person may do.

Every text has its identifiers masked as on the pages (law 7); there is no way to reveal one here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from compliance import vault
from compliance.exceptions import TextErased
from compliance.masking import MASKED, Pseudonyms, Segment
from reviews import clearance, permissions, risk
from reviews.enums import Action, RemarkKind
from reviews.models import Review, User
from reviews.packet import packet_of
from reviews.views.judged import Judged, judged
from reviews.views.seats import shown_seats, why_closed, why_not_sign
from reviews.views.showing import reply_segments, shown_segments

# What somebody can do to a review, by the last part of its address in the API.
ACTIONS: Mapping[str, Callable[[User, Review], bool]] = {
    "dispose": permissions.can_dispose,
    "remark": permissions.can_remark,
    "sign": permissions.can_sign,
    "send-back": lambda user, review: permissions.can_decide(user, review, Action.SEND_BACK),
    "refuse": lambda user, review: permissions.can_decide(user, review, Action.REFUSE),
    "withdraw": permissions.can_withdraw,
    "confirm": permissions.can_confirm,
    "claim": permissions.can_claim,
    "assign": permissions.can_assign,
}


def shown_review(review: Review, user: User) -> dict[str, Any]:
    """Everything that a signature covers, what was said of it, and what this person may do.

    `seal` is the digest that a signer sends back as `seen`.

    Raises:
        TextErased: its thread was erased.
    """
    packet, names = packet_of(review), Pseudonyms()
    title = masked_words(shown_segments(packet.title, packet.title_marks, names))
    posts = [
        {
            "author": post.author,
            "published_at": post.published_at,
            "answered": post.answered,
            "text": masked_words(shown_segments(post.text, post.marks, names)),
        }
        for post in packet.posts
    ]
    return {
        **shown_row(review),
        "title": title,
        "platform": packet.platform,
        "rule_set": packet.rule_set,
        "thread": posts,
        "reply": masked_words(reply_segments(review, packet, names)),
        "references": list(packet.references),
        "findings": [_finding(one) for one in judged(review, packet)],
        "seats": _seats(review),
        "remarks": _remarks(review),
        "seal": clearance.seal_digest(review),
        "why_not_sign": why_not_sign(user, review) or why_closed(review),
        "may": [name for name, may in ACTIONS.items() if may(user, review)],
        "signing_seats": [seat.value for seat in permissions.signing_seats(user, review)],
    }


def shown_row(review: Review) -> dict[str, Any]:
    """A review as one of a list."""
    worst = risk.worst_of(review.risk or 0)
    return {
        "id": str(review.pk),
        "case": str(review.case_id),
        "state": review.state,
        "community": review.community_name,
        "title": _title(review),
        "submitted_by": review.submitted_by.printed_name,
        "submitted_at": review.submitted_at.isoformat(),
        "due_at": review.due_at.isoformat(),
        "overdue": review.overdue,
        "expires_at": review.expires_at.isoformat() if review.expires_at else None,
        "worst": worst.value if worst else None,
    }


def _title(review: Review) -> str:
    try:
        packet = packet_of(review)
    except TextErased:
        return "[Erased]"
    return masked_words(shown_segments(packet.title, packet.title_marks))


def masked_words(segments: Iterable[Segment]) -> str:
    """Segments as one text, with "[Name 1]" in the place of each identifier."""
    return "".join(f"[{s.label}]" if s.kind == MASKED else s.text for s in segments)


def _finding(one: Judged) -> dict[str, Any]:
    rule, given = one.finding.rule, one.disposition
    return {
        "id": one.finding.id,
        "rule": rule.id,
        "title": rule.title,
        "severity": one.finding.severity.value,
        "confidence": one.finding.confidence,
        "why": rule.why,
        "citation": rule.citation,
        "url": rule.url,
        "quote": one.finding.quote,
        "answer": one.answer,
        "must_be_disposed_of": one.wanted,
        "disposition": given
        and {
            "verdict": given.verdict,
            "by": given.by.printed_name,
            "at": given.at.isoformat(),
            "reason": one.reason,
        },
    }


def _seats(review: Review) -> list[dict[str, Any]]:
    return [
        {
            "seat": shown.seat.value,
            "turn": shown.turn,
            "why": list(shown.why),
            "signature": shown.signature
            and {
                "printed_name": shown.signature.printed_name,
                "meaning": shown.signature.meaning,
                "signed_at": shown.signature.signed_at.isoformat(),
                "digest": shown.signature.digest,
            },
        }
        for shown in shown_seats(review)
    ]


def _remarks(review: Review) -> list[dict[str, Any]]:
    remarks = review.remarks.select_related("by", "body__key").exclude(kind=RemarkKind.RESPONSE)
    return [
        {
            "kind": remark.kind,
            "by": remark.by.printed_name,
            "at": remark.at.isoformat(),
            "reason": remark.reason_label,
            "body": vault.unseal(remark.body),
        }
        for remark in remarks
    ]
