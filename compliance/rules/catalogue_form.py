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
# What stands in parentheses about who writes: a tie that readers can't see, unless it says that
# there is none or that the account shows it.
_WRITER = re.compile(
    r"\b(?:author|account|poster|profile|writer|clinician|doctor|surgeon|practice|employer|"
    r"drafted|posted|written|staff|gifted|sponsored|disclos\w+|undisclosed|unstated|"
    r"nothing (?:is |was )?(?:said|stated|shows?|shown)|not (?:stated|said|given|mentioned))\b",
    re.IGNORECASE,
)
_UNTIED = re.compile(
    r"\b(?:no (?:link|tie|ties|connections?|commercial|financial|industry|interests?|payments?)|"
    r"unconnected|independent|unpaid|(?:account|profile|bio|author) (?:bio |page )?"
    r"(?:names|identifies|states|shows|says|discloses|lists))\b",
    re.IGNORECASE,
)
_SILENT = re.compile(
    r"\b(?:no|not|nothing|un\w+|silent|without|never|doesn.?t|isn.?t|paid|owns?|holds?|runs?|"
    r"sells?|works?|speaks?|consult\w*|married|manager|ambassador|equity|shares?|gifted|sponsored|"
    r"makes|receives?|gets|earns?|royalt\w*|commission|employed|payroll|registrar|receptionist|lead|nurse)\b",
    re.IGNORECASE,
)
_DRAFTED = re.compile(
    r"^(?:drafted|posted|written|sent) by (?:the |a |an )?(?:\w+ )?(?:staff|nurse|doctor|team)\b",
    re.IGNORECASE,
)
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
        elif _WRITER.search(words):
            # Every draft is written by the staff: that alone says nothing.
            if _SILENT.search(_DRAFTED.sub("", words)) and not _UNTIED.search(words):
                ties = (TIE,)
        else:
            break
        text = text[: behind.start()] + behind[2]
    context = ScanContext(
        direction=direction, safety_flags=flags, references=references, material_ties=ties
    )
    return text, context
