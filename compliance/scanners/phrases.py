"""The engine of the rules that are written as patterns: phrases, and what a whole draft lacks."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compliance.findings import Hit, ScanContext
from compliance.rules import Rule, RuleSet
from compliance.rules.reading import compile_pattern
from compliance.scanners.sentences import Circumstance, Passage
from compliance.scanners.views import View, normal, plainer

Patterns = tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its patterns ready to run."""

    rule: Rule
    needs: Patterns
    patterns: Patterns
    requires: Patterns
    unless: Patterns
    spare: frozenset[Circumstance]
    satisfied_by: Patterns
    signposts: Mapping[str, Patterns]


class PhraseScanner:
    """Finds the rules that the rule set gives to the scanner of this name.

    Raises nothing of its own: patterns were checked when the rules were read.
    """

    def __init__(self, name: str, version: str) -> None:
        self.name = name
        self.version = version

    def scan(
        self, texts: Sequence[str], contexts: Sequence[ScanContext], rules: RuleSet
    ) -> list[list[Hit]]:
        """One list of hits a text, sorted by place, in the order of the texts."""
        compiled = compiled_rules(rules, self.name)
        answers = []
        for text, context in zip(texts, contexts, strict=True):
            rules_here = [e for e in compiled if e.rule.applies_to(context.direction)]
            view = normal(text)
            hits = set(self._read(rules_here, view, context))
            for other in plainer(view):  # what only another reading of a disguised text shows
                hits |= {
                    hit
                    for hit in self._read(rules_here, other, context)
                    if hit.end > hit.start and not any(h.rule_id == hit.rule_id for h in hits)
                }
            answers.append(sorted(hits))
        return answers

    def _read(
        self, entries: Sequence[CompiledRule], view: View, context: ScanContext
    ) -> Iterator[Hit]:
        passage = Passage(view.text)
        for entry in entries:
            for hit in self._judge(entry, passage, context):
                if hit.end == hit.start:
                    yield hit
                else:
                    start, end = view.original(hit.start, hit.end)
                    yield replace(hit, start=start, end=end)

    def _judge(self, entry: CompiledRule, passage: Passage, context: ScanContext) -> list[Hit]:
        detection = entry.rule.detection
        if detection.cured_by_references and context.references:
            return []
        if not all(pattern.search(passage.text) for pattern in entry.needs):
            return []
        if any(pattern.search(passage.text) for pattern in entry.satisfied_by):
            return []
        if entry.signposts:
            return self._hit(entry, 0, 0) if _lacks_signpost(entry, passage, context) else []
        if detection.needs_tie and not _names_tie(passage, context):
            return []
        if detection.scope == "draft":
            return self._hit(entry, 0, 0) if self._places(entry, passage) else []
        return [hit for start, end in self._places(entry, passage)
                for hit in self._hit(entry, start, end)]  # fmt: skip

    def _hit(self, entry: CompiledRule, start: int, end: int) -> list[Hit]:
        return [Hit(start, end, entry.rule.id, entry.rule.detection.confidence, self.name)]

    def _places(self, entry: CompiledRule, passage: Passage) -> list[tuple[int, int]]:
        found = sorted(
            _words_only(passage.text, *match.span())
            for pattern in entry.patterns
            for match in pattern.finditer(passage.text)
            if _counts(entry, passage, match)
        )
        merged: list[tuple[int, int]] = []
        for start, end in found:
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged


@functools.lru_cache(maxsize=32)
def compiled_rules(rules: RuleSet, scanner: str) -> tuple[CompiledRule, ...]:
    """The rules of one scanner, compiled once for each version of the rule set."""

    def compiled(patterns: Sequence[str]) -> Patterns:
        return tuple(compile_pattern(pattern, rules.lexicons) for pattern in patterns)

    return tuple(
        CompiledRule(
            rule=rule,
            needs=compiled(rule.detection.needs),
            patterns=compiled(rule.detection.patterns),
            requires=compiled(rule.detection.requires),
            unless=compiled(rule.detection.unless),
            spare=frozenset(Circumstance(name) for name in rule.detection.spare),
            satisfied_by=compiled(rule.detection.satisfied_by),
            signposts={f: compiled(p) for f, p in rule.detection.signposts.items()},
        )
        for rule in rules.of_scanner(scanner)
    )


def _words_only(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without what stands before its first word."""
    while start < end - 1 and not text[start].isalnum():
        start += 1
    return start, end


def _counts(entry: CompiledRule, passage: Passage, match: re.Match[str]) -> bool:
    start, end = match.span()
    if entry.requires or entry.unless:
        words = passage.words_of(passage.sentence_at(start))
        if not all(pattern.search(words) for pattern in entry.requires):
            return False
        if any(pattern.search(words) for pattern in entry.unless):
            return False
    return not (entry.spare and passage.circumstances(start, end, entry.spare))


def _lacks_signpost(entry: CompiledRule, passage: Passage, context: ScanContext) -> bool:
    def begins_in_time(pattern: re.Pattern[str]) -> bool:
        found = pattern.search(passage.text)
        return found is not None and found.start() <= entry.rule.detection.within

    return any(
        not any(begins_in_time(pattern) for pattern in patterns)
        for flag, patterns in entry.signposts.items()
        if flag in context.safety_flags
    )


def _names_tie(passage: Passage, context: ScanContext) -> bool:
    words = passage.text.casefold()
    return any(tie.casefold() in words for tie in context.product_ties if tie)
