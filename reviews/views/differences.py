"""What differs between two texts, word by word and masked; and where a passage went."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from compliance.masking import MASKED, Pseudonyms, Segment
from reviews.packet import PacketMark
from reviews.views.showing import placed_segments

_WORDS = re.compile(r"\s+|\S+\s*")
# Words of both, multiplied: comparing may cost more than that. Beyond it, all is out and in again.
MOST_COMPARED = 250_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text: "same", "added" or "removed"."""

    kind: str
    segments: Sequence[Segment]


def difference(
    before: str,
    marks_before: Iterable[PacketMark],
    now: str,
    marks_now: Iterable[PacketMark],
    names: Pseudonyms,
) -> list[Piece]:
    """The text as it is now, with what is new and what is gone; identifiers are masked in both."""
    return _pieces(_tokens(before, marks_before, names), _tokens(now, marks_now, names))


def carried(before: str, now: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the words of a passage stand in a later text; None if one of them is not there.

    Args:
        start, end: of the passage in `before`, in code points.
    """
    old, new = _spans(before), _spans(now)
    if len(old) * len(new) > MOST_COMPARED:
        return None
    words = ([before[a:b] for a, b in old], [now[a:b] for a, b in new])
    wanted = [n for n, (a, b) in enumerate(old) if a < end and b > start]
    if not wanted:
        return None
    matcher = difflib.SequenceMatcher(None, *words, autojunk=False)
    went = {
        block.a + n: block.b + n
        for block in matcher.get_matching_blocks()
        for n in range(block.size)
    }
    places = [went.get(n) for n in wanted]
    if None in places or places[-1] - places[0] != len(places) - 1:  # type: ignore[operator]
        return None
    return new[places[0]][0], new[places[-1]][1]  # type: ignore[index]


def _spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


@dataclass(frozen=True, slots=True)
class _Token:
    said: str  # what is compared: the word, even where it is masked; never leaves this module
    shown: Segment

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Token) and self.said == other.said

    def __hash__(self) -> int:
        return hash(self.said)


def _tokens(text: str, marks: Iterable[PacketMark], names: Pseudonyms) -> list[_Token]:
    if not text:
        return []
    tokens: list[_Token] = []
    for segment, start, end in placed_segments(text, marks, names):
        if segment.kind == MASKED:
            tokens.append(_Token(text[start:end], segment))
        else:
            words = _WORDS.findall(segment.text)
            tokens += [_Token(word.strip(), replace(segment, text=word)) for word in words]
    return tokens


def _pieces(before: list[_Token], now: list[_Token]) -> list[Piece]:
    head = _same(before, now)
    tail = _same(before[head:][::-1], now[head:][::-1])
    old, new = before[head : len(before) - tail], now[head : len(now) - tail]
    pieces = [("same", now[:head])]
    if len(old) * len(new) > MOST_COMPARED:
        pieces += [("removed", old), ("added", new)]
    else:
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for what, a, b, c, d in matcher.get_opcodes():
            if what == "equal":
                pieces.append(("same", new[c:d]))
            else:
                pieces += [("removed", old[a:b]), ("added", new[c:d])]
    pieces.append(("same", now[len(now) - tail :]))
    return [Piece(kind, _joined(tokens)) for kind, tokens in pieces if tokens]


def _same(before: Sequence[_Token], now: Sequence[_Token]) -> int:
    """How many tokens both begin with."""
    pairs = zip(before, now, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(before), len(now)))


def _joined(tokens: Sequence[_Token]) -> list[Segment]:
    """Segments of the tokens, those of one kind that follow each other as one."""
    joined: list[Segment] = []
    for token in tokens:
        segment = token.shown
        if joined and segment.text and replace(joined[-1], text="") == replace(segment, text=""):
            joined[-1] = replace(segment, text=joined[-1].text + segment.text)
        else:
            joined.append(segment)
    return joined
