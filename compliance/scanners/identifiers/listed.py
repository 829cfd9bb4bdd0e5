"""Words that people put on the list: what is nobody's is no hit, what is somebody's always is one.

The lists come in the context of the scan (compliance/listed.py), so that a scan stays repeatable.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import regex

from compliance.findings import Hit, ScanContext
from compliance.rules import Rule
from compliance.scanners.identifiers.kinds import KINDS
from compliance.scanners.views import normal, plainer


def folded(words: str) -> str:
    """Words as they are compared: in plain letters, without case, wide gaps and a final 's."""
    return " ".join(normal(words).text.casefold().split()).removesuffix("'s")


def with_lists(
    hits: Sequence[Hit], text: str, context: ScanContext, rules: dict[str, Rule], scanner: str
) -> list[Hit]:
    """The hits without what is nobody's and with what is always an identifier, sorted by place.

    Where both lists have a word, it is an identifier.

    Args:
        hits: what the engine found, in offsets of the text.
        rules: those of the scanner, by id.
        scanner: the name to answer under.
    """
    if context.allowed:
        hits = [h for h in hits if folded(text[h.start : h.end]) not in context.allowed]
    if not context.denied:
        return list(hits)
    always = {
        Hit(start, end, KINDS[kind][1], 1.0, scanner, kind)
        for start, end, kind in _denied(text, context.denied)
        if (rule := rules.get(KINDS[kind][1])) and rule.applies_to(context.direction)
    }
    kept = [h for h in hits if not any(_within(h, a) for a in always)]
    return sorted([*kept, *(a for a in always if not any(_within(a, h) for h in kept))])


def _within(inner: Hit, outer: Hit) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _denied(text: str, denied: frozenset[tuple[str, str]]) -> Iterator[tuple[int, int, str]]:
    pattern, kinds = _search(denied)
    plain = normal(text)
    for view in (plain, *plainer(plain)):
        for match in pattern.finditer(view.text, overlapped=True):
            start, end = view.original(match.start(), match.end())
            for kind in kinds[(match.lastindex or 1) - 1]:
                yield start, end, kind


@functools.lru_cache(maxsize=1)
def _search(denied: frozenset[tuple[str, str]]) -> tuple[regex.Pattern[str], list[list[str]]]:
    """One pattern with a group for each of the words, the longest first, and their kinds."""
    kinds: dict[str, list[str]] = {}
    for words, kind in sorted(denied):
        kinds.setdefault(words, []).append(kind)
    longest_first = sorted(kinds, key=lambda words: (-len(words), words))
    groups = (r"\s+".join(map(regex.escape, words.split())) for words in longest_first)
    either = "|".join(f"({group})" for group in groups)
    flags = regex.IGNORECASE | regex.FULLCASE
    # The module's own cache would keep the words after they were retired.
    pattern = regex.compile(rf"(?<!\w)(?:{either})(?!\w)", flags, cache_pattern=False)
    return pattern, [kinds[words] for words in longest_first]
