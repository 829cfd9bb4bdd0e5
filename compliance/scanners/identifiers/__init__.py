"""Which words of a text could tell who somebody is?

Presidio's pattern recognizers and our own, one a file, over the identifiers of HIPAA Safe Harbor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from compliance.findings import Hit, ScanContext
from compliance.rules import RuleSet
from compliance.scanners.identifiers import choice
from compliance.scanners.identifiers.facilities import with_their_places
from compliance.scanners.identifiers.kinds import KINDS
from compliance.scanners.identifiers.listed import with_lists
from compliance.scanners.identifiers.no_commands import leave_out_commands
from compliance.scanners.languages import language_of
from compliance.scanners.views import normal, plainer

if TYPE_CHECKING:
    from presidio_analyzer import RecognizerResult

leave_out_commands()  # before anything imports Presidio
SHORTEST_DISCLOSED = 3
LEARNED = "LearnedRecognizer"
# Kinds whose end is told by their form, so that a part that was seen can be completed.
WITH_A_FORM = frozenset({"EMAIL", "PHONE", "ID"})


class IdentifierScanner:
    """The scanner of the PHI rules. Presidio is loaded at the first scan, not at import."""

    name = "identifiers"

    @property
    def version(self) -> str:
        """Of the rules here and of the models that were chosen."""
        return "+".join(["4", *(chosen.version for chosen in choice.chosen().values())])

    def scan(
        self, texts: Sequence[str], contexts: Sequence[ScanContext], rules: RuleSet
    ) -> list[list[Hit]]:
        """One list of hits a text, sorted by place, in the order of the texts."""
        wanted = {rule.id: rule for rule in rules.of_scanner(self.name)}
        views = [normal(text) for text in texts]
        # Each text, and after them all the ways in which a disguised one can be read.
        read = [(n, view, False) for n, view in enumerate(views)]
        read += [(n, other, True) for n, view in enumerate(views) for other in plainer(view)]
        answers: list[list[tuple[Hit, bool]]] = [[] for _ in texts]
        codes = _languages(texts)
        found = _analyzed([(codes[n], view.text) for n, view, _ in read])
        for (number, view, disguised), results in zip(read, found, strict=True):
            context, answer = contexts[number], answers[number]
            hits = self._found(results, view.text, context, choice.current(codes[number]))
            if disguised:
                hits = [(hit, by) for hit, by in hits if view.differs(hit.start, hit.end)]
            else:
                hits += [(hit, False) for hit in self._repeated(view.text, context)]
            for hit, learned in hits:
                start, end = view.original(hit.start, hit.end)
                there = any(h.start < end and start < h.end for h, _ in answer)
                rule = wanted.get(hit.rule_id)
                if rule is None or not rule.applies_to(context.direction):
                    continue
                if view.joined and there and hit.entity not in WITH_A_FORM:
                    continue  # seen already; another reading would only widen it
                if (
                    view.joined
                    and hit.entity not in WITH_A_FORM
                    and _is_two(texts[number][start:end])
                ):
                    continue
                answer.append((replace(hit, start=start, end=end), learned))
        return [
            with_lists(
                with_their_places(_without_contained(hits), text), text, context, wanted, self.name
            )
            for hits, text, context in zip(answers, texts, contexts, strict=True)
        ]

    def _found(
        self,
        results: Iterable[RecognizerResult],
        words: str,
        context: ScanContext,
        chosen: choice.Choice,
    ) -> list[tuple[Hit, bool]]:
        hits = []
        for result in results:
            start, end = result.start, result.end
            kind, rule_id = KINDS[result.entity_type]
            if result.score < chosen.thresholds.get(kind, 0):
                continue
            if context.affiliation and _is_part(words[start:end], context.affiliation):
                continue  # the author's own employer, printed on purpose
            hit = Hit(start, end, rule_id, round(result.score, 3), self.name, kind)
            hits.append((hit, result.recognition_metadata["recognizer_name"] == LEARNED))
        return hits

    def _repeated(self, words: str, context: ScanContext) -> list[Hit]:
        """What the thread's author disclosed about themselves may not be repeated in a reply."""
        return [
            Hit(found.start(), found.end(), "PHI-UNIQUE", 1.0, self.name, "OTHER")
            for value in sorted(context.disclosed)
            if len(value) >= SHORTEST_DISCLOSED
            for found in re.finditer(
                rf"(?<!\w){re.escape(normal(value).text)}(?!\w)", words, re.IGNORECASE
            )
        ]


def warm_up() -> None:
    """Loads Presidio now, so that the first scan is as fast as the others."""
    for chosen in choice.chosen().values():
        chosen.analyzer.analyze(
            ["Warm-up for Dr. Example on 1 January 2000, 202-555-0100, a@example.org"]
        )


def _languages(texts: Sequence[str]) -> list[str]:
    """The language of each text; nothing is asked where only one is read."""
    known = choice.chosen()
    if len(known) == 1:
        return list(known) * len(texts)
    return [code if (code := language_of(text)) in known else choice.ENGLISH for text in texts]


def _analyzed(texts: Sequence[tuple[str, str]]) -> list[list[RecognizerResult]]:
    """What is found in each (language, text), in their order."""
    found: list[list[RecognizerResult]] = [[] for _ in texts]
    for code, chosen in choice.chosen().items():
        places = [n for n, (language, _) in enumerate(texts) if language == code]
        if places:
            answers = chosen.analyzer.analyze([texts[n][1] for n in places])
            for n, answer in zip(places, answers, strict=True):
                found[n] = answer
    return found


def _is_two(written: str) -> bool:
    """Whether a line that was joined is two: a side of the break is a word by itself."""
    from compliance.scanners.identifiers.second_look import is_thing  # slow import

    sides = re.split(r"\s*\n\s*", written.casefold())
    return len(sides) > 1 and any(is_thing(side) for side in sides)


def _is_part(written: str, whole: str) -> bool:
    return normal(written).text.casefold() in normal(whole).text.casefold()


def _without_contained(found: Iterable[tuple[Hit, bool]]) -> list[Hit]:
    """Drops a hit that lies within a longer one; of equal ones a rule's stays, then the surest.

    A rule's hit knows its form, so it also stays beside a longer one of the model (marked by True)
    that is something else: a ZIP code in an address.
    """
    kept: list[tuple[Hit, bool]] = []
    order = sorted(found, key=lambda f: (f[0].start - f[0].end, f[1], -f[0].confidence, f[0]))
    for hit, learned in order:
        if not any(
            k.start <= hit.start
            and hit.end <= k.end
            and (learned or not k_learned or k.rule_id == hit.rule_id)
            for k, k_learned in kept
        ):
            kept.append((hit, learned))
    return sorted(hit for hit, _ in kept)


SCANNER = IdentifierScanner()
