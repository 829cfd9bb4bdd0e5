"""Web addresses that may lead to a person.

Source of the rule: 45 CFR 164.514(b)(2)(i)(N). Presidio's pattern takes "word.Next" for an address
(detected suffixes are words); here a bare domain is in lower case and of a common suffix.
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.public_contacts import is_public_address
from compliance.scanners.identifiers.recognizer import EXACT_CASE, ContextRecognizer

# Of the countries' suffixes those that are no English word: "pain.it" is a missing space,
# as "tell.me" is.
_SUFFIX = (
    r"(?:com|org|net|info|io|blog|page|site|online|shop|app|tv|edu|health|care|(?:co|org)\.uk|ca|"
    r"co|se|es|de|fr|nl|ch|dk|fi|ie|eu|pl|cz|pt|gr|hu|ro|jp|kr|br|mx|za|nz|ng|ke|"
    r"com\.(?:au|br|mx|ng|sg))"
)
_ANY_SUFFIX = r"[a-z]{2,10}"


class WebAddressRecognizer(ContextRecognizer):
    """The whole address, path included."""

    KIND = "URL"
    NEEDS = regex.compile(r"https?:|www\.|[a-z0-9-]\.[a-z]{2,10}\b")
    FLAGS = EXACT_CASE
    EXPRESSIONS = (
        ("with scheme", r"\bhttps?://[^\s<>\"')\]]+[\w/]", 0.9),
        ("www", r"\bwww\.[\w-]+(?:\.[\w-]+)+(?:/[^\s<>\"')\]]*[\w/])?", 0.85),
        ("with path", rf"(?<![@\w.-])(?:[a-z0-9-]+\.)+{_ANY_SUFFIX}/[\w@][^\s<>\"')\]]*[\w/]", 0.6),
        ("bare", rf"(?<![@\w.-])(?:[a-z0-9-]+\.)+{_SUFFIX}\b(?!\.\w)"
         r"(?:/[^\s<>\"')\]]*[\w/])?", 0.7),
    )  # fmt: skip

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Public bodies and the name of the register itself stay."""
        written = text[start:end]
        return not is_public_address(written)
