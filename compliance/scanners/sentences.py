"""Sentences of forum text, and under which circumstances something is said in them.

Negation, questions, attribution, quotation, hedging, conditions and the past are judged here once
for all rules, so that "there is no known cure" or "is it true that IUDs cause abortions?" is not
taken for a claim. The idea of a cue with a limited scope to its right is NegEx (Chapman et al.,
J Biomed Inform 2001;34:301-310); cues and scopes are our own.
"""

from __future__ import annotations

import bisect
import enum
import re
from dataclasses import dataclass

# One character for one: offsets stay those of the original text.
_PLAIN = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ",
     "\u2013": "-", "\u2014": "-", "\u2011": "-", "\u202f": " ", "\t": " "}
)  # fmt: skip

_END = re.compile(r"[.!?\u2026]+[\"')\]]*(?=\s|$)|(?<=[a-z]{2})[.!?](?=[A-Z][a-z])|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|st|vs|no|nos|approx|e\.g|i\.e|etc|fig|sec|ob|inc|jr|sr|a\.m|p\.m|"
    r"u\.s|resp|incl|max|min)|\b[A-Za-z])$",
    re.IGNORECASE,
)
_CLAUSE_BREAK = re.compile(
    r"[,;:()]|\s-\s|\b(?:but|although|though|however|because|so|which|and|then)\b", re.IGNORECASE
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|nor|neither|none|nothing|nobody|without|cannot|isnt|dont|doesnt|wont|cant|"
    r"hardly|rarely|lack of|free of|denie[sd]|deny|no one|"
    r"(?:be )?wary of|beware|avoid|unlikely|impossible|myth|instead of|rather than)\b|n't\b",
    re.IGNORECASE,
)
_NO_NEGATION = re.compile(
    r"\b(?:not (?:only|just|to mention)|no (?:doubt|question|wonder|matter|exceptions?)|why not|"
    r"can'?t (?:wait|stop|help)|don'?t (?:worry|forget|you worry)|no,)",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"\b(?:(?:is|are|was)(?: just| simply)?(?:n't| not)? (?:a |an )?(?:myth|untrue|false|nonsense|"
    r"misconception|true|possible|realistic|guaranteed)|does(?:n't| not) (?:exist|apply)|"
    r"has(?:n't| not) been (?:shown|proven|found))\b",
    re.IGNORECASE,
)
_AFFIRMED = re.compile(r"\b(?:is|are|was)(?: just| simply)? (?:true|possible|guaranteed)\b", re.I)
_ATTRIBUTION = re.compile(
    r"\b(?:(?:friend|friends|mom|mum|mother|sister|aunt|neighbou?r|somebody|someone|people|some|"
    r"many|others?|they|everyone|he|she|ads?|adverts?|sellers?|websites?|internet|article|tiktok|"
    r"facebook|forum|companies|you)\b[^.!?\n]{0,25}?"
    r"\b(?:say|says|said|claims?|claimed|thinks?|thought|"
    r"believes?|tells?|told|heard|hear|reads?|insists?|swears?|promises?|wrote)\b|"
    r"i (?:have |'ve |keep |just )*(?:heard|read|reading|hearing|was told|been told|saw)\b|"
    r"(?:is|are|was) (?:it|that|this) true|(?:common |widespread )?(?:belief|rumou?r|claim|idea|"
    r"notion|myth|misconception|suggestion|promise)s? that|according to|"
    r"(?:anyone|anybody|people|someone|products?|clinics?|sites?) (?:who|that|which) "
    r"(?:promis|claim|say|offer|advertis|guarant|tell)\w*|advertised as|marketed as|"
    r"so-called|rumou?red|supposedly|allegedly)",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:may|might|can|could|sometimes|often|usually|generally|typically|commonly|possibly|"
    r"perhaps|maybe|some|many|most|in general|tends? to|likely|for example|one of|would)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|whether|unless|in case|suppose|imagine|should you)\b", re.I)
_PAST = re.compile(
    r"\b(?:(?:in|since|around|until|by|during) (?:19|20)\d\d|(?:years?|months|decades?) "
    r"(?:ago|back|before)|used to (?:be|have|feel|think|want)|when i was|back then|in the past|"
    r"at the time|no longer|as a (?:teen\w*|kid|child)|long ago|years later|previously|"
    r"(?:saved|gave me back) (?:me|my life)|before (?:i (?:started|took|went|found|got|began)|"
    r"taking|starting|this (?:drug|medication|med)|my (?:diagnosis|therapy|treatment)|therapy|"
    r"treatment|medication))\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(
    r"\b(?:now|today|tonight|still|again|currently|right now|these days|lately|ever since|"
    r"this (?:week|morning|evening|month)|any ?more)\b",
    re.IGNORECASE,
)
_QUESTION_START = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|can|could|should|would|will|has|have|what|why|how|when|"
    r"which|who|where|anyone|anybody|does anyone)\b",
    re.IGNORECASE,
)
_QUOTE = re.compile(r'"[^"\n]{2,400}"|(?<![\w])\'[^\'\n]{2,}(?:\w\'\w[^\'\n]*)*\'(?!\w)')


class Circumstance(enum.StrEnum):
    """How something is said, if not as the author's own plain statement about now."""

    NEGATED = "negated"
    QUESTION = "question"
    ATTRIBUTED = "attributed"
    QUOTED = "quoted"
    HEDGED = "hedged"
    CONDITIONAL = "conditional"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of the original text; end is exclusive, surrounding blanks are left out."""

    start: int
    end: int


def plain(text: str) -> str:
    """The text with typographic quotes, dashes and blanks made simple; same length, same case."""
    return text.translate(_PLAIN)


class Passage:
    """A text to be judged: its plain form and, worked out when first asked for, its sentences."""

    __slots__ = ("_sentences", "_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = plain(text)
        self._sentences: list[Sentence] | None = None
        self._starts: list[int] = []

    @property
    def sentences(self) -> list[Sentence]:
        """In the order of the text, never empty ones."""
        if self._sentences is None:
            self._sentences = list(_split(self.text))
            self._starts = [s.start for s in self._sentences]
        return self._sentences

    def sentence_at(self, offset: int) -> Sentence:
        """The sentence that the character at this offset belongs to."""
        sentences = self.sentences
        if not sentences:
            return Sentence(0, len(self.text))
        return sentences[max(0, bisect.bisect_right(self._starts, offset) - 1)]

    def words_of(self, sentence: Sentence) -> str:
        """The plain text of a sentence."""
        return self.text[sentence.start : sentence.end]

    def circumstances(
        self, start: int, end: int, asked: frozenset[Circumstance]
    ) -> frozenset[Circumstance]:
        """Which of the circumstances asked for hold for what is said from start to end."""
        sentence = self.sentence_at(start)
        clause = self._clause_before(sentence, start)
        return frozenset(c for c in asked if self._holds(c, sentence, clause, start, end))

    def _holds(
        self, circumstance: Circumstance, sentence: Sentence, clause: str, start: int, end: int
    ) -> bool:
        text = self.text
        before = text[sentence.start : start]
        match circumstance:
            case Circumstance.NEGATED:
                after = text[end : sentence.end]
                denied = _DENIED_AFTER.search(after)
                return bool(_NEGATION.search(_NO_NEGATION.sub(" ", clause))) or (
                    denied is not None and _AFFIRMED.fullmatch(denied.group()) is None
                )
            case Circumstance.QUESTION:
                whole = text[sentence.start : sentence.end]
                return "?" in text[end : sentence.end + 1] or (
                    "?" in whole and bool(_QUESTION_START.match(whole))
                )
            case Circumstance.ATTRIBUTED:
                return bool(_ATTRIBUTION.search(before))
            case Circumstance.QUOTED:
                return any(
                    sentence.start + q.start() <= start and end <= sentence.start + q.end()
                    for q in _QUOTE.finditer(text[sentence.start : sentence.end])
                )
            case Circumstance.HEDGED:
                return bool(_HEDGE.search(clause) or _HEDGE.search(text, start, end))
            case Circumstance.CONDITIONAL:
                return bool(_CONDITION.search(before))
            case Circumstance.PAST:
                whole = text[sentence.start : sentence.end]
                return bool(_PAST.search(whole)) and not _PRESENT.search(whole)

    def _clause_before(self, sentence: Sentence, start: int) -> str:
        before = self.text[sentence.start : start]
        last = 0
        for found in _CLAUSE_BREAK.finditer(before):
            last = found.end()
        return before[last:][-80:]


def _split(text: str) -> list[Sentence]:
    found: list[Sentence] = []
    start = 0
    for end in _END.finditer(text):
        if end.group() == "." and _ABBREVIATION.search(text, max(0, end.start() - 8), end.start()):
            continue
        _add(found, text, start, end.end())
        start = end.end()
    _add(found, text, start, len(text))
    return found


def _add(found: list[Sentence], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        found.append(Sentence(start, end))
