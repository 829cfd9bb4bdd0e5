"""What the learned part of the rules reads at a time: one sentence, with what stands before it.

Used in training and at run time, so that both see the same thing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from tokenizers import Tokenizer

from compliance.scanners.sentences import Passage

LONGEST = 400  # characters of a sentence; people forget full stops
BEFORE = 40  # word pieces of the sentence before
SENTENCE = 110  # word pieces of the sentence itself
TIED = "The author has a tie that is not stated."  # said to the encoder, never to anybody else


class Role(enum.IntEnum):
    """What a word piece is there for."""

    CONTEXT = 0
    JUDGED = 1


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence to be judged.

    Attributes:
        start, end: its place in the text.
        words: the sentence.
        before: the sentence before it, "" for the first.
    """

    start: int
    end: int
    words: str
    before: str


def units(passage: Passage) -> Iterator[Unit]:
    """The sentences of a text in order; a very long one comes in pieces, cut between words."""
    before = ""
    for sentence in passage.sentences:
        start = sentence.start
        while start < sentence.end:
            end = _cut(passage.text, start, sentence.end)
            words = passage.text[start:end]
            if any(c.isalpha() for c in words):
                yield Unit(start, end, words, before)
                before = words
            start = end
            while start < sentence.end and passage.text[start].isspace():
                start += 1


def _cut(text: str, start: int, end: int) -> int:
    if end - start <= LONGEST:
        return end
    at = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
    return at if at > start else start + LONGEST


def encoded(unit: Unit, tied: bool, tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Ids of the word pieces and the role of each."""
    before = tokenizer.encode(unit.before[-LONGEST:], add_special_tokens=False).ids[-BEFORE:]
    if tied:
        before = [*tokenizer.encode(TIED, add_special_tokens=False).ids, *before]
    words = tokenizer.encode(unit.words, add_special_tokens=False).ids[:SENTENCE]
    first, last = (int(tokenizer.token_to_id(name) or 0) for name in ("[CLS]", "[SEP]"))
    ids = [first, *before, last, *words, last]
    roles = [Role.CONTEXT] * (2 + len(before)) + [Role.JUDGED] * len(words) + [Role.CONTEXT]
    return ids, [int(role) for role in roles]
