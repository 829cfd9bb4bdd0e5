"""Words that people write down to be found in texts: in house rules and in topic watches."""

from __future__ import annotations

import re

from compliance.exceptions import BadInput


def read_words(words: str) -> str:
    """The words as the scanners read every text: look-alikes, quotes and case don't matter."""
    from compliance.scanners.views import normal  # the scanners are built on the rules

    return " ".join(normal(words).text.casefold().split())


def pattern_of(words: str) -> str:
    """A regular expression for what `read_words` gives: whole words, any gap between them.

    Args:
        words: as people write them; "*" at the end of a word stands for the rest of it.
    """
    # "%" would name a word list (compliance/rules/reading.py).
    parts = (
        re.escape(word.removesuffix("*")).replace("%", "[%]") + r"\w*" * word.endswith("*")
        for word in read_words(words).split()
    )
    return r"(?<!\w)" + r"\s+".join(parts) + r"(?!\w)"


def check_words(words: str) -> None:
    """Raises BadInput unless the words would be found where they stand."""
    if sum(c.isalnum() for c in words) < 3:
        raise BadInput("Words to look for need at least three letters.")
    # Inside a word it would cost more time the longer the text is.
    if any("*" in word[:-1] or word == "*" for word in words.split()):
        raise BadInput(f"In \u201c{words}\u201d a * stands where it can't: it ends a word.")
    if not re.search(pattern_of(words), read_words(words.replace("*", ""))):
        raise BadInput(
            f"\u201c{words}\u201d would not be found in its own words. Write it without "
            "special characters."
        )
