"""Texts as pages show them: masked, with findings marked, and each finding with its rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from compliance import vault
from compliance.enums import Basis, Severity
from compliance.masking import MASKED, Mark, Pseudonyms, Segment, mask, masked_spans
from compliance.rules.rule import Rule
from reviews import evidence
from reviews.models import Recall, Review
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


@dataclass(frozen=True, slots=True)
class ShownRecall:
    """Recalled evidence that a text cites, in words; `line` as in evidence.Cited."""

    recall: Recall
    line: int
    what: str
    why: str
    instead: str


def shown_recalls(text_id: UUID, scan_id: UUID | None) -> list[ShownRecall]:
    """What a text cites that may be cited no more."""
    return [
        ShownRecall(
            cited.recall,
            cited.line,
            *(
                vault.unseal(sealed) if sealed else ""
                for sealed in (cited.recall.what, cited.recall.why, cited.recall.instead)
            ),
        )
        for cited in evidence.recalled_in(text_id, scan_id)
    ]


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


def placed_segments(
    text: str, marks: Iterable[PacketMark], names: Pseudonyms | None = None
) -> list[tuple[Segment, int, int]]:
    """The same, each segment with its place in the original text."""
    marks = list(marks)
    plain = [Mark(m.start, m.end, m.rule_id, m.severity, m.entity) for m in marks]
    hidden, at, placed = iter(masked_spans(text, plain)), 0, []
    for segment in shown_segments(text, marks, names):
        start, end = next(hidden) if segment.kind == MASKED else (at, at + len(segment.text))
        placed.append((segment, start, end))
        at = end
    return placed


def reply_segments(
    review: Review, packet: Packet, names: Pseudonyms | None = None
) -> list[Segment]:
    """The reply of a review, masked; a signpost as it is, since nobody is spoken of in it."""
    return shown_segments(packet.text, reply_marks(review, packet), names)


def reply_marks(review: Review, packet: Packet) -> tuple[PacketMark, ...]:
    """What is marked in the reply of a review."""
    if review.signpost is not None and packet.text == review.signpost.text:
        return tuple(replace(mark, entity="") for mark in packet.marks)
    return packet.marks
