"""The engine of the rules that a sentence decides: by its words (patterns), by its meaning (the
encoder of `compliance/scanners/sense.py`), and by what a whole draft lacks."""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compliance.enums import Basis
from compliance.findings import Hit, ScanContext
from compliance.rules import Detection, Rule, RuleSet
from compliance.rules.reading import compile_pattern
from compliance.scanners import sense
from compliance.scanners.prefilter import Prefilter
from compliance.scanners.readings import Reading, Readings, readings_of
from compliance.scanners.searching import matches
from compliance.scanners.sense import Judged
from compliance.scanners.sentences import Circumstance, Passage
from compliance.scanners.units import Unit

Patterns = tuple[re.Pattern[str], ...]
Sentences = Sequence[tuple[Unit, Judged]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule fires in a view, how sure it is and what tells it.

    Attributes:
        doubted: below which chance by the encoder it counts as harmless.
    """

    start: int
    end: int
    confidence: float
    basis: Basis
    doubted: float = 0.0


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """One way of finding a rule, with its patterns ready to run."""

    detection: Detection
    needs: Patterns
    patterns: Patterns
    together: tuple[Patterns, ...]
    requires: Patterns
    unless: Patterns
    spare: frozenset[Circumstance]
    doubted: float


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its patterns ready to run."""

    rule: Rule
    parts: tuple[CompiledPart, ...]
    satisfied_by: Patterns
    signposts: Mapping[str, Patterns]
    prefilter: Prefilter


class PhraseScanner:
    """Finds the rules that the rule set gives to the scanner of this name.

    Raises nothing of its own: patterns were checked when the rules were read.

    Args:
        name: of the scanner.
        version: of the code.
        rules_of: whose rules it takes, where they are not those of its own name.
    """

    def __init__(self, name: str, version: str, *, rules_of: str = "") -> None:
        self.name = name
        self._version = version
        self._rules_of = rules_of or name

    @property
    def version(self) -> str:
        """Of the code and of the encoder."""
        return f"{self._version}+{sense.version()}"

    def scan(
        self, texts: Sequence[str], contexts: Sequence[ScanContext], rules: RuleSet
    ) -> list[list[Hit]]:
        """One list of hits a text, sorted by place, in the order of the texts."""
        # A community's profile changes severities, which a scanner doesn't read.
        compiled = compiled_rules(rules.base or rules, self._rules_of)
        answers = []
        for text, context in zip(texts, contexts, strict=True):
            rules_here = [e for e in compiled if e.rule.applies_to(context.direction)]
            answers.append(sorted(self._hits(rules_here, readings_of(text), context)))
        return answers

    def _hits(
        self, entries: Sequence[CompiledRule], readings: Readings, context: ScanContext
    ) -> set[Hit]:
        sentences: Sentences = ()
        if any(e.rule.detection.learned for e in entries):
            sentences = readings.judged(tied=_is_tied(context))
        hits = set(self._read(entries, readings.normal, context, sentences))
        known = {hit.rule_id for hit in hits}
        for other in readings.plainer:  # what only another reading of a disguised text shows
            found = list(self._read(entries, other, context, ()))
            hits |= {h for h in found if h.end > h.start and h.rule_id not in known}
        return hits

    def _read(
        self,
        entries: Sequence[CompiledRule],
        reading: Reading,
        context: ScanContext,
        sentences: Sentences,
    ) -> Iterator[Hit]:
        for entry in entries:
            for place in _judge(entry, reading, context, sentences):
                start, end = place.start, place.end
                if end > start:
                    start, end = reading.view.original(start, end)
                yield Hit(start, end, entry.rule.id, place.confidence, self.name, basis=place.basis)


def _judge(
    entry: CompiledRule, reading: Reading, context: ScanContext, sentences: Sentences
) -> list[Place]:
    detection, passage = entry.rule.detection, reading.passage
    if detection.cured_by_references and context.references:
        return []
    if entry.signposts:
        return [_whole(entry)] if _lacks_signpost(entry, passage, context) else []
    if detection.needs_tie and not _names_tie(passage, context):
        return []
    likely = reading.candidates(entry.prefilter)
    places = [place for part in entry.parts for place in _places(part, passage, likely)]
    if detection.learned and sentences and (not detection.learned_when_tied or _is_tied(context)):
        places = _with_sense(entry, places, sentences, context.disclosure_line)
    if places and any(_found(pattern, passage, likely) for pattern in entry.satisfied_by):
        return []
    if detection.scope == "draft" and places:
        best = max(places, key=lambda place: place.confidence)
        return [replace(best, start=0, end=0)]
    return places


def _found(pattern: re.Pattern[str], passage: Passage, likely: frozenset[str]) -> bool:
    return pattern.pattern in likely and any(matches(pattern, passage.text))


def _whole(entry: CompiledRule) -> Place:
    return Place(0, 0, entry.rule.detection.confidence, Basis.PATTERN)


def _places(part: CompiledPart, passage: Passage, likely: frozenset[str]) -> list[Place]:
    if not all(_found(pattern, passage, likely) for pattern in part.needs):
        return []
    found = sorted(
        _words_only(passage.text, *match.span())
        for match in _matches(part, passage, likely)
        if _counts(part, passage, match)
    )
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    confidence, doubted = part.detection.confidence, part.doubted
    return [Place(start, end, confidence, Basis.PATTERN, doubted) for start, end in merged]


def _matches(
    part: CompiledPart, passage: Passage, likely: frozenset[str]
) -> Iterator[re.Match[str]]:
    for pattern in part.patterns:
        if pattern.pattern in likely:
            yield from matches(pattern, passage.text)
    for first, *others in part.together:
        if first.pattern not in likely:
            continue
        for match in matches(first, passage.text):
            words = passage.words_of(passage.sentence_at(match.start()))
            if all(other.search(words) for other in others):
                yield match


def _with_sense(
    entry: CompiledRule, places: Sequence[Place], sentences: Sentences, agreed: str
) -> list[Place]:
    """What the patterns found, less what the encoder takes for harmless, and what it adds.

    It adds nothing in the line that the community puts under every reply: people agreed on that.
    """
    learned = entry.rule.detection.learned
    inside_of, found = _by_sentence(places, [unit for unit, _ in sentences])
    for number, (unit, judged) in enumerate(sentences):
        inside = inside_of.get(number, [])
        chance = judged[entry.rule.id]
        if chance >= learned:
            both = [
                replace(p, confidence=max(p.confidence, chance), basis=Basis.BOTH) for p in inside
            ]
            alone = [Place(unit.start, unit.end, chance, Basis.LEARNED)]
            found += both or (alone if unit.words not in agreed else [])
        else:
            found += [place for place in inside if chance >= place.doubted]
    return found


def _by_sentence(
    places: Sequence[Place], units: Sequence[Unit]
) -> tuple[dict[int, list[Place]], list[Place]]:
    """The places by the number of the sentence that they begin in, and those in none."""
    starts = [unit.start for unit in units]
    inside: dict[int, list[Place]] = {}
    outside = []
    for place in places:
        number = bisect.bisect_right(starts, place.start) - 1
        if number >= 0 and place.start < units[number].end:
            inside.setdefault(number, []).append(place)
        else:
            outside.append(place)
    return inside, outside


@functools.lru_cache(maxsize=32)
def compiled_rules(rules: RuleSet, scanner: str) -> tuple[CompiledRule, ...]:
    """The rules of one scanner, compiled once for each version of the rule set."""

    def compiled(patterns: Sequence[str]) -> Patterns:
        return tuple(compile_pattern(pattern, rules.lexicons) for pattern in patterns)

    def compiled_part(detection: Detection, whole: Detection) -> CompiledPart:
        return CompiledPart(
            detection=detection,
            needs=compiled(detection.needs),
            patterns=compiled(detection.patterns),
            together=tuple(compiled(group) for group in detection.together),
            requires=compiled(detection.requires),
            unless=compiled(detection.unless),
            spare=frozenset(Circumstance(name) for name in detection.spare),
            doubted=detection.doubted or whole.doubted,
        )

    return tuple(
        CompiledRule(
            rule=rule,
            parts=tuple(compiled_part(p, rule.detection) for p in rule.detection.parts()),
            satisfied_by=compiled(rule.detection.satisfied_by),
            signposts={f: compiled(p) for f, p in rule.detection.signposts.items()},
            prefilter=prefilter_of(rules),
        )
        for rule in rules.of_scanner(scanner)
    )


@functools.lru_cache(maxsize=32)
def prefilter_of(rules: RuleSet) -> Prefilter:
    """Asks for all patterns of the rule set at once."""
    wanted: list[str] = []
    for rule in rules.rules.values():
        wanted += rule.detection.satisfied_by
        for part in rule.detection.parts():
            wanted += [*part.needs, *part.patterns, *(group[0] for group in part.together)]
    return Prefilter(compile_pattern(pattern, rules.lexicons).pattern for pattern in wanted)


def _words_only(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without what stands before its first word."""
    while start < end - 1 and not text[start].isalnum():
        start += 1
    return start, end


def _counts(part: CompiledPart, passage: Passage, match: re.Match[str]) -> bool:
    start, end = match.span()
    if part.requires or part.unless:
        words = passage.words_of(passage.sentence_at(start))
        if not all(pattern.search(words) for pattern in part.requires):
            return False
        if any(pattern.search(words) for pattern in part.unless):
            return False
    return not (part.spare and passage.circumstances(start, end, part.spare))


def _lacks_signpost(entry: CompiledRule, passage: Passage, context: ScanContext) -> bool:
    def begins_in_time(pattern: re.Pattern[str]) -> bool:
        found = pattern.search(passage.text)
        return found is not None and found.start() <= entry.rule.detection.within

    return any(
        not any(begins_in_time(pattern) for pattern in patterns)
        for flag, patterns in entry.signposts.items()
        if flag in context.safety_flags
    )


def _is_tied(context: ScanContext) -> bool:
    return bool(context.material_ties or context.product_ties)


def _names_tie(passage: Passage, context: ScanContext) -> bool:
    words = passage.text.casefold()
    return any(tie.casefold() in words for tie in context.product_ties if tie)
