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
    r"(?:(?:christmas|x-?mas)(?: (?:eve|day))?|thanksgiving(?: day)?|"
    r"new year'?s(?: (?:eve|day))?|new year (?:eve|day)|(?:chinese|lunar) new year|"
    r"easter(?: (?:sunday|monday))?|(?:palm|mothering|whit) (?:sunday|monday)|good friday|"
    r"ash wednesday|(?:holy|maundy) thursday|shrove tuesday|bank holiday(?: monday)?|"
    r"(?:bonfire|burns|twelfth|guy fawkes) night|candlemas|"
    r"(?:all saints'?|all souls'?|valentine'?s|mother'?s|father'?s|(?:(?:st|saint)\.? )?"
    r"(?:patrick|paddy|stephen|david|george|andrew)'?s|memorial|labou?r|veterans'?|boxing|canada|"
    r"australia|anzac|independence|republic|heritage|melbourne cup|pancake|groundhog|flag|leap|may|"
    r"sallah) (?:day|eve)|halloween|(?:the )?(?:fourth|4th) of july|juneteenth|eid(?: al-\w+)?|"
    r"diwali|hanukkah|yom kippur|passover|ramadan|onam)(?: (?:weekend|week|eve|morning|night))?"
)
_NTH = r"(?:[12]?1st|2?2nd|2?3rd|(?:[4-9]|1\d|2[04-9]|30)th|31st)"
_NTH_WORD = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|"
    r"thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|"
    r"twent(?:ieth|y[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))|"
    r"thirt(?:ieth|y[- ]first))"
)
_SHORT_WEEKDAY = r"(?:mon|tues?|weds?|thurs?|fri|sat|sun)"
_ANY_WEEKDAY = rf"(?:{WEEKDAYS}|{_SHORT_WEEKDAY}\b\.?)"
_WHICH = r"(?:last|next|this(?: past| coming)?|coming)"
_PART = r" (?:gone|week|morning|lunchtime|afternoon|evening|night)\b"
# What comes again is no day: every Monday, Monday to Friday, Mondays.
_AGAIN_BEFORE = r"(?<!\b(?:every|each|most|black|alternate) )(?<!\b(?:to|through|thru) )"
_AGAIN_BEHIND = (
    r"(?! ?(?:to|through|thru|-|\u2013) ?(?:mon|tue|wed|thu|fri|sat|sun)|"
    r" (?:school|roast|paper|best)\b)"
)
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
# Characters around a date in which it is looked for whose day it is: a text may be all dates.
_SENTENCE, _POST = 400, 1000
_BEFORE = 20
_SINCE = regex.compile(r"\b(?:on|since|from|until|before|after) $", regex.IGNORECASE)
_GREETING = regex.compile(r"\b(?:happy|merry|blessed) $", regex.IGNORECASE)
_PERSON = regex.compile(
    r"\b(?:i|i'm|i've|i'd|im|me|my|mine|we|our|us|she|her|hers|he|him|his|you|your|yours|"
    r"patient|mum|mom|mother|father|dad|daughter|son|wife|husband|sister|brother|baby|lmp|dob)\b",
    regex.IGNORECASE,
)
_PUBLIC = regex.compile(
    r"\b(?:publish\w*|announc\w*|guideline\w*|guidance|statement|"
    r"opinion (?:no|number|\d)|approv\w*|recall\w*|"
    r"fda|acog|cdc|(?-i:WHO|NICE|Act)|hhs|label\w*|awareness|world \w+ day|"
    r"international \w+ day|every year|each year|revised|updated|effective|version|study|trial|"
    r"journal|(?<!in-)law|court|ruling)\b",
    regex.IGNORECASE,
)
# Of a packet. People expire, too, and an appointment is made on a day.
_GOODS = regex.compile(
    r"\b(?:(?:expiry|expiration|exp\.?)(?: date)?|expired? \(|best before|use[- ]by|sell[- ]by|"
    r"manufactured)\W{0,3}(?:(?:date|on|in|is|was|of)\W{1,3}){0,2}$",
    regex.IGNORECASE,
)
_OWN = regex.compile(r"\b(?:my|me|our|us|her|his|him|your|you)\b", regex.IGNORECASE)
_EVENT = regex.compile(
    r"\b(?:appointment|visit|surger\w+|operat\w+|scan|ultrasound|admitted|admission|discharged?|"
    r"born|birth|delivered|delivery|died|passed|death|insert\w+|removed|procedure|c-?section|"
    r"miscarr\w+|diagnos\w+|er|hospital|clinic|doctor|biops\w+|mammogram|period started|lmp|"
    r"induced|due|tubal|ivf|transfer|retrieval|mri|x-?ray|test|d&c|hcg|pregnan\w+|turned|repeat|"
    r"since|symptoms|bleed\w*|flare\w*|ablation|colpo\w*|follow[- ]?up|scheduled|booked|had|"
    r"got|went|lost|found|told|rang|called|saw|came|started|stopped|dx'?d?|first time)\b",
    regex.IGNORECASE,
)


class DateRecognizer(ContextRecognizer):
    """Days, months, weekdays and holidays; never a bare year."""

    KIND = "DATE"
    NEEDS = regex.compile(
        rf"\d[/.-]\d|\b(?:{MONTHS}|{SHORT_MONTHS}|{WEEKDAYS})\b|christmas|thanksgiving|new year|"
        r"easter|halloween|of july|juneteenth|eid|diwali|hanukkah|kippur| (?:day|eve|night)\b|"
        rf"the \d\d?(?:st|nd|rd|th)\b|\d(?:st|nd|rd|th) of (?:last|this|next) month|"
        rf"\b(?:on|last|this|coming|past|since|next|until|till|by|ago|from) "
        rf"{_SHORT_WEEKDAY}\b|"
        rf"\b(?:tues|weds|thurs)\b|\b{_SHORT_WEEKDAY}\.?,? (?:the )?\d|passover|ramadan|"
        r"bank holiday|x-?mas|candlemas|onam|lunar|whit |mothering|day'?s ago|"
        r"\b(?-i:Mon|Tue|Wed|Thu|Fri|Sat)\b",
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
        ("month", rf"\b(?:(?:in|since|until|during|by|of) \K|(?:early|late|mid)[ -])"
         rf"(?-i:{MONTHS})\b(?! concern)", 0.65),
        ("last month", rf"\b(?:(?:last|this|next) |mid-)(?-i:{MONTHS})\b(?! concern)", 0.65),
        ("short month", rf"\b(?:(?:in|since|until|til) \K|(?:early|late|mid)[ -])"
         rf"(?-i:{SHORT_MONTHS})\b(?!\.? ?\d)", 0.65),
        ("month gone", rf"\b(?!ma)(?:{MONTHS}) (?:last|gone|just gone)\b", 0.65),
        ("part of a month", rf"\b(?:the )?(?:first|second|third|fourth|last|1st|2nd|3rd|4th) "
         rf"(?:{_ANY_WEEKDAY}|week|weekend) (?:of|in) (?:{MONTHS}|{SHORT_MONTHS})\b", 0.8),
        ("weekday counted back", rf"\b(?:the (?:{WEEKDAYS}) before last|"
         rf"(?:two|three|four|a couple of|\d) (?:{WEEKDAYS})s ago|"
         rf"(?:\d+|an?|one|two|three|few) (?:weeks?|wks?) (?:ago|last|from|on|this) {_ANY_WEEKDAY}|"
         rf"(?:{WEEKDAYS}) next(?! to))\b", 0.7),
        ("month in lower case", rf"\b(?:in|since|last|until|end of|start of|beginning of|middle of|"
         rf"early|late|mid|next|week of)"
         rf"[ -]\K(?:{MONTHS})\b(?! (?:concern|be|have|not|help|cause|also|i\b|we\b|you))",
         0.65),
        ("days of a month", rf"\b(?:the )?{_DAY}(?:st|nd|rd|th)? ?(?:to|and|until|till|-|\u2013|&)"
         rf" ?(?:the )?{_DAY}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?!\w)", 0.85),
        ("weekday and nth", rf"\b{_ANY_WEEKDAY}(?:,| the)? {_NTH}\b", 0.8),
        ("weekday and numbers", rf"\b{_ANY_WEEKDAY},? {_DAY}[/.]{_DAY}(?![\d/])", 0.8),
        ("numbers of an event", rf"(?<![\d/.])(?:{_MONTH_NUMBER}/{_DAY}|{_DAY}/{_MONTH_NUMBER})"
         r"(?= (?:ultrasound|scan|app(?:ointmen)?t|visit|labs?|blood\w*|surgery|mri|results?|"
         r"report|biopsy|beta|transfer|retrieval)\b)", 0.75),
        ("day and month in numbers", rf"\b(?:on|since|until|till|dated?|born|arrived):? "
         rf"\K(?:{_DAY}/{_MONTH_NUMBER}|[0-3]\d\.(?:0[1-9]|1[0-2]))"
         r"(?![\d/%]|\.\d| ?(?:mg|mcg|ml|mmol|kg|cm|of|an?\b|tablets?|hours?|pain|scale|stars))",
         0.7),
        ("nth", rf"\b(?:on|since|until|'?till?|by|from|before|after|of|is|was|so|be) "
         rf"\Kthe {_NTH}\b{_COUNTED}(?: of (?:the |this |next |last )?month)?", 0.6),
        ("next nth", rf"\b(?:on|since|until|till|by|from|before|after) the {_NTH}"
         rf"(?:,| and| or| to)+ \Kthe {_NTH}\b{_COUNTED}", 0.6),
        ("weekday", rf"{_AGAIN_BEFORE}\b(?:{_WHICH} )?(?:{WEEKDAYS})(?:{_PART})?\b"
         rf"{_AGAIN_BEHIND}", 0.6),
        ("short weekday", rf"{_AGAIN_BEFORE}\b(?:(?:(?:on|since|until|till|by) \K|{_WHICH} )"
         rf"(?:mon|tues?|weds?|thurs?|fri)|(?:last|next) (?:sat|sun)(?! of\b)|tues|weds|thurs|"
         rf"(?<=[\w,] )(?-i:Mon|Tue|Wed|Thu|Fri|Sat)(?=[,.;:)\n]|\Z| \d))\b(?:{_PART})?"
         rf"{_AGAIN_BEHIND}", 0.6),
        ("holiday as a date", rf"\b(?:on|since|from|until|before|after) \K{_HOLIDAY}\b", 0.7),
        ("days from a holiday", rf"\b(?:an?|the|one|two|three|few|\d+) "
         rf"(?:days?|nights?|eve|weeks?) (?:before|after) {_HOLIDAY}\b", 0.7),
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
        if regex.fullmatch(_HOLIDAY, written, regex.IGNORECASE):
            before = text[max(0, start - _BEFORE) : start]
            if _SINCE.search(before):
                return True  # since when, on which day: it is dated
            if _GREETING.search(before):
                return False
        # Whose day it is, another sentence may say.
        return bool(
            _EVENT.search(sentence) or _PERSON.search(text, max(0, start - _POST), end + _POST)
        )


def sentence_at(text: str, start: int) -> str:
    """The words of the sentence around a place, of a very long one those near it."""
    begin = max(0, start - _SENTENCE)
    passage = Passage(text[begin : start + _SENTENCE])
    return passage.words_of(passage.sentence_at(start - begin))


def is_of_goods(before: str) -> bool:
    """Whether a date behind these words says when goods were made or until when they last."""
    return _GOODS.search(before) is not None


def is_of_a_public_event(sentence: str) -> bool:
    """Whether a date in this sentence is that of a publication, a recall, an awareness day."""
    return bool(_PUBLIC.search(sentence)) and not _OWN.search(sentence)
