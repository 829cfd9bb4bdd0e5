"""Which patterns can match in a text at all: asked of all of them at once, in linear time.

RE2 (github.com/google/re2) reads the text once for any number of patterns. It knows no look-around,
counts letters as ASCII and forgets nothing of what it has seen, so each pattern is asked for in a
wider form, that of its beginning up to the first stretch of any words: whatever the pattern finds,
its wider form finds as well. What is left is searched with the pattern itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import re2

MEMORY = 64 << 20  # bytes that the automaton may take; it forgets and goes on when they are full
_ALWAYS = ""  # matches in every text: without its answer there was none
_BEYOND_ASCII = r"\x{80}-\x{10FFFF}"
_LOOK_AROUND = re.compile(r"\?(?:=|!|<=|<!)")
_KIND_OF_GROUP = re.compile(r"\?(?::|P<\w+>)")
_REPEATED = re.compile(r"(?:(?P<sign>[?*+])|\{(?P<least>\d+)(?:,\d*)?\})[?+]?")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_LETTERS = re.compile(r"\\[wsd]")


class Prefilter:
    """A set of patterns.

    Args:
        patterns: case-insensitive regular expressions of Python.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(dict.fromkeys(patterns))
        options = re2.Options()
        options.case_sensitive, options.max_mem = False, MEMORY
        self._set = re2.Set.SearchSet(options)
        for pattern in (_ALWAYS, *map(wider, self._patterns)):
            self._set.Add(pattern)
        self._set.Compile()

    def candidates(self, text: str) -> frozenset[str]:
        """The patterns that may match in the text.

        Raises:
            RuntimeError: there was no answer, so nothing is known of the text.
        """
        found = self._set.Match(text.encode("utf-8", "replace")) or ()
        if 0 not in found:
            raise RuntimeError("The patterns could not be asked for.")
        return frozenset(self._patterns[number - 1] for number in found if number)


def wider(pattern: str) -> str:
    """A pattern for RE2 that matches wherever this one does, and in more places."""
    return _Reader(pattern).alternatives()[0]


class _Reader:
    """Reads a pattern once, from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self) -> tuple[str, bool]:
        """What stands here up to the end of the group, and whether that is the whole of it."""
        found, whole = [], True
        while True:
            words, complete = self._sequence()
            found.append(words)
            whole = whole and complete
            if self._next() != "|":
                return "|".join(found), whole
            self._at += 1

    def _sequence(self) -> tuple[str, bool]:
        words, whole = "", True
        while self._next() not in ("", "|", ")"):
            piece, complete = self._piece()
            least, sign = self._repetition()
            if not whole or not piece:
                continue
            anything = piece == "." or piece.startswith("[^")
            if (anything and sign in ("*", "+")) or not (complete or least):
                whole = False
                continue
            words += piece + sign
            whole = complete
        return words, whole

    def _piece(self) -> tuple[str, bool]:
        if self._next() == "(":
            return self._group()
        if self._next() == "[":
            found = _CLASS.match(self._pattern, self._at)
            assert found is not None  # the pattern compiles
            self._at = found.end()
            if found[0].startswith("[^"):
                return found[0], True  # of a negated class ASCII alone is the wider reading
            return _LETTERS.sub(lambda m: m[0] + _BEYOND_ASCII, found[0]), True
        if self._next() != "\\":
            self._at += 1
            return self._pattern[self._at - 1], True
        piece = self._pattern[self._at : self._at + 2]
        self._at += 2
        if piece in (r"\b", r"\B"):
            return "", True
        return f"[{piece}{_BEYOND_ASCII}]" if _LETTERS.match(piece) else piece, True

    def _group(self) -> tuple[str, bool]:
        self._at += 1
        look_around = _LOOK_AROUND.match(self._pattern, self._at)
        kind = look_around or _KIND_OF_GROUP.match(self._pattern, self._at)
        self._at = kind.end() if kind else self._at
        words, whole = self.alternatives()
        self._at += 1
        return ("", True) if look_around else (f"(?:{words})", whole)

    def _repetition(self) -> tuple[int, str]:
        """How often at least, and the sign for it; counts are widened to any number."""
        found = _REPEATED.match(self._pattern, self._at)
        if found is None:
            return 1, ""
        self._at = found.end()
        sign = found["sign"] or ("*" if found["least"] == "0" else "+")
        return (1 if sign == "+" else 0), sign

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]
