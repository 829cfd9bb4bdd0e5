"""Comments about a passage: where they stand in the reply, also after it was changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from compliance.exceptions import BadInput
from compliance.masking import MASKED, Mark, Pseudonyms, Segment, masked_text
from compliance.scanners.sentences import Passage
from reviews.enums import RemarkKind
from reviews.models import Remark, Review
from reviews.packet import Packet
from reviews.views.differences import carried
from reviews.views.showing import placed_segments, reply_marks

SHORT = 60  # characters of a passage in a list


@dataclass(frozen=True, slots=True)
class Note:
    """A comment about a passage.

    Attributes:
        number: in the order of the reply, and after that of those whose passage was changed.
        place: in this version; None if the passage was changed.
        quote: the passage as the commenter saw it, masked.
    """

    number: int
    remark: Remark
    place: tuple[int, int] | None
    quote: str


@dataclass(frozen=True, slots=True)
class Part:
    """A segment of the reply, and the numbers of the notes whose passage ends behind it."""

    segment: Segment
    notes: Sequence[int]


def notes_of(
    review: Review, packets: Mapping[Review, Packet], remarks: Iterable[Remark], names: Pseudonyms
) -> dict[int, Note]:
    """The comments about passages, of this version and of earlier ones, by number.

    Args:
        packets: this version's and the earlier ones'.
        remarks: with their reviews among those.
    """
    now, by_pk = packets[review].text, {one.pk: one for one in packets}
    found = []
    for remark in remarks:
        version = by_pk.get(remark.review_id)
        if remark.kind != RemarkKind.COMMENT or remark.anchor_start is None or version is None:
            continue
        start, end = remark.anchor_start, remark.anchor_end or 0
        then = packets[version]
        place = (start, end) if version == review else carried(then.text, now, start, end)
        found.append(
            (place or (len(now) + 1, 0), remark, place, quoted(version, then, start, end, names))
        )
    found.sort(key=lambda one: (one[0], one[1].at))
    return {
        number: Note(number, remark, place, quote)
        for number, (_, remark, place, quote) in enumerate(found, start=1)
    }


def quoted(review: Review, packet: Packet, start: int, end: int, names: Pseudonyms) -> str:
    """A passage of a reply, masked."""
    marks = [
        Mark(m.start - start, m.end - start, m.rule_id, m.severity, m.entity, label=m.label)
        for m in reply_marks(review, packet)
        if m.entity and m.start < end and start < m.end
    ]
    # A mask that the passage only touches hides all of it that is inside.
    inside = [replace(m, start=max(0, m.start)) for m in marks]
    return masked_text(packet.text[start:end], inside, names=names)


def parts_of(
    review: Review, packet: Packet, names: Pseudonyms, notes: Iterable[Note]
) -> list[Part]:
    """The reply in segments, with a number behind each passage that somebody commented on."""
    ends: dict[int, list[int]] = {}
    for note in notes:
        if note.place:
            ends.setdefault(note.place[1], []).append(note.number)
    parts = []
    for segment, start, end in placed_segments(packet.text, reply_marks(review, packet), names):
        cuts = sorted(at for at in ends if start < at <= end)
        if segment.kind == MASKED:  # nothing is shown in the middle of a mask
            parts.append(Part(segment, [number for at in cuts for number in ends[at]]))
            continue
        at = start
        for cut in cuts:
            piece = replace(segment, text=segment.text[at - start : cut - start])
            parts.append(Part(piece, ends[cut]))
            at = cut
        if at < end:
            parts.append(Part(replace(segment, text=segment.text[at - start :]), ()))
    return parts


def passages_of(review: Review, packet: Packet, names: Pseudonyms) -> list[tuple[str, str]]:
    """What a comment can be about: each sentence of the reply, as "start-end" and in short."""
    choices = []
    for sentence in Passage(packet.text).sentences:
        start, end = sentence.start, sentence.end
        words = " ".join(quoted(review, packet, start, end, names).split())
        short = words if len(words) <= SHORT else words[:SHORT].rpartition(" ")[0] + " \u2026"
        choices.append((f"{start}-{end}", short))
    return choices


def passage_from(written: str) -> tuple[int, int] | None:
    """The place that a choice stands for; None for the whole reply.

    Raises:
        BadInput: it is none of the choices' form.
    """
    if not written:
        return None
    start, _, end = written.partition("-")
    if not (start.isdecimal() and end.isdecimal() and len(written) < 20):
        raise BadInput("Choose what the comment is about, or leave it at the whole reply.")
    return int(start), int(end)
