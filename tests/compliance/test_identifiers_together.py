"""Rules and model together: every identifier is covered, near misses are left alone."""

from __future__ import annotations

import random

import pytest

from compliance.findings import INBOUND
from compliance.rules import shipped_rules
from compliance.scanners.identifiers import SCANNER
from tests.compliance.test_identifiers import HITS, NEAR_MISSES
from tests.compliance.tricks import TRICKS

# The model takes it for somebody's number, which a number of 17 characters may well be.
TAKEN_FOR_A_NUMBER = "ABCDEFGH12345678A is no car."


def uncovered(text: str, start: int, end: int) -> str:
    """The letters and digits of a stretch that no hit covers."""
    hits = SCANNER.scan([text], [INBOUND], shipped_rules())[0]
    places = {n for hit in hits for n in range(hit.start, hit.end)}
    return "".join(text[n] for n in range(start, end) if text[n].isalnum() and n not in places)


@pytest.mark.parametrize(("text", "kind", "span"), HITS)
def test_identifier_is_covered(text: str, kind: str, span: str) -> None:
    start = text.index(span)
    assert uncovered(text, start, start + len(span)) == ""


@pytest.mark.parametrize("text", [t for t in NEAR_MISSES if t != TAKEN_FOR_A_NUMBER])
def test_near_miss_is_left_alone(text: str) -> None:
    hits = SCANNER.scan([text], [INBOUND], shipped_rules())[0]
    assert [(hit.entity, text[hit.start : hit.end]) for hit in hits] == []


CAPITALS = [
    "my doctor is dr okafor and my sister is keisha brandt from dubuque",
    "MY NAME IS DANIELLE OKAFOR AND I LIVE IN DUBUQUE",
    "thanks adaeze, and thank you thu trang for the recipe",
    "i was seen at st. brigid's on march 3rd by nurse wanjiru",
]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        (CAPITALS[0], "okafor"), (CAPITALS[0], "keisha brandt"), (CAPITALS[0], "dubuque"),
        (CAPITALS[1], "DANIELLE OKAFOR"), (CAPITALS[1], "DUBUQUE"), (CAPITALS[2], "adaeze"),
        (CAPITALS[3], "march 3rd"), (CAPITALS[3], "wanjiru"),
    ],
)  # fmt: skip
def test_careless_writing_is_read(text: str, span: str) -> None:
    start = text.index(span)
    assert uncovered(text, start, start + len(span)) == ""


@pytest.mark.parametrize("trick", TRICKS)
def test_disguised_name_is_covered(trick: str) -> None:
    disguised = TRICKS[trick]("Danielle Okafor", random.Random(1))
    before = "My name is "
    text = f"{before}{disguised} and I have been spotting for weeks."
    assert uncovered(text, len(before), len(before) + len(disguised)) == ""


@pytest.mark.parametrize("trick", ["digits of another script", "digits spelt out", "full width"])
def test_disguised_number_is_covered(trick: str) -> None:
    disguised = TRICKS[trick]("612-555-0148", random.Random(1)).strip()
    before = "Please call me on "
    text = f"{before}{disguised} today."
    assert uncovered(text, len(before), len(before) + len(disguised)) == ""
