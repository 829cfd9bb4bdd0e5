"""The engine finds the same with and without its short cuts, and nothing leaves the machine."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys

import pytest
import regex

from compliance.scanners.identifiers.choice import Choice
from compliance.scanners.identifiers.engine import Analyzer, Gate
from compliance.scanners.identifiers.record_numbers import RecordNumberRecognizer
from tests.compliance.test_identifiers import HITS

WORDS = (
    "my name is Keisha Brandt i am Dr. Osei the a it was in Dubuque near Lakeside Clinic on 14 "
    "March 2019 call 612-555-0148 or \u0661\u0662\u0663-\u0665\u0665\u0665-0148 \u0667\u0668 "
    "k.brandt@example.com at dot com [at] www.kb.example.net @copper_wren u/wren MRN 00482913 SSN "
    "219-09-9999 1EG4-TE5-MK73 zip 78704 93-year-old IMG_2231.jpg photo of me 203.0.113.57 "
    "00:1B:44:11:3A:B7 serial TX90-118273 spotting cramps Mirena and , . ! ? \n ( ) thanks Oscar"
).split(" ")


def posts(number: int, seed: int) -> list[str]:
    """Posts made of words that the recognizers look for, in any order."""
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(1, 40))) for _ in range(number)]


def found(engine: Analyzer, texts: list[str], batch: int) -> bytes:
    """What an engine finds, as bytes."""
    results = [
        [(r.entity_type, r.start, r.end, r.score) for r in one]
        for at in range(0, len(texts), batch)
        for one in engine.analyze(texts[at : at + batch])
    ]
    return json.dumps(results).encode()


def check_short_cuts(number: int) -> None:
    reader = Choice().reader
    quick, plain = Analyzer(reader), Analyzer(reader, gates=False)
    texts = posts(number, seed=number)
    assert found(quick, texts, batch=100) == found(plain, texts, batch=1)


def test_gates_and_batches_change_nothing() -> None:
    check_short_cuts(300)


@pytest.mark.long
def test_gates_and_batches_change_nothing_in_hundred_thousand_posts() -> None:
    check_short_cuts(100_000)


def hidden_hits(number: int) -> list[str]:
    """Our examples with pieces of others in them, in which a condition to run hides a hit."""
    analyzer = Analyzer(Choice().reader)
    gates = [r for r in analyzer.recognizers if isinstance(r, Gate)]
    examples = [re.findall(r"\w+|\W", text) for text, _, _ in HITS]
    pieces = list(dict.fromkeys(piece for example in examples for piece in example))
    rng, hidden = random.Random(number), []
    for _ in range(number):
        text = "".join(
            rng.choice(pieces) if rng.random() < 0.2 else piece for piece in rng.choice(examples)
        )
        hidden += [f"{gate.name}: {text}" for gate in gates if gate.hides(text)]
    return hidden


def test_conditions_to_run_hide_nothing() -> None:
    assert hidden_hits(2_000) == []


@pytest.mark.long
def test_conditions_to_run_hide_nothing_in_a_million_texts() -> None:
    assert hidden_hits(1_000_000) == []


def test_condition_that_is_too_narrow_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # The negative control: what stood before record numbers until such texts were tried.
    monkeypatch.setattr(RecordNumberRecognizer, "NEEDS", regex.compile(r"\d\D\d"))
    assert hidden_hits(2_000)


def test_commands_of_spacy_are_not_loaded_and_refuse():
    """In a process of its own: another test may have loaded spaCy whole."""
    program = (
        "from compliance.scanners import identifiers; identifiers.warm_up(); import spacy, sys\n"
        "assert not {'typer', 'weasel', 'rich'} & set(sys.modules), 'loaded'\n"
        "assert [t.text for t in spacy.blank('en')('It hurts.')] == ['It', 'hurts', '.']\n"
        "from spacy.cli import download; download('en_core_web_sm')"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "models are installed beforehand" in run.stderr
