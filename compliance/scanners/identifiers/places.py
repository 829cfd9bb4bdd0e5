"""Places smaller than a state: street addresses, towns and facilities with words around them.

Source of the rule: 45 CFR 164.514(b)(2)(i)(B), "all geographic subdivisions smaller than a State,
including street address, city, county, precinct, zip code, and their equivalent geocodes".
Street suffixes: USPS Publication 28, appendix C1.
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import EXACT_CASE, ContextRecognizer
from compliance.scanners.identifiers.words import (
    COUNTRIES,
    MONTHS,
    NOT_NAMES,
    PLAIN_STATE_CODES,
    PUBLIC_FACILITIES,
    SHORT_MONTHS,
    STATE_CODES,
    STATE_NAMES,
    STATES,
    WEEKDAYS,
)

_WORD = r"\p{Lu}\p{Ll}+(?:[-']\p{Lu}?\p{Ll}+)*"
_TOWN = rf"(?:(?:St|Ft|Mt)\. )?{_WORD}(?: (?:de |del |la |on |upon )?{_WORD}){{0,3}}"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Terrace|"
    r"Circle|Cir|Way|Parkway|Pkwy|Highway|Hwy|Close|Crescent|Square|Trail|Row)"
)
_FACILITY = (
    r"(?:Hospital|(?:Medical|Health|Birth|Leisure) Cent(?:er|re)|Clinic|Infirmary|Pharmacy|"
    r"Chemists?|(?:Medical|Family) Practice|Maternity Unit|Nursing Home|Hospice|Peds|Dental Care|"
    r"(?:Primary|High|Elementary) School)"
)
# These don't say which one it is.
_ANY = r"(?!(?:Local|Online|Specialty|Compounding|Retail|Any|Every|Each) )"
_LIVING = (
    r"(?i:live|lives|lived|living|based|reside|resides|residing|located|moved|moving|stay|staying|"
    r"born|grew up|raised)(?: \w+)? (?i:in|near|outside(?: of)?|around|to|at) (?:the )?"
)
_CARE = (
    r"(?i:clinic|hospital|ward|er|unit|practice|doctor|doctors|surgeon|specialist|office|"
    r"emergency room|midwife|ob-?gyn|obgyn|pharmacy|school|college|university) (?i:in|near|at|of) "
)


# Codes that are no words of their own, as people write them who don't use capitals.
_LOWER_CODES = "tx|fl|ny|nj|nc|ga|il|mn|wi|az|ct|va|wv|tn|ky|nv|nm|ut|ks|nh"


class PlaceRecognizer(ContextRecognizer):
    """Towns, streets, facilities; a state or country alone is neutral."""

    KIND = "PLACE"
    NEEDS = regex.compile(
        rf"\p{{Lu}}\p{{Ll}}| (?:{_LOWER_CODES}|ca|st|street|ave|avenue|rd|road|blvd|lane|drive)\b"
    )
    FLAGS = EXACT_CASE
    EXPRESSIONS = (
        ("street", rf"\b\d{{1,5}}(?:-\d+)? (?:(?:N|S|E|W|North|South|East|West)\.? )?"
         rf"(?:{_WORD} |\d+(?:st|nd|rd|th) ){{1,3}}{_STREET}\b(?:\.?,? (?:Apt|Unit|Suite|#) ?\w+)?",
         0.9),
        ("street without a number", rf"\b(?:on|at|off|near) \K(?:{_WORD} ){{1,2}}"
         r"(?:Street|Avenue|Ave|Road|Rd|Lane|Boulevard|Blvd|Drive|Square|Sq)\b", 0.75),
        ("living", rf"\b{_LIVING}\K{_TOWN}", 0.85),
        ("care", rf"\b{_CARE}\K{_TOWN}", 0.8),
        ("I am in", r"\b(?:I'm|I am|we're|we are|[Hh]ere|you're|you are|I come|come|comes|writing) "
         rf"(?:in|near|from) \K{_TOWN}", 0.75),
        ("from", rf"\b(?:[Ff]rom|[Nn]ear) \K{_TOWN}(?=,? (?:area|region|here)\b)", 0.7),
        ("town, state", rf"\b{_TOWN}(?:, ?(?:{STATE_CODES})\b|(?=, ?{STATE_NAMES}))", 0.8),
        ("town state", rf"\b{_TOWN} (?:{PLAIN_STATE_CODES})\b(?![-\d/])", 0.7),
        ("street in lower case", r"\b(?:on|at|off) \K(?!(?:my|the|a|that|this|your) )\p{Ll}{3,}"
         r"(?: \p{Ll}{3,})? (?:st|street|ave|avenue|rd|road|blvd|lane|drive)\b(?! of\b)", 0.6),
        ("town state on a line", rf"(?:^|\n)[ \t]*\K[\p{{Ll}}' ]{{3,30}},? (?:{_LOWER_CODES}|ca)"
         r"(?=[ \t.]*(?:\n|\Z))", 0.6),
        ("town state in lower case", r"\b(?:in|from|at|near|to|outside|with)\s+\K(?!(?:my|the|a) )"
         rf"[\p{{Ll}}']{{3,}}(?: [\p{{Ll}}']{{3,}}){{0,2}},? (?:{_LOWER_CODES})\b(?![\w'&/-])",
         0.6),
        ("county", rf"\b{_WORD}(?: {_WORD})? (?:County|Township|Parish|Borough)\b", 0.75),
        ("facility", rf"\b{_ANY}(?:{_WORD} (?:of )?){{1,4}}{_FACILITY}\b", 0.75),
    )  # fmt: skip

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Turns down states, countries, months and words that only begin a sentence."""
        written = text[start:end]
        folded = written.casefold()
        if folded.replace(" ", "") in STATES or folded in COUNTRIES:
            return False
        if any(name in folded for name in PUBLIC_FACILITIES):
            return False
        first = folded.split()[0].strip("'.")
        if first in COUNTRIES and first not in STATES:
            return False
        if first in NOT_NAMES and not written[0].isdigit():
            return False
        return regex.fullmatch(rf"{MONTHS}|{SHORT_MONTHS}|{WEEKDAYS}", written) is None
