"""Pictures and recordings that show or let hear a person.

Source of the rule: 45 CFR 164.514(b)(2)(i)(P) and (Q). What is found is the mention; the picture
itself was never taken in.
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import ContextRecognizer

_PICTURE = (
    r"(?:photos?|pictures?|pics?|selfies?|videos?|images?|recordings?|snapshots?|shots?|clips?)"
)


class ImageRecognizer(ContextRecognizer):
    """The words that speak of the picture."""

    KIND = "IMAGE"
    NEEDS = regex.compile(
        r"photo|pic\b|pics\b|picture|selfie|video|image|record|snapshot|shot|film|face|"
        r"\.(?:jpe?g|png|heic|gif|mp4|mov)\b",
        regex.IGNORECASE,
    )
    EXPRESSIONS = (
        ("file", r"\b[\w-]+\.(?:jpe?g|png|heic|gif|mp4|mov)\b", 0.9),
        ("attached", r"\b(?:attach(?:ed|ing)?|upload(?:ed|ing)?|post(?:ed|ing)?|includ(?:ed|ing)|"
         r"add(?:ed|ing)|shar(?:ed|ing)|here(?:'s| is| are))\b [^.!?\n]{0,25}?"
         rf"\b(?:before-and-after )?{_PICTURE}\b(?! of (?:a |the )?(?:rash|diagram|leaflet|packet|"
         r"box|label))", 0.7),
        ("shows somebody", rf"\b(?:group|family|baby|birth|profile) {_PICTURE}\b|\b{_PICTURE} of "
         r"(?:me|us|my|her|him|his|our|them|you|your)\b", 0.75),
        ("filmed", r"\b(?:we|i|they) (?:filmed|photographed|recorded|videoed|videotaped) "
         r"(?:me|us|my|her|him|his|our|them|you|your)\b(?: \w+){0,2}", 0.75),
        ("face", r"\b(?:her|his|my|your|their) face (?:is |was |can be )?(?:visible|shown?|seen|in "
         r"(?:it|the))|\bface and all\b|\beveryone is tagged\b", 0.75),
    )  # fmt: skip
