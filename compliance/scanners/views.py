"""A text as its writer meant it to be read: look-alike and invisible characters, letters with gaps,
digits spelt out. What is found in such a view is masked in the original, whole.

Normal form: Unicode Standard Annex 15 (NFKC). Look-alikes: those of Unicode Technical Standard 39
that are drawn like a Latin letter or a digit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import re2
import regex

# One character for one.
_LOOK_ALIKES = str.maketrans(
    {
        # Cyrillic
        **dict(zip("аеорсухіјѕһԁԛԝӏкмтвнгпьи", "aeopcyxijshdqwlkmtbhrnbu", strict=True)),
        **dict(zip("АВЕКМНОРСТУХІЈЅԌԚԜ", "ABEKMHOPCTYXIJSGQW", strict=True)),
        # Greek
        **dict(zip("αοερτυνικγχω", "aoeptuvikyxw", strict=True)),
        **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
        # Latin and others drawn alike
        **dict(zip("ıɑɡʟɴʀʏᴀᴄᴅᴇᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "iaglnryacdekmoptuvwz", strict=True)),
        **dict(zip("օսցհոՕՍ", "ouqhnOU", strict=True)),
        "\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"',
        "\u2013": "-", "\u2014": "-", "\u2010": "-", "\u2011": "-", "\u2212": "-",
    }
)  # fmt: skip
CONTEXT = 200  # characters on each side of what is read another way
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u180e\ufeff")  # beside the category Cf
_NUMBER_WORDS = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_DIGIT = "|".join(_NUMBER_WORDS)
_SPELT_OUT = regex.compile(
    rf"\b(?:(?:double|triple)[ -])?(?:{_DIGIT})(?:[ ,.-]{{1,2}}(?:(?:double|triple)[ -])?"
    rf"(?:{_DIGIT}|\d+)){{2,}}\b",
    regex.IGNORECASE,
)
_NUMBER_WORD = regex.compile(rf"(?:(double|triple)[ -])?({_DIGIT}|\d+)", regex.IGNORECASE)
_GAPS = regex.compile(r"(?<![\w'])(?:[\w@]([ .*_|~/-]))(?:[\w@.]\1){2,}[\w@](?![\w'])")
_LEET = regex.compile(r"(?<![\w@.])\p{L}*[013457$@!|]\p{L}[\p{L}013457$@|]*(?![\w@]|\.\w)")
# What a text must hold for one of those to be in it: RE2 reads it for this in a microsecond.
_GAPS_SIGN = re2.compile(r"[\w@][ .*_|~/-][\w@.][ .*_|~/-][\w@.][ .*_|~/-][\w@.]")
_SPELT_OUT_SIGN = re2.compile(rf"(?i)(?:{_DIGIT})[ ,.-]{{1,2}}(?:double|triple|{_DIGIT}|\d)")
_LEET_SIGN = re2.compile(r"[013457$@!|][A-Za-z]")
_LEET_LETTERS = str.maketrans("013457$@!|", "oieastsail")
# Not every line break: only where a word, a number or an address seems to go on behind it.
_BREAK = regex.compile(
    r"(?:(?<=@)\s*\n\s*(?=\w)|(?<=\w)\s*\n\s*(?=@)|(?<=\w[.])\n(?=\p{Ll}+\b)"
    r"|(?<=[\d(+-])[ \t]*\r?\n[ \t]*(?=[\d)(+-])|(?<=\p{L})\r?\n(?=\p{Ll}))"
)


@dataclass(frozen=True, slots=True)
class View:
    """A text, and where each of its characters stands in the original.

    Attributes:
        text: as it is read.
        starts, ends: one a character of `text`: the stretch of the original behind it.
        joined: lines were joined that may be two.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    joined: bool = False

    def original(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the view as a stretch of the original."""
        return self.starts[start], self.ends[end - 1]

    def differs(self, start: int, end: int) -> bool:
        """Whether this stretch is written otherwise in the original."""
        first, last = self.original(start, end)
        pairs = zip(self.starts[start:end], self.ends[start:end], strict=True)
        return last - first != end - start or any(e - s != 1 for s, e in pairs)

    def rewritten(
        self, pattern: regex.Pattern[str], written: Callable[[regex.Match[str]], str]
    ) -> Iterator[View]:
        """Each match put another way, read with what stands around it.

        Every new character stands for the whole match. Matches far from each other come in views
        of their own, so that a long text is not read again for one of its words.
        """
        text, starts, ends, at, changed = "", [], [], 0, []
        for match in pattern.finditer(self.text):
            new = written(match)
            text += self.text[at : match.start()]
            changed.append((len(text), len(text) + len(new)))
            text += new
            starts += [*self.starts[at : match.start()], *[self.starts[match.start()]] * len(new)]
            ends += [*self.ends[at : match.start()], *[self.ends[match.end() - 1]] * len(new)]
            at = match.end()
        if not changed:
            return
        text += self.text[at:]
        starts += self.starts[at:]
        ends += self.ends[at:]
        for start, end in _with_context(text, changed):
            yield View(text[start:end], tuple(starts[start:end]), tuple(ends[start:end]))


def _with_context(text: str, places: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Stretches of the text around the places, cut between words; those that touch are one."""
    start, end = 0, -1
    for first, last in places:
        before = max(text.rfind(" ", 0, max(0, first - CONTEXT)), 0)
        behind = text.find(" ", last + CONTEXT)
        behind = len(text) if behind < 0 else behind
        if end < 0:
            start, end = before, behind
        elif before <= end:
            end = behind
        else:
            yield start, end
            start, end = before, behind
    yield start, end


def normal(text: str) -> View:
    """Without invisible characters, composed, in plain Latin letters and ASCII digits."""
    if text.isascii():
        return View(text, range(len(text)), range(1, len(text) + 1))
    plain, starts, ends = [], [], []
    for start, end in _clusters(text):
        kept = "".join(c for c in text[start:end] if not _is_invisible(c))
        for character in unicodedata.normalize("NFKC", kept).translate(_LOOK_ALIKES):
            digit = unicodedata.decimal(character, None)
            plain.append(character if digit is None else str(digit))
            starts.append(start)
            ends.append(end)
    return View("".join(plain), tuple(starts), tuple(ends))


def plainer(view: View) -> Iterator[View]:
    """Views of what is written with gaps, spelt out, broken or in digits for letters, if anything
    is: each of what it changes and a few sentences around that."""
    if _may_match(_GAPS_SIGN, view.text):
        yield from view.rewritten(_GAPS, _without_gaps)
    if _may_match(_SPELT_OUT_SIGN, view.text):
        yield from view.rewritten(_SPELT_OUT, _in_digits)
    if _may_match(_LEET_SIGN, view.text):
        yield from view.rewritten(_LEET, lambda match: match[0].translate(_LEET_LETTERS))
    if "\n" in view.text:
        for other in view.rewritten(_BREAK, lambda match: ""):
            yield replace(other, joined=True)


def _may_match(sign: re2._Regexp, text: str) -> bool:
    # RE2 knows the letters of ASCII alone.
    return not text.isascii() or sign.search(text) is not None


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    # A letter with the marks and invisible characters behind it, so that it composes.
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not (unicodedata.combining(text[at]) or _is_invisible(text[at])):
            yield start, at
            start = at


def _is_invisible(character: str) -> bool:
    return (
        character in _INVISIBLE
        or unicodedata.category(character) == "Cf"
        or "\ufe00" <= character <= "\ufe0f"
    )


def _without_gaps(match: regex.Match[str]) -> str:
    return match[0].replace(match[1], "")


def _in_digits(match: regex.Match[str]) -> str:
    digits = []
    for times, word in _NUMBER_WORD.findall(match[0]):
        digit = _NUMBER_WORDS.get(word.lower(), word)
        digits.append(digit * {"double": 2, "triple": 3}.get(times.lower(), 1))
    return "".join(digits)
