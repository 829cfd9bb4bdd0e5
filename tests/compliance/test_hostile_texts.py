"""Texts made to break a scanner: no exception, spans in the original, disguises seen through.

CI takes a sample; `./scripts/test --long -k ten_thousand` takes them all.
"""

from __future__ import annotations

import random
import time

import pytest

from compliance.enums import Direction
from compliance.findings import INBOUND, ScanContext
from compliance.rules import shipped_rules
from compliance.scanners import SCANNERS

OUTBOUND = ScanContext(direction=Direction.OUTBOUND, thread_texts=("I have a question.",))
PHRASES = [scanner for scanner in SCANNERS if scanner.name not in ("identifiers", "unsaid")]
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
BIDI = "\u202a\u202b\u202d\u202e\u2066\u2067\u2069\u200f"
CONTROLS = "".join(map(chr, (*range(1, 32), 127, *range(0x80, 0xA0)))) + "\u2028\u2029\ufffd"
LOOK_ALIKES = str.maketrans("aeocpxyi", "аеосрхуі")
BOMBS = [
    "a" * 3000, "(" * 2000, '"' * 2001, "'" * 2001, "no " * 1500, "not not " * 800, "?!" * 1500,
    "the pill " * 600, "side effects of " * 300, "5 mg " * 800, "i was " * 900 + "!",
    "you " * 1500, "\n" * 3000, " . " * 1500, "e.g. " * 900, "100" * 1200, "cure" * 900,
    "your friend said that " * 200, "a b c d " * 600, "-" * 3000, "😀" * 1500, "e\u0301" * 1500,
]  # fmt: skip


def sentences() -> list[str]:
    rules = shipped_rules().rules.values()
    return [e.text for rule in rules for e in (*rule.positives, *rule.negatives)]


def hostile(number: int, seed: int = 3) -> list[str]:
    """Sentences of the examples with odd characters in them, cut, repeated and mixed."""
    rng, known = random.Random(seed), sentences()
    texts = []
    for _ in range(number):
        text = rng.choice(known)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(text) + 1)
            odd = rng.choice(
                [INVISIBLE, BIDI, CONTROLS, "\u0301\u0327\u20dd", "𝒜𝓫ﬁ①Ⅷ", "\U000e0041"]
            )
            text = (
                rng.choice(
                    [
                        text[:at] + "".join(rng.choices(odd, k=rng.randrange(1, 9))) + text[at:],
                        text.translate(LOOK_ALIKES),
                        text[:at] + rng.choice(known)[at:],
                        text[at:] + text[:at],
                        " ".join(text[:60]) + text[60:],
                        text + rng.choice(BOMBS)[: rng.randrange(200)],
                        text.upper().swapcase(),
                    ]
                )
                or "x"
            )
        texts.append(text)
    return texts


def check(texts: list[str]) -> int:
    """Scans both ways; returns how many findings there were."""
    found = 0
    for context in (INBOUND, OUTBOUND):
        for scanner in PHRASES:
            answers = scanner.scan(texts, [context] * len(texts), shipped_rules())
            for text, hits in zip(texts, answers, strict=True):
                for hit in hits:
                    assert 0 <= hit.start <= hit.end <= len(text)
                found += len(hits)
    return found


def test_hostile_texts_break_nothing() -> None:
    assert check(hostile(150)) > 0


def test_bombs_break_nothing() -> None:
    check(BOMBS)


@pytest.mark.long
def test_ten_thousand_hostile_texts_break_nothing() -> None:
    for seed in range(100):
        check(hostile(100, seed))


@pytest.mark.long
@pytest.mark.parametrize("piece", ["a", "the pill made me sick. ", "no ", "('\"", "5 mg a day "])
def test_ten_thousand_times_as_long_is_ten_thousand_times_the_work(piece: str) -> None:
    """A million characters; the figures are printed, as tests assert no times."""
    spent = []
    for length in (62_500, 250_000, 1_000_000):
        text = (piece * (length // len(piece) + 1))[:length]
        started = time.process_time()
        check([text])
        spent.append(time.process_time() - started)
    print(f"{piece!r}: {spent[0]:.2f}, {spent[1]:.2f}, {spent[2]:.2f} s of a core")


@pytest.mark.parametrize(
    ("text", "phrase", "rule_id", "context"),
    [
        ("This diet cured my sister.", "cured", "CLM-CURE", OUTBOUND),
        ("The implant never fails.", "never fails", "CLM-ABS", OUTBOUND),
        ("It has no side effects.", "no side effects", "CLM-NOSIDE", OUTBOUND),
        ("I checked your chart today.", "checked your chart", "REL-ACK", OUTBOUND),
        ("I want to kill myself tonight.", "kill myself", "SAFE-CRISIS", INBOUND),
    ],
)
@pytest.mark.parametrize("disguise", ["zero-width", "look-alikes", "soft hyphens", "wide"])
def test_disguised_phrase_is_found_in_the_original(
    text: str, phrase: str, rule_id: str, context: ScanContext, disguise: str
) -> None:
    written = {
        "zero-width": "\u200b".join(phrase),
        "look-alikes": phrase.translate(LOOK_ALIKES),
        "soft hyphens": "\u00ad".join(phrase),
        "wide": "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in phrase),
    }[disguise]
    post = text.replace(phrase, written)
    start, end = post.index(written), post.index(written) + len(written)
    hits = [h for s in PHRASES for h in s.scan([post], [context], shipped_rules())[0]]
    assert any(h.rule_id == rule_id and h.start < end and start < h.end for h in hits), hits
