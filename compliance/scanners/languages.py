"""Which language is a text written in? What nothing here can read must be held, not passed (law 8).

Identified by py3langid (naive Bayes over byte n-grams, 140 languages, BSD). Of short texts and of
those it is unsure about nothing is said, and they are read as English, which most posts are.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import TYPE_CHECKING

from compliance.exceptions import LanguageNotCovered, ScannerFailed
from compliance.scanners.identifiers import choice

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LEAST_LETTERS = 20
LEAST_PARAGRAPH = 50  # characters, to be asked about by itself
SMALL_PART = 5  # less than a fifth of a text
SURE = 0.9
UNNAMED = "other-script"
# Takes carelessly written English for it; nobody is held for that.
NEAR_ENGLISH = "pcm"


def language_of(text: str) -> str:
    """ISO 639-1 or -3 of the language, `UNNAMED` for an unsure one in another script, or "en"."""
    words = " ".join(w for w in text.lower().split() if "@" not in w and "/" not in w)
    letters = [c for c in words if c.isalpha()]
    if len(letters) < LEAST_LETTERS and _are_latin(letters):
        return choice.ENGLISH
    code, certainty = _identifier().classify(words)
    if certainty >= SURE and code != NEAR_ENGLISH:
        return str(code)
    return choice.ENGLISH if _are_latin(letters) else UNNAMED


def check_covered(text: str) -> None:
    """Whether the text, and all but a small part of its long paragraphs, is in a language that is
    read here: a Spanish reply under an English disclosure line is still Spanish, an English post
    that quotes a line of French is still English.

    Raises:
        LanguageNotCovered: it is not.
        ScannerFailed: it could not be told.
    """
    foreign = {part: code for part in _parts(text) if (code := _told(part)) not in choice.chosen()}
    if text in foreign or sum(map(len, foreign)) * SMALL_PART >= len(text) > 0:
        raise LanguageNotCovered(next(iter(foreign.values())))


def _parts(text: str) -> list[str]:
    """The text, each of its long lines, and its short lines together: verse is a language too."""
    lines = text.split("\n")
    short = " ".join(line for line in lines if len(line) < LEAST_PARAGRAPH)
    return [text, *(line for line in lines if len(line) >= LEAST_PARAGRAPH), short]


def _told(text: str) -> str:
    try:
        return language_of(text)
    except Exception as error:
        raise ScannerFailed("language-identifier") from error


def _are_latin(letters: list[str]) -> bool:
    """Whether at least half of the letters are Latin or look like it (mathematical, full width)."""
    latin = sum(
        "LATIN" in unicodedata.name(unicodedata.normalize("NFKC", c)[0], "") for c in letters
    )
    return 2 * latin >= len(letters)


@functools.cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # slow import

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
