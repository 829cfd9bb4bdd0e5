"""Ages over 89, and years of birth that give one away.

Source of the rule: 45 CFR 164.514(b)(2)(i)(C), "all ages over 89 and all elements of dates
(including year) indicative of such age".
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import ContextRecognizer
from compliance.scanners.identifiers.words import RELATIVES

# Born in 1936 or earlier is 90 at some time of 2026; looked at with each release.
_OLD_YEAR = r"(?:18\d\d|19(?:[012]\d|3[0-6]))"
_OLD = r"(?:9\d|1[01]\d)"
_OLD_WORDS = (
    r"(?:ninety(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|"
    r"(?:one|a) hundred(?: and \w+)?)"
)
# "It is 94": of what is measured, not of somebody.
READING_BEFORE = regex.compile(
    r"\b(?:testosterone|hcg|beta|level|weight|bp|pulse|rate|pressure|[tfls]sh|amh|afc|temp\w*|sugar|"
    r"glucose|oxygen|saturation|sats|score|number|count|ferritin|estradiol|e2|prolactin|"
    r"progesterone|iron|hemoglobin|cholesterol|dose|total|average|readings?|results?|values?|"
    r"goal|target|limit|fasting|a1c|it|that|this|which)(?:'s| is| was| were| are)"
    r"(?: now| about| around| only)?\W{1,3}$",
    regex.IGNORECASE,
)
_NO_UNIT = (
    r"(?!\d|[./,:%]\d|-?day| ?(?:%|kg|lbs?|pounds|percent|per|mg|mcg|ml|bpm|degrees|days?|weeks?|"
    r"months?|minutes?|mins?|hours?|hrs?|cm|in 100|out of|times|mm|over|on|/|dollars|calories))"
)


class AgeRecognizer(ContextRecognizer):
    """The age or the year, as written."""

    KIND = "AGE"
    NEEDS = regex.compile(r"9\d|1[01]\d|18\d\d|19[0-3]\d|ninety|hundred", regex.IGNORECASE)
    EXPRESSIONS = (
        ("years old", rf"\b(?:{_OLD}|{_OLD_WORDS})(?=[- ]?(?:years?|yrs?)[- ]?(?:olds?|of age)\b|"
         r" ?y/?o\b)", 0.95),
        ("at years", rf"\bat \K(?:{_OLD}|{_OLD_WORDS}) years(?: and \d+ months)?", 0.9),
        ("aged", rf"\b(?:aged?|age of|turned|turns|turning)[ :]\K(?:{_OLD}|{_OLD_WORDS})\b"
         rf"{_NO_UNIT}", 0.9),
        ("is", rf"(?:\b(?:she|he|mum|mom|mother|dad|father|grandmother|grandma|gran|nana|"
         rf"grandfather|grandpa|aunt|uncle|patient)(?:'?s| was|, who is|,)|\bi(?:'?m| am| was)|"
         rf"\bis)(?: now| almost| nearly| only)? \K(?:{_OLD}|{_OLD_WORDS})\b{_NO_UNIT}", 0.8),
        ("in brackets", rf"\b(?:{RELATIVES}) ?\(\K(?:{_OLD}|{_OLD_WORDS})(?=[),])", 0.85),
        ("lived to", rf"\b(?:lived to(?: be)?|made it to|died at|at age) "
         rf"\K(?:{_OLD}|{_OLD_WORDS})\b{_NO_UNIT}", 0.85),
        ("at, in words", rf"\bat \K{_OLD_WORDS}\b{_NO_UNIT}", 0.8),
        ("born", rf"\b(?:born|birth|dob)\b[^.!?\n]{{0,20}}?\K\b{_OLD_YEAR}\b", 0.9),
    )  # fmt: skip

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Turns down what a meter shows."""
        return READING_BEFORE.search(text[max(0, start - 40) : start]) is None
