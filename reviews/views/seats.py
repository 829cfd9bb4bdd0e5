"""The seats of a review as pages show them: who signed, whose turn it is, and why."""

from __future__ import annotations

from dataclasses import dataclass

from compliance import profiles
from compliance.enums import Severity
from compliance.exceptions import Refusal
from compliance.rules.route import EVERY_REPLY
from reviews import evidence, gates, permissions, routes
from reviews.enums import ReviewState, Seat
from reviews.models import FurtherSignOff, Review, SignOff, User

OPEN = (ReviewState.SUBMITTED, ReviewState.IN_REVIEW)


@dataclass(frozen=True, slots=True)
class ShownSeat:
    """One seat.

    Attributes:
        signature: None while nobody signed.
        turn: "next", "later", or "" where nobody is waited for (any more).
        why: what it is asked for, in words; empty for the two of law 1.
    """

    seat: Seat
    signature: SignOff | FurtherSignOff | None
    turn: str
    why: tuple[str, ...]


def shown_seats(review: Review) -> list[ShownSeat]:
    """All seats of a review, in the order in which they are due."""
    there, due = routes.given(review), routes.due_seats(review)
    is_open = review.state in OPEN
    return [
        ShownSeat(
            seat=wanted.seat,
            signature=there.get(wanted.seat),
            turn=("next" if wanted in due else "later")
            if is_open and wanted.seat not in there
            else "",
            why=tuple(_in_words(name, review) for name in wanted.why),
        )
        for wanted in routes.seats_of(review)
    ]


def _in_words(name: str, review: Review) -> str:
    if name == EVERY_REPLY:
        return "every reply"
    if name in Severity.values:
        return f"findings \u201c{Severity(name).label}\u201d"
    rule = profiles.rules_of_version(review.rule_set_id).rules.get(name)
    return f"{name} ({rule.title})" if rule else name


def why_not_sign(user: User, review: Review) -> str:
    """Why this person can't sign now, in a sentence; empty if they can."""
    try:
        permissions.check_may_sign_now(user, review)
    except Refusal as refusal:
        return str(refusal)
    return ""


def why_closed(review: Review) -> str:
    """What must be done before anybody can sign, in a sentence; empty if nothing."""
    try:
        findings = list(review.scan.findings.all())
        gates.check_disposed(findings, gates.newest_dispositions(review))
        evidence.check_stands(review.text_id, review.scan_id)
    except Refusal as refusal:
        return str(refusal)
    return ""


def after_signing(review: Review) -> str:
    """What comes next, for whoever has just signed."""
    if review.state == ReviewState.CLEARED:
        return "All signatures are there: the reply is cleared and will be posted."
    waiting = routes.open_seats(review)
    many = f"{len(waiting)} more signatures are" if len(waiting) > 1 else "One more signature is"
    return f"{many} needed: {routes.in_words(waiting)}."
