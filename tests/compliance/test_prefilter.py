"""The prefilter: what it lets pass is all that can match, in any text."""

import random
import re

import pytest

from compliance.rules import shipped_rules
from compliance.scanners.phrases import compiled_rules, prefilter_of
from compliance.scanners.prefilter import Prefilter, wider

SCANNERS = ("relationship", "claims", "disclosure", "safety", "adverse_events")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"\b(?:a|b[^.]{0,60}?c)d", "(?:a|b)"),
        (r"x(?!y)z", "xz"),
        (r"(?:ab)?c", "(?:ab)?c"),
        (r"(?:a[^x]*b)?c", ""),
        (r"a{2,3}b", "a+b"),
        (r"[^\w]a", r"[^\w]a"),
        (r"[\w-]+@", r"[\w\x{80}-\x{10FFFF}-]+@"),
        (r"[\])]x", r"[\])]x"),
        (r"(?P<name>a)b", "(?:a)b"),
        (r"a(?=b)?c", "ac"),
    ],
)
def test_wider_form(pattern, expected):
    assert wider(pattern) == expected


def every_pattern():
    rules = shipped_rules()
    for name in SCANNERS:
        for entry in compiled_rules(rules, name):
            yield from entry.satisfied_by
            for part in entry.parts:
                yield from (*part.needs, *part.patterns, *(group[0] for group in part.together))


def texts(number):
    """Sentences of the examples, cut and mixed, with letters of other scripts in between."""
    rng = random.Random(5)
    rules = shipped_rules().rules.values()
    sentences = [e.text for rule in rules for e in (*rule.positives, *rule.negatives)]
    for _ in range(number):
        one, other = rng.choice(sentences), rng.choice(sentences)
        at, odd = rng.randrange(len(one)), rng.choice(["", "é", "ſ", "\u2028", "K", "\u0301", "İ"])
        yield rng.choice([one, one.upper(), one[:at] + odd + one[at:], one[:at] + other[at:]])


def test_nothing_that_matches_is_left_out():
    prefilter, patterns = prefilter_of(shipped_rules()), list(every_pattern())
    matched = 0
    for text in texts(600):
        likely = prefilter.candidates(text)
        for pattern in patterns:
            if pattern.search(text):
                matched += 1
                assert pattern.pattern in likely, (pattern.pattern[:80], text)
    assert matched > 500


def test_a_narrower_form_would_be_noticed(monkeypatch):
    """The control of the test above: a pattern taken as RE2 reads it misses what Python finds."""
    text, pattern = "caféteria", r"caf\wteria"
    assert re.fullmatch(pattern, text)
    assert Prefilter([pattern]).candidates(text) == {pattern}
    monkeypatch.setattr("compliance.scanners.prefilter.wider", lambda pattern: pattern)
    assert Prefilter([pattern]).candidates(text) == frozenset()


def test_no_answer_is_no_clean_text():
    prefilter = Prefilter(["a"])

    class Silent:
        def Match(self, text):
            return None

    prefilter._set = Silent()
    with pytest.raises(RuntimeError):
        prefilter.candidates("a")
