"""The list: words that are nobody's, and words that are always an identifier, in every scan from
now on. Who may put something on it is asked in reviews/corrections.py.

The words are sealed, each under a key of its own, so that one can be erased without the others.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger, vault
from compliance.enums import ListEffect
from compliance.exceptions import BadInput
from compliance.findings import ScanContext
from compliance.ledger.kinds import EventKind
from compliance.models import DataKey, ListedWord
from compliance.scanners.identifiers.kinds import KINDS
from compliance.scanners.identifiers.listed import folded

SHORTEST, LONGEST = 2, 100  # characters, folded


@dataclass(frozen=True, slots=True)
class Lists:
    """What is on the list now, in the form that a scan's context takes."""

    allowed: frozenset[str] = frozenset()
    denied: frozenset[tuple[str, str]] = frozenset()


def active() -> Lists:
    """What is on the list now: one query, and a second one where it has changed."""
    ids = ListedWord.objects.filter(
        retired_at=None, active_from__lte=timezone.now(), value__key__destroyed_at=None
    ).values_list("pk", flat=True)
    return _read(tuple(ids.order_by("pk")))


def in_contexts(contexts: Sequence[ScanContext]) -> list[ScanContext]:
    """The contexts with what is on the list now."""
    lists = active()
    return [replace(c, allowed=lists.allowed, denied=lists.denied) for c in contexts]


def check_listable(words: str) -> None:
    """Raises BadInput for words that would fit too much or hardly anything."""
    if not SHORTEST <= len(folded(words)) <= LONGEST:
        raise BadInput(
            f"Only words of {SHORTEST} to {LONGEST} characters can go on the list. Leave the box "
            "unticked to mark this place alone."
        )


@transaction.atomic
def put(
    *, by: str, entry_id: UUID, effect: ListEffect, kind: str, words: str, key: DataKey
) -> ListedWord:
    """Puts words on the list; they count from the next scan on.

    Args:
        entry_id: the id of the approved proposal; the database refuses an entry without one.
        kind: of identifier; "" for what is nobody's.
        key: seals the words, and nothing of other entries.
    Raises:
        BadInput: the words are on the list already, or on the other one.
    """
    check_listable(words)
    if effect == ListEffect.DENY and kind not in KINDS:
        raise BadInput("There is no such kind of identifier.")
    _check_new(effect, kind, folded(words))
    entry = ListedWord.objects.create(
        id=entry_id,
        effect=effect,
        kind=kind,
        value=vault.seal(key, words),
        active_from=timezone.now(),
    )
    ledger.record(EventKind.WORD_LISTED, by=by, subject=entry, effect=str(effect), entity=kind)
    return entry


def _check_new(effect: ListEffect, kind: str, words: str) -> None:
    lists = active()
    denied_as = {k for w, k in lists.denied if w == words}
    if (effect == ListEffect.ALLOW and denied_as) or (
        effect == ListEffect.DENY and words in (lists.allowed)
    ):
        raise BadInput(
            "The list says the opposite of these words. Decline this, or retire the other entry "
            "first."
        )
    if kind in denied_as or (effect == ListEffect.ALLOW and words in lists.allowed):
        raise BadInput("These words are on the list already. Decline this.")


@transaction.atomic
def retire(*, by: str, entry_id: UUID, reason: str) -> ListedWord:
    """Takes words off the list, from the next scan on.

    Args:
        reason: sealed with the words.
    Raises:
        BadInput: they were taken off before.
        TextErased: the words were erased, so they count no more as it is.
    """
    entry = (
        ListedWord.objects.select_for_update(of=("self",))
        .select_related("value__key")
        .get(pk=entry_id)
    )
    if entry.retired_at:
        raise BadInput("Somebody took these words off the list already. Reload the page.")
    entry.retired_at, entry.reason = timezone.now(), vault.seal(entry.value.key, reason)
    entry.save(update_fields=["retired_at", "reason"])
    ledger.record(EventKind.WORD_RETIRED, by=by, subject=entry, effect=entry.effect)
    return entry


@functools.lru_cache(maxsize=1)
def _read(ids: tuple[UUID, ...]) -> Lists:
    # An entry never changes, so its id stands for its words; in memory only, and never logged.
    allowed, denied = set(), set()
    for entry in ListedWord.objects.filter(pk__in=ids).select_related("value__key"):
        words = folded(vault.unseal(entry.value))
        if entry.effect == ListEffect.ALLOW:
            allowed.add(words)
        else:
            denied.add((words, entry.kind))
    return Lists(frozenset(allowed), frozenset(denied))
