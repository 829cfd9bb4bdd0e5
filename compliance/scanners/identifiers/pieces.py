"""Texts as the tagger reads them: word pieces with the case of their word, in windows.

Used in training and at run time, so that both see the same thing. The vocabulary is uncased; the
case of each word is a feature of its own, because it tells names in careful posts and must not be
needed in careless ones.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokenizers import Encoding, Tokenizer

WINDOW = 126  # pieces, and [CLS] and [SEP]
OVERLAP = (
    32  # pieces that two windows of a long text share: each is read with context on both sides
)


class Case(enum.IntEnum):
    """How a word is written."""

    OTHER = 0  # digits, punctuation
    LOWER = 1
    CAPITAL = 2
    UPPER = 3
    MIXED = 4


@dataclass(frozen=True, slots=True)
class Pieces:
    """The word pieces of a whole text, without [CLS] and [SEP].

    Attributes:
        ids: in the vocabulary.
        cases: of the word that each piece belongs to.
        words: number of that word.
        spans: where each piece stands in the text, in code points.
    """

    ids: tuple[int, ...]
    cases: tuple[int, ...]
    words: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


def case_of(word: str) -> Case:
    """How a word is written, by its letters alone."""
    if word.isascii():  # most words, the quick way
        if word.islower():
            return Case.LOWER
        if word.isalpha() and word[1:].islower():
            return Case.CAPITAL
    letters = [c for c in word if c.isalpha()]
    if not letters:
        return Case.OTHER
    if all(c.islower() for c in letters):
        return Case.LOWER
    if all(c.isupper() for c in letters):
        return Case.UPPER if len(letters) > 1 else Case.CAPITAL
    if letters[0].isupper() and all(c.islower() for c in letters[1:]):
        return Case.CAPITAL
    return Case.MIXED


def pieces_of(texts: Sequence[str], tokenizer: Tokenizer) -> list[Pieces]:
    """The pieces of each text."""
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [_pieces(text, encoding) for text, encoding in zip(texts, encodings, strict=True)]


def _pieces(text: str, encoding: Encoding) -> Pieces:
    words = [-1 if word is None else word for word in encoding.word_ids]
    spans = encoding.offsets
    begins = [n for n, word in enumerate(words) if n == 0 or word != words[n - 1]]
    ends = [*begins[1:], len(words)]
    cases: list[int] = []
    for begin, end in zip(begins, ends, strict=False):
        cases += [int(case_of(text[spans[begin][0] : spans[end - 1][1]]))] * (end - begin)
    return Pieces(tuple(encoding.ids), tuple(cases), tuple(words), tuple(spans))


def windows(length: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each window over so many pieces; together they cover all of them."""
    start = 0
    while length:
        end = min(start + WINDOW, length)
        yield start, end
        if end >= length:
            return
        start = end - OVERLAP
