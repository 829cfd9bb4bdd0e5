"""Texts as pages show them: masked, with findings marked, and each finding with its rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from compliance.enums import Basis, Severity
from compliance.masking import Mark, Pseudonyms, Segment, mask
from compliance.rules.rule import Rule
from reviews.models import Review
from reviews.packet import Packet, PacketMark


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


def reply_segments(
    review: Review, packet: Packet, names: Pseudonyms | None = None
) -> list[Segment]:
    """The reply of a review, masked; a signpost as it is, since nobody is spoken of in it."""
    marks = packet.marks
    if review.signpost is not None and packet.text == review.signpost.text:
        marks = tuple(replace(mark, entity="") for mark in marks)
    return shown_segments(packet.text, marks, names)
