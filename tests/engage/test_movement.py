"""What moved in a thread, word by word, and never what is masked."""

from __future__ import annotations

import json
import time

import pytest

from compliance.masking import MASKED
from engage.movement import Movement, between
from reviews.packet import Packet, PacketMark, PacketPost


def post(text: str, *masked: tuple[str, str], id: str = "1", **changes: object) -> PacketPost:
    """A post with identifiers: (kind, words)."""
    marks = tuple(
        PacketMark("", text.index(words), text.index(words) + len(words), "PHI", "block", kind)
        for kind, words in masked
    )
    values = {"revision": 1, "text_id": "", "published_at": f"2026-01-01T00:00:0{id}+00:00"}
    values |= {"author": "Author 1", "answered": False, **changes}
    return PacketPost(id=id, text=text, marks=marks, **values)  # type: ignore[arg-type]


def thread(*posts: PacketPost, locked: bool = False, signals: int = 0) -> Packet:
    return Packet(
        community="", platform="", title="", title_marks=(), posts=posts, text="", marks=(),
        rule_set="", engine="", snapshot=json.dumps({"locked": locked, "signals": signals}),
    )  # fmt: skip


def read(movement: Movement) -> list[str]:
    """Each change as a line: +added+ and -removed- words, [masked] labels."""
    signs = {"same": "", "added": "+", "removed": "-"}
    return [
        f"{change.kind}: "
        + "".join(
            signs[piece.kind]
            + "".join(f"[{s.label}]" if s.kind == MASKED else s.text for s in piece.segments)
            + signs[piece.kind]
            for piece in change.pieces
        )
        for change in movement.changes
    ]


def test_words_that_differ_are_marked() -> None:
    moved = between(thread(post("It hurts a bit today.")), thread(post("It hurts a lot today.")))
    assert read(moved) == ["edited: It hurts a -bit -+lot +today."]


def test_posts_that_came_and_went_in_the_order_of_the_thread() -> None:
    before = thread(post("One."), post("Two.", id="2"))
    now = thread(post("One."), post("Three.", id="3"))
    assert read(between(before, now)) == ["deleted: -Two.-", "added: +Three.+"]


def test_post_that_waits_for_its_scan_did_not_go() -> None:
    before, now = thread(post("One."), post("Two.", id="2")), thread(post("One."))
    assert not between(before, now, held={"2"})


@pytest.mark.parametrize("kind", ["NAME", "PHONE", "DATE"])
def test_changed_identifier_is_seen_as_changed_and_stays_masked(kind: str) -> None:
    before = thread(post("Call 555-0100 now.", (kind, "555-0100")))
    now = thread(post("Call 555-0199 now.", (kind, "555-0199")))
    (line,) = read(between(before, now))
    assert "-[" in line and "+[" in line and "555" not in line


def test_same_identifier_under_another_label_is_no_difference() -> None:
    before = thread(post("Keisha asks.", ("NAME", "Keisha")))
    now = thread(post("Keisha asks.", ("NAME", "Keisha")), locked=True)
    moved = between(before, now)
    assert not moved.changes and moved.locked and moved


def test_nothing_moved() -> None:
    assert not between(thread(post("One.")), thread(post("One.")))


def test_signals_and_unlocking_are_told() -> None:
    moved = between(thread(locked=True), thread(signals=2))
    assert (moved.unlocked, moved.signals, moved.locked) == (True, 2, False)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("a b " * 12_500, "b a " * 12_500),
        ("a " * 50_000, "a " * 49_999 + "b"),
        ("a " * 499, "b " * 499),
    ],
    ids=["swapped", "long", "doubled"],
)
def test_longest_posts_are_compared_in_time(before: str, now: str) -> None:
    began = time.process_time()
    assert between(thread(post(before)), thread(post(now)))
    assert time.process_time() - began < 2
