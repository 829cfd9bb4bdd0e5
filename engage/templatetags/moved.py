"""What moved in the thread of a review, for its page."""

from __future__ import annotations

from typing import Any, cast

from django import template

from engage import confirming
from reviews.enums import ReviewState
from reviews.models import Review, User

register = template.Library()
WATCHED = (
    ReviewState.SUBMITTED,
    ReviewState.IN_REVIEW,
    ReviewState.CLEARED,
    ReviewState.SUSPENDED,
)


@register.inclusion_tag("engage/moved_panel.html", takes_context=True)
def moved_panel(context: template.Context, review: Review) -> dict[str, Any]:
    """The difference between the thread that was signed and the thread as it is now, and the form
    that confirms it while the review is suspended."""
    moved = None
    if review.state in WATCHED and review.signpost is None:
        moved = confirming.moved(cast(User, context["user"]), review)
    return {
        "review": review,
        "moved": moved,
        "suspended": review.state == ReviewState.SUSPENDED,
        "user": context["user"],
        "request": context["request"],
        "refused": context.get("refused"),
        "csrf_token": context.get("csrf_token"),
    }
