"""Ordinary sentences of real questions and answers, on which rare rules must be quiet.

Nobody labelled them. A rule that its patterns find in a text says nothing there, neither do the
rules that ordinary talk often breaks; the others are taken to be kept.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from compliance.enums import Direction
from compliance.findings import ScanContext
from compliance.rules import RuleSet, shipped_rules
from compliance.scanners import SCANNERS
from compliance.scanners.phrases import PhraseScanner
from compliance.scanners.sentences import Passage
from compliance.scanners.units import units
from compliance.scanners.views import normal
from scripts.training.told import Told

# What people write of their drugs, and doctors in answers.
COMMON = (
    "AE-POSSIBLE", "AE-DEVICE", "SAFE-URGENT", "CLM-DIAG", "CLM-DOSE", "CLM-REASSURE", "CLM-CURE",
    "CLM-ABS", "CLM-PROVEN", "CLM-BALANCE", "CLM-NOSIDE", "CLM-COMPARE", "DISC-GENERAL",
)  # fmt: skip
LONGEST = 3000  # characters of a text that are read


def ordinary(corpora: Path, seed: int) -> list[Told]:
    """Sentences of `carriers.jsonl` in any order, each with the rules that are quiet on it."""
    rules, found = _by_words_alone(shipped_rules()), []
    scanners = [scanner for scanner in SCANNERS if isinstance(scanner, PhraseScanner)]
    for row in (corpora / "carriers.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(row)
        found += _sentences(entry["text"][:LONGEST], entry["role"], rules, scanners)
    random.Random(seed).shuffle(found)
    return found


def _sentences(
    text: str, role: str, rules: RuleSet, scanners: list[PhraseScanner]
) -> Iterator[Told]:
    direction = Direction.INBOUND if role == "question" else Direction.OUTBOUND
    context = ScanContext(direction)
    fired = {hit.rule_id for one in scanners for hit in one.scan([text], [context], rules)[0]}
    quiet = frozenset(
        rule.id
        for rule in rules.rules.values()
        if rule.applies_to(direction) and rule.id not in fired and rule.id not in COMMON
    )
    for unit in units(Passage(normal(text).text)):
        yield Told("", False, (unit,), False, quiet)


def _by_words_alone(rules: RuleSet) -> RuleSet:
    quiet = (
        replace(rule, detection=replace(rule.detection, learned=0.0))
        for rule in rules.rules.values()
    )
    return RuleSet.build(quiet, rules.lexicons)
