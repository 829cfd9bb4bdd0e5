"""Dates more exact than a year that have to do with a person.

Source of the rule: 45 CFR 164.514(b)(2)(i)(C), "all elements of dates (except year) for dates
directly related to an individual". Dates of public events (a publication, a recall, an awareness
day) are nobody's.
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import ContextRecognizer
from compliance.scanners.identifiers.words import MONTHS, SHORT_MONTHS, WEEKDAYS
from compliance.scanners.sentences import Passage

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
_MONTH = rf"(?:{MONTHS}|(?:{SHORT_MONTHS})\b\.?)"
_HOLIDAY = (
    r"(?:christmas(?: (?:eve|day))?|thanksgiving(?: day)?|new year'?s(?: (?:eve|day))?|"
    r"(?:easter|palm) ?(?:sunday|monday)?|good friday|(?:all saints'?|all souls'?|valentine'?s|"
    r"mother'?s|father'?s|st\.? patrick'?s|memorial|labor|veterans'?|boxing|canada|australia) day|"
    r"halloween|(?:the )?(?:fourth|4th) of july|juneteenth|eid(?: al-\w+)?|diwali|hanukkah|"
    r"yom kippur)"
)
_NTH = r"(?:[12]?1st|2?2nd|2?3rd|(?:[4-9]|1\d|2[04-9]|30)th|31st)"
_NTH_WORD = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|"
    r"thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|"
    r"twent(?:ieth|y[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))|"
    r"thirt(?:ieth|y[- ]first))"
)
_SHORT_WEEKDAY = r"(?:mon|tues?|weds?|thurs?|fri|sat|sun)"
# What else is counted: the 2nd trimester, the 4th round.
_COUNTED = (
    r"(?! (?:time|try|round|cycle|trimester|week|month|day|year|hour|baby|child|pregnan\w+|"
    r"transfer|"
    r"iui|ivf|attempt|one|degree|percentile|dose|shot|jab|surgery|opinion|grade|floor|line|part|"
    r"amendment|century|person|doctor|loss|miscarriage|appointment|scan|visit|edition|period))"
)
_WHEN = (
    r"(?:on|from|since|until|till|before|after|by|dated?|around|for|scheduled|booked|seen|dx|"
    r"(?:lmp|dob|edd|due date|birthday|born)(?: is| was)?)"
)

_DAY_BEFORE = rf"(?:(?:{WEEKDAYS}),? (?:the )?)?"
_SINCE = regex.compile(r"\b(?:on|since|from|until|before|after) $", regex.IGNORECASE)
_PERSON = regex.compile(
    r"\b(?:i|i'm|i've|i'd|im|me|my|mine|we|our|us|she|her|hers|he|him|his|you|your|yours|"
    r"patient|mum|mom|mother|father|dad|daughter|son|wife|husband|sister|brother|baby|lmp|dob)\b",
    regex.IGNORECASE,
)
_PUBLIC = regex.compile(
    r"\b(?:publish\w*|announc\w*|guideline\w*|guidance|statement|"
    r"opinion (?:no|number|\d)|approv\w*|recall\w*|"
    r"fda|acog|cdc|who|nice|hhs|label\w*|awareness|world \w+ day|"
    r"international \w+ day|every year|each year|revised|updated|effective|version|study|trial|"
    r"journal|(?<!in-)law|court|ruling|act)\b",
    regex.IGNORECASE,
)
# Of a packet. People expire, too, and an appointment is made on a day.
_GOODS = regex.compile(
    r"\b(?:(?:expiry|expiration|exp\.?)(?: date)?|expired? \(|best before|use[- ]by|sell[- ]by|"
    r"manufactured)\W{0,3}(?:(?:date|on|in|is|was|of)\W{1,3}){0,2}$",
    regex.IGNORECASE,
)
_OWN = regex.compile(r"\b(?:my|her|his|your|you)\b", regex.IGNORECASE)
_EVENT = regex.compile(
    r"\b(?:appointment|visit|surger\w+|operat\w+|scan|ultrasound|admitted|admission|discharged?|"
    r"born|birth|delivered|delivery|died|passed|death|insert\w+|removed|procedure|c-?section|"
    r"miscarr\w+|diagnos\w+|er|hospital|clinic|doctor|biops\w+|mammogram|period started|lmp|"
    r"induced|due|tubal|ivf|transfer|retrieval|mri|x-?ray|test|d&c|hcg|pregnan\w+|turned|repeat|"
    r"since|symptoms|bleed\w*|flare\w*|ablation|colpo\w*|follow[- ]?up|scheduled|booked|had|"
    r"got|went)\b",
    regex.IGNORECASE,
)


class DateRecognizer(ContextRecognizer):
    """Days, months, weekdays and holidays; never a bare year."""

    KIND = "DATE"
    NEEDS = regex.compile(
        rf"\d[/.-]\d|\b(?:{MONTHS}|{SHORT_MONTHS}|{WEEKDAYS})\b|christmas|thanksgiving|new year|"
        r"easter|palm|halloween|of july|juneteenth|eid|diwali|hanukkah|kippur| day\b|"
        rf"the \d\d?(?:st|nd|rd|th)\b|\d(?:st|nd|rd|th) of (?:last|this|next) month|"
        rf"\b(?:on|last|this|since|next|until|till|by) {_SHORT_WEEKDAY}\b",
        regex.IGNORECASE,
    )
    EXPRESSIONS = (
        ("numbers with year", rf"(?<![\d/.-])(?:{_DAY}([/.-]){_DAY}\1(?:{_YEAR}|\d\d)|"
         rf"{_YEAR}([/.-]){_MONTH_NUMBER}\2{_DAY})(?![\d/]|[.-]\d)", 0.85),
        ("numbers", rf"\b{_WHEN}:? \K{_MONTH_NUMBER}/{_DAY}"
         r"(?![\d/%]|\.\d| ?(?:mg|of|an?\b|tablets?|cup|pill|hours?|dose|pain|scale|stars))", 0.75),
        ("day in words", rf"\b(?:the )?{_DAY_BEFORE}(?:the )?{_NTH_WORD}(?: of)? {_MONTH}\b"
         rf"(?:,? {_YEAR})?", 0.85),
        ("month and day in words", rf"\b{_MONTH} (?:the )?{_NTH_WORD}\b(?:,? {_YEAR})?", 0.85),
        ("nth of a month", rf"\b(?:the )?{_NTH} of (?:last|this|next) month\b", 0.75),
        ("month and day", rf"\b{_DAY_BEFORE}{_MONTH} (?:the )?{_DAY}(?:st|nd|rd|th)?\b"
         rf"(?!:|\.\d| ?(?:mg|weeks|%))(?:,? {_YEAR})?", 0.85),
        ("day and month", rf"\b(?:the )?{_DAY_BEFORE}{_DAY}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b"
         rf"(?:,? {_YEAR})?", 0.85),
        ("month and year", rf"\b{_MONTH},? (?:of )?{_YEAR}\b", 0.75),
        ("month", rf"\b(?:in|since|until|during|by|of|early|late|mid)"
         rf"[ -]\K(?-i:{MONTHS})\b(?! concern)", 0.65),
        ("last month", rf"\b(?:(?:last|this|next) |mid-)(?-i:{MONTHS})\b(?! concern)", 0.65),
        ("month in lower case", rf"\b(?:in|since|last|until|end of|start of|beginning of|middle of|"
         rf"early|late|mid|next|week of)"
         rf"[ -]\K(?:{MONTHS})\b(?! (?:concern|be|have|not|help|cause|also|i\b|we\b|you))",
         0.65),
        ("weekday and nth", rf"\b(?:{WEEKDAYS})(?:,| the)? {_NTH}\b", 0.8),
        ("weekday and numbers", rf"\b(?:{WEEKDAYS}),? {_MONTH_NUMBER}/{_DAY}\b", 0.8),
        ("nth", rf"\b(?:on|since|until|till|by|from|before|after|of) \Kthe {_NTH}\b{_COUNTED}"
         rf"(?: of (?:the |this |next |last )?month)?", 0.6),
        ("next nth", rf"\b(?:on|since|until|till|by|from|before|after) the {_NTH}"
         rf"(?:,| and| or| to)+ \Kthe {_NTH}\b{_COUNTED}", 0.6),
        ("weekday", rf"\b(?:on|last|this|since|next|until) \K(?:{WEEKDAYS})\b", 0.6),
        ("short weekday", r"\b(?:(?:on|last|this|since|next|until|till|by) "
         r"\K(?:mon|tues?|weds?|thurs?|fri)|(?:last|next) \K(?:sat|sun))\b(?!\w)", 0.6),
        ("holiday as a date", rf"\b(?:on|since|from|until|before|after) \K{_HOLIDAY}\b", 0.7),
        ("holiday", rf"\b{_HOLIDAY}\b", 0.6),
    )  # fmt: skip

    def keeps(self, text: str, start: int, end: int) -> bool:
        """A date counts if the sentence is about somebody, and not about something published."""
        sentence = sentence_at(text, start)
        if is_of_a_public_event(sentence):
            return False
        if is_of_goods(text[max(0, start - 40) : start]):
            return False
        written = text[start:end]
        if regex.search(r"\d", regex.sub(_YEAR, "", written)):
            return True  # a day: dangerous enough without a person beside it
        if _SINCE.search(text[:start]) and regex.fullmatch(_HOLIDAY, written, regex.IGNORECASE):
            return True  # since when, on which day: it is dated
        if not (_PERSON.search(sentence) or _EVENT.search(sentence)):
            return False
        if regex.search(rf"\b{_NTH_WORD}\b", written, regex.IGNORECASE):
            return True
        if regex.fullmatch(rf"{WEEKDAYS}|{_HOLIDAY}", written, regex.IGNORECASE):
            return _EVENT.search(sentence) is not None
        return True


def sentence_at(text: str, start: int) -> str:
    """The words of the sentence around a place."""
    passage = Passage(text)
    return passage.words_of(passage.sentence_at(start))


def is_of_goods(before: str) -> bool:
    """Whether a date behind these words says when goods were made or until when they last."""
    return _GOODS.search(before) is not None


def is_of_a_public_event(sentence: str) -> bool:
    """Whether a date in this sentence is that of a publication, a recall, an awareness day."""
    return bool(_PUBLIC.search(sentence)) and not _OWN.search(sentence)
