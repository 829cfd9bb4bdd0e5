"""Makes careful texts careless: other identifiers, other case, typing errors, other company."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.training.surrogates import Surrogates

Span = tuple[int, int, str]
INVENTED = frozenset({"tpl", "ins", "own"})  # sources whose identifiers are surrogates already


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its identifiers.

    Attributes:
        spans: start, end and type, in order, without overlap.
        source: short name of where it comes from.
    """

    text: str
    spans: tuple[Span, ...]
    source: str


class Noise:
    """Changes examples at random; the same seed gives the same changes.

    Args:
        carriers: real texts without identifiers, put around short examples.
    """

    def __init__(self, seed: int, carriers: Sequence[str]) -> None:
        self._rng = random.Random(seed)
        self._surrogates = Surrogates(seed)
        self._carriers = carriers

    def changed(self, example: Labelled) -> Labelled:
        """A variant of the example, its spans moved along."""
        r = self._rng
        if r.random() < (0.6 if example.source in INVENTED else 0.15):
            example = self._others(example)
        if example.source in INVENTED and len(example.text) < 250 and r.random() < 0.45:
            example = self._in_company(example)
        if r.random() < (0.15 if not example.spans else 0.08):
            example = self._typos(example)
        kind = r.random()
        if kind < 0.18:
            return Labelled(_lower(example.text), example.spans, example.source)
        if kind < 0.23:
            return Labelled(_upper(example.text), example.spans, example.source)
        if kind < 0.28:
            return self._careless_names(example)
        return example

    def _others(self, example: Labelled) -> Labelled:
        parts, spans, at, length = [], [], 0, 0
        for start, end, kind in example.spans:
            old = example.text[start:end]
            new = self._surrogates.like(kind, old) if self._surrogates.has(kind) else old
            parts += [example.text[at:start], new]
            length += start - at
            spans.append((length, length + len(new), kind))
            length += len(new)
            at = end
        return Labelled("".join([*parts, example.text[at:]]), tuple(spans), example.source)

    def _in_company(self, example: Labelled) -> Labelled:
        before = self._rng.choice(self._carriers)[:300] if self._rng.random() < 0.6 else ""
        after = self._rng.choice(self._carriers)[:300] if self._rng.random() < 0.6 else ""
        glue = self._rng.choice((" ", "\n", ". ", "\n\n"))
        before += glue if before else ""
        moved = tuple((s + len(before), e + len(before), k) for s, e, k in example.spans)
        text = before + example.text + (glue + after if after else "")
        return Labelled(text, moved, example.source)

    def _careless_names(self, example: Labelled) -> Labelled:
        text = example.text
        for start, end, kind in example.spans:
            if kind in ("NAME", "LOCATION", "FACILITY"):
                text = text[:start] + _lower(text[start:end]) + text[end:]
        return Labelled(text, example.spans, example.source)

    def _typos(self, example: Labelled) -> Labelled:
        text, spans = example.text, list(example.spans)
        for _ in range(max(1, len(text) // 60)):
            at = self._rng.randrange(len(text)) if text else 0
            if not text or not text[at].isalpha():
                continue
            if any(start <= at < end for start, end, _ in spans):
                continue
            if self._rng.random() < 0.5:  # a letter less
                text, step = text[:at] + text[at + 1 :], -1
            else:  # a letter twice
                text, step = text[:at] + text[at] + text[at:], 1
            spans = [(s + step, e + step, k) if s > at else (s, e, k) for s, e, k in spans]
        return Labelled(text, tuple(spans), example.source)


def _lower(text: str) -> str:
    return _same_length(text, text.lower())


def _upper(text: str) -> str:
    return _same_length(text, text.upper())


def _same_length(old: str, new: str) -> str:
    # A few letters change their number with their case, which would move every span behind them.
    return new if len(new) == len(old) else old
