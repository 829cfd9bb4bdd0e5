"""What a post tells of a possible adverse event: product, event, person, reporter.

The four criteria of a valid report are those of GVP Module VI (Rev 2, VI.B.2) and ICH E2D(R1): an
identifiable reporter, an identifiable patient, a suspect product, a suspected reaction. What makes
it serious is in 21 CFR 314.80(a) and 803.3. A machine points at what it found; a person decides.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from compliance.rules import RuleSet
from compliance.rules.reading import compile_pattern
from compliance.scanners.readings import readings_of
from compliance.scanners.sentences import Circumstance, Passage


class FactKind(enum.StrEnum):
    """What a stretch of a post tells."""

    PRODUCT = "product"
    DEVICE = "device"
    EVENT = "event"
    PATIENT = "patient"
    REPORTER = "reporter"
    SERIOUS = "serious"
    SPECIAL = "special"


class Criterion(enum.StrEnum):
    """What makes a report valid."""

    REPORTER = "identifiable reporter"
    PATIENT = "identifiable patient"
    PRODUCT = "suspect product"
    REACTION = "suspected reaction"


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """A stretch of the original text and what it tells.

    Attributes:
        start, end: offsets in code points, end exclusive.
        kind: of fact.
        code: what exactly, e.g. "hospitalisation"; "" where the kind says it all.
    """

    start: int
    end: int
    kind: FactKind
    code: str = ""


_RELATIVES = (
    r"(?:daughter|son|mum|mom|mother|dad|father|wife|husband|partner|girlfriend|sister|brother|"
    r"aunt|niece|gran\w*|friend|baby|toddler|child|kid)"
)
_SELF = rf"\b(?:i|i'?m|i'?ve|me|my(?! (?:\w+ )?{_RELATIVES}))\b"
# Kind, code, pattern; the first that matches at a place counts.
_PATTERNS = (
    (FactKind.REPORTER, "professional",
     r"\b(?:my|our) patients?\b|\b(?:i'?m|i am|as) an? (?:\w+ )?(?:doctor|nurse|midwife|pharmacist|"
     r"gp|physician|doula)\b"),
    (FactKind.REPORTER, "relative", rf"\b(?:my|our) (?:\w+ )?{_RELATIVES}\b"),
    (FactKind.REPORTER, "self", _SELF),
    (FactKind.PATIENT, "relative", rf"\b(?:my|our) (?:\w+ )?{_RELATIVES}\b"),
    (FactKind.PATIENT, "age",
     r"\b\d{1,2}[ -]?(?:(?:year|month|week|yr)s?[ -]old|y/?o)\b|"
     r"\b(?:i'?m|i am|aged?|turned) (?:1[0-9]|[2-9]\d)\b(?! weeks| days| months)|"
     r"\b[1-9]\d ?[fm]\b"),
    (FactKind.PATIENT, "pregnant",
     r"\b(?:\d{1,2}(?: weeks?|w| wks?) pregnant|pregnant|post ?partum|breast-?feeding)\b"),
    (FactKind.PATIENT, "self", _SELF),
    (FactKind.SERIOUS, "death", r"\b(?:died|passed away|death of|fatal|stillb(?:orn|irth))\b"),
    (FactKind.SERIOUS, "life-threatening",
     r"\b(?:anaphyla\w+|life[- ]threatening|nearly died|almost died|could(?:n'?t| not) breathe|"
     r"cardiac arrest|intensive care|icu|septic|sepsis)\b"),
    (FactKind.SERIOUS, "hospitalisation",
     r"\b(?:hospital\w*|admitted|emergency room|the er|a ?& ?e|ambulance|(?:emergency )?surgery|"
     r"operation|transfusion)\b"),
    (FactKind.SERIOUS, "disability",
     r"\b(?:disab\w+|paraly\w+|lost (?:my |her |his )?(?:sight|vision|hearing)|can'?t walk|"
     r"wheelchair|permanent\w*)\b"),
    (FactKind.SERIOUS, "congenital anomaly",
     r"\b(?:birth defects?|malform\w+|congenital|cleft (?:lip|palate)|spina bifida)\b"),
    (FactKind.SERIOUS, "medically important",
     r"\b(?:seizures?|strokes?|(?:blood )?clots?|dvt|embolism|pancreatitis|"
     r"liver (?:failure|damage)|suicid\w+|perforat\w+|h[a]?emorrhag\w+|miscarr\w+)\b"),
    (FactKind.SPECIAL, "pregnancy exposure",
     r"\b(?:pregnant|positive test)\b[^.!?\n]{0,60}\b(?:while|on|taking|still|found out)\b|"
     r"\b(?:taking|took|on)\b[^.!?\n]{0,60}\bpregnan\w+"),
    (FactKind.SPECIAL, "lack of efficacy",
     r"\b(?:didn'?t|did not|doesn'?t|never) work\b|\bfailed\b|\bstill pregnant\b|"
     r"\bgot pregnant (?:on|with)\b|\bpregnant (?:on|with) (?:the|my|an?)\b"),
    (FactKind.SPECIAL, "overdose",
     r"\b(?:overdos\w+|too many|twice the dose|doubl(?:e|ed|ing) (?:up|the)|all at once)\b"),
    (FactKind.SPECIAL, "medication error",
     r"\b(?:wrong (?:pill|tablet|dose|pack|medicine|drug|strength)s?|by mistake|mixed up|"
     r"instead of|somebody else'?s|someone else'?s)\b"),
    (FactKind.SPECIAL, "interaction", r"\binteract\w*|\btogether with\b"),
    (FactKind.SPECIAL, "product quality",
     r"\b(?:broke|broken|snapped|cracked|leak(?:ed|ing)|expired|torn|tore|fell apart|"
     r"jammed|missing (?:pill|tablet)s?|defect\w*|recall\w*)\b"),
)  # fmt: skip
_NOT_SO = frozenset({Circumstance.NEGATED, Circumstance.QUESTION})
_SURE_ENOUGH = frozenset({FactKind.EVENT, FactKind.SERIOUS, FactKind.SPECIAL})


def facts_of(text: str, rules: RuleSet) -> tuple[Fact, ...]:
    """What the post tells, in the order of the text; one fact a kind and code, the first of it.

    Products and events are all kept, each name once. What is denied or only asked is left out.
    """
    reading = readings_of(text).normal
    found: dict[tuple[FactKind, str], Fact] = {}
    for start, end, kind, code in _told(reading.passage, rules):
        name = reading.passage.text[start:end].casefold()
        every = kind in (FactKind.PRODUCT, FactKind.DEVICE, FactKind.EVENT)
        first, last = reading.view.original(start, end)
        found.setdefault((kind, name if every else code), Fact(first, last, kind, code))
    return tuple(sorted(found.values()))


def criteria_of(facts: tuple[Fact, ...]) -> dict[Criterion, Fact | None]:
    """For each criterion of a valid report the first fact that meets it, or None."""
    meets = {
        Criterion.REPORTER: (FactKind.REPORTER,),
        Criterion.PATIENT: (FactKind.PATIENT,),
        Criterion.PRODUCT: (FactKind.PRODUCT, FactKind.DEVICE),
        Criterion.REACTION: (FactKind.EVENT, FactKind.SPECIAL, FactKind.SERIOUS),
    }
    return {
        criterion: next((fact for fact in facts if fact.kind in kinds), None)
        for criterion, kinds in meets.items()
    }


def is_serious(facts: tuple[Fact, ...]) -> bool:
    """Whether any criterion of seriousness is told."""
    return any(fact.kind == FactKind.SERIOUS for fact in facts)


def _told(passage: Passage, rules: RuleSet) -> Iterator[tuple[int, int, FactKind, str]]:
    for kind, code, pattern in _compiled(rules):
        for match in pattern.finditer(passage.text):
            if kind in _SURE_ENOUGH and passage.circumstances(*match.span(), _NOT_SO):
                continue
            yield *match.span(), kind, code


@functools.lru_cache(maxsize=8)
def _compiled(rules: RuleSet) -> tuple[tuple[FactKind, str, re.Pattern[str]], ...]:
    listed = (
        (FactKind.DEVICE, "", r"\b%device%\b"),
        (FactKind.PRODUCT, "", r"\b(?:%drug%|%brand%)\b"),
        (FactKind.EVENT, "", r"\b%event%\b"),
    )
    return tuple(
        (kind, code, compile_pattern(pattern, rules.lexicons))
        for kind, code, pattern in (*listed, *_PATTERNS)
    )
