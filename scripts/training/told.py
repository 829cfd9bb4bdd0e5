"""Labelled sentences for the rules: the lines of `sentences/` and the examples of the rules."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from compliance.enums import Direction
from compliance.rules import shipped_rules
from compliance.rules.catalogue_form import with_context
from compliance.scanners.sentences import Passage
from compliance.scanners.units import Unit, encoded, units

FOLDER = Path(__file__).parent / "sentences"
ELSEWHERE = 0.05  # weight of what a sentence of one rule says of the others: most likely nothing
QUIET = 0.3  # weight of what nobody labelled, where a rule is likely kept


@dataclass(frozen=True)
class Told:
    """A text of which somebody said whether a rule must fire on it.

    Attributes:
        rule: that somebody spoke of; "" where nobody did.
        fires: whether it must fire.
        units: the sentences.
        tied: whether the author has a tie that is not stated.
        quiet: rules that are likely kept by an ordinary sentence.
    """

    rule: str
    fires: bool
    units: tuple[Unit, ...]
    tied: bool
    quiet: frozenset[str] = frozenset()


def told(rule: str, line: str, fires: bool) -> Told:
    """A line in the form of the catalogue."""
    text, context = with_context(line, Direction.OUTBOUND)
    tied = bool(context.material_ties)
    return Told(rule, fires, tuple(units(Passage(text))), tied)


def read(folder: Path = FOLDER) -> list[Told]:
    """All lines of all files, and the examples of the rules that a sentence decides."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text("utf-8").splitlines():
            if line[:2] in ("+ ", "- "):
                found.append(told(path.stem, line[2:].strip(), line[0] == "+"))
    rules = {path.stem for path in folder.glob("*.txt")}
    for rule in shipped_rules().rules.values():
        if rule.id in rules:
            for fires, examples in ((True, rule.positives), (False, rule.negatives)):
                found += [told(rule.id, e.text, fires) for e in examples]
    return [one for one in found if one.units]


def split(examples: Sequence[Told], share: float, seed: int) -> tuple[list[Told], list[Told]]:
    """Most for training, a share of each rule and label kept apart."""
    rng = random.Random(seed)
    kinds: dict[tuple[str, bool], list[Told]] = {}
    for example in examples:
        kinds.setdefault((example.rule, example.fires), []).append(example)
    train, apart = [], []
    for kind in kinds.values():
        rng.shuffle(kind)
        number = round(share * len(kind))
        apart += kind[:number]
        train += kind[number:]
    return train, apart


# What is true of one product or at one stage of life alone is not said of another.
OF_ONE_THING = ("CLM-OFFLABEL", "CLM-STALE", "CLM-MISINFO", "CLM-STERIL", "SAFE-", "LEGAL-", "PHI-")
SWAPPED = {
    "condition": (
        "endometriosis", "PCOS", "fibroids", "thrush", "migraine", "incontinence", "prolapse",
        "vaginismus", "lichen sclerosus", "PMDD", "acne", "anaemia", "eczema", "arthritis", "BV",
        "hot flashes", "period pain", "adenomyosis", "cystitis", "insomnia", "hay fever",
        "heavy periods", "asthma", "diabetes", "psoriasis", "infertility", "menopause symptoms",
    ),
    "drug": (
        "the pill", "the patch", "the ring", "the implant", "the coil", "HRT", "metformin",
        "progesterone", "letrozole", "the mini-pill", "sertraline", "estradiol gel", "tamoxifen",
        "the depo shot", "spironolactone", "clomid", "vaginal estrogen", "this supplement",
        "gabapentin", "the new injection", "antibiotics", "iron tablets", "levothyroxine",
        "ibuprofen", "magnesium", "tranexamic acid", "the tea", "statins",
    ),
}  # fmt: skip
_CONDITION = re.compile(
    r"\b(?:endometriosis|endo|pcos|fibroids|thrush|migraines?|stress incontinence|incontinence|"
    r"prolapse|vaginismus|lichen sclerosus|pmdd|acne|an[a]?emia|bv|hot fl[au]shes|hot flushes|"
    r"period pain|adenomyosis|cystitis|heavy periods|infertility)\b",
    re.IGNORECASE,
)
_DRUG = re.compile(
    r"\b(?:the (?:copper |hormonal )?(?:coil|pill|patch|ring|implant|mini-?pill|shot|gel|tablets?)|"
    r"metformin|hrt|letrozole|sertraline|tamoxifen|clomid|spironolactone|gabapentin|ibuprofen|"
    r"lexapro|prozac|magnesium|this (?:pill|cream|gel|tablet|supplement|tea))\b",
    re.IGNORECASE,
)


class Varied:
    """Examples as they are shown in one epoch: with other sentences before them, other conditions
    and drugs in them, and slips.

    Args:
        examples: what is varied.
        seed: of the choices.
    """

    def __init__(self, examples: Sequence[Told], seed: int) -> None:
        self._rng = random.Random(seed)
        self._sentences = [e.units[-1].words for e in examples]

    def units_of(self, example: Told) -> Iterator[tuple[Unit, bool]]:
        """The units of an example and whether the author counts as tied."""
        rng = self._rng
        before, tied = "", example.tied
        if rng.random() < 0.3:
            before = rng.choice(self._sentences)
        if not example.rule.startswith("DISC") and rng.random() < 0.1:
            tied = True
        for number, unit in enumerate(example.units):
            words = unit.words
            if not example.rule.startswith(OF_ONE_THING) and rng.random() < 0.5:
                words = self._swapped(words)
            words = self._with_slip(words) if rng.random() < 0.15 else words
            yield Unit(0, 0, words, unit.before if number else before), tied

    def _swapped(self, words: str) -> str:
        for pattern, kind in ((_CONDITION, "condition"), (_DRUG, "drug")):
            other = self._rng.choice(SWAPPED[kind])
            words = pattern.sub(lambda found, other=other: other, words, count=1)  # type: ignore[misc]
        return words

    def _with_slip(self, words: str) -> str:
        rng = self._rng
        at = rng.randrange(len(words))
        match rng.randrange(4):
            case 0:
                return words.rstrip(".!")
            case 1:
                return words[:at] + words[at + 1 :]
            case 2:
                return words[:at] + words[at : at + 2][::-1] + words[at + 2 :]
            case _:
                return words.replace("'", "")


def encoded_units(
    example: Told, varied: Varied | None, tokenizer: Tokenizer
) -> list[tuple[list[int], list[int]]]:
    """What the encoder reads of an example."""
    if varied is None:
        pairs: Iterator[tuple[Unit, bool]] = ((unit, example.tied) for unit in example.units)
    else:
        pairs = varied.units_of(example)
    return [encoded(unit, tied, tokenizer) for unit, tied in pairs]


def targets(example: Told, rules: Mapping[str, int]) -> tuple[list[float], list[float]]:
    """For each rule whether it fires, and how much that is to be believed."""
    wanted = [0.0] * len(rules)
    if not example.rule:
        return wanted, [QUIET * (rule in example.quiet) for rule in rules]
    weight = [ELSEWHERE] * len(rules)
    wanted[rules[example.rule]], weight[rules[example.rule]] = float(example.fires), 1.0
    return wanted, weight
