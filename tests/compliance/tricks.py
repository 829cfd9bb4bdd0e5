"""Twenty ways in which people write an identifier so that a machine does not see it.

Each takes the identifier as it would be written and gives it back disguised. They are applied to
one identifier of a post; the rest of the post stays as it is.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable

Trick = Callable[[str, random.Random], str]

_CYRILLIC = str.maketrans("aeopcyxijsABEKMHOPCTX", "аеорсухіјѕАВЕКМНОРСТХ")
_GREEK = str.maketrans("aopvABEHIKMNOPTYXZ", "αορνΑΒΕΗΙΚΜΝΟΡΤΥΧΖ")
_LEET = str.maketrans("oieasOIEAS", "0134501345")
_WORDS = "zero one two three four five six seven eight nine".split()


def _inside(mark: str) -> Trick:
    def trick(written: str, rng: random.Random) -> str:
        return "".join(c + mark if c.isalnum() else c for c in written)

    return trick


def _once_inside(mark: str) -> Trick:
    def trick(written: str, rng: random.Random) -> str:
        at = rng.randrange(1, max(2, len(written)))
        return written[:at] + mark + written[at:]

    return trick


def _spaced(glue: str) -> Trick:
    def trick(written: str, rng: random.Random) -> str:
        return "  ".join(glue.join(word) for word in written.split())

    return trick


def _shifted(start: int) -> Trick:
    """Letters and digits from another block of Unicode: capitals, small letters, then digits."""

    def trick(written: str, rng: random.Random) -> str:
        moved = []
        for c in written:
            if "A" <= c <= "Z":
                moved.append(chr(start + ord(c) - ord("A")))
            elif "a" <= c <= "z":
                moved.append(chr(start + 26 + ord(c) - ord("a")))
            else:
                moved.append(c)
        return "".join(moved)

    return trick


def _full_width(written: str, rng: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in written)


def _other_digits(written: str, rng: random.Random) -> str:
    return "".join(chr(0x0660 + int(c)) if c.isascii() and c.isdigit() else c for c in written)


def _digits_spelt_out(written: str, rng: random.Random) -> str:
    return "".join(f"{_WORDS[int(c)]} " if c.isascii() and c.isdigit() else c for c in written)


def _decomposed(written: str, rng: random.Random) -> str:
    return unicodedata.normalize(
        "NFD", "".join(c + "\u0301" if c in "aeiou" else c for c in written)
    )


def _mixed_case(written: str, rng: random.Random) -> str:
    return "".join(c.upper() if n % 2 else c.lower() for n, c in enumerate(written))


def _line_break(written: str, rng: random.Random) -> str:
    at = max(1, len(written) // 2)
    return written[:at] + "\n" + written[at:].lstrip()


TRICKS: dict[str, Trick] = {
    "zero-width spaces": _inside("\u200b"),
    "zero-width joiners": _inside("\u200d"),
    "one word joiner": _once_inside("\u2060"),
    "soft hyphens": _inside("\u00ad"),
    "Cyrillic letters": lambda written, rng: written.translate(_CYRILLIC),
    "Greek letters": lambda written, rng: written.translate(_GREEK),
    "leet": lambda written, rng: written.translate(_LEET),
    "full width": _full_width,
    "mathematical bold": _shifted(0x1D400),
    "mathematical sans-serif": _shifted(0x1D5A0),
    "accents": _decomposed,
    "spaced letters": _spaced(" "),
    "dotted letters": _spaced("."),
    "letters with underscores": _spaced("_"),
    "digits of another script": _other_digits,
    "digits spelt out": _digits_spelt_out,
    "a line break inside": _line_break,
    "lower case": lambda written, rng: written.lower(),
    "mixed case": _mixed_case,
    "variation selectors": _inside("\ufe0f"),
}
