"""Makes careful texts careless: other identifiers, case, slang, typing errors, other company."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.training.surrogates import Surrogates

Span = tuple[int, int, str]
INVENTED = frozenset({"tpl", "ins", "own"})  # sources whose identifiers are surrogates already


SLANG = {  # as people type on a telephone
    "you": "u", "your": "ur", "you're": "ur", "are": "r", "because": "bc", "please": "pls",
    "thanks": "thx", "with": "w/", "without": "w/o", "and": "n", "though": "tho", "people": "ppl",
    "through": "thru", "about": "abt", "doctor": "doc", "appointment": "appt", "really": "rly",
    "tomorrow": "tmrw", "tonight": "2nite", "before": "b4", "weeks": "wks", "months": "mos",
    "years": "yrs", "going to": "gonna", "want to": "wanna", "have to": "hafta",
    "i don't know": "idk",
    "right now": "rn", "okay": "k", "what": "wat", "going": "goin", "having": "havin",
    "just": "jus",
    "pregnant": "preg", "hospital": "hosp", "husband": "hubby", "surgery": "op", "the": "da",
    "got to": "gotta", "kind of": "kinda", "was": "wuz", "should have": "shoulda", "them": "em",
    "something": "smth", "someone": "sm1", "probably": "prob", "definitely": "def",
    "message": "msg",
}  # fmt: skip
_SLANG = re.compile(
    rf"\b(?:{'|'.join(map(re.escape, sorted(SLANG, key=len, reverse=True)))})\b", re.IGNORECASE
)
_MARKS = re.compile(r"[.,;:!?'](?=\s|\w|$)")
_VOWELS = "aeiouy"


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
        if r.random() < 0.06:
            example = self._own_spelling(example)
        if r.random() < 0.12:
            example = _between(example, self._slang)
        if r.random() < (0.15 if not example.spans else 0.1):
            example = self._typos(example)
        kind = r.random()
        if kind < 0.24:
            if r.random() < 0.4:
                example = _between(example, lambda words: _MARKS.sub("", words))
            return Labelled(_lower(example.text), example.spans, example.source)
        if kind < 0.28:
            return Labelled(_upper(example.text), example.spans, example.source)
        if kind < 0.34:
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

    def _slang(self, words: str) -> str:
        return _SLANG.sub(
            lambda found: SLANG[found[0].lower()] if self._rng.random() < 0.6 else found[0], words
        )

    def _own_spelling(self, example: Labelled) -> Labelled:
        parts, spans, at, length = [], [], 0, 0
        for start, end, kind in example.spans:
            new = example.text[start:end]
            if kind in ("NAME", "FACILITY", "LOCATION") and len(new) > 3:
                new = self._misspelt(new)
            parts += [example.text[at:start], new]
            length += start - at
            spans.append((length, length + len(new), kind))
            length += len(new)
            at = end
        return Labelled("".join([*parts, example.text[at:]]), tuple(spans), example.source)

    def _misspelt(self, word: str) -> str:
        at = self._rng.randrange(1, len(word) - 1)
        letter = word[at]
        if not letter.isalpha():
            return word
        match self._rng.randrange(4):
            case 0:
                return word[:at] + word[at + 1 :]
            case 1:
                return word[:at] + letter + word[at:]
            case 2 if letter in _VOWELS:
                return word[:at] + self._rng.choice(_VOWELS) + word[at + 1 :]
            case 3 if word[at + 1].isalpha():
                return word[:at] + word[at + 1] + letter + word[at + 2 :]
        return word

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


def _between(example: Labelled, rewritten: Callable[[str], str]) -> Labelled:
    """The example with the words between its identifiers rewritten."""
    text, spans, at = "", [], 0
    for start, end, kind in example.spans:
        text += rewritten(example.text[at:start])
        spans.append((len(text), len(text) + end - start, kind))
        text += example.text[start:end]
        at = end
    return Labelled(text + rewritten(example.text[at:]), tuple(spans), example.source)


def _lower(text: str) -> str:
    return _same_length(text, text.lower())


def _upper(text: str) -> str:
    return _same_length(text, text.upper())


def _same_length(old: str, new: str) -> str:
    # A few letters change their number with their case, which would move every span behind them.
    return new if len(new) == len(old) else old
