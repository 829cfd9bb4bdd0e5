"""Learning from use: a reviewer marks what the scanners missed or saw wrongly, and may propose it
for the list (compliance/listed.py), where it counts in every scan once a second person approves.

A text keeps the scan that it has: marking changes no page and rescans nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger, listed, scanning, vault
from compliance.enums import ListEffect
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.masking import LABELS
from compliance.models import Finding, ListedWord, VaultText
from compliance.scanners.identifiers.listed import folded
from reviews import permissions
from reviews.enums import Mistake, ProposalState
from reviews.models import Correction, Proposal, User
from reviews.permissions import Permission
from reviews.policy import check_waiting
from reviews.reasons import checked_reason

LONGEST = 300  # characters of missed words


@transaction.atomic
def mark_false(*, by: User, text_id: UUID, finding_id: UUID, everywhere: bool) -> list[Correction]:
    """Says that a masked identifier is none, nor are the same words elsewhere in this text.

    Args:
        everywhere: also proposes the words as nobody's.
    Returns:
        One correction a place; the first carries the proposal.
    Raises:
        NotAllowed: not this person.
        BadInput: no such identifier, or marked already.
        NotScanned, TextErased: there is nothing to mark.
    """
    permissions.check_may(by, Permission.CORRECT)
    text, words, findings = _scanned(text_id)
    chosen = next((f for f in findings if f.pk == finding_id and f.entity), None)
    if chosen is None:
        raise BadInput("There is no such identifier in this text. Reload the page.")
    said = folded(words[chosen.start : chosen.end])
    if everywhere:
        listed.check_listable(said)
    same = {
        (f.start, f.end): f for f in findings if f.entity and folded(words[f.start : f.end]) == said
    }
    marked = [
        Correction.objects.create(
            text=text,
            finding=same[place],
            start=place[0],
            end=place[1],
            kind=same[place].entity,
            verdict=Mistake.FALSE,
            by=by,
        )
        for place in _unmarked(text, same)
    ]
    _record(by, marked, _propose(marked[0]) if everywhere else None)
    return marked


@transaction.atomic
def mark_missed(
    *, by: User, text_id: UUID, words: str, kind: str, everywhere: bool
) -> list[Correction]:
    """Says that words are an identifier, wherever they stand unmasked in this text.

    Args:
        words: copied from the visible text; line breaks and gaps count as one gap.
        kind: of identifier, a key of `compliance.masking.LABELS`.
        everywhere: also proposes the words as always an identifier of this kind.
    Returns:
        One correction a place; the first carries the proposal.
    Raises:
        NotAllowed: not this person.
        BadInput: the words are not there to be seen, or marked already; or no such kind.
        NotScanned, TextErased: there is nothing to mark.
    """
    permissions.check_may(by, Permission.CORRECT)
    if kind not in LABELS:
        raise BadInput("Choose what kind of identifier it is.")
    if not 0 < len(words.strip()) <= LONGEST:
        raise BadInput(f"Copy the missed words from the text, up to {LONGEST} characters.")
    if everywhere:
        listed.check_listable(words)
    text, whole, findings = _scanned(text_id)
    places = _visible(words, whole, findings)
    if not places:
        # One sentence for both, or the field would tell who guesses what is behind a mask.
        raise BadInput(
            "These words don't stand in the visible part of this text. Copy whole words exactly "
            "as they are shown; what is masked already needs no mark."
        )
    marked = [
        Correction.objects.create(
            text=text, start=start, end=end, kind=kind, verdict=Mistake.MISSED, by=by
        )
        for start, end in _unmarked(text, places)
    ]
    _record(by, marked, _propose(marked[0]) if everywhere else None)
    return marked


def proposed_words(proposal: Proposal) -> str:
    """The words that a proposal is about. The caller answers for who sees them.

    Raises:
        TextErased: their thread was erased.
    """
    correction = proposal.correction
    return vault.unseal(correction.text)[correction.start : correction.end]


@transaction.atomic
def approve(*, by: User, proposal_id: UUID) -> ListedWord:
    """Puts proposed words on the list; they count from the next scan on.

    Raises:
        NotAllowed: not this person; who proposed it never may (the database refuses as well).
        WrongState: somebody decided already.
        BadInput: the list holds these words.
        TextErased: their thread was erased.
    """
    proposal = _locked(proposal_id)
    permissions.check_may_approve(by, proposal)
    words, correction = proposed_words(proposal), proposal.correction
    deny = correction.verdict == Mistake.MISSED
    proposal.state = ProposalState.APPROVED
    proposal.decided_by, proposal.decided_at = by, timezone.now()
    proposal.save(update_fields=["state", "decided_by", "decided_at"])
    return listed.put(
        by=by.actor,
        entry_id=proposal.pk,
        effect=ListEffect.DENY if deny else ListEffect.ALLOW,
        kind=correction.kind if deny else "",
        words=words,
        key=proposal.key,
    )


@transaction.atomic
def decline(*, by: User, proposal_id: UUID, reason: str) -> Proposal:
    """Keeps proposed words off the list; who proposed them may do so too. The example stays.

    Raises:
        NotAllowed, WrongState, BadInput: the message says why.
    """
    proposal = _locked(proposal_id)
    permissions.check_may(by, Permission.CORRECT)
    check_waiting(proposal)
    proposal.state = ProposalState.DECLINED
    proposal.decided_by, proposal.decided_at = by, timezone.now()
    proposal.reason = vault.seal(proposal.key, checked_reason(reason))
    proposal.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    ledger.record(
        EventKind.PROPOSAL_DECLINED,
        by=by.actor,
        subject=proposal,
        correction=proposal.correction_id,
    )
    return proposal


@transaction.atomic
def retire(*, by: User, entry_id: UUID, reason: str) -> ListedWord:
    """Takes words off the list, from the next scan on; one person is enough.

    Raises:
        NotAllowed, BadInput: the message says why.
    """
    permissions.check_may(by, Permission.CORRECT)
    return listed.retire(by=by.actor, entry_id=entry_id, reason=checked_reason(reason))


def _scanned(text_id: UUID) -> tuple[VaultText, str, list[Finding]]:
    # Locked, so that of two people who mark the same place the second is told so.
    texts = VaultText.objects.select_for_update(of=("self",)).select_related("key", "scan")
    text = texts.filter(pk=text_id).first()
    if text is None:
        raise BadInput("There is no such text. Reload the page.")
    findings = scanning.findings_of(text)
    return text, vault.unseal(text), findings


def _visible(words: str, text: str, findings: Sequence[Finding]) -> list[tuple[int, int]]:
    """Where the words stand, whole, outside every mask."""
    exactly = r"\s+".join(map(re.escape, words.split()))
    masked = [(f.start, f.end) for f in findings if f.entity]
    return [
        found.span()
        for found in re.finditer(rf"(?<!\w){exactly}(?!\w)", text)
        if not any(start < found.end() and found.start() < end for start, end in masked)
    ]


def _unmarked(text: VaultText, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places that nobody marked before, in order."""
    fresh = sorted(set(places) - set(text.corrections.values_list("start", "end")))
    if not fresh:
        raise BadInput("Somebody marked this already.")
    return fresh


def _propose(correction: Correction) -> Proposal:
    return Proposal.objects.create(correction=correction, key=vault.new_key())


def _locked(proposal_id: UUID) -> Proposal:
    return (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("key", "correction__text__key")
        .get(pk=proposal_id)
    )


def _record(by: User, marked: Sequence[Correction], proposal: Proposal | None) -> None:
    first = marked[0]
    ledger.record(
        EventKind.IDENTIFIER_CORRECTED,
        by=by.actor,
        subject=first.text,
        verdict=str(first.verdict),
        entity=first.kind,
        corrections=[str(correction.pk) for correction in marked],
        finding=first.finding_id,
        proposal=proposal.pk if proposal else None,
    )
