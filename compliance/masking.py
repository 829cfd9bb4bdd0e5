"""What of a text may be shown: identifiers masked, findings marked, everything else as it is.

Law 7: a masked identifier leaves this module as a label, never as its text.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from compliance.enums import Severity

PLAIN, MASKED, FINDING = "plain", "masked", "finding"

LABELS = {
    "NAME": "Name",
    "PLACE": "Place",
    "FACILITY": "Clinic or workplace",
    "ZIP": "ZIP code",
    "DATE": "Date",
    "AGE": "Age",
    "PHONE": "Phone",
    "EMAIL": "E-mail",
    "URL": "Web address",
    "ID": "Number",
    "SERIAL": "Serial number",
    "HANDLE": "User name",
    "IMAGE": "Picture",
    "OTHER": "Identifier",
}
# Who and where matters to a reader; of other kinds only that it is one.
NUMBERED = frozenset({"NAME", "PLACE", "FACILITY"})


@dataclass(frozen=True, slots=True)
class Mark:
    """One finding with a place in the text.

    Attributes:
        start, end: offsets in the text, in code points.
        rule_id, severity: of the finding.
        entity: kind of identifier, "" for other findings.
        id: of the finding, for links and anchors.
        label: what to show in its place, if it is somebody who is known here: "Author 2".
    """

    start: int
    end: int
    rule_id: str
    severity: str
    entity: str = ""
    id: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text as it may be shown.

    Attributes:
        text: the original words; "" where they are masked.
        kind: "plain", "masked" or "finding".
        label: what to show instead, e.g. "Name 1".
        finding: id of the finding.
        severity, rule_id: of the finding.
    """

    text: str
    kind: str
    label: str = ""
    finding: str = ""
    severity: str = ""
    rule_id: str = ""


@dataclass(frozen=True, slots=True)
class MaskedPlace:
    """A masked identifier with a few visible characters around it, to choose it by.

    Attributes:
        finding, label: of the segment.
        before, after: what may be shown on each side; "" where another mask begins.
    """

    finding: str
    label: str
    before: str
    after: str


class Pseudonyms:
    """Numbers the names of a thread in the order in which they are met, in memory only.

    The same name, however it is capitalised, has the same number. Names are kept as digests under
    a key that is thrown away with the object.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._numbers: dict[bytes, int] = {}

    def label(self, entity: str, value: str) -> str:
        """ "Name 1" for a name, "Phone" for a telephone number; never the value."""
        label = LABELS.get(entity, LABELS["OTHER"])
        if entity not in NUMBERED:
            return label
        folded = " ".join(value.casefold().split()).removesuffix("'s").removesuffix("\u2019s")
        digest = hmac.digest(self._key, folded.encode(), hashlib.sha256)
        return f"{label} {self._numbers.setdefault(digest, len(self._numbers) + 1)}"


def mask(text: str, marks: Sequence[Mark], *, names: Pseudonyms | None = None) -> list[Segment]:
    """The text in segments, in order; adjoining segments cover it without a gap.

    An identifier always wins: identifiers that touch the same characters become one masked segment
    over all of them, under the label of the longest, and another finding keeps only what is left
    of it outside. Where other findings overlap, each stretch belongs to the worst of them, then to
    the longest, then to the first.

    Args:
        text: the original.
        marks: in any order; offsets outside the text are cut to it, empty ones are dropped.
        names: shared by the posts of a thread, so that one name has one number.
    """
    names = names or Pseudonyms()
    inside = [_cut(mark, len(text)) for mark in marks]
    identifiers = _identifiers(inside)
    others = sorted(
        (m for m in inside if not m.entity and m.end > m.start),
        key=lambda m: (Severity(m.severity).rank, m.start - m.end, m.start, m.rule_id, m.id),
    )
    segments: list[Segment] = []
    at = 0
    for start, end, mark in identifiers:
        segments.extend(_open_segments(text, at, start, others))
        label = mark.label or names.label(mark.entity, text[mark.start : mark.end])
        segments.append(Segment("", MASKED, label, mark.id, mark.severity, mark.rule_id))
        at = end
    segments.extend(_open_segments(text, at, len(text), others))
    return segments


def masked_places(segments: Sequence[Segment], around: int = 24) -> list[MaskedPlace]:
    """The masked identifiers of a text in order, each with up to `around` characters a side."""
    texts = ["", *(segment.text for segment in segments), ""]
    return [
        MaskedPlace(s.finding, s.label, _end_of(texts[n], around), _start_of(texts[n + 2], around))
        for n, s in enumerate(segments)
        if s.kind == MASKED
    ]


def _end_of(text: str, length: int) -> str:
    return text if len(text) <= length else "…" + text[-length:].partition(" ")[2]


def _start_of(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length].rpartition(" ")[0] + "…"


def masked_spans(text: str, marks: Sequence[Mark]) -> list[tuple[int, int]]:
    """Where the masked identifiers of a text stand, in the order of the masked segments."""
    inside = [_cut(mark, len(text)) for mark in marks]
    return [(start, end) for start, end, _ in _identifiers(inside)]


def masked_text(text: str, marks: Sequence[Mark], *, names: Pseudonyms | None = None) -> str:
    """The text with "[Name 1]" in the place of each identifier; for search and exports."""
    return "".join(
        f"[{segment.label}]" if segment.kind == MASKED else segment.text
        for segment in mask(text, marks, names=names)
    )


def _cut(mark: Mark, length: int) -> Mark:
    start, end = max(0, min(mark.start, length)), max(0, min(mark.end, length))
    return replace(mark, start=start, end=end)


def _identifiers(marks: Sequence[Mark]) -> list[tuple[int, int, Mark]]:
    return _joined([m for m in marks if m.entity and m.end > m.start])


def _joined(identifiers: Sequence[Mark]) -> list[tuple[int, int, Mark]]:
    """Overlapping identifiers as one stretch each, with the longest mark of it."""
    joined: list[tuple[int, int, Mark]] = []
    for mark in sorted(identifiers, key=lambda m: (m.start, m.start - m.end, m.rule_id, m.id)):
        if joined and mark.start < joined[-1][1]:
            start, end, longest = joined[-1]
            if mark.end - mark.start > longest.end - longest.start:
                longest = mark
            joined[-1] = (start, max(end, mark.end), longest)
        else:
            joined.append((mark.start, mark.end, mark))
    return joined


def _open_segments(text: str, start: int, end: int, findings: Sequence[Mark]) -> Iterator[Segment]:
    """Plain and finding segments of a stretch without identifiers; findings come worst first."""
    edges = {start, end}
    for mark in findings:
        edges.update(edge for edge in (mark.start, mark.end) if start < edge < end)
    ordered = sorted(edges)
    pending: tuple[int, int, Mark | None] | None = None
    for left, right in pairwise(ordered):
        owner = next((m for m in findings if m.start <= left and right <= m.end), None)
        if pending is not None and pending[2] is owner:
            pending = (pending[0], right, owner)
            continue
        if pending is not None:
            yield _open_segment(text, *pending)
        pending = (left, right, owner)
    if pending is not None:
        yield _open_segment(text, *pending)


def _open_segment(text: str, start: int, end: int, owner: Mark | None) -> Segment:
    if owner is None:
        return Segment(text[start:end], PLAIN)
    return Segment(text[start:end], FINDING, "", owner.id, owner.severity, owner.rule_id)
