"""Why somebody decides as they do: a code to choose, beside words that stay in the record."""

from __future__ import annotations

from compliance import profiles
from compliance.exceptions import BadInput, ScannerFailed
from reviews.enums import ReasonCode
from reviews.models import Review

REASON_LENGTH = 2000


def choices_for(review: Review) -> list[tuple[str, str]]:
    """The codes that a decision on this review can have, with what people read: those of every
    community, then those of this one."""
    return [*((code.value, str(code.label)) for code in ReasonCode), *_of_the_house(review)]


def _of_the_house(review: Review) -> list[tuple[str, str]]:
    if review.community_id is None:
        return []
    try:
        own = profiles.active_profile(review.community_id).reasons
    except ScannerFailed:  # a profile that can't be read keeps nobody from withdrawing
        return []
    return [(reason.code, reason.label) for reason in own]


def checked_code(review: Review, code: str) -> tuple[str, str]:
    """The code with what people read.

    Raises:
        BadInput: none was chosen, or there is none like it.
    """
    chosen = dict(choices_for(review)).get(code)
    if chosen is None:
        raise BadInput("Choose the kind of reason that fits best.")
    return code, chosen


def checked_reason(written: str) -> str:
    """The reason without the space around it.

    Raises:
        BadInput: nothing was written, or more than the record takes.
    """
    written = written.strip()
    if not written:
        raise BadInput("Please write why: the reason is part of the record.")
    if len(written) > REASON_LENGTH:
        raise BadInput(f"Please keep the reason under {REASON_LENGTH} characters.")
    return written
