"""The learned part: the same answer alone or in company, for texts of any length."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.scanners.identifiers.choice import Choice
from compliance.scanners.identifiers.learned import identifies, whole_words
from compliance.scanners.identifiers.pieces import OVERLAP, WINDOW, Case, case_of, windows

TAGGER = Choice().reader
TEXTS = [
    "My sister Keisha Brandt lives in Dubuque.",
    "no identifiers here, just cramps",
    "",
    "i am danielle and dr okafor operated on me at lakeside clinic on 14 march",
    "Thanks!",
    "Mail me at k.brandt@example.com or call 612-555-0148. " * 12,
]


def test_text_is_tagged_alike_alone_and_in_company() -> None:
    alone = [TAGGER.tag([text])[0] for text in TEXTS]
    assert TAGGER.tag(TEXTS) == alone
    assert TAGGER.tag(TEXTS[::-1]) == alone[::-1]


def test_names_in_careless_writing_are_found() -> None:
    (tagged,) = TAGGER.tag([TEXTS[3]])
    found = {(t.kind, TEXTS[3][t.start : t.end]) for t in tagged}
    assert {("NAME", "danielle"), ("NAME", "okafor"), ("DATE", "14 march")} <= found


def test_identifier_anywhere_in_a_long_text_is_found() -> None:
    filler = "It has been like this for some weeks and nobody could tell me why. "
    for before in (0, 5, 9, 20):
        text = filler * before + "My sister Keisha Brandt had it too. " + filler * 10
        (tagged,) = TAGGER.tag([text])
        assert "Keisha Brandt" in [text[t.start : t.end] for t in tagged if t.kind == "NAME"]


@given(st.integers(1, 3000))
def test_windows_cover_every_piece_with_overlap(length: int) -> None:
    found = list(windows(length))
    assert found[0][0] == 0 and found[-1][1] == length
    assert all(0 < end - start <= WINDOW for start, end in found)
    for (_, end), (start, _) in pairwise(found):
        assert end - start == OVERLAP


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_taken(text: str) -> None:
    for tagged in TAGGER.tag([text])[0]:
        assert 0 <= tagged.start < tagged.end <= len(text)
        assert 0 < tagged.score <= 1


def test_missing_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.onnx"):
        _ = Choice(model=tmp_path).reader


@pytest.mark.parametrize(
    ("word", "case"),
    [("anna", Case.LOWER), ("Anna", Case.CAPITAL), ("ANNA", Case.UPPER), ("McKay", Case.MIXED),
     ("A", Case.CAPITAL), ("12", Case.OTHER), ("o'Brien", Case.MIXED)],
)  # fmt: skip
def test_case_of_a_word(word: str, case: Case) -> None:
    assert case_of(word) == case


@pytest.mark.parametrize(
    ("text", "start", "end", "whole"),
    [("Brandts", 0, 6, "Brandts"), ("x Brandt y", 3, 6, "Brandt"), ("a.b", 0, 1, "a")],
)
def test_stretch_is_widened_to_whole_words(text: str, start: int, end: int, whole: str) -> None:
    start, end = whole_words(text, start, end)
    assert text[start:end] == whole


@pytest.mark.parametrize(
    ("entity", "written", "expected"),
    [
        ("DATE", "2016", False), ("DATE", "two weeks", False), ("DATE", "3 months", False),
        ("DATE", "March 2016", True), ("DATE", "14/03", True), ("AGE", "45", False),
        ("AGE", "93", True), ("AGE", "ninety-four", True), ("PLACE", "Texas", False),
        ("PLACE", "New York", False), ("PLACE", "Canada", False), ("PLACE", "Dubuque", True),
        ("NAME", "Mirena", False), ("NAME", "x", False), ("NAME", "Keisha", True),
        ("ID", "...", False),
    ],
)  # fmt: skip
def test_what_identifies(entity: str, written: str, expected: bool) -> None:
    text = f"My sister was {written} years"
    assert identifies(entity, text, 14, 14 + len(written)) is expected
