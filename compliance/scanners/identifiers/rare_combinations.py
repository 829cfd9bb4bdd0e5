"""A post, an event or a code that only one person can be.

Source of the rule: 45 CFR 164.514(b)(2)(i)(R) and (b)(2)(ii): no actual knowledge that what remains
could identify the person. Patterns find the plainest ones only; people find the rest.
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import ContextRecognizer
from compliance.scanners.identifiers.words import RELATIVES

_OFFICE = (
    r"(?:mayor|sheriff|governor|senator|congress(?:man|woman)|principal|superintendent|judge|"
    r"fire chief|police chief|chief of police|pastor|bishop|coroner|news ?anchor|"
    r"anchor(?:man|woman)|"
    r"weather(?:man|woman| presenter)|head coach|ceo|owner|president|headteacher|dean)"
)
_AREA = r"(?:state|county|country|town|city|village|district|region|school|hospital)"


class RareCombinationRecognizer(ContextRecognizer):
    """The words that single somebody out."""

    KIND = "OTHER"
    NEEDS = regex.compile(
        rf"\b(?:{_OFFICE}|the (?:only|first|oldest|youngest)|participant|study|patient code)",
        regex.IGNORECASE,
    )
    EXPRESSIONS = (
        ("relative of an office", rf"\b(?:{RELATIVES}) of (?:the|our|a) (?:\w+ ){{0,2}}{_OFFICE}\b",
         0.8),
        ("office", rf"\b(?:i am|i'm|you are|you're|she is|she's|he is|he's) the (?:\w+ ){{0,2}}"
         rf"{_OFFICE}\b(?: (?:of|who|at|in)\b(?: \w+){{1,4}})?", 0.75),
        ("only one", rf"\bthe (?:only|first|oldest|youngest) [^.!?\n]{{2,60}}? (?:in|of|at) "
         rf"(?:the|our|my|this|your) (?:whole |entire )?{_AREA}\b", 0.7),
        ("study code", r"\b(?:participant|study subject|study id|patient code)"
         r"(?: (?:number|no\.?|id|#))?:? \K(?=[A-Z0-9-]*\d)[A-Z]{0,8}-?\d{2,}[A-Z0-9-]*\b", 0.85),
    )  # fmt: skip
