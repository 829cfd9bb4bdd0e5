"""Whether a cleared reply waits because publishing is stopped, for the page of its review."""

from __future__ import annotations

from django import template

from engage import stops
from engage.models import Draft, Stop
from reviews.enums import ReviewState
from reviews.models import Review

register = template.Library()


@register.simple_tag
def stopped(review: Review) -> Stop | None:
    """The stop that a cleared reply waits for, if there is one."""
    if review.state != ReviewState.CLEARED:
        return None
    draft = Draft.objects.select_related("thread").get(pk=review.case_id)
    return stops.of_community(draft.thread.community_id).first()
