"""Versions of a reply beside each other: what is new since one that was reviewed before, or since
this reviewer looked last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from compliance.exceptions import TextErased
from compliance.masking import Pseudonyms
from reviews.models import Review, Sight, User
from reviews.packet import Packet, packet_of
from reviews.permissions import Permission, can_may
from reviews.views.differences import Piece, difference
from reviews.views.showing import reply_marks


@dataclass(frozen=True, slots=True)
class Compared:
    """This version beside an earlier one.

    Attributes:
        seen_at: when this person saw that one last; None if they never did.
        same: nothing of the text differs.
        findings_new, findings_gone: ids of rules, with how often if more than once.
        references_new, references_gone: lines of references.
    """

    earlier: Review
    seen_at: datetime | None
    same: bool
    pieces: Sequence[Piece]
    findings_new: Sequence[str]
    findings_gone: Sequence[str]
    references_new: Sequence[str]
    references_gone: Sequence[str]


def note_sight(*, by: User, review: Review) -> datetime | None:
    """Notes that this reviewer sees it now; returns when they saw it last, None if never."""
    if not can_may(by, Permission.DECIDE):
        return None
    before = Sight.objects.filter(review=review, user=by).values_list("seen_at", flat=True).first()
    Sight.objects.bulk_create(
        [Sight(review=review, user=by, seen_at=timezone.now())],
        update_conflicts=True,
        unique_fields=["review", "user"],
        update_fields=["seen_at"],
    )
    return before


def earlier_of(review: Review) -> list[Review]:
    """What was reviewed of the same reply before, the newest first; of a correction also what was
    reviewed of the live reply."""
    cases = [review.case_id]
    if review.corrects is not None:
        cases.append(review.corrects.case_id)
    return list(
        Review.objects.filter(case_id__in=cases, submitted_at__lt=review.submitted_at)
        .select_related("packet__key", "signpost")
        .order_by("-submitted_at")
    )


def compared(
    review: Review, packet: Packet, earlier: Sequence[Review], user: User, chosen: str
) -> Compared | None:
    """This version beside the chosen one, else the one that this person saw last, else the newest
    of the earlier ones; None if there is none, or it was erased."""
    if not earlier:
        return None
    seen = dict(
        Sight.objects.filter(review__in=earlier, user=user).values_list("review", "seen_at")
    )
    other = next((one for one in earlier if str(one.pk) == chosen), None)
    if other is None:
        other = max((one for one in earlier if one.pk in seen), key=lambda one: seen[one.pk],
                    default=earlier[0])  # fmt: skip
    try:
        before = packet_of(other)
    except TextErased:
        return None
    findings, found = (Counter(mark.rule_id for mark in p.marks) for p in (before, packet))
    return Compared(
        earlier=other,
        seen_at=seen.get(other.pk),
        same=before.text == packet.text,
        pieces=difference(
            before.text,
            reply_marks(other, before),
            packet.text,
            reply_marks(review, packet),
            Pseudonyms(),
        ),
        findings_new=_counted(found - findings),
        findings_gone=_counted(findings - found),
        references_new=[line for line in packet.references if line not in before.references],
        references_gone=[line for line in before.references if line not in packet.references],
    )


def _counted(rules: Counter[str]) -> list[str]:
    return [rule if n == 1 else f"{rule} ({n})" for rule, n in sorted(rules.items())]
