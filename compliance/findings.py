"""What a scanner is given and what it answers: plain values, no database.

A scan is pure and repeatable: the same text, context and rule set give the same hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from compliance.enums import Basis, Direction

if TYPE_CHECKING:
    from compliance.rules import RuleSet


@dataclass(frozen=True, slots=True)
class ScanContext:
    """What a rule may need beside the text.

    Attributes:
        direction: whether the text arrived or is to be posted.
        thread_texts: the live posts of the thread, oldest first, the author's own draft excluded.
        disclosed: identifiers that the thread's author gave there, case-folded, as written.
        affiliation: the reply author's employer as printed in the reply ("" if none).
        product_ties: product names the author or the employer has a financial tie to.
        material_ties: other connections that a reader would want to know and that the reply's
            printed lines do not show (16 CFR 255.5), in words.
        references: titles or addresses of the references attached to the draft.
        safety_flags: rule ids of the undisposed safety signals of the thread.
        allowed: words that are nobody's, folded (compliance/scanners/identifiers/listed.py).
        denied: words that are always an identifier, folded, each with its kind.
        disclosure_line: the line that the community's profile adds to every reply; it is part of
            the scanned text already.
    """

    direction: Direction
    thread_texts: tuple[str, ...] = ()
    disclosed: frozenset[str] = frozenset()
    affiliation: str = ""
    product_ties: tuple[str, ...] = ()
    material_ties: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    safety_flags: frozenset[str] = frozenset()
    disclosure_line: str = ""
    allowed: frozenset[str] = frozenset()
    denied: frozenset[tuple[str, str]] = frozenset()


INBOUND = ScanContext(direction=Direction.INBOUND)


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """One place where one rule fired.

    Attributes:
        start, end: offsets in the original text, in code points; start <= end. A rule that is
            judged on the whole draft (an absence) answers with start = end = 0.
        rule_id: id in the rule set.
        confidence: 0 to 1.
        scanner: name of the scanner that answered.
        entity: for identifiers the kind to show when masked ("NAME", "PHONE", ...), else "".
        basis: what told it: a pattern, the trained encoder, or both.
    """

    start: int
    end: int
    rule_id: str
    confidence: float
    scanner: str
    entity: str = ""
    basis: str = Basis.PATTERN


class Scanner(Protocol):
    """One question asked of many texts at once.

    Raises whatever goes wrong: the caller holds the texts (law 8). Messages of exceptions are
    never logged, so they may hold anything; a scanner must not log text itself.
    """

    name: str

    @property
    def version(self) -> str:
        """Changes whenever the scanner may find something else in the same text."""
        ...

    def scan(
        self, texts: Sequence[str], contexts: Sequence[ScanContext], rules: RuleSet
    ) -> list[list[Hit]]:
        """One list of hits a text, in the order of the texts."""
        ...
