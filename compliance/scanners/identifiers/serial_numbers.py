"""Devices and vehicles that can be told apart from all others.

Source of the rule: 45 CFR 164.514(b)(2)(i)(L) and (M). Formats: UDI with GS1 application
identifiers, 21 CFR 801.40 and 830; VIN with its check digit, 49 CFR 565.15.
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import ContextRecognizer

_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7,
                                    8, 9), strict=True)
)  # fmt: skip
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


class SerialNumberRecognizer(ContextRecognizer):
    """UDI, serial number, plate; a VIN if its check digit is right or the word stands before it."""

    KIND = "SERIAL"
    NEEDS = regex.compile(r"\d")
    EXPRESSIONS = (
        ("UDI", r"\(01\)\d{14}(?:\(\d{2,3}\)[\w./-]{0,19}\w)*", 0.95),
        ("serial", r"\b(?:serial|s/n|sn|lot and serial)(?: (?:number|no\.?|num|#))?\W{0,3}"
         r"(?:is |was )?\K(?=[A-Z0-9-]*\d\d)[A-Z0-9][A-Z0-9-]{3,24}\b", 0.9),
        ("device id", r"\b(?:device|implant|pump|imei)(?: (?:id|identifier|number|no\.?))\W{0,3}"
         r"(?:is |was )?\K(?=[A-Z0-9:-]*\d\d)[A-Z0-9][A-Z0-9:-]{4,24}\b", 0.8),
        ("plate", r"\b(?:licen[cs]e plate|number plate|plate|registration)(?: (?:number|no\.?))?"
         r"\W{0,3}(?:is |was )?\K(?-i:[A-Z0-9]{2,4}[- ]?[A-Z0-9]{2,4})\b(?<=\d.{0,7})", 0.7),
        ("VIN", r"\b[A-HJ-NPR-Z0-9]{17}\b", 0.9),
    )  # fmt: skip

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Seventeen characters are a VIN only with the right check digit or after the word."""
        written = text[start:end].upper()
        if len(written) != 17 or not regex.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", written):
            return True
        if regex.search(r"\b(?:vin|serial)\b", text[max(0, start - 20) : start], regex.IGNORECASE):
            return True
        return has_right_check_digit(written)


def has_right_check_digit(vin: str) -> bool:
    """Whether the ninth of 17 characters is the weighted sum modulo 11 (49 CFR 565.15(c))."""
    if vin.isdigit() or vin.isalpha():
        return False
    total = sum(
        weight * (int(c) if c.isdigit() else _VIN_VALUES[c])
        for c, weight in zip(vin, _VIN_WEIGHTS, strict=True)
    )
    return vin[8] == "0123456789X"[total % 11]
