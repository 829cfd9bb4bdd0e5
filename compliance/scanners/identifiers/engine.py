"""Presidio's analyzer for each language: a model and all recognizers in one, offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import regex
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerResult,
)
from presidio_analyzer.nlp_engine import NlpArtifacts
from presidio_analyzer.predefined_recognizers import (
    IpRecognizer,
    MacAddressRecognizer,
    UsMbiRecognizer,
    UsSsnRecognizer,
)
from presidio_analyzer.recognizer_registry import RecognizerRegistry

from compliance.scanners.identifiers.ages import AgeRecognizer
from compliance.scanners.identifiers.choice import ENGLISH
from compliance.scanners.identifiers.dates import DateRecognizer
from compliance.scanners.identifiers.emails import (
    MAY_BE_EMAIL,
    OfflineEmailRecognizer,
    SpeltOutEmailRecognizer,
)
from compliance.scanners.identifiers.handles import HandleRecognizer, UsernameRecognizer
from compliance.scanners.identifiers.images import ImageRecognizer
from compliance.scanners.identifiers.learned import (
    ContextWhereAsked,
    LearnedRecognizer,
    ReadingNlpEngine,
)
from compliance.scanners.identifiers.names import NameRecognizer
from compliance.scanners.identifiers.other_models import Reader
from compliance.scanners.identifiers.phones import (
    MAY_BE_PHONE,
    PersonalPhoneRecognizer,
    ShortPhoneRecognizer,
)
from compliance.scanners.identifiers.places import PlaceRecognizer
from compliance.scanners.identifiers.rare_combinations import RareCombinationRecognizer
from compliance.scanners.identifiers.recognizer import ContextRecognizer
from compliance.scanners.identifiers.record_numbers import RecordNumberRecognizer
from compliance.scanners.identifiers.serial_numbers import SerialNumberRecognizer
from compliance.scanners.identifiers.web_addresses import WebAddressRecognizer
from compliance.scanners.identifiers.zip_codes import ZipCodeRecognizer

LEAST_SCORE = 0.3  # below it are Presidio's guesses that only its context words would lift

# By language: our own recognizers, whose words are those of the language. What has the same form
# everywhere is looked for in every language. To add a language, add its recognizers here.
OWN: Mapping[str, tuple[type[ContextRecognizer], ...]] = {
    ENGLISH: (
        NameRecognizer,
        PlaceRecognizer,
        ZipCodeRecognizer,
        DateRecognizer,
        AgeRecognizer,
        ShortPhoneRecognizer,
        SpeltOutEmailRecognizer,
        WebAddressRecognizer,
        HandleRecognizer,
        UsernameRecognizer,
        RecordNumberRecognizer,
        SerialNumberRecognizer,
        ImageRecognizer,
        RareCombinationRecognizer,
    ),
}
OWN_ANY_LANGUAGE = (WebAddressRecognizer, HandleRecognizer, SerialNumberRecognizer)
# Presidio's, each with an expression that every text with a hit contains.
Needed = tuple[Callable[..., EntityRecognizer], regex.Pattern[str]]
ANY_LANGUAGE: tuple[Needed, ...] = (
    (PersonalPhoneRecognizer, MAY_BE_PHONE),
    (OfflineEmailRecognizer, MAY_BE_EMAIL),
    (IpRecognizer, regex.compile(r"\d\.\d{1,3}\.\d|[0-9a-f]:[0-9a-f:]*:", regex.I)),
    (MacAddressRecognizer, regex.compile(r"[0-9a-f]{2}[:-][0-9a-f]{2}[:-]", regex.I)),
)
PRESIDIO: Mapping[str, tuple[Needed, ...]] = {
    ENGLISH: (
        (UsSsnRecognizer, regex.compile(r"\d{3}[- .]\d\d[- .]\d{4}")),
        (UsMbiRecognizer, regex.compile(r"\d[a-z]\w\d-?[a-z]\w\d-?[a-z]", regex.IGNORECASE)),
    ),
}


class Gate(EntityRecognizer):
    """Asks another recognizer only about texts that can hold what it looks for.

    Args:
        behind: the recognizer.
        needs: a cheap expression that every text with a hit contains.
    """

    def __init__(self, behind: EntityRecognizer, needs: regex.Pattern[str]) -> None:
        super().__init__(
            supported_entities=behind.supported_entities,
            supported_language=behind.supported_language,
            name=type(behind).__name__,
            context=behind.context,
        )
        self._id = behind.id  # Presidio asks whose result it is by this
        self._behind, self._needs = behind, needs

    def load(self) -> None:
        """Nothing: the other one is loaded."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts
    ) -> list[RecognizerResult]:
        """As the other one, or nothing."""
        if self._needs.search(text) is None:
            return []
        return self._behind.analyze(text, entities, nlp_artifacts)

    def hides(self, text: str) -> bool:
        """Whether it keeps the other one from a text with a hit, which it never should."""
        if self._needs.search(text) is not None:
            return False
        every = self._behind.supported_entities
        found = self._behind.analyze(text, every, None)  # type: ignore[arg-type]  # none asks for it
        return any(result.score >= LEAST_SCORE for result in found)


class Analyzer:
    """Presidio's analyzer over batches of texts of one language."""

    def __init__(self, reader: Reader, language: str = ENGLISH, *, gates: bool = True) -> None:
        """Builds it; `gates` is off only where a test compares."""
        patterns: list[tuple[EntityRecognizer, regex.Pattern[str]]] = [
            (kind(supported_language=language), needs)
            for kind, needs in (*ANY_LANGUAGE, *PRESIDIO.get(language, ()))
        ]
        for recognizer, _ in patterns:
            # Their words for numbers are in our own patterns: no need to split texts into tokens.
            recognizer.context = []
        patterns += [(kind(language), kind.NEEDS) for kind in OWN.get(language, OWN_ANY_LANGUAGE)]
        behind = [Gate(r, needs) if gates else r for r, needs in patterns]
        self.recognizers = behind
        self._language = language
        self._nlp = ReadingNlpEngine(reader, language)
        self._analyzer = AnalyzerEngine(
            registry=RecognizerRegistry(
                recognizers=[LearnedRecognizer(language), *behind], supported_languages=[language]
            ),
            nlp_engine=self._nlp,
            supported_languages=[language],
            context_aware_enhancer=ContextWhereAsked(),
        )

    def analyze(self, texts: Sequence[str]) -> list[list[RecognizerResult]]:
        """What Presidio finds in each, sorted by place so that the answer is always the same."""
        return [
            sorted(
                self._analyzer.analyze(
                    text, self._language, nlp_artifacts=artifacts, score_threshold=LEAST_SCORE
                ),
                key=lambda r: (r.start, -r.end, r.entity_type),
            )
            for text, artifacts in zip(texts, self._nlp.read(texts), strict=True)
        ]
