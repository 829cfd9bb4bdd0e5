"""A second look at what the model found: could it tell who somebody is at all?

Things that are called like people, readings that look like dates, states and countries, public
numbers and figures: what the model cannot know is said here, in English.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import regex

from compliance.scanners.identifiers.ages import READING_BEFORE
from compliance.scanners.identifiers.dates import (
    DateRecognizer,
    is_of_a_public_event,
    is_of_goods,
    sentence_at,
)
from compliance.scanners.identifiers.public_contacts import is_public_number
from compliance.scanners.identifiers.words import (
    ALSO_NAMES,
    COUNTRIES,
    NOT_NAMES,
    PUBLIC_FACILITIES,
    PUBLIC_FIGURES,
    STATE_CODES,
    STATES,
)

LEXICON = Path(__file__).resolve().parent.parent.parent / "lexicon"
OLD = 90  # 45 CFR 164.514(b)(2)(i)(C): ages over 89

CODES = frozenset({*STATE_CODES.split("|"), "US", "USA", "UK", "EU", "UAE", "NZ"})
_YEAR = regex.compile(
    r"(?:in |the |year )?(?:(?:19|20)\d\d(?:s|'s)?(?: ?(?:-|to|and) ?)?)+", regex.IGNORECASE
)
_DURATION = regex.compile(
    r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|few|several|couple|many)\W.*"
    r"(?:second|minute|hour|day|night|week|month|year|yr|yera)'?s?",
    regex.IGNORECASE,
)
_AGE_BEFORE = regex.compile(
    r"\b(?:age[ds]?|is|was|am|i'm|im|she's|shes|he's|hes|turn(?:s|ed|ing)?|at|of)\W{1,3}$",
    regex.IGNORECASE,
)
_AGE_BEHIND = regex.compile(
    r"[\s-]*(?:y(?:ea)?rs?\b|yrs|y\W?o\b|and (?:still|has|counting))", regex.IGNORECASE
)
_DIRECTION = regex.compile(r"\b(north|south|west|new|rhode|puerto) $", regex.IGNORECASE)
# Codes of things, not of people: drugs, procedures, papers, genes, software.
_CODE_BEFORE = regex.compile(
    r"\b(?:ndc|unii|pmid|pmc|pub ?med|doi|hcpcs|cpt|icd|isbn|rs|code|codes|code\(s\):?|clr|version|"
    r"lot|nct|section|cfr|form|model|type|chromosome)[\s:#/(.-]*(?:[\w.-]+[, ]+){0,2}$",
    regex.IGNORECASE,
)
# A lone number, a reading (150/96, 4.1), a part of a day, the dot, a half: the model sees too much.
_NO_DATE = regex.compile(
    r"\d{1,4}k?|-\d{1,2}|\d{2,3}/(?:3[2-9]|[4-9]\d)|\d{1,2}\.\d|7/7|24/7|(?:the )?dot(?: of)?|"
    r"\d*(?:[\u00bc-\u00be\u2153-\u215e]|\d\u2044\d)"
)
_TIME = regex.compile(r":\d\d")
_GENERIC = frozenset(
    """the a our my local community general birth birthing maternity women's womens health medical
    fertility ivf walk-in walk in urgent care emergency family day centre center clinic hospital
    dept department unit ward room er a&e practice surgery gp ob gyn office pharmacy school
    university lab imaging midwives midwife doctors nurses branch warehouse icu nicu""".split()
)
_NO_RECORD = regex.compile(
    r"nct\d{8}|(?:cd|il|hla|h?cov|sars|h)\W?-?\d.*|\d*[xyqp]+[\d.pqxy;()-]+", regex.IGNORECASE
)
_NDC = regex.compile(r"\d{4,5}-\d{3,4}(?:-\d{0,2})?")  # national drug code, 21 CFR 207.33
# What is named after somebody, and who makes something, says nothing about the writer.
_NAMED_AFTER = regex.compile(
    r"(?:'?s)?[ -]?(?:hicks|criteria|grade\b|chart|repair|stitch|suture|cyst|gland|abscess|exercis|"
    r"incision|man(?:o?eu|eu)ver|speculum|forceps|classification|syndrom|sydrom|disease|disorder|deformit|sign\b|test\b|score|scale|lymphoma|"
    r"contraction|thyroid|palsy|chorea|tumou?r|procedure|operation|illness|catheter|pharma|inc\b|labs?\b|"
    r"laborator)",
    regex.IGNORECASE,
)
# "The medication X", "a product called X": X is no person; "a paper by X", "X et al.": an author.
_THING_BEFORE = regex.compile(
    r"\b(?:medications?|drugs?|medicines?|products?|supplements?|brands?|pills?|creams?|tablets?|"
    r"capsules?|antibiotics?|generics?|mg|mgm|mcg)(?: (?:called|named|is|was|of))? [\"'“‘]?$",
    regex.IGNORECASE,
)
_WORK_BEFORE = regex.compile(
    r"\b(?:book|novel|memoir|podcast|study|trial|paper|article|review|song|film|movie|documentary|"
    r"ted talk)s? (?:by|from|of) (?:dr\.? )?$",
    regex.IGNORECASE,
)
_CITED_BEHIND = regex.compile(r",? et\.? al\b|,? and (?:others|colleagues)\b", regex.IGNORECASE)
_SAM_E = regex.compile(r"[- ]?e\b")  # SAM-e, a supplement
_EMPLOYED = regex.compile(
    r"\b(?:work\w*|job|employ\w*|hired|fired|intern\w*|shifts?|my boss) (?:at|for|by|with|from) $",
    regex.IGNORECASE,
)
# L4 is a vertebra, and a district of Liverpool: the words before tell.
_VERTEBRA = regex.compile(r"(?:c[1-8]|t(?:[1-9]|1[0-2])|[ls][1-5])(?: ?[-/] ?(?:[ctls]?\d{1,2}))?")
_SPINE = regex.compile(
    r"\b(?:spin\w+|vertebra\w*|dis[ck]s?|fus\w+|lumbar|thoracic|cervical|sacral|cysts?|tarlov|"
    r"nerve|laminectomy|scoliosis|stenosis)\b",
    regex.IGNORECASE,
)
_UNITS = frozenset(("kg", "mg", "mcg", "cm", "mm", "ml", "lb", "lbs"))  # capitals are initials
_DISEASE = regex.compile(
    r"(?:ataxia|palsy|dystrophy|syndrome|disease|disorder|dysplasia|sclerosis|\w{2,}(?:itis|osis|a?emia|"
    r"oma|pathy|algia))",
    regex.IGNORECASE,
)
_COMPANY = regex.compile(
    r".*\b(?:pharma\w*|inc|ltd|llc|gmbh|laborator\w*|biotech)", regex.IGNORECASE
)
_COUNTRIES = regex.compile(
    rf"\b(?:{'|'.join(sorted(c.replace(' ', r'[ ]') for c in COUNTRIES if ' ' in c))})\b",
    regex.IGNORECASE,
)
_LEAST_DIGITS = 7  # of a telephone number
# Drugs that no list has yet are known by their stems (WHO, The use of stems in INN selection).
_DRUG = regex.compile(
    r"\w{2,}(?:mab|nib|pril|sartan|statin|azole|mycin|cillin|oxetine|triptan|prazole|olol|dipine|"
    r"faxine|pram|zepam|zolam|gabalin|floxacin|cycline|glutide|gliptin|gliflozin|denafil|setron|"
    r"lukast|terol|profen|caine|barbital|thiazide|oxacin|estrel|estradiol|gestone|relin|ovir|"
    r"itis|osis|emia|aemia|ectomy|oscopy|pathy|algia|plasty|ostomy|otomy|oma|uria|iasis)s?",
    regex.IGNORECASE,
)
_DATES = DateRecognizer()
_LEAST_ZIP = 5  # digits
_TITLE = regex.compile(
    r"\b(?:dr|doctor|nurse|midwife|doula|mr|mrs|ms|miss|prof|sister|called|named|name is|name's|"
    r"also called)\.? [\"'“‘]?$",
    regex.IGNORECASE,
)
_SURE = 0.8  # from here on a capitalised word that is also a thing is somebody
_AT = regex.compile(
    r"\b(?:at|in|to|from|through|via|by|of|our|with|vs|or|and)(?: the)? $", regex.IGNORECASE
)
_VAGUE = 0.7  # below it a single word is as often a company or a drug as a clinic
_UNSURE = 0.65  # below it a single word in lower case is as often a misspelt word as a name


def is_thing(word: str) -> bool:
    """Whether a word, folded, is on the product's own lists: products, medicines, conditions, parts
    of the body, and what is nobody's name."""
    return word in NOT_NAMES or _is_product(word) or word in _conditions()


@functools.cache
def _conditions() -> frozenset[str]:
    return frozenset(_words_of("condition", "eponym", "anatomy"))


def _is_product(word: str) -> bool:
    return f"\n{word}\n" in _products()


@functools.cache
def _products() -> str:
    # A word a line: twenty thousand words as objects would be 4 MB of each process.
    return "\n".join(["", *_words_of("brand", "product", "medicine", "drug"), ""])


@functools.cache
def _figures() -> frozenset[str]:
    return _lines_of("figure")


@functools.cache
def _makers() -> frozenset[str]:
    return _lines_of("maker")


def _lines_of(file: str) -> frozenset[str]:
    lines = (LEXICON / f"{file}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _words_of(*files: str) -> Iterator[str]:
    for file in files:
        with (LEXICON / f"{file}.txt").open(encoding="utf-8") as lines:
            for line in lines:
                if not line.startswith("#"):
                    yield from regex.findall(r"[\w']+", line.casefold())


def identifies(entity: str, text: str, start: int, end: int, score: float = 1.0) -> bool:
    """Whether what was found could tell who somebody is at all."""
    folded = text[start:end].casefold().strip(" .,'\"()-:;!?*~")
    if not any(c.isalnum() for c in folded):
        return False
    if _is_part_of_public_number(text, start, end):
        return False
    before, behind = text[max(0, start - 40) : start], text[end : end + 20]
    if _VERTEBRA.fullmatch(folded) and _SPINE.search(before):
        return False
    if entity in ("NAME", "PLACE") and _NAMED_AFTER.match(behind):
        return False
    if entity in ("NAME", "PLACE", "FACILITY"):
        known = folded.removesuffix("'s")
        if known in _makers() and not _EMPLOYED.search(before):
            return False
        if _is_of_a_country(text, start, end):
            return False
    if entity == "NAME":
        if folded == "sam" and _SAM_E.match(behind):
            return False
        return not _CITED_BEHIND.match(behind) and _is_name(folded, text[start:end], before, score)
    if entity == "FACILITY":
        if folded.removeprefix("the ") in COUNTRIES:
            return False
        public = any(name in folded for name in PUBLIC_FACILITIES)
        generic = all(word in _GENERIC for word in regex.findall(r"[\w']+", folded))
        vague = " " not in folded and score < _VAGUE and not _AT.search(before)
        return not (public or generic or vague) and _COMPANY.fullmatch(folded) is None
    if entity == "PLACE":
        return _is_small_place(folded, before)
    if entity == "DATE":
        if any(neutral.fullmatch(folded) for neutral in (_YEAR, _DURATION, _NO_DATE)):
            return False
        if any(c.isdigit() for c in folded):
            if _TIME.match(behind):
                return False
            return not (is_of_goods(before) or is_of_a_public_event(sentence_at(text, start)))
        return _DATES.keeps(text, start, end)  # a bare month or weekday needs a person beside it
    if entity == "PHONE":
        enough = sum(c.isdigit() for c in folded) >= _LEAST_DIGITS
        return enough and not (is_public_number(folded) or _CODE_BEFORE.search(before))
    if entity == "AGE":
        told = (
            _AGE_BEHIND.match(behind)
            or (_AGE_BEFORE.search(before) and not READING_BEFORE.search(before))
            or (before.endswith(", ") and behind.startswith(","))
        )
        return _is_old(folded) and bool(told)
    if entity == "ID":
        enough = sum(c.isalnum() for c in folded) > 3 and any(c.isdigit() for c in folded)
        coded = _NO_RECORD.fullmatch(folded) or _NDC.fullmatch(folded)
        return enough and not (coded or _CODE_BEFORE.search(before))
    if entity == "HANDLE":
        signed = regex.search(r"[@/_]", text[start:end]) is not None
        return (
            (signed or score >= _UNSURE)
            and len(folded) > 2
            and not folded.isdigit()
            and "@ " not in text[start - 2 : end]
        )
    if entity == "EMAIL":
        spelt_out = regex.search(r"@|\bat\b|\(at\)", folded) is not None
        picture = regex.search(r"\.(?:png|jpe?g|gif)@", folded) is not None
        return (spelt_out or folded.isalpha()) and not picture
    return True


def _is_of_a_country(text: str, start: int, end: int) -> bool:
    # "States" of the United States, "Zealand" of New Zealand.
    around = text[max(0, start - 20) : end + 20]
    first, last = min(start, 20), min(start, 20) + end - start
    return any(m.start() <= first and last <= m.end() for m in _COUNTRIES.finditer(around))


def _is_part_of_public_number(text: str, start: int, end: int) -> bool:
    # Hotlines are often written in letters: 1-800-FDA-1088, 1-833-TLC-MAMA.
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return is_public_number(text[start:end])


def _is_name(folded: str, written: str, before: str, score: float) -> bool:
    words = regex.findall(r"[\w']+", folded)
    if written in _UNITS or folded in PUBLIC_FIGURES or folded.removesuffix("'s") in _figures():
        return False
    if _WORK_BEFORE.search(before) or _DISEASE.fullmatch(words[-1]):
        return False
    titled = _TITLE.search(before) is not None
    if all(is_thing(w) or _DRUG.fullmatch(w) for w in words):
        given = folded in ALSO_NAMES and written[0].isupper() and score >= _SURE
        return titled or given
    if len(words) == 1 and _THING_BEFORE.search(before):
        return False
    if len(folded) < 2:
        return titled
    return titled or score >= _UNSURE or len(words) > 1 or not written.islower()


def _is_small_place(folded: str, before: str) -> bool:
    direction = _DIRECTION.search(before)
    if direction and f"{direction[1]}{folded}".casefold().replace(" ", "") in STATES:
        return False  # the second half of a state
    if all(_is_product(word) for word in regex.findall(r"[\w']+", folded)):
        return False
    letters = folded.replace(" ", "").replace(".", "")
    if len(letters) < 2 or (letters.isdigit() and len(letters) < _LEAST_ZIP):
        return False
    return letters not in STATES and folded not in COUNTRIES and letters.upper() not in CODES


def _is_old(folded: str) -> bool:
    numbers = [int(number) for number in regex.findall(r"\d{2,3}", folded)]
    return any(n >= OLD for n in numbers) or "ninet" in folded or "hundred" in folded
