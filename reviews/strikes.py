"""What holds of a safety case: what the machine found, without what people struck.

Each row of facts lists what held from then on. What was struck, by whom and whether it was taken
back, follows from the rows in their order; so nothing that was ever found is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.scanners.case_facts import Fact, FactKind
from reviews.models import CaseFacts, SafetyCase


@dataclass(frozen=True, slots=True)
class Known:
    """A fact that was found once.

    Attributes:
        struck: the correction that struck it; None while it holds.
    """

    fact: Fact
    struck: CaseFacts | None


@dataclass(frozen=True, slots=True)
class Change:
    """What one correction changed.

    Attributes:
        serious: whether the event is serious since then; None if that stayed as it was.
    """

    row: CaseFacts
    struck: tuple[Fact, ...]
    restored: tuple[Fact, ...]
    serious: bool | None


def facts_in(row: CaseFacts) -> tuple[Fact, ...]:
    """The facts of a row."""
    return tuple(Fact(f["start"], f["end"], FactKind(f["kind"]), f["code"]) for f in row.found)


def rows_of(case: SafetyCase) -> list[CaseFacts]:
    """The rows of a case in their order; lists of cases bring them along."""
    return list(case.facts.all())


def newest_facts(case: SafetyCase) -> CaseFacts | None:
    """What holds of a case now; None for a case that is older than the facts."""
    rows = rows_of(case)
    return rows[-1] if rows else None


def known_facts(rows: Iterable[CaseFacts]) -> list[Known]:
    """Every fact that was ever found, in the order in which it was, and who struck it."""
    known: dict[Fact, CaseFacts | None] = {}
    for row in rows:
        holds = facts_in(row)
        known |= {fact: row for fact, struck in known.items() if not struck and fact not in holds}
        known |= dict.fromkeys(holds)
    return [Known(fact, struck) for fact, struck in known.items()]


def changes_of(rows: Iterable[CaseFacts]) -> list[Change]:
    """What each correction by a person changed, the oldest first."""
    changes: list[Change] = []
    before: CaseFacts | None = None
    for row in rows:
        held: tuple[Fact, ...] = facts_in(before) if before else ()
        holds = facts_in(row)
        if row.by_id:
            changes.append(
                Change(
                    row,
                    struck=tuple(fact for fact in held if fact not in holds),
                    restored=tuple(fact for fact in holds if fact not in held),
                    serious=row.serious
                    if before is None or before.serious != row.serious
                    else None,
                )
            )
        before = row
    return changes
