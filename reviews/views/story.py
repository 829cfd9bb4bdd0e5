"""All that was said and done about a reply, version by version, in one list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from compliance import vault
from compliance.exceptions import TextErased
from compliance.ledger.kinds import EventKind
from compliance.models import Event, VaultText
from reviews import freshness
from reviews.enums import RemarkKind
from reviews.models import (
    Confirmation,
    Disposition,
    FurtherSignOff,
    Remark,
    Review,
    SignOff,
    SignpostSignature,
)
from reviews.views.comments import Note

# What the service did, from the ledger: people's own acts have rows that say more.
BY_ITSELF = {
    EventKind.CLEARED: "Cleared",
    EventKind.SUSPENDED: "Suspended: the thread moved",
    EventKind.EXPIRED: "The clearance expired",
    EventKind.SENT_BACK: "Sent back: its evidence was recalled",
    EventKind.PUBLISHED: "Live in the community",
    EventKind.TAKEN_DOWN: "Taken down",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was said or done.

    Attributes:
        who: printed name; "" for what the service did.
        words: what was said, or what a signature means.
        about: what it is about, e.g. a rule or the kind of reason.
        remark: of a comment.
        note: of a comment about a passage.
    """

    at: datetime
    who: str
    what: str
    words: str = ""
    about: str = ""
    remark: Remark | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """One version that was reviewed, and its steps, the oldest first."""

    review: Review
    steps: Sequence[Step]


def story_of(
    reviews: Sequence[Review], remarks: Iterable[Remark], notes: Mapping[int, Note]
) -> list[Chapter]:
    """Everything about these versions of one reply, in their order; a fixed number of questions.

    Args:
        remarks: all of these reviews, with who made them and the keys of their words.
        notes: those of them that are about a passage.
    """
    steps: dict[UUID, list[Step]] = {review.pk: [_submitted(review)] for review in reviews}
    by_remark = {note.remark.pk: note for note in notes.values()}
    for remark in remarks:
        if remark.kind != RemarkKind.RESPONSE:  # those stand beside their findings
            steps[remark.review_id].append(_said(remark, by_remark.get(remark.pk)))
    ids = list(steps)
    dispositions = Disposition.objects.filter(review__in=ids)
    for row in dispositions.select_related("by", "finding", "reason__key"):
        verdict, reason = str(row.get_verdict_display()), _open(row.reason)
        step = Step(row.at, row.by.printed_name, verdict, reason, row.finding.rule_id)
        steps[row.review_id].append(step)
    for table in (SignOff, FurtherSignOff):
        for signature in table.objects.filter(review__in=ids):
            steps[signature.review_id].append(_signed(signature))
    for confirmation in Confirmation.objects.filter(review__in=ids):
        steps[confirmation.review_id].append(_confirmed(confirmation))
    for review in reviews:
        if review.signpost is not None:
            steps[review.pk] += [_signed(s) for s in review.signpost.signatures.all()]
    _add_events(steps, reviews)
    return [Chapter(r, sorted(steps[r.pk], key=lambda step: step.at)) for r in reviews]


def _add_events(steps: dict[UUID, list[Step]], reviews: Sequence[Review]) -> None:
    events = Event.objects.filter(case_id=str(reviews[0].case_id), kind__in=BY_ITSELF)
    by_age = sorted(reviews, key=lambda review: review.submitted_at, reverse=True)
    for event in events:
        if event.kind == EventKind.SENT_BACK and event.actor != "system":
            continue
        then = (review for review in by_age if review.submitted_at <= event.at)
        if review := next(then, None):
            steps[review.pk].append(Step(event.at, "", BY_ITSELF[EventKind(event.kind)]))


def _submitted(review: Review) -> Step:
    return Step(review.submitted_at, review.submitted_by.printed_name, "Submitted")


def _said(remark: Remark, note: Note | None) -> Step:
    return Step(
        remark.at,
        remark.by.printed_name,
        str(remark.get_kind_display()),
        _open(remark.body),
        remark.reason_label or "",
        remark,
        note,
    )


def _signed(signature: SignOff | FurtherSignOff | SignpostSignature) -> Step:
    what = f"Signed as {signature.get_role_display().lower()}"
    return Step(signature.signed_at, signature.printed_name, what, _meant(signature))


def _confirmed(confirmation: Confirmation) -> Step:
    what = "Confirmed the signature"
    return Step(confirmation.confirmed_at, confirmation.printed_name, what, _meant(confirmation))


def _meant(signature: SignOff | FurtherSignOff | SignpostSignature | Confirmation) -> str:
    how = freshness.in_words(signature.proof)
    return f"{signature.meaning} Proved by {how}." if how else signature.meaning


def _open(sealed: VaultText) -> str:
    try:
        return vault.unseal(sealed)
    except TextErased:
        return "[Erased]"
