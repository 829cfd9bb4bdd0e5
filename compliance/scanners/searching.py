"""What a pattern finds in a text, found sooner.

Python tries a pattern at each character; an alternation of a thousand drugs is tried a thousand
times. RE2 (github.com/google/re2) reads the text once and names the places where the pattern can
begin; only there is it tried. The answers are those of `re.Pattern.finditer`, match for match.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import re2

MEMORY = 8 << 20  # bytes that an automaton may take, one a pattern; full, it forgets and goes on
IN_VAIN = 50  # places tried for nothing in one text, after which Python goes on alone
_TOKEN = re.compile(
    r"(?P<look>\(\?<?[=!])|(?P<group>\((?:\?(?:P<\w+>|:))?)|(?P<close>\))"
    r"|(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])|\\(?P<escaped>.)|\{(?!\})(?P<least>\d*)(?:,\d*)?\}|.",
    re.DOTALL,
)
_ANYTHING = "(?s:.)"
_BLANK = r"\t-\r\x1c-\x1f "  # what \s means to Python in ASCII; RE2 knows fewer


def matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """What the pattern finds in the text, in order.

    Args:
        pattern: case-insensitive.
    """
    beginning = _beginning(pattern.pattern) if text.isascii() else None
    if beginning is None:
        yield from pattern.finditer(text)
        return
    encoded, at, in_vain = text.encode(), 0, 0
    while at <= len(text) and (begun := beginning.search(encoded, at)):
        if found := pattern.match(text, begun.start()):
            yield found
            at = max(found.end(), found.start() + 1)
            continue
        at, in_vain = begun.start() + 1, in_vain + 1
        if in_vain == IN_VAIN:  # or a hostile text would be read to its end each time
            yield from pattern.finditer(text, at)
            return


@functools.lru_cache(maxsize=4096)
def _beginning(pattern: str) -> re2._Regexp | None:
    options = re2.Options()
    options.case_sensitive, options.max_mem, options.log_errors = False, MEMORY, False
    try:
        return re2.compile(looser(pattern), options=options)
    except re2.error:
        return None


def looser(pattern: str) -> str:
    """A pattern for RE2 that, in ASCII, matches wherever this one does, and in more places.

    Without look-around, which RE2 does not know, and with counts widened to any number, of which
    its automaton would keep account.
    """
    kept, depth, left_out = [], 0, 0
    for token in _TOKEN.finditer(pattern):
        words = token[0]
        if token["look"] or token["group"]:
            depth += 1
            words = "(?:"
            left_out = left_out or (depth if token["look"] else 0)
        elif token["close"]:
            depth -= 1
        elif token["class"]:
            words = _ANYTHING if r"\S" in words else words.replace(r"\s", _BLANK)
        elif token["escaped"] in ("s", "S"):
            words = f"[{_BLANK}]" if token["escaped"] == "s" else _ANYTHING
        elif token["least"] is not None:
            words = "+" if token["least"].strip("0") else "*"
        elif words == "$":
            words = ""  # Python's is before a last line break, too
        if not left_out:
            kept.append(words)
        elif depth < left_out:
            left_out = 0
    return "".join(kept)
