"""Passages of a reply: what differs between versions, and where a passage went."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.masking import MASKED, Pseudonyms
from reviews.packet import PacketMark
from reviews.views.differences import carried, difference

WORDS = st.lists(st.sampled_from(["a", "spot", "often", "settles", "it"]), max_size=12)


def at(text: str, words: str) -> tuple[int, int]:
    start = text.index(words)
    return start, start + len(words)


def test_passage_is_found_again_where_it_moved_to() -> None:
    before = "Many people notice it. It often settles."
    now = "Thank you for asking. Many people notice it. It often settles by itself."
    assert carried(before, now, *at(before, "It often settles")) is None  # a full stop went
    place = carried(before, now, *at(before, "Many people notice it."))
    assert place and now[slice(*place)] == "Many people notice it."


def test_changed_passage_is_not_found() -> None:
    before, now = "It often settles soon.", "It rarely settles soon."
    assert carried(before, now, *at(before, "often settles")) is None
    assert carried(before, now, *at(before, "settles soon.")) == at(now, "settles soon.")


def test_passage_with_something_new_inside_is_not_found() -> None:
    before, now = "It often settles soon.", "It often, but not always, settles soon."
    assert carried(before, now, 0, len(before)) is None


@given(before=WORDS, head=WORDS, tail=WORDS, data=st.data())
@settings(max_examples=200, deadline=None)
def test_words_that_stay_are_found_as_the_same_words(
    before: list[str], head: list[str], tail: list[str], data: st.DataObject
) -> None:
    old = " ".join(before)
    now = " ".join([*head, *before, *tail])
    if not before:
        assert carried(old, now, 0, 0) is None
        return
    first = data.draw(st.integers(0, len(before) - 1))
    last = data.draw(st.integers(first, len(before) - 1))
    start = len(" ".join([*before[:first], ""]))
    end = len(" ".join(before[: last + 1]))
    place = carried(old, now, start, end)
    if place is not None:  # with words that repeat, another of the same may stand in its place
        assert now[slice(*place)] == old[start:end]
    if not head and not tail:
        assert place == (start, end)


def test_difference_masks_in_both_versions() -> None:
    before, now = "Ask Keisha Brandt today.", "Ask Noor Haddad today."
    marks = [
        [PacketMark("", *at(text, name), "PHI-NAME", "block", "NAME")]
        for text, name in ((before, "Keisha Brandt"), (now, "Noor Haddad"))
    ]
    pieces = difference(before, marks[0], now, marks[1], Pseudonyms())
    shown = [(p.kind, [s.label or s.text for s in p.segments]) for p in pieces]
    assert ("removed", ["Name 1"]) in shown and ("added", ["Name 2"]) in shown
    assert all(s.text == "" for p in pieces for s in p.segments if s.kind == MASKED)
