"""A facility with the place behind it is one identifier."""

import pytest

from compliance.findings import INBOUND, Hit
from compliance.rules import shipped_rules
from compliance.scanners.identifiers import SCANNER
from compliance.scanners.identifiers.facilities import with_their_places


def marked(text: str, *words: tuple[str, str]) -> list[Hit]:
    """A hit a (words, kind), in the order in which they stand in the text."""
    return [
        Hit(at, at + len(part), "PHI-GEO", 0.5 + number / 10, "identifiers", kind)
        for number, (part, kind) in enumerate(words)
        for at in [text.index(part)]
    ]


@pytest.mark.parametrize(
    ("text", "words", "whole"),
    [
        ("at Sacred Heart in Dubuque.", (("Sacred Heart", "FACILITY"), ("Dubuque", "PLACE")),
         ["Sacred Heart in Dubuque"]),
        ("Our Lady of the Lake?", (("Our Lady", "FACILITY"), ("Lake", "PLACE")),
         ["Our Lady of the Lake"]),
        ("lakeside AT  the mill", (("lakeside", "FACILITY"), ("mill", "FACILITY")),
         ["lakeside AT  the mill"]),
        ("St Luke's at Millbrook in Dubuque",
         (("St Luke's", "FACILITY"), ("Millbrook", "PLACE"), ("Dubuque", "PLACE")),
         ["St Luke's at Millbrook in Dubuque"]),
        # near misses
        ("Dubuque in Iowa", (("Dubuque", "PLACE"), ("Iowa", "PLACE")), ["Dubuque", "Iowa"]),
        ("Lakeside near Dubuque", (("Lakeside", "FACILITY"), ("Dubuque", "PLACE")),
         ["Lakeside", "Dubuque"]),
        ("Lakeside. In Dubuque", (("Lakeside", "FACILITY"), ("Dubuque", "PLACE")),
         ["Lakeside", "Dubuque"]),
        ("Lakeside\nin Dubuque", (("Lakeside", "FACILITY"), ("Dubuque", "PLACE")),
         ["Lakeside", "Dubuque"]),
        ("Lakeside in March", (("Lakeside", "FACILITY"), ("March", "DATE")),
         ["Lakeside", "March"]),
        ("Rosa at Lakeside", (("Rosa", "NAME"), ("Lakeside", "FACILITY")), ["Rosa", "Lakeside"]),
    ],
)  # fmt: skip
def test_facility_takes_in_the_place_behind_it(text, words, whole):
    hits = with_their_places(marked(text, *words), text)
    assert [text[hit.start : hit.end] for hit in hits] == whole


def test_joined_hit_is_a_facility_as_sure_as_the_surer_part():
    text = "Sacred Heart in Dubuque"
    (hit,) = with_their_places(
        marked(text, ("Sacred Heart", "FACILITY"), ("Dubuque", "PLACE")), text
    )
    assert (hit.entity, hit.rule_id, hit.confidence) == ("FACILITY", "PHI-GEO", 0.6)


@pytest.mark.parametrize("words", [("Sacred Heart", "FACILITY"), ("Sacred Heart in", "FACILITY")])
def test_word_between_may_have_been_taken_along(words: tuple[str, str]) -> None:
    text = "in the hospital (Sacred Heart in Dubuque)"
    hits = with_their_places(marked(text, words, ("Dubuque", "PLACE")), text)
    assert [text[hit.start : hit.end] for hit in hits] == ["Sacred Heart in Dubuque"]


def test_scanner_covers_the_word_between_facility_and_place():
    text = "I was in the hospital (Sacred Heart in Dubuque) for a week."
    spans = [
        text[hit.start : hit.end] for hit in SCANNER.scan([text], [INBOUND], shipped_rules())[0]
    ]
    assert spans == ["Sacred Heart in Dubuque"]
