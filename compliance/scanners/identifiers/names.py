"""Names of people, where the words around them say so: titles, greetings, relatives, sign-offs.

Source of the rule: 45 CFR 164.514(b)(2)(i), "of the individual or of relatives, employers, or
household members", and (A) names. Names without such words around them are the language model's
part, not this one's.
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import EXACT_CASE, ContextRecognizer
from compliance.scanners.identifiers.words import (
    COUNTRIES,
    EPONYMS,
    NOT_NAMES,
    PUBLIC_FIGURES,
    RELATIVES,
    STATES,
)

_WORD = r"\p{Lu}[\p{Ll}'’]+(?:-?\p{Lu}\p{Ll}+)?|\p{Lu}'\p{Lu}\p{Ll}+"
_NEXT = (
    r"(?!(?:My|I|I'm|And|He|She|The|We|His|Her|Please|From|Is|Am|Are|Was|Has|Had|Have|With|Your|You|"
    r"It|This|That|What|Can|Could|How|When|Why|Who|Do|Does|Thank|Thanks)\b)"
)
_NAME = (
    rf"(?:{_WORD})(?: \p{{Lu}}\.?(?= ))?"
    rf"(?: {_NEXT}(?:(?:de|van|von|la|al|bin) )?(?:{_WORD})){{0,2}}"
)
_LOWER = r"\p{Ll}{3,14}(?:[ -]\p{Ll}{3,14}){0,2}"
_END = r"[ .!,]*(?:\n|\Z|\s\S+@)"
_TITLE = regex.compile(r"\b(?:dr|mrs?|ms|miss|prof|nurse|doctor)\.?\s+$", regex.IGNORECASE)
_BEFORE = 200  # characters before a name in which a title is looked for
_KNOWN = NOT_NAMES | COUNTRIES | STATES
_THANKS = (
    r"(?i:thanks|thank you|thx|regards|sincerely|respectfully|cheers|yours(?: truly)?|best|"
    r"blessings|god bless|love|kindly|warmly)"
)


class NameRecognizer(ContextRecognizer):
    """One name a hit, without its title."""

    KIND = "NAME"
    NEEDS = regex.compile(r"\p{Lu}\p{Ll}|my name is|my names|name'?s|thank|regards|sincerely")
    FLAGS = EXACT_CASE
    EXPRESSIONS = (
        ("title", rf"\b(?:Dr|Mr|Mrs|Ms|Miss|Mx|Prof|Professor|Nurse|Doctor)\.?\s+\K{_NAME}", 0.9),
        ("said", rf"\b(?i:my (?:full )?name is|my name's|i am called|call me)\s+\K(?:{_NAME})",
         0.9),
        ("said in lower case", r"\b(?i:my (?:full )?name is|my name's)\s+\K\p{Ll}{2,14}"
         r"(?: (?!and\b|i\b|im\b|from\b|am\b|is\b|my\b|age\b)\p{Ll}{2,14})?", 0.7),
        ("I am", rf"\b(?:I am|I'm|This is|this is)\s+\K(?:{_WORD}) (?:{_WORD})", 0.7),
        ("this is", rf"\b(?:[Tt]his is|[Ii]t's)\s+\K(?:{_WORD})(?= (?:here|again|writing|from)\b)",
         0.8),
        ("greeting", rf"(?:^|[.!?\n]\s*)(?i:hi|hello|dear|hey|good (?:morning|evening))"
         rf"(?: (?:Ms|Mrs|Mr|Dr)\.?)?,? \K{_NAME}(?=[,.!:\s-]|$)", 0.8),
        ("relative", rf"\b(?i:{RELATIVES})(?:'s name is|,? (?:named|called)|,)? \K(?:{_NAME})",
         0.8),
        ("relative of", rf"\b(?:{_WORD})(?='s (?:{RELATIVES})\b)", 0.8),
        ("named", rf"\b(?:[Nn]amed|[Nn]ame:|NAME:|(?i:son|daughter|husband|wife|full) name) ?\K"
         rf"(?:{_NAME})", 0.8),
        ("sign-off", rf"(?:^|[\s.,!?]){_THANKS}(?: (?:you|so much|very much|a lot|again|"
         rf"in advance|for [^.\n]{{1,40}}))?[\s,.!~-]+\K(?:{_NAME})(?={_END})", 0.8),
        ("sign-off in lower case", rf"(?:^|[\s.,!?])(?:thanks|thank you|regards|sincerely)"
         rf"[ ,.!\n-]+\K{_LOWER}(?={_END})", 0.5),
        ("last words", rf"(?:[.?!,]\s+|\n\s*)\K(?:{_WORD}) (?:{_WORD})(?=[\s.!]*\Z)", 0.5),
        ("dash", rf"\n\s*[-~] ?\K(?:{_NAME})(?=[\s.!]*\Z)", 0.7),
    )  # fmt: skip

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Turns down what no part of can be a name."""
        words = [w.strip("'’.").removesuffix("'s") for w in text[start:end].casefold().split()]
        first = words[0] if words else ""
        last = words[-1] if words else ""
        before = text[max(0, start - _BEFORE) : start]
        titled = _TITLE.search(before) is not None
        if titled and first in PUBLIC_FIGURES:
            return False
        if titled and first in EPONYMS:
            return True
        if first in _KNOWN or text[start:end].isupper():
            return False
        if last in _KNOWN and regex.search(r"[.?!,]\s*$|^$", before):
            return False
        return not (text[start:end].islower() and any(word in _KNOWN for word in words))
