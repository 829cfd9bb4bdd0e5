"""Disguised texts are read as they are meant, and what is found is masked whole in the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.scanners.views import normal, plainer

NORMAL = [
    ("K\u200be\u200bisha Br\u0430ndt", "Keisha Brandt"),  # zero-width, Cyrillic a
    ("\uff2b\uff45\uff49\uff53\uff48\uff41", "Keisha"),  # full width
    ("\U0001d40a\U0001d41e\U0001d422\U0001d42c\U0001d421\U0001d41a", "Keisha"),  # mathematical bold
    ("\uff16\uff11\uff12-\u0665\u0665\u0665-0148", "612-555-0148"),  # digits of other scripts
    ("Rene\u0301e", "Ren\u00e9e"),  # combining accent
    ("k\u2019s \u201cown\u201d", 'k\'s "own"'),
    ("plain text", "plain text"),
    ("", ""),
]
PLAINER = [
    ("my name is j o h n", "my name is john"),
    ("I am s.m.i.t.h, hi", "I am smith, hi"),
    ("J_o_h_n", "John"),
    ("call six one two five five five oh one four eight", "call 6125550148"),
    ("double five, three four, triple nine", "5534999"),
    ("I am j0hn", "I am john"),
    ("she is m4ry.", "she is mary."),
    ("sm1th and D3nver", "smith and Denver"),
    ("k.brandt@\nexample.com", "k.brandt@example.com"),
    ("612-\n555-0148", "612-555-0148"),
    ("Kei\nsha", "Keisha"),
]
LEFT_ALONE = [
    "One or two of us, maybe three.",
    "A b c",
    "I am 45. My BP is 120/80.",
    "First line.\nSecond line.",
    "a 5 % chance",
]


@pytest.mark.parametrize(("text", "read"), NORMAL)
def test_normal_form(text: str, read: str) -> None:
    assert normal(text).text == read


@pytest.mark.parametrize(("text", "read"), PLAINER)
def test_disguise_is_read(text: str, read: str) -> None:
    assert read in [view.text for view in plainer(normal(text))]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_ordinary_text_has_no_other_reading(text: str) -> None:
    assert list(plainer(normal(text))) == []


def test_stretch_of_a_view_is_the_whole_stretch_of_the_original() -> None:
    text = "I am K\u200be\u200bisha, ring six one two five five five oh one four eight."
    (view,) = plainer(normal(text))
    start, end = view.original(5, 11)
    assert text[start:end] == "K\u200be\u200bisha"
    at = view.text.index("6125550148")
    start, end = view.original(at, at + 10)
    assert text[start:end] == "six one two five five five oh one four eight"
    assert view.differs(at, at + 10) and not view.differs(0, 4)


def test_far_places_are_read_apart_and_near_ones_together() -> None:
    far = "I am j0hn. " + "and so on " * 100 + "She is m4ry."
    assert [v.text[-5:] for v in plainer(normal(far))][-1] == "mary."
    assert len(list(plainer(normal(far)))) == 2
    assert all(len(view.text) < 300 for view in plainer(normal(far)))
    (near,) = plainer(normal("I am j0hn. " + "and so on " * 10 + "She is m4ry."))
    assert "john" in near.text and "mary" in near.text


@given(st.text(max_size=200))
def test_every_view_covers_the_original_in_order(text: str) -> None:
    first = normal(text)
    for view in (first, *plainer(first)):
        assert len(view.text) == len(view.starts) == len(view.ends)
        assert all(0 <= s < e <= len(text) for s, e in zip(view.starts, view.ends, strict=True))
        assert list(view.starts) == sorted(view.starts)
