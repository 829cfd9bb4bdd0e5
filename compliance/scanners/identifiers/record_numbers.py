"""Numbers that a provider, plan, bank or government gave to a person, known by the words before.

Source of the rule: 45 CFR 164.514(b)(2)(i)(G) to (K). There is no common format: the word says
what it is. Presidio's recognizers find SSNs and Medicare numbers by their form: SSN per
https://www.ssa.gov/employer/randomization.html, MBI per CMS's "Understanding the MBI format".
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import ContextRecognizer

_WORDS = (
    r"(?:mrn|medical record|patient|chart|record|account|acct|member|membership|policy|subscriber|"
    r"insurance|medicare|medicaid|beneficiary|claim|case|file|hosp(?:ital)?|nhs|group|licen[cs]e|"
    r"passport|prescription|rx|visit|encounter|accession|specimen|dea|npi)"
)
_NUMBER_WORD = r"(?:(?:number|no|num|nr|id|identifier|#)\.?:? ?)"
_VALUE = r"(?=[A-Z0-9-]*\d[A-Z0-9-]*\d[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{3,19}"
# What is written after these may have any form: QM/X/40071-F, TC 41-22-07, KHA 55-0991/A.
_REFERRED = (
    r"(?:ref(?:erence)?|auth(?:ori[sz]ation)?|booking|referral|chart|folder|docket|subject|bill|"
    r"(?:treatment|screening|clinic|hospital) card|(?:approval|portal|claim) code|sn|mr|"
    r"form on file|complaint|uhid|reg)"
)
_CODE = (
    r"(?!(?:19|20)\d\d\b)(?-i:(?=(?:[A-Z./~#° -]{0,8}\d){3})"
    r"(?:[A-Z]{1,6}[./~#°-]+|[A-Z]{1,5} (?=\d))*[A-Z]*\d[A-Z0-9./~#-]*)(?: \d[\d./-]+)*"
    r"(?<![./~#-])"
)


class RecordNumberRecognizer(ContextRecognizer):
    """The number alone."""

    KIND = "ID"
    NEEDS = regex.compile(r"\d\S*\d\S*\d|(?:\d[^\d\n]{0,8}){2}\d")
    EXPRESSIONS = (
        ("with number word", rf"\b{_WORDS} ?{_NUMBER_WORD}+(?:is |was |= ?|of )?\K{_VALUE}\b", 0.9),
        ("abbreviation", rf"\b(?:mrn|ssn|s/?n|nhs|mbi|dob id|dea|npi)\W{{0,3}}(?:is |was )?"
         rf"\K{_VALUE}\b", 0.9),
        ("social", r"\b(?:social(?: security)?|ssn|ss)(?: number| no\.?| #)?\W{0,3}"
         r"(?:is |was |of )?\K\d{3}[- ]?\d{2}[- ]?\d{4}\b", 0.95),
        ("last digits", r"\blast (?:four|4|six|6)(?: digits)?"
         r"(?: of (?:my|her|his|the|your) [\w ]{2,25})?(?: is| are|:)? \K\d{4,6}\b", 0.8),
        ("prescription", r"\b(?:rx|prescription|script) \K(?=(?:\d-*){4})\d[\d-]{4,14}\d\b", 0.85),
        ("file", r"\b(?:file|claim|case|account|acct) \K(?=\S*\d\S*\d\S*\d)"
         r"[A-Z0-9]+[-/][A-Z0-9/-]{3,14}\b",
         0.8),
        ("reference", rf"\b{_REFERRED}\b\.? ?{_NUMBER_WORD}*[:#(]? ?(?:is |was |= ?)?\K"
         rf"{_CODE}", 0.8),
        ("end of a number", r"\b(?:mrn|record|file|claim|case|account|acct|policy|member(?: id)?|"
         r"pin|card)(?: number| no\.?| #)? (?:ends|ending)(?: in| with)? \K-?\d{3,6}(?:-\d+)?\b",
         0.8),
        ("card", r"(?<![\d-])\d{4}[- ]\d{4}[- ]\d{4}[- ]\d{4}(?![\d-])", 0.8),
    )  # fmt: skip
