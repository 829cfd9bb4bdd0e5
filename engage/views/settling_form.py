"""The form in which somebody says what became of a posting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compliance.exceptions import Refusal
from engage import conversation, settling
from engage.conversation import ShownPost
from engage.enums import PublicationState
from engage.models import Publication
from reviews.models import User


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of somebody.

    Attributes:
        by_hand: they posted it, so they know its address.
        removing: they are to take it down.
        posts: what it may be, of a community that is read.
    """

    by_hand: bool
    removing: bool
    posts: Sequence[ShownPost]


def asked_of(user: User, publication: Publication) -> Asked | None:
    """What this person is asked of a posting; None for nothing."""
    try:
        settling.check_may_say(user, publication)
    except Refusal:
        return None
    by_hand = settling.is_by_hand(publication)
    posts: list[ShownPost] = []
    if not by_hand:
        wanted = set(settling.candidates(publication).values_list("pk", flat=True))
        shown = conversation.show(publication.draft.thread)
        posts = [post for post in shown if post.post.pk in wanted and not post.deleted]
    return Asked(by_hand, publication.state == PublicationState.TAKING_DOWN, posts)
