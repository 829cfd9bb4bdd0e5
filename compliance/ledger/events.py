"""Writing the ledger: one event in the same transaction as the change that it tells of (law 6)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable
from typing import TypeAlias

from django.db import models, transaction
from django.utils import timezone

from compliance.ledger.kinds import EventKind

Fact: TypeAlias = str | int | float | bool | uuid.UUID | None
Facts: TypeAlias = Fact | list[str] | list[int]

# No spaces: what fits is an id, a digest, a code or a count, never a sentence (law 7).
CODE = re.compile(r"[\w.:+/-]{0,100}", re.ASCII)


# Who is told of each event in its own transaction, as (event, subject): what they write commits
# with the change, or not at all. Filled once, when the apps are ready.
LISTENERS: list[Callable[..., None]] = []


class NotACode(ValueError):
    """A fact looks like text, and text may not enter the ledger."""


def build(
    kind: EventKind,
    *,
    by: str,
    subject: models.Model,
    case_id: str | uuid.UUID = "",
    **facts: Facts,
) -> models.Model:
    """An unsaved event, for a bulk insert inside the caller's transaction.

    Raises:
        NotACode: a fact holds something other than an id, a digest, a code or a number.
    """
    from compliance.models import Event

    return Event(
        at=timezone.now(),
        kind=kind,
        actor=_code("by", by),
        subject_kind=str(subject._meta.model_name),
        subject_id=str(subject.pk),
        case_id=_code("case_id", str(case_id)),
        facts={name: _checked(name, value) for name, value in facts.items()},
    )


def record(
    kind: EventKind,
    *,
    by: str,
    subject: models.Model,
    case_id: str | uuid.UUID = "",
    **facts: Facts,
) -> models.Model:
    """Writes one event.

    Args:
        by: who did it: `person:<id>`, or `system` for what no person asked for.
        subject: the row that it happened to.
        case_id: the thread or the draft whose history it belongs to.
        facts: ids, rule ids, keyed digests, codes, counts.
    Raises:
        NotACode: a fact holds something else.
        TransactionManagementError: called outside a transaction, where the change and its event
            could part.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "A ledger event is written in the transaction of the change that it tells of."
        )
    event = build(kind, by=by, subject=subject, case_id=case_id, **facts)
    event.save(force_insert=True)
    for listener in LISTENERS:
        listener(event, subject)
    return event


def record_many(events: Iterable[models.Model]) -> None:
    """Writes events that `build` made, in order. Nobody is told of these."""
    from compliance.models import Event

    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "Ledger events are written in the transaction of the changes that they tell of."
        )
    Event.objects.bulk_create(list(events), batch_size=500)  # type: ignore[arg-type]  # Event rows


def _checked(name: str, value: Facts) -> Facts:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, str):
        return _code(name, value)
    if isinstance(value, list):
        return [_code(name, v) if isinstance(v, str) else v for v in value]  # type: ignore[return-value]  # homogeneous by type
    return value


def _code(name: str, value: str) -> str:
    if not CODE.fullmatch(value):
        raise NotACode(f"The fact {name!r} is not an id, a digest or a code.")
    return value
