"""The list in a scan: what is nobody's is dropped, what is always an identifier is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compliance import listed, scanning, vault
from compliance.enums import Direction
from compliance.findings import INBOUND, Hit, ScanContext
from compliance.rules import shipped_rules
from compliance.scanners.identifiers import SCANNER
from compliance.scanners.identifiers.listed import folded, with_lists
from compliance.vault import new_key
from reviews import corrections
from reviews.enums import Role
from tests import cases

RULES = {rule.id: rule for rule in shipped_rules().of_scanner("identifiers")}
NAMED = "My name is Keisha Brandt and I have a question."


def in_lists(text: str, hits: list[Hit], **lists: frozenset[object]) -> list[tuple[str, str]]:
    """What remains, as words and kind."""
    context = replace(INBOUND, **lists)  # type: ignore[arg-type]  # two fields
    found = with_lists(hits, text, context, RULES, "identifiers")
    return [(text[h.start : h.end], h.entity) for h in found]


def hit(text: str, words: str, kind: str = "NAME", rule: str = "PHI-NAME") -> Hit:
    start = text.index(words)
    return Hit(start, start + len(words), rule, 0.9, "identifiers", kind)


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("Keisha  Brandt", "keisha brandt"),
        ("KEISHA\nBrandt's", "keisha brandt"),
        ("Keisha Brandt\u2019s", "keisha brandt"),
        ("\u0415va", "eva"),  # Cyrillic
        ("Strau\u00df", "strauss"),
    ],
)
def test_folded_words_are_the_same(words: str, same: str) -> None:
    assert folded(words) == same


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ask zubeda.", ["zubeda"]),
        ("Ask Zubeda's sister, ZUBEDA", ["Zubeda", "ZUBEDA"]),
        ("Ask Zubedas sister, or Azubeda.", []),
        ("Ask Z u b e d a about it.", ["Z u b e d a"]),
        ("Ask Zub\u200beda.", ["Zub\u200beda"]),
        ("Ask Mary\n Jane Doe.", ["Mary\n Jane", "Jane Doe"]),
        ("Ask Frau Strau\u00df or STRAUSS.", ["Strau\u00df", "STRAUSS"]),
    ],
)
def test_denied_words_are_found_whole(text: str, found: list[str]) -> None:
    words = ("zubeda", "mary", "mary jane", "jane doe", "strauss")
    denied = frozenset((w, "NAME") for w in words)
    assert in_lists(text, [], denied=denied) == [(words, "NAME") for words in found]


def test_denied_words_take_the_place_of_what_lies_within_them() -> None:
    text = "Ask Mary Jane Doe."
    hits = [hit(text, "Jane", "PLACE", "PHI-GEO")]
    denied = frozenset({("mary jane", "NAME")})
    assert in_lists(text, hits, denied=denied) == [("Mary Jane", "NAME")]
    whole = [hit(text, "Mary Jane Doe")]
    assert in_lists(text, whole, denied=denied) == [("Mary Jane Doe", "NAME")]


def test_denied_words_have_the_rule_of_their_kind() -> None:
    context = replace(INBOUND, denied=frozenset({("zubeda", "HANDLE")}))
    (found,) = with_lists([], "Ask zubeda.", context, RULES, "identifiers")
    assert found == Hit(4, 10, "PHI-CONTACT", 1.0, "identifiers", "HANDLE")


def test_allowed_words_are_dropped_where_they_are_all_of_a_hit() -> None:
    text = "Bishop's score, and then Bishop Brown."
    hits = [hit(text, "Bishop's"), hit(text, "Bishop Brown")]
    left = in_lists(text, hits, allowed=frozenset({"bishop"}))
    assert left == [("Bishop Brown", "NAME")]


def test_word_on_both_lists_is_an_identifier() -> None:
    text = "Ask Keisha."
    lists = {"allowed": frozenset({"keisha"}), "denied": frozenset({("keisha", "NAME")})}
    assert in_lists(text, [hit(text, "Keisha")], **lists) == [("Keisha", "NAME")]  # type: ignore[arg-type]  # sets of both


def test_scanner_keeps_to_the_lists() -> None:
    def words(context: ScanContext) -> list[str]:
        (hits,) = SCANNER.scan([NAMED], [context], shipped_rules())
        return [NAMED[h.start : h.end] for h in hits]

    assert words(INBOUND) == ["Keisha Brandt"]
    assert words(replace(INBOUND, allowed=frozenset({"keisha brandt"}))) == []
    denied = replace(INBOUND, denied=frozenset({("question", "OTHER")}))
    assert words(denied) == ["Keisha Brandt", "question"]
    outbound = replace(denied, direction=Direction.OUTBOUND)
    assert words(outbound) == ["Keisha Brandt", "question"]


@pytest.mark.django_db
def test_context_without_a_list_has_the_digest_that_it_had_before() -> None:
    key = new_key()
    before = (
        '{"affiliation": "", "direction": "inbound", "disclosed": [], "disclosure_line": "", '
        '"product_ties": [], "references": [], "safety_flags": [], "thread_texts": []}'
    )
    assert scanning.context_digest(key, INBOUND) == vault.digest(key, before)
    changed = replace(INBOUND, allowed=frozenset({"bishop"}))
    assert scanning.context_digest(key, changed) != scanning.context_digest(key, INBOUND)


@pytest.mark.django_db
def test_list_counts_from_the_next_scan_on_until_it_is_retired() -> None:
    before = cases.post("Ask leaflet about it.").revisions.get().text.scan
    entry = cases.listed_word("leaflet", "HANDLE")
    assert listed.active().denied == {("leaflet", "HANDLE")}
    after = cases.post("Ask leaflet about it.").revisions.get().text
    assert after.scan.findings.filter(entity="HANDLE", confidence=1.0).count() == 1
    assert scanning.preview(["Ask leaflet."], [INBOUND])[0][0].entity == "HANDLE"
    assert not before.findings.filter(confidence=1.0, entity="HANDLE").exists()
    corrections.retire(by=cases.person(Role.LEGAL), entry_id=entry.pk, reason="Nobody.")
    assert listed.active() == listed.Lists()
    assert scanning.preview(["Ask leaflet."], [INBOUND]) == [[]]


@pytest.mark.django_db
def test_scan_asks_once_for_the_list_that_it_knows() -> None:
    cases.listed_word()
    listed.active()
    with CaptureQueriesContext(connection) as captured:
        scanning.preview(["One.", "Two.", "Three."], [INBOUND] * 3)
    assert len(captured) == 1


@pytest.mark.django_db
def test_word_whose_key_was_destroyed_counts_no_more() -> None:
    entry = cases.listed_word()
    vault.destroy_key(entry.value.key, by="system")
    assert listed.active() == listed.Lists()
