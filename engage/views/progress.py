"""How far a reply has come, in one word, for lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from compliance.masking import Segment
from engage import conversation
from engage.models import Draft, Publication
from reviews.enums import ReviewState
from reviews.models import Review


@dataclass(frozen=True, slots=True)
class Progress:
    """A draft with its newest review and publication."""

    draft: Draft
    title: Sequence[Segment]
    review: Review | None
    publication: Publication | None

    @property
    def word(self) -> str:
        """Where it stands, for a person."""
        if self.publication and self.review and self.review.state != ReviewState.SUSPENDED:
            return self.publication.get_state_display()
        return self.review.get_state_display() if self.review else "Draft"

    @property
    def code(self) -> str:
        """The same as a code, for styles and tests."""
        if self.publication and self.review and self.review.state != ReviewState.SUSPENDED:
            return self.publication.state
        return self.review.state if self.review else "draft"


def progress_of(drafts: QuerySet[Draft]) -> list[Progress]:
    """The drafts, the newest first, each with how far it has come."""
    found = list(
        drafts.select_related(
            "started_by", "thread__community", "thread__title__key", "thread__title__scan"
        )
        .prefetch_related(
            "thread__title__scan__findings",
            Prefetch("publications", Publication.objects.select_related("review")),
        )
        .order_by("-started_at")
    )
    newest: dict[UUID, Review] = {}
    reviews = Review.objects.select_related("signpost")
    for review in reviews.filter(case_id__in=[d.pk for d in found]).order_by("submitted_at"):
        newest[review.case_id] = review
    return [
        Progress(
            draft=draft,
            title=conversation.title_segments(draft.thread),
            review=newest.get(draft.pk),
            publication=next(
                (
                    p
                    for p in draft.publications.all()
                    if newest.get(draft.pk) and p.review_id == newest[draft.pk].pk
                ),
                None,
            ),
        )
        for draft in found
    ]
