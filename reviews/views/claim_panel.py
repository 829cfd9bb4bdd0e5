"""What the review page says of claims and of who is looking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from reviews import claims, permissions, presence, worklist
from reviews.enums import SEAT_ROLES
from reviews.models import Claim, Review, User
from reviews.permissions import Permission


@dataclass(frozen=True, slots=True)
class ClaimPanel:
    """Who works on a review, and what this person can do about it.

    Attributes:
        looking: one sentence, or "".
        people: to whom it can be assigned.
    """

    standing: Sequence[Claim]
    looking: str
    is_watched: bool
    can_claim: bool
    can_release: bool
    can_assign: bool
    people: Sequence[User]


def panel_of(review: Review, user: User) -> ClaimPanel:
    """The panel for this person."""
    standing = list(claims.live_claims(timezone.now()).filter(review=review).select_related("user"))
    own = any(claim.user_id == user.pk for claim in standing)
    taken = {claim.role for claim in standing}
    free = any(role in user.roles and role not in taken for role in SEAT_ROLES)
    can_assign = permissions.can_assign(user, review)
    return ClaimPanel(
        standing=standing,
        looking=looking_words(review, user),
        is_watched=permissions.can_may(user, Permission.CLAIM),
        can_claim=free and not own and permissions.can_claim(user, review),
        can_release=own,
        can_assign=can_assign,
        people=list(worklist.could_sign(review)) if can_assign else [],
    )


def looking_words(review: Review, user: User) -> str:
    """Who else has the page open, as a sentence; "" for nobody."""
    names = presence.names(review, but=user)
    if not names:
        return ""
    *first, last = names
    who = f"{', '.join(first)} and {last} are" if first else f"{last} is"
    return f"{who} reading this."
