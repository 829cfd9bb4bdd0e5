"""What moved in a thread between two states of it, word by word and masked (law 3)."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from compliance.masking import Pseudonyms
from reviews.packet import Packet, PacketPost
from reviews.views.differences import Piece, difference

Kind = Literal["added", "edited", "deleted"]


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
        pieces=difference(
            before.text if before else "",
            before.marks if before else (),
            now.text if now else "",
            now.marks if now else (),
            names,
        ),
    )
