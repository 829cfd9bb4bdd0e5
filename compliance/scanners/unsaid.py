"""Does the reply say something about the person that the thread does not?

The delta of draft and thread: what somebody wrote about themselves waives nothing, and what they
did not write can only come from a record (45 CFR 164.502(a); OCR v. Manasa Health Center, 2023,
where the reply named diagnosis and treatment).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from compliance.enums import Direction
from compliance.findings import Hit, ScanContext
from compliance.rules import RuleSet
from compliance.rules.reading import compile_pattern
from compliance.scanners import identifiers
from compliance.scanners.readings import readings_of
from compliance.scanners.sentences import Circumstance, Passage
from compliance.scanners.views import normal

RULE = "REL-UNSAID"
FACTS = "clinical_fact"  # the word list: a line is one thing with all its names
CONFIDENCE = 0.8
# "your endometriosis", "you had a hysterectomy", "since you're on lithium"
_ADDRESSED = (
    r"\b(?:your|you(?:'ve|'re|'d)?(?: \w+ly)? (?:have|had|has|got|are|were|been|took|take|told|"
    r"said|mentioned|went|underwent|suffered?|lost|live|on|being)|you(?:'ve|'re|'d)|yours)\b"
)
_NEAR = r"[^.!?\n;:]{0,45}?"
_MEASURE = re.compile(
    rf"{_ADDRESSED}{_NEAR}(?<![\w.])(?P<number>\d{{1,4}}(?:[.,]\d+)?)"
    r"(?:[ -]?(?:cm|mm|kg|lbs?|pounds|stone|mg|mcg|ng|iu|weeks?|wks?|months?|years?|yo|kids|"
    r"children|pregnancies|miscarriages|births|cycles|rounds)\b|%| ?(?:th|st|nd|rd)\b|"
    r"(?=[ ,.]|$))",
    re.IGNORECASE,
)
_SPARED = frozenset({Circumstance.QUESTION, Circumstance.CONDITIONAL})
_GENERAL = re.compile(
    r"\b(?:many|some|most|other|people|women|anyone|everyone|patients|those) (?:people |women )?"
    r"(?:who|with|have|like)\b|\b(?:check|screen\w*|test\w*|risk) (?:of|for|your)\b|"
    r"\b(?:lower|raise|increase|reduce|affect)s? your\b",
    re.IGNORECASE,
)
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_UNITS = {word: str(number) for number, word in enumerate(_NUMBERS)}


class UnsaidScanner:
    """Finds clinical facts, figures and identifiers of a draft that its thread does not hold."""

    name = "unsaid"
    version = "1"

    def scan(
        self, texts: Sequence[str], contexts: Sequence[ScanContext], rules: RuleSet
    ) -> list[list[Hit]]:
        """One list of hits a text; none for posts and for drafts without a thread."""
        answers: list[list[Hit]] = [[] for _ in texts]
        asked = [
            n
            for n, context in enumerate(contexts)
            if context.direction == Direction.OUTBOUND and context.thread_texts
        ]
        if not asked or RULE not in {rule.id for rule in rules.of_scanner(self.name)}:
            return answers
        facts = _facts(rules)
        named = identifiers.SCANNER.scan(
            [texts[n] for n in asked], [contexts[n] for n in asked], rules
        )
        for number, hits in zip(asked, named, strict=True):
            text, context = texts[number], contexts[number]
            said = "\n".join(normal(post).text for post in context.thread_texts)
            places = {
                (hit.start, hit.end)
                for hit in hits
                if hit.entity and not _is_said(text[hit.start : hit.end], said)
            }
            reading = readings_of(text).normal
            for start, end in (*_facts_told(reading.passage, said, facts),
                               *_figures_told(reading.passage, said)):  # fmt: skip
                places.add(reading.view.original(start, end))
            answers[number] = [
                Hit(start, end, RULE, CONFIDENCE, self.name) for start, end in sorted(places)
            ]
        return answers


@functools.lru_cache(maxsize=8)
def _facts(rules: RuleSet) -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    """For each thing: how it is told of somebody, and its names."""
    return tuple(
        (
            compile_pattern(rf"{_ADDRESSED}{_NEAR}\b(?P<fact>{names})\b", {}),
            compile_pattern(rf"\b(?:{names})\b", {}),
        )
        for names in rules.lexicons.get(FACTS, ())
    )


def _facts_told(
    passage: Passage, said: str, facts: Sequence[tuple[re.Pattern[str], re.Pattern[str]]]
) -> Iterator[tuple[int, int]]:
    for told, names in facts:
        if names.search(passage.text) is None or names.search(said):
            continue
        for found in told.finditer(passage.text):
            if _is_of_this_person(passage, found.start(), found.end()):
                yield found.span("fact")


def _figures_told(passage: Passage, said: str) -> Iterator[tuple[int, int]]:
    known = set(re.findall(r"\d+(?:[.,]\d+)?", said))
    known |= {_UNITS[word] for word in re.findall(r"[a-z]+", said.casefold()) if word in _UNITS}
    for found in _MEASURE.finditer(passage.text):
        if found["number"] in known or not _is_of_this_person(passage, *found.span()):
            continue
        yield found.span("number")


def _is_of_this_person(passage: Passage, start: int, end: int) -> bool:
    sentence = passage.words_of(passage.sentence_at(start))
    return not _GENERAL.search(sentence) and not passage.circumstances(start, end, _SPARED)


def _is_said(words: str, said: str) -> bool:
    return normal(words).text.casefold() in said.casefold()


SCANNER = UnsaidScanner()
