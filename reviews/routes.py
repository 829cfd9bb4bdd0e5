"""The route of a review: whose signatures it takes, in which order, and which of them are there.

Worked out from the findings at submission and kept with the review, so that a later change of
policy changes nothing for what is under way. The two of law 1 are always among them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from compliance.enums import Order
from compliance.models import Finding
from compliance.rules import Route
from compliance.rules.route import applying
from reviews.enums import Role, Seat
from reviews.exceptions import GateClosed
from reviews.models import FurtherSignOff, Review, RoleGrant, SignOff

# At which step compliance and legal sign. A second legal counsel signs with the first, a medical
# reviewer at the first step: what is medically wrong is best known early.
STEPS = {Order.PARALLEL: (1, 1), Order.COMPLIANCE_FIRST: (1, 2), Order.LEGAL_FIRST: (2, 1)}


@dataclass(frozen=True, slots=True)
class WantedSeat:
    """A signature that a review takes.

    Attributes:
        step: seats of a lower step sign first.
        why: what it is asked for (severities, rule ids, EVERY_REPLY); empty for the two of law 1.
    """

    seat: Seat
    step: int
    why: tuple[str, ...] = ()


def planned(route: Route, findings: Iterable[Finding]) -> list[WantedSeat]:
    """The seats that a reply with these findings takes under a route."""
    compliance, legal = STEPS[Order(route.order)]
    found = [(finding.rule_id, finding.severity) for finding in findings]
    seats = [WantedSeat(Seat.COMPLIANCE, compliance), WantedSeat(Seat.LEGAL, legal)]
    if why := applying(route.medical_for, found):
        seats.append(WantedSeat(Seat.MEDICAL, 1, why))
    if why := applying(route.second_legal_for, found):
        seats.append(WantedSeat(Seat.SECOND_LEGAL, legal, why))
    return seats


def as_columns(seats: Iterable[WantedSeat]) -> dict[str, Any]:
    """How a review keeps its seats."""
    seats = list(seats)
    steps = {f"{wanted.seat.value}_step": wanted.step for wanted in seats}
    return {**steps, "seats_why": {w.seat.value: list(w.why) for w in seats if w.why}}


def seats_of(review: Review) -> list[WantedSeat]:
    """The seats of a review, in the order in which they are due; none if it is of a signpost."""
    if review.signpost_id is not None:
        return []
    why = review.seats_why or {}
    steps = {
        # The two of law 1, even if nothing was kept: the review is of before there were routes.
        Seat.COMPLIANCE: review.compliance_step or 1,
        Seat.LEGAL: review.legal_step or 1,
        Seat.MEDICAL: review.medical_step,
        Seat.SECOND_LEGAL: review.second_legal_step,
    }
    wanted = [
        WantedSeat(seat, step, tuple(why.get(seat.value, ())))
        for seat, step in steps.items()
        if step is not None
    ]
    return sorted(wanted, key=lambda seat: seat.step)


def as_sealed(review: Review) -> list[list[Any]] | None:
    """The seats as a signature covers them; None for reviews of before there were routes."""
    if review.compliance_step is None:
        return None
    return [[w.seat.value, w.step, *w.why] for w in seats_of(review)]


def given(review: Review) -> dict[Seat, SignOff | FurtherSignOff]:
    """The signatures that are there, by seat."""
    signed: dict[Seat, SignOff | FurtherSignOff] = {
        Seat(signature.role): signature for signature in review.sign_offs.all()
    }
    return signed | {Seat(further.seat): further for further in review.further_sign_offs.all()}


def open_seats(review: Review) -> list[WantedSeat]:
    """The seats that nobody has signed yet, in the order in which they are due."""
    return unsigned(review, given(review))


def unsigned(review: Review, there: Collection[Seat]) -> list[WantedSeat]:
    """The same, for whoever knows already which signatures are there."""
    return [wanted for wanted in seats_of(review) if wanted.seat not in there]


def due_seats(review: Review) -> list[WantedSeat]:
    """The seats that can be signed next."""
    return first_of(open_seats(review))


def first_of(waiting: Sequence[WantedSeat]) -> list[WantedSeat]:
    """Which of these seats, in the order in which they are due, can be signed next."""
    return [wanted for wanted in waiting if wanted.step == waiting[0].step]


def in_words(seats: Iterable[WantedSeat]) -> str:
    """Names of seats for a sentence, e.g. "compliance, legal and medical review"."""
    *names, last = [str(wanted.seat.label).lower() for wanted in seats]
    return f"{', '.join(names)} and {last}" if names else last


def check_people(route: Route) -> None:
    """Raises GateClosed unless there are people for every seat that the route may ask for."""
    for asked_for, role, least, who in (
        (route.medical_for, Role.MEDICAL, 1, "a medical reviewer"),
        (route.second_legal_for, Role.LEGAL, 2, "a second legal counsel"),
    ):
        holders = RoleGrant.objects.filter(role=role, user__is_active=True)
        if asked_for and holders.count() < least:
            raise GateClosed(
                f"There is nobody here who could sign as {who}, so such replies would never be "
                "cleared. An administrator adds somebody first."
            )
