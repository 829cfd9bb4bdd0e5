"""The packet: everything that a signature covers besides the dispositions, as one sealed value."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from compliance import vault
from reviews.models import Review

FORMAT = 1


@dataclass(frozen=True, slots=True)
class PacketMark:
    """A finding in one of the texts. Offsets in code points."""

    id: str
    start: int
    end: int
    rule_id: str
    severity: str
    entity: str
    label: str = ""  # as in compliance.masking.Mark


@dataclass(frozen=True, slots=True)
class PacketPost:
    """A post of the thread as it was when the reply was submitted."""

    id: str
    revision: int
    text_id: str
    author: str  # "Author 1", ...: never the handle
    published_at: str
    text: str
    answered: bool
    marks: tuple[PacketMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """What the signers see.

    Attributes:
        text: the reply exactly as it will be posted, disclosure line included.
        marks: the findings in `text`.
        snapshot: what the thread-moved guard compares (post ids with revisions and states).
        references: titles or addresses attached by the author.
        corrects: the review of the live reply that `text` is to replace, "" for none.
    """

    community: str
    platform: str
    title: str
    title_marks: tuple[PacketMark, ...]
    posts: tuple[PacketPost, ...]
    text: str
    marks: tuple[PacketMark, ...]
    rule_set: str
    engine: str
    snapshot: str
    references: tuple[str, ...] = ()
    corrects: str = ""
    format: int = field(default=FORMAT)

    def dumps(self) -> str:
        """Canonical JSON: the bytes whose digest is signed."""
        value = asdict(self)
        if not self.corrects:
            value.pop("corrects")  # as before there were corrections
        return json.dumps(value, sort_keys=True, separators=(",", ":"))

    @staticmethod
    def loads(stored: str) -> Packet:
        """The packet that `dumps` wrote."""
        value = json.loads(stored)
        return Packet(
            **{
                **value,
                "title_marks": _marks(value["title_marks"]),
                "marks": _marks(value["marks"]),
                "references": tuple(value["references"]),
                "posts": tuple(
                    PacketPost(**{**post, "marks": _marks(post["marks"])})
                    for post in value["posts"]
                ),
            }
        )


def packet_of(review: Review) -> Packet:
    """The packet of a review, unsealed.

    Raises:
        TextErased: the thread was erased.
    """
    return Packet.loads(vault.unseal(review.packet))


def _marks(values: list[dict[str, Any]]) -> tuple[PacketMark, ...]:
    return tuple(PacketMark(**value) for value in values)
