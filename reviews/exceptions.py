"""Refusals of the reviews package."""

from compliance.exceptions import NotAllowed, Refusal


class WrongState(Refusal):
    """The review is not in a state in which this can be done, or somebody else was quicker."""


class GateClosed(Refusal):
    """Something about the text must be true first; the message says what."""


class NotFresh(NotAllowed):
    """What was given to prove who somebody is was not right, or not enough."""


class NotCleared(Refusal):
    """There is no valid clearance for posting this text (laws 1 and 2)."""


class EvidenceRecalled(NotCleared):
    """What was cleared rests on evidence that was recalled since."""
