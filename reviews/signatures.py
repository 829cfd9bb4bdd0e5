"""What is written down when somebody signs, and what each signature means."""

from __future__ import annotations

from django.utils import timezone

from reviews.enums import FURTHER_SEATS, Seat
from reviews.models import FurtherSignOff, Review, SignOff, User

MEANING = {
    Seat.COMPLIANCE: "I reviewed this reply for compliance and approve it to be posted as shown.",
    Seat.LEGAL: "I reviewed this reply as legal counsel and approve it to be posted as shown.",
    Seat.MEDICAL: "I reviewed this reply as a medical peer and approve it to be posted as shown.",
    Seat.SECOND_LEGAL: "I reviewed this reply as a second legal counsel and approve it to be "
    "posted as shown.",
}


def write(
    *, by: User, review: Review, seat: Seat, digest: str, proof: str
) -> SignOff | FurtherSignOff:
    """Puts a signature under a review; the database refuses one that may not be there.

    Args:
        digest: of what the signer saw.
        proof: what proved who they are (reviews/freshness.py).
    """
    written = {
        "review": review,
        "user": by,
        "role": seat.role,
        "digest": digest,
        "proof": proof,
        "printed_name": by.printed_name,
        "meaning": MEANING[seat],
        "signed_at": timezone.now(),
    }
    if seat in FURTHER_SEATS:
        return FurtherSignOff.objects.create(seat=seat, **written)
    return SignOff.objects.create(**written)
