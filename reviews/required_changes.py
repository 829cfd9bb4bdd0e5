"""Required changes: sending a reply back makes a list, its author marks each entry as done or says
why not, and whoever reviews the next version sees the list with these answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from reviews import permissions
from reviews.enums import ReviewState
from reviews.exceptions import GateClosed
from reviews.models import ChangeAnswer, RequiredChange, Review, User
from reviews.permissions import Permission
from reviews.reasons import REASON_LENGTH

MOST = 20


@dataclass(frozen=True, slots=True)
class Said:
    """What an author says of one entry."""

    done: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the list.

    Attributes:
        words: what must change.
        answer: None while there is none that counts.
        why_not: what the author wrote; may be empty if it is done.
    """

    change: RequiredChange
    words: str
    answer: ChangeAnswer | None
    why_not: str

    @property
    def said(self) -> Said:
        """What the answer says."""
        return Said(bool(self.answer and self.answer.done), self.why_not)


def ask(review: Review, reason: str) -> list[RequiredChange]:
    """Makes the list of a review that is being sent back.

    Args:
        reason: the required changes, one a line.
    Raises:
        BadInput: too many.
    """
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    if len(lines) > MOST:
        raise BadInput(f"At most {MOST} required changes, one a line.")
    return [
        RequiredChange.objects.create(
            review=review, number=number, text=vault.seal(review.packet.key, line)
        )
        for number, line in enumerate(lines, start=1)
    ]


@transaction.atomic
def answer(*, by: User, case_id: UUID, answers: Mapping[UUID, Said]) -> list[ChangeAnswer]:
    """Keeps what an author says of required changes; what is not new is not kept again.

    Args:
        case_id: the draft's id.
        answers: by id of the required change; others than those of `waiting` are left alone.
    Raises:
        NotAllowed: not this person.
        BadInput: longer than the record takes.
    """
    permissions.check_may(by, Permission.DRAFT)
    sent_back = _waiting(case_id, lock=True)
    if sent_back is None:
        return []
    kept = [
        _keep(by, entry, answers[entry.change.pk])
        for entry in _entries(sent_back)
        if entry.change.pk in answers and answers[entry.change.pk] != entry.said
    ]
    if kept:
        ledger.record(
            EventKind.CHANGES_ANSWERED,
            by=by.actor,
            subject=sent_back,
            case_id=case_id,
            done=[given.change.number for given in kept if given.done],
            not_done=[given.change.number for given in kept if not given.done],
        )
    return kept


def _keep(by: User, entry: Entry, said: Said) -> ChangeAnswer:
    words = said.why_not.strip()
    if len(words) > REASON_LENGTH:
        raise BadInput(f"Please keep each answer under {REASON_LENGTH} characters.")
    sealed = vault.seal(entry.change.text.key, words) if words else None
    return ChangeAnswer.objects.create(change=entry.change, by=by, done=said.done, words=sealed)


def waiting(case_id: UUID) -> list[Entry]:
    """The list that the author of a draft works on; empty once the draft was submitted again."""
    sent_back = _waiting(case_id)
    return _entries(sent_back) if sent_back else []


def _waiting(case_id: UUID, lock: bool = False) -> Review | None:
    reviews = Review.objects.filter(case_id=case_id).order_by("-submitted_at")
    newest = reviews.first()
    if lock and newest:
        # Answering and submitting again wait for each other here, and then look again.
        Review.objects.select_for_update(of=("self",)).get(pk=newest.pk)
        newest = reviews.first()
    return newest if newest and newest.state == ReviewState.SENT_BACK else None


def before(review: Review) -> list[Entry]:
    """What was asked for when the reply was last sent back before this review."""
    earlier = Review.objects.filter(
        case_id=review.case_id, state=ReviewState.SENT_BACK, submitted_at__lt=review.submitted_at
    )
    sent_back = earlier.order_by("-submitted_at").first()
    return _entries(sent_back) if sent_back else []


def check_answered(case_id: UUID) -> None:
    """Raises GateClosed unless each required change is done, or has an answer.

    Called in the transaction that submits: an answer that is being written is waited for, as the
    signers sign the answers too.
    """
    sent_back = _waiting(case_id, lock=True)
    entries = _entries(sent_back) if sent_back else []
    missing = [entry.change.number for entry in entries if entry.answer is None]
    if missing:
        numbers = ", ".join(map(str, missing))
        raise GateClosed(
            f"Required change{'s' * (len(missing) > 1)} {numbers} still open: mark each as done, "
            "or say why not."
        )


def as_sealed(review: Review) -> list[list[Any]]:
    """The list as a signature covers it; empty where nothing was asked for before."""
    return [
        [
            str(entry.change.pk),
            entry.change.text.digest,
            entry.answer.done,
            entry.answer.words.digest if entry.answer.words else "",
            str(entry.answer.by_id),
        ]
        for entry in before(review)
        if entry.answer
    ]


def _entries(sent_back: Review) -> list[Entry]:
    changes = sent_back.required_changes.select_related("text__key")
    given = ChangeAnswer.objects.filter(change__review=sent_back).select_related("words__key", "by")
    newest = {one.change_id: one for one in given.order_by("id")}
    entries = []
    for change in changes:
        answer = newest.get(change.pk)
        why_not = vault.unseal(answer.words) if answer and answer.words else ""
        counts = answer if answer and (answer.done or why_not) else None
        entries.append(Entry(change, vault.unseal(change.text), counts, why_not))
    return entries
