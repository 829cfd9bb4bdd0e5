"""What holds for all scanners, and the circumstances that are judged once for all rules."""

import random
import socket

import pytest

from compliance import scanners
from compliance.enums import Direction, Severity
from compliance.findings import INBOUND, ScanContext
from compliance.rules import RuleSet, shipped_rules
from compliance.scanners.sentences import Circumstance, Passage

OUTBOUND = ScanContext(direction=Direction.OUTBOUND, affiliation="Northfield Women's Health")
CLEAN = (
    "Thanks for asking this. Many people notice irregular bleeding in the first months with a "
    "hormonal IUD, and for most it settles over time. Heavy bleeding, fever or strong pain should "
    "be checked by a clinician soon. General information, not medical advice; please talk with "
    "your own clinician. I am an OB-GYN and work for Northfield Women's Health."
)
POSTS = [
    "My name is Danielle Brandt and my coil was put in on 14 March. Call me on 612-555-0148.",
    "The patch gave me welts all over my hip.",
    "I can't do another day of this, nobody would miss me.",
    "Mine took four months to calm down. Panty liners and patience.",
    "",
    "   \n\n ",
    "\U0001f622 so tired\u2026 my husband Marcus says it\u2019s nothing",
    "no punctuation at all i was on prozac 20mg and it made me more depressed than ever",
]


def scan_all(texts, contexts, rules=None):
    rules = rules or shipped_rules()
    found = [[] for _ in texts]
    for scanner in scanners.SCANNERS:
        for hits, more in zip(found, scanner.scan(texts, contexts, rules), strict=True):
            hits.extend(more)
    return [sorted(hits) for hits in found]


@pytest.fixture
def no_network(monkeypatch):
    """Any connection but to loopback fails the test."""

    def refuse(self, address, *more):
        host = address[0] if isinstance(address, tuple) else address
        assert str(host).startswith(("127.", "::1", "/")), "a scanner opened a connection"

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail("a name was looked up"))


def test_clean_reply_passes():
    rules = shipped_rules()
    hits = scan_all([CLEAN], [OUTBOUND])[0]
    worst = {rules.rule(h.rule_id).severity for h in hits}
    assert not worst & {Severity.BLOCK, Severity.NEEDS_LEGAL}, hits
    assert hits == []


def test_clean_reply_without_its_last_sentences_lacks_the_general_statement():
    hits = scan_all([CLEAN.partition("General")[0]], [OUTBOUND])[0]
    assert [(h.start, h.end, h.rule_id) for h in hits] == [(0, 0, "DISC-GENERAL")]


@pytest.mark.parametrize(
    "disguised", ["k\u200bill myself", "\uff4bill myself", "kill my\u00adself", "k\u0456ll myself"]
)
def test_disguised_phrase_is_found_where_it_stands(disguised):
    post = f"I want to {disguised} tonight."
    hits = [h for h in scan_all([post], [INBOUND])[0] if h.rule_id == "SAFE-CRISIS"]
    assert hits and "myself" not in post[: hits[0].start]
    assert hits[0].end <= len(post) and post[hits[0].end - 1].isalpha()


def test_scan_is_deterministic():
    contexts = [INBOUND] * len(POSTS)
    assert scan_all(POSTS, contexts) == scan_all(POSTS, contexts)


def test_scan_does_not_depend_on_batch_or_order():
    one_by_one = [scan_all([post], [INBOUND])[0] for post in POSTS]
    assert scan_all(POSTS, [INBOUND] * len(POSTS)) == one_by_one
    order = list(range(len(POSTS)))
    random.Random(7).shuffle(order)
    shuffled = scan_all([POSTS[i] for i in order], [INBOUND] * len(POSTS))
    assert [shuffled[order.index(i)] for i in range(len(POSTS))] == one_by_one


def test_scan_keeps_each_context_to_its_own_text():
    texts = ["Take two tablets tonight.", "Take two tablets tonight."]
    inbound, outbound = scan_all(texts, [INBOUND, OUTBOUND])
    assert {h.rule_id for h in inbound} == set()
    assert "CLM-DOSE" in {h.rule_id for h in outbound}


def test_scan_with_stored_rules_is_the_same():
    stored = RuleSet.from_content(shipped_rules().content())
    contexts = [INBOUND] * len(POSTS)
    assert scan_all(POSTS, contexts, stored) == scan_all(POSTS, contexts)


def test_scan_never_opens_a_connection(no_network):
    scan_all(
        ["Write to k.brandt@example.org or https://example.com/kb, Dr. Okafor knows."] * 2,
        [INBOUND, OUTBOUND],
    )


@pytest.mark.parametrize("direction", list(Direction))
def test_scan_honours_the_direction_of_rules(direction):
    rules = shipped_rules()
    texts = [e.text for r in rules.rules.values() for e in (*r.positives, *r.negatives)]
    for hits in scan_all(texts, [ScanContext(direction=direction)] * len(texts)):
        for hit in hits:
            assert rules.rule(hit.rule_id).direction in ("both", direction.value)


def test_scan_of_nothing_finds_nothing():
    assert scan_all([], []) == []
    assert scan_all(["", "  \n"], [INBOUND, OUTBOUND]) == [[], []]


def test_span_is_the_phrase_at_fault_in_the_original():
    text = "I\u2019m glad you asked. With pellets hot flashes are a thing of the past."
    hits = [h for h in scan_all([text], [OUTBOUND])[0] if h.rule_id == "CLM-CURE"]
    assert [text[h.start : h.end] for h in hits] == ["are a thing of the past"]


@pytest.mark.parametrize(
    ("text", "rule_id", "phrase"),
    [
        ("Fine. Take two tablets tonight.", "CLM-DOSE", "Take two"),
        ("So: the ring has zero downsides.", "CLM-NOSIDE", "zero downsides"),
        ("Well, it never fails.", "CLM-ABS", "never fails"),
        ("Hello. I checked your chart today.", "REL-ACK", "checked your chart"),
        ("DM me your results.", "REL-PRIVATE", "DM me"),
    ],
)
def test_span_of_phrase(text, rule_id, phrase):
    hits = [h for h in scan_all([text], [OUTBOUND])[0] if h.rule_id == rule_id]
    assert phrase in [text[h.start : h.end] for h in hits]


def test_references_cure_an_establishment_claim():
    text = "Studies show fewer hot flashes."
    with_reference = ScanContext(direction=Direction.OUTBOUND, references=("Trial, 2024",))
    bare, cured = scan_all([text, text], [OUTBOUND, with_reference])
    assert "CLM-PROVEN" in {h.rule_id for h in bare}
    assert "CLM-PROVEN" not in {h.rule_id for h in cured}


def test_signpost_that_comes_late_does_not_count():
    late = "I am sorry. " * 60 + "Please call or text 988 now."
    crisis = ScanContext(direction=Direction.OUTBOUND, safety_flags=frozenset({"SAFE-CRISIS"}))
    assert "SAFE-NO-SIGNPOST" in {h.rule_id for h in scan_all([late], [crisis])[0]}
    assert "SAFE-NO-SIGNPOST" not in {h.rule_id for h in scan_all([late], [OUTBOUND])[0]}


def test_engine_version_names_every_scanner():
    for scanner in scanners.SCANNERS:
        assert f"{scanner.name}/{scanner.version}" in scanners.engine_version()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Okafor said 0.5 mg. Fine.", ["Dr. Okafor said 0.5 mg.", "Fine."]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("it hurts.Then it stopped", ["it hurts.", "Then it stopped"]),
        ("what?!? no way...", ["what?!?", "no way..."]),
        ('She said "stop." Then left.', ['She said "stop."', "Then left."]),
        ("e.g. the coil, approx. 5 cm.", ["e.g. the coil, approx. 5 cm."]),
        ("no end", ["no end"]),
        ("", []),
    ],
)
def test_sentences_of_forum_text(text, sentences):
    passage = Passage(text)
    assert [passage.words_of(s) for s in passage.sentences] == sentences


@pytest.mark.parametrize(
    ("text", "phrase", "expected"),
    [
        ("There is no known cure for it.", "cure", {"negated"}),
        ("PCOS can be managed but not cured.", "cured", {"negated"}),
        ("A cure for it is a myth.", "cure", {"negated"}),
        ("No doubt it cures.", "cures", set()),
        ("Not only does it cure, it heals.", "cure", set()),
        ("I am not sure, but it cures.", "cures", set()),
        ("Is it true that IUDs cause abortions?", "cause", {"question", "attributed"}),
        ("My friend said it cures.", "cures", {"attributed"}),
        ("There's a common belief that it cures.", "cures", {"attributed"}),
        ("Be wary of anyone who promises to cure it.", "cure", {"negated", "attributed"}),
        ('They call it "a sure cure" here.', "sure cure", {"quoted"}),
        ("It may cure some.", "cure", {"hedged"}),
        ("If it cures you, good.", "cures", {"conditional"}),
        ("I was suicidal in 2018.", "suicidal", {"past"}),
        ("I was suicidal in 2018 and I am again.", "suicidal", set()),
        ("It cures.", "cures", set()),
    ],
)
def test_circumstances_of_a_phrase(text, phrase, expected):
    start = text.index(phrase)
    found = Passage(text).circumstances(start, start + len(phrase), frozenset(Circumstance))
    assert {c.value for c in found} == expected


def test_line_of_the_community_is_spared_by_the_reader_and_not_by_the_patterns():
    claim = "It never fails."
    context = ScanContext(direction=Direction.OUTBOUND, disclosure_line=f"Hello. {claim}")
    hits = [h for h in scan_all([f"Hello. {claim}"], [context])[0] if h.rule_id == "CLM-ABS"]
    assert hits and hits[0].basis != "learned"
