"""What must be true of a review before something can happen to it: the one table of transitions,
and the checks that read it. Who may act is in reviews/permissions.py."""

from __future__ import annotations

from django.utils import timezone

from reviews import routes
from reviews.enums import Action, ChangeState, ProposalState, ReviewState, Seat
from reviews.exceptions import WrongState
from reviews.models import ProfileChange, Proposal, Review, Signpost

_S = ReviewState

# From which state an action leads where. The database holds the same table (a trigger), the
# diagram in docs/workflow.md is generated from it. The last signature that a review takes clears it
# in the same transaction.
TRANSITIONS: dict[Action, dict[ReviewState, ReviewState]] = {
    Action.SIGN: {_S.SUBMITTED: _S.IN_REVIEW, _S.IN_REVIEW: _S.IN_REVIEW},
    Action.CLEAR: {_S.IN_REVIEW: _S.CLEARED},
    Action.SEND_BACK: {
        _S.SUBMITTED: _S.SENT_BACK,
        _S.IN_REVIEW: _S.SENT_BACK,
        _S.CLEARED: _S.SENT_BACK,
        _S.SUSPENDED: _S.SENT_BACK,
    },
    Action.REFUSE: {_S.SUBMITTED: _S.REFUSED, _S.IN_REVIEW: _S.REFUSED, _S.SUSPENDED: _S.REFUSED},
    Action.WITHDRAW: {
        _S.SUBMITTED: _S.WITHDRAWN,
        _S.IN_REVIEW: _S.WITHDRAWN,
        _S.CLEARED: _S.WITHDRAWN,
        _S.SUSPENDED: _S.WITHDRAWN,
        _S.PUBLISHED: _S.WITHDRAWN,
    },
    Action.SUSPEND: {_S.CLEARED: _S.SUSPENDED},
    Action.CONFIRM: {_S.SUSPENDED: _S.CLEARED},
    Action.EXPIRE: {_S.CLEARED: _S.EXPIRED, _S.SUSPENDED: _S.EXPIRED},
    Action.PUBLISH: {_S.CLEARED: _S.PUBLISHED},
}

_DONE = {
    Action.SIGN: "signed",
    Action.CLEAR: "cleared",
    Action.SEND_BACK: "sent back",
    Action.REFUSE: "refused",
    Action.WITHDRAW: "withdrawn",
    Action.SUSPEND: "suspended",
    Action.CONFIRM: "confirmed",
    Action.EXPIRE: "expired",
    Action.PUBLISH: "recorded as posted",
}


def next_state(review: Review, action: Action) -> ReviewState:
    """The state that the action leads to.

    Raises:
        WrongState: the action is not possible from the state that the review is in.
    """
    state = ReviewState(review.state)
    if state not in TRANSITIONS[action]:
        raise WrongState(
            f"This review can't be {_DONE[action]}: it stands at \u201c{state.label}\u201d. "
            "Reload the page to see what happened."
        )
    return TRANSITIONS[action][state]


def check_signable(review: Review) -> None:
    """Raises WrongState unless a signature is still wanted."""
    next_state(review, Action.SIGN)


def check_seat_due(review: Review, seat: Seat) -> None:
    """Raises WrongState unless the signature of this seat is wanted, and next."""
    if seat in routes.given(review):
        raise WrongState(f"The signature as {seat.signer.lower()} is there already.")
    waiting = {wanted.seat: wanted for wanted in routes.open_seats(review)}
    if seat not in waiting:
        raise WrongState(f"No signature as {seat.signer.lower()} is asked for here.")
    first = routes.due_seats(review)
    if waiting[seat] not in first:
        raise WrongState(
            f"In this community replies are signed one after the other: first by "
            f"{routes.in_words(first)}."
        )


def check_decidable(review: Review, action: Action) -> None:
    """Raises WrongState unless the review can still be sent back, or refused."""
    next_state(review, action)


def check_withdrawable(review: Review) -> None:
    """Raises WrongState if there is nothing left to withdraw."""
    next_state(review, Action.WITHDRAW)
    if review.corrections.filter(state=ReviewState.PUBLISHED).exists():
        raise WrongState("A correction stands in its place: withdraw that one.")


def check_confirmable(review: Review) -> None:
    """Raises WrongState unless signers can still confirm that their signatures stand (law 3)."""
    next_state(review, Action.CONFIRM)
    if review.signpost is not None:
        raise WrongState("A signpost is not confirmed: it can be sent to the thread again.")
    if review.expires_at is None or review.expires_at <= timezone.now():
        raise WrongState("The clearance expired, so there is nothing left to confirm.")


def check_open_for_dispositions(review: Review) -> None:
    """Raises WrongState once somebody signed: a signature covers the dispositions (law 2)."""
    if review.state != ReviewState.SUBMITTED:
        raise WrongState(
            "Findings can be disposed of until the first signature. To change one now, send the "
            "reply back."
        )


def check_waiting(proposal: Proposal) -> None:
    """Raises WrongState once somebody decided on the proposal."""
    if proposal.state != ProposalState.WAITING:
        raise WrongState("Somebody decided on this proposal already. Reload the page.")


def check_change_waiting(change: ProfileChange) -> None:
    """Raises WrongState once somebody decided on the change of a rule profile."""
    if change.state != ChangeState.WAITING:
        raise WrongState("Somebody decided on this change already. Reload the page.")


def check_not_retired(signpost: Signpost) -> None:
    """Raises WrongState once a signpost was retired."""
    if signpost.retired_at:
        raise WrongState("This signpost was retired. Reload the page to see which ones hold.")
