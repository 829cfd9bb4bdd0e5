"""Texts as pages show them: masked, with findings marked, and each finding with its rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compliance.enums import Basis, Severity
from compliance.masking import Mark, Pseudonyms, Segment, mask
from compliance.rules.rule import Rule
from reviews.packet import PacketMark


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding in words, without its text unless `quote` is the author's own."""

    id: str
    rule: Rule
    severity: Severity
    start: int
    end: int
    confidence: float
    entity: str
    quote: str = ""
    basis: Basis = Basis.PATTERN

    @property
    def percent(self) -> int:
        """How sure, from 0 to 100."""
        return round(self.confidence * 100)


def shown_segments(
    text: str, marks: Iterable[PacketMark], names: Pseudonyms | None = None
) -> list[Segment]:
    """A text of a packet, masked; the same `names` keep pseudonyms the same."""
    converted: Sequence[Mark] = [
        Mark(m.start, m.end, m.rule_id, m.severity, m.entity, m.id, m.label)
        for m in marks
        if m.end > m.start
    ]
    return mask(text, converted, names=names or Pseudonyms())
