"""ZIP codes, and three-digit prefixes of areas with 20,000 people or fewer.

Source of the rule: 45 CFR 164.514(b)(2)(i)(B)(1)-(2). Restricted prefixes: HHS de-identification
guidance (26 November 2012) for the 2000 Census, with 205 and 369 of a later list: the union.
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import ContextRecognizer
from compliance.scanners.identifiers.words import STATE_CODES

RESTRICTED = (
    "036|059|063|102|203|205|369|556|692|790|821|823|830|831|878|879|884|890|893"
)  # fmt: skip


class ZipCodeRecognizer(ContextRecognizer):
    """Five or nine digits beside "ZIP" or a state's code; three only where they are restricted."""

    KIND = "ZIP"
    NEEDS = regex.compile(r"\d{3}")
    EXPRESSIONS = (
        ("beside ZIP", r"\b(?:zip(?:[ -]?code)?|postal code|postcode)s?\W{0,3}"
         r"(?:is |of |was |: ?|# ?)?\K\d{5}(?:-\d{4})?\b", 0.95),
        ("before ZIP", r"\b\d{5}(?:-\d{4})?(?= (?:zip|postal|area)\b)", 0.9),
        ("beside a state", rf"\b(?-i:{STATE_CODES}),? \K\d{{5}}(?:-\d{{4}})?\b", 0.85),
        ("nine digits", r"(?<![\d-])\d{5}-\d{4}(?![\d-])", 0.5),
        ("restricted prefix", rf"\b(?:zip|postal)\W{{0,3}}(?:prefix |code )?(?:is |of )?"
         rf"\K(?:{RESTRICTED})\b(?!\d)", 0.85),
        ("restricted area", rf"(?<![\d.-])(?:{RESTRICTED})(?= (?:zip|area|prefix)\b)", 0.85),
    )  # fmt: skip
