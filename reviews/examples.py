"""Labelled examples for retraining: the corrected texts, with what is an identifier in them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from compliance import ledger, vault
from compliance.ledger.kinds import EventKind
from compliance.models import VaultText
from reviews import permissions
from reviews.enums import Mistake
from reviews.models import Correction, User
from reviews.reasons import checked_reason

SOURCE = "corrections"
# Kind shown here: type that the tagger learns (scripts/training/examples.py). Pictures and what has
# no kind are found by rules alone.
TYPES = {
    "NAME": "NAME",
    "PLACE": "LOCATION",
    "ZIP": "LOCATION",
    "FACILITY": "FACILITY",
    "DATE": "DATE",
    "AGE": "AGE",
    "PHONE": "PHONE",
    "EMAIL": "EMAIL",
    "URL": "URL",
    "HANDLE": "HANDLE",
    "ID": "ID",
    "SERIAL": "ID",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its identifiers: start, end and type, in order, without overlap."""

    text: str
    spans: list[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported, and how many corrected texts were erased since."""

    examples: list[Example]
    erased: int


def count() -> int:
    """How many labelled examples there are: places that somebody marked."""
    return Correction.objects.count()


@transaction.atomic
def export(*, by: User, reason: str) -> Export:
    """The corrected texts whose keys stand, with everything that identifies somebody in the clear.

    Args:
        reason: sealed in the vault; the ledger has its id.
    Raises:
        NotAllowed, BadInput: the message says why.
    """
    permissions.check_may(by, permissions.Permission.CORRECT)
    sealed = vault.seal(vault.new_key(), checked_reason(reason))
    texts = (
        VaultText.objects.filter(corrections__isnull=False)
        .distinct()
        .select_related("key")
        .prefetch_related("scan__findings", "corrections")
        .order_by("created_at", "pk")
    )
    whole = [text for text in texts if text.key.destroyed_at is None]
    examples = [_example(text) for text in whole]
    erased = len(texts) - len(whole)
    ledger.record(
        EventKind.EXAMPLES_EXPORTED,
        by=by.actor,
        subject=sealed,
        examples=len(examples),
        erased=erased,
    )
    return Export(examples, erased)


def _example(text: VaultText) -> Example:
    """The stored identifiers of a text, without the false ones and with the missed ones."""
    assert text.scan is not None  # only scanned texts are corrected
    spans = {(f.start, f.end): f.entity for f in text.scan.findings.all() if f.entity}
    missed = {}
    for correction in text.corrections.all():
        place = (correction.start, correction.end)
        spans.pop(place, None)
        if correction.verdict == Mistake.MISSED:
            missed[place] = correction.kind
    # What people said comes first, then the longest: the tagger learns one type a word.
    longest = sorted(spans.items(), key=lambda span: span[0][0] - span[0][1])
    kept: list[tuple[int, int, str]] = []
    for (start, end), kind in [*missed.items(), *longest]:
        if kind in TYPES and not any(s < end and start < e for s, e, _ in kept):
            kept.append((start, end, TYPES[kind]))
    return Example(vault.unseal(text), sorted(kept))
