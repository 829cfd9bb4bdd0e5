"""Example sentences in the form of the rule catalogue: context stands behind, in parentheses."""

from __future__ import annotations

import re

from compliance.enums import Direction
from compliance.findings import ScanContext

_BEHIND = re.compile(r"\s*\(([^()]*)\)([.!?]?)\s*$")
_THREAD = re.compile(r"\bthread\b", re.IGNORECASE)
_FLAG = re.compile(r"\b(?:SAFE|AE|LEGAL)-[A-Z]+\b")
_REFERENCE = re.compile(
    r"\b(?:reference|citation|source|label|trial|study|review|leaflet)s?\b[^)]*"
    r"\b(?:attached|linked|cited|enclosed)\b",
    re.IGNORECASE,
)
_WRITER = re.compile(
    r"\b(?:author|account|poster|profile|writer|clinician|doctor|surgeon|practice|employer|"
    r"drafted|posted|written|staff)\b",
    re.IGNORECASE,
)
_TIE = re.compile(
    r"\b(?:speaker|paid|equity|shares?|stock|options|consult\w*|advis\w+|employ\w*|owns?|owner|"
    r"invest\w*|founder|sponsor\w*|royalt\w*|commission|affiliat\w*|works? (?:for|at|there)|"
    r"identify|nothing stated|not stated|undisclosed|fees?|honorari\w*|free|partner|board|"
    r"works|grant|sells?|patent\w*|kickback|hospital)\b",
    re.IGNORECASE,
)
_DRAFTED = re.compile(r"^(?:drafted|posted|written|sent)\b", re.IGNORECASE)
TIE = "a tie that the account does not show"


def with_context(example: str, direction: Direction) -> tuple[str, ScanContext]:
    """The sentence to scan, and what stood in parentheses behind it as its context.

    Parentheses that say nothing of the thread, the references or the writer stay in the sentence.
    """
    flags: frozenset[str] = frozenset()
    references: tuple[str, ...] = ()
    ties: tuple[str, ...] = ()
    text = example
    while behind := _BEHIND.search(text):
        words = behind[1].strip()
        named = _FLAG.findall(words)
        if named and _THREAD.search(words):
            flags |= frozenset(named)
        elif _REFERENCE.search(words):
            references = (words,)
        elif _DRAFTED.match(words):
            pass  # every draft is written by the staff
        elif _WRITER.search(words) and _TIE.search(words):
            ties = (TIE,)
        else:
            break
        text = text[: behind.start()] + behind[2]
    context = ScanContext(
        direction=direction, safety_flags=flags, references=references, material_ties=ties
    )
    return text, context
