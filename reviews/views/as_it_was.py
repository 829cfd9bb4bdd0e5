"""A reply as its reviewers had it before them, and nothing of what anybody made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from compliance.masking import Pseudonyms, Segment
from reviews import gates
from reviews.models import Review
from reviews.packet import PacketPost, packet_of
from reviews.views.judged import judged
from reviews.views.showing import ShownFinding, reply_segments, shown_segments


@dataclass(frozen=True, slots=True)
class ShownPost:
    """A post of the packet, masked."""

    post: PacketPost
    published_at: datetime
    segments: list[Segment]


@dataclass(frozen=True, slots=True)
class Undecided:
    """A finding with the author's answer to it; `wanted` if reviewers judge it."""

    finding: ShownFinding
    answer: str
    wanted: bool


def shown_post(post: PacketPost, names: Pseudonyms) -> ShownPost:
    """A post of the packet, masked; the same `names` keep pseudonyms the same."""
    published_at = datetime.fromisoformat(post.published_at)
    return ShownPost(post, published_at, shown_segments(post.text, post.marks, names))


def as_it_was(review: Review) -> dict[str, Any]:
    """The thread, the reply, its references and its findings, for a template.

    Raises:
        TextErased: the thread was erased.
    """
    packet, names = packet_of(review), Pseudonyms()
    return {
        "review": review,
        "packet": packet,
        "title": shown_segments(packet.title, packet.title_marks, names),
        "posts": [shown_post(post, names) for post in packet.posts],
        "reply": reply_segments(review, packet, names),
        "findings": [
            Undecided(one.finding, one.answer, one.finding.severity in gates.DISPOSED_BY_REVIEWERS)
            for one in judged(review, packet)
        ],
    }


def verdicts_of(request: HttpRequest) -> dict[UUID, str]:
    """What a form says of findings, in fields called `verdict-<id>`."""
    found = {}
    for name, value in request.POST.items():
        try:
            finding = UUID(name.removeprefix("verdict-"))
        except ValueError:
            continue
        found[finding] = str(value)
    return found


def typed_in(request: HttpRequest) -> dict[str, Any]:
    """What a refused form gives back."""
    typed: dict[str, Any] = {n: request.POST.get(n, "") for n in ("opinion", "reason", "why")}
    return {**typed, "verdicts": {str(pk): said for pk, said in verdicts_of(request).items()}}
