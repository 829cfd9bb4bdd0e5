"""Telephone numbers that are written short or in letters; Presidio's recognizer has the rest.

Source of the rule: 45 CFR 164.514(b)(2)(i)(D) and (E). Format: North American Numbering Plan,
NPA-NXX-XXXX with N from 2 to 9 (https://www.nanpa.com/).
"""

from __future__ import annotations

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from compliance.scanners.identifiers.choice import ENGLISH
from compliance.scanners.identifiers.public_contacts import is_public_number
from compliance.scanners.identifiers.recognizer import ContextRecognizer

SURE = 0.75
MAY_BE_PHONE = regex.compile(r"(?:\d[ ().+/-]{0,3}){7}")


class PersonalPhoneRecognizer(PhoneRecognizer):
    """Presidio's, less public services. A number that its country can have needs no context."""

    def __init__(self, supported_language: str = ENGLISH) -> None:
        super().__init__(
            supported_language=supported_language, supported_regions=("US", "GB"), leniency=1
        )
        self.context = []

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """As Presidio's."""
        found = super().analyze(text, entities, nlp_artifacts)  # type: ignore[arg-type]  # unused
        kept = [r for r in found if not is_public_number(text[r.start : r.end])]
        for result in kept:
            result.score = SURE
        return kept


class ShortPhoneRecognizer(ContextRecognizer):
    """Seven digits after "call", ten in any punctuation, letters for digits."""

    KIND = "PHONE"
    NEEDS = regex.compile(r"\d{3}")
    EXPRESSIONS = (
        ("seven digits", r"\b(?:call|text|phone|ring|cell|mobile|tel|fax|number|whatsapp)\b"
         r"[^.!?\n]{0,20}?\K(?<![\d-])\d{3}[-. ]\d{4}(?![\d-])", 0.7),
        ("ten digits", r"(?<![\d-])\(?[2-9]\d\d\)?[-. ]{1,2}\d{3}[-. ]\d{4}(?![\d-])", 0.8),
        ("letters", r"(?<![\w-])1?-?8(?:00|33|44|55|66|77|88)-[A-Z0-9]{3}-?[A-Z0-9]{4}\b", 0.7),
    )  # fmt: skip

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Public services stay."""
        return not is_public_number(text[start:end])
