"""E-mail addresses, also spelt out to hide them from machines.

Source of the rule: 45 CFR 164.514(b)(2)(i)(F). Presidio's own recognizer checks the domain
against the public suffix list that comes with tldextract; it must never be fetched.
"""

from __future__ import annotations

import functools

import regex
import tldextract
from presidio_analyzer.predefined_recognizers import EmailRecognizer

from compliance.scanners.identifiers.choice import ENGLISH
from compliance.scanners.identifiers.public_contacts import is_public_address
from compliance.scanners.identifiers.recognizer import ContextRecognizer

MAY_BE_EMAIL = regex.compile("@")


@functools.cache
def _suffixes() -> tldextract.TLDExtract:
    """The list that comes with the package: no address to fetch it from, no cache to write."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class OfflineEmailRecognizer(EmailRecognizer):
    """Presidio's, without its look-up over the network."""

    def __init__(self, supported_language: str = ENGLISH) -> None:
        super().__init__(supported_language=supported_language)
        self.context = []  # an address needs none

    def validate_result(self, pattern_text: str) -> bool:
        """Whether the domain ends in a known suffix and is not that of a public body."""
        return bool(_suffixes()(pattern_text).fqdn) and not is_public_address(pattern_text)


class SpeltOutEmailRecognizer(ContextRecognizer):
    """ "k.brandt [at] example [dot] org" and "name@" whose domain has no known suffix."""

    KIND = "EMAIL"
    NEEDS = regex.compile(r"@|\bdot\b|[\])}]\s*[\w-]+\.\w", regex.IGNORECASE)
    EXPRESSIONS = (
        ("spelt out", r"\b[\w.+-]+ ?[\[({<]? ?(?:at|@) ?[\])}>]? ?[\w-]+"
         r"(?: ?[\[({<]? ?(?:\bdot\b|\.) ?[\])}>]? ?[a-z]{2,}){1,3}\b(?<=dot.*|[\])}].*)", 0.85),
        ("no suffix", r"(?<![\w@])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", 0.7),
    )  # fmt: skip

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Only if an "at" and a "dot" are really spelt out, or it has an @; never a public body."""
        written = text[start:end].casefold()
        if regex.search(r"\.(?:png|jpe?g|gif)@", written):
            return False  # a picture within a mail
        if "@" in written:
            return not is_public_address(written)
        if regex.search(r"\bat\b.*(?:\bdot\b|[\])}]\s*[\w-]+\.\w)", written) is None:
            return False
        # "met at the dot of nine" has no domain that exists.
        domain = regex.sub(r"[\[({<\])}>\s]*(?:\bdot\b|\.)[\[({<\])}>\s]*", ".", written)
        return bool(_suffixes()(domain.split()[-1]).suffix)
