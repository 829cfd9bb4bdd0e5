"""What moved in a thread between two states of it, word by word and masked (law 3)."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from compliance.masking import MASKED, Mark, Pseudonyms, Segment, masked_spans
from reviews.packet import Packet, PacketPost
from reviews.views.showing import shown_segments

Kind = Literal["added", "edited", "deleted"]
_WORDS = re.compile(r"\s+|\S+\s*")
# Words of both, multiplied: comparing may cost more than that. Beyond it, all is out and in again.
MOST_COMPARED = 250_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a post: "same", "added" or "removed"."""

    kind: str
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Changed:
    """A post that came, went, or says something else."""

    kind: Kind
    author: str
    published_at: datetime
    answered: bool
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Movement:
    """Everything that differs. `locked` and `signals` are what is new about the thread itself."""

    changes: Sequence[Changed]
    locked: bool
    unlocked: bool
    signals: int

    def __bool__(self) -> bool:
        return bool(self.changes or self.locked or self.unlocked or self.signals)


def between(before: Packet, now: Packet, held: Collection[str] = ()) -> Movement:
    """What moved from one state of a thread to a later one, in the order of its posts.

    Args:
        held: ids of posts that wait for their scan, so that nothing can be said of them.
    """
    names = Pseudonyms()
    then, today = ({post.id: post for post in packet.posts} for packet in (before, now))
    changes = [
        _changed(then.get(post.id), today.get(post.id), names)
        for post in sorted({**then, **today}.values(), key=lambda post: post.published_at)
        if post.id not in held and _said(then.get(post.id)) != _said(today.get(post.id))
    ]
    state, states = json.loads(before.snapshot), json.loads(now.snapshot)
    return Movement(
        changes,
        locked=states["locked"] and not state["locked"],
        unlocked=state["locked"] and not states["locked"],
        signals=max(0, states["signals"] - state["signals"]),
    )


def _said(post: PacketPost | None) -> str | None:
    return post.text if post else None


def _changed(before: PacketPost | None, now: PacketPost | None, names: Pseudonyms) -> Changed:
    post = now or before
    assert post is not None
    kind: Kind = "added" if before is None else "deleted" if now is None else "edited"
    return Changed(
        kind=kind,
        author=post.author,
        published_at=datetime.fromisoformat(post.published_at),
        answered=post.answered,
        pieces=_pieces(_tokens(before, names), _tokens(now, names)),
    )


@dataclass(frozen=True, slots=True)
class _Token:
    said: str  # what is compared: the word, even where it is masked; never leaves this module
    shown: Segment

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Token) and self.said == other.said

    def __hash__(self) -> int:
        return hash(self.said)


def _tokens(post: PacketPost | None, names: Pseudonyms) -> list[_Token]:
    if post is None:
        return []
    marks = [Mark(m.start, m.end, m.rule_id, m.severity, m.entity) for m in post.marks]
    hidden = iter(masked_spans(post.text, marks))
    tokens: list[_Token] = []
    for segment in shown_segments(post.text, post.marks, names):
        if segment.kind == MASKED:
            start, end = next(hidden)
            tokens.append(_Token(post.text[start:end], segment))
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
