"""What the tagger found, as Presidio takes it: an NLP engine that tags, a recognizer that reports.

The tagging is done once for a batch of texts; Presidio then judges text by text.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import spacy
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine
from spacy.language import Language
from spacy.tokens import Doc

from compliance.scanners.identifiers.choice import ENGLISH
from compliance.scanners.identifiers.other_models import Reader
from compliance.scanners.identifiers.second_look import CODES, identifies
from compliance.scanners.identifiers.tagger import Tagged
from compliance.scanners.identifiers.words import STATES

# Type of the model: our entity. An organisation identifies nobody, and which web addresses are
# somebody's own is better told by rules.
ENTITIES = {
    "NAME": "NAME",
    "LOCATION": "PLACE",
    "FACILITY": "FACILITY",
    "DATE": "DATE",
    "ID": "ID",
    "PHONE": "PHONE",
    "EMAIL": "EMAIL",
    "HANDLE": "HANDLE",
    "AGE": "AGE",
}


class TaggedArtifacts(NlpArtifacts):
    """Presidio's artifacts, with what the tagger found in the text.

    The tokens are made when somebody asks: only context words of a few recognizers do.
    """

    def __init__(
        self, text: str, language: str, engine: ReadingNlpEngine, tagged: Sequence[Tagged]
    ) -> None:
        self.tagged = tagged
        self.entities, self.scores = [], []
        self.nlp_engine = self._engine = engine
        self._text, self._language = text, language

    @functools.cached_property
    def tokens(self) -> Doc:  # type: ignore[override]  # an attribute there
        return self._engine.tokens_of(self._text)

    @functools.cached_property
    def tokens_indices(self) -> list[int]:  # type: ignore[override]  # likewise
        return [token.idx for token in self.tokens]

    @functools.cached_property
    def lemmas(self) -> list[str]:  # type: ignore[override]  # likewise
        return [token.text.lower() for token in self.tokens]

    @functools.cached_property
    def keywords(self) -> list[str]:  # type: ignore[override]  # likewise
        return self.set_keywords(self.nlp_engine, self.lemmas, self._language)


class _WhenAsked(dict[str, Language]):
    """spaCy's tokenizers by language, each built when it is asked for: few texts need one."""

    def __missing__(self, language: str) -> Language:
        self[language] = spacy.blank(language)
        return self[language]


class ReadingNlpEngine(SpacyNlpEngine):
    """spaCy's tokenizer of a language and the model that was chosen; nothing is downloaded."""

    def __init__(self, reader: Reader, language: str) -> None:
        super().__init__(models=[{"lang_code": language, "model_name": "blank"}])
        self._reader, self._language = reader, language

    def load(self) -> None:
        """Makes the tokenizers ready to be built."""
        self.nlp = _WhenAsked()  # type: ignore[assignment]  # Presidio says None

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """One text."""
        return next(self.read([text]))

    def read(self, texts: Sequence[str]) -> Iterator[TaggedArtifacts]:
        """Several texts, tagged together."""
        for text, tagged in zip(texts, self._reader.tag(texts), strict=True):
            yield TaggedArtifacts(text, self._language, self, tagged)

    def tokens_of(self, text: str) -> Doc:
        """The words of a text."""
        tokenizer: Language = self.nlp[self._language]  # type: ignore[index]  # as above
        return tokenizer(text)


class ContextWhereAsked(LemmaContextAwareEnhancer):
    """Presidio's search for context words, only if a result comes from who has such words."""

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """As Presidio's; untouched results are not copied."""
        asking = {recognizer.id for recognizer in recognizers if recognizer.context}
        key = RecognizerResult.RECOGNIZER_IDENTIFIER_KEY
        if not any(result.recognition_metadata[key] in asking for result in raw_results):
            return raw_results
        enhanced: list[RecognizerResult] = super().enhance_using_context(
            text, raw_results, nlp_artifacts, recognizers, context
        )
        return enhanced


class LearnedRecognizer(EntityRecognizer):
    """Reports what the tagger found, less what can't identify anybody."""

    def __init__(self, language: str = ENGLISH) -> None:
        super().__init__(
            supported_entities=sorted(set(ENTITIES.values())),
            supported_language=language,
            name="LearnedRecognizer",
        )

    def load(self) -> None:
        """Nothing: the NLP engine holds the model."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts
    ) -> list[RecognizerResult]:
        """As Presidio asks for it."""
        assert isinstance(nlp_artifacts, TaggedArtifacts)
        found: list[RecognizerResult] = []
        for tagged in nlp_artifacts.tagged:
            entity = ENTITIES.get(tagged.kind)
            if entity is None or entity not in entities:
                continue
            start, end = whole_words(text, tagged.start, tagged.end)
            if self.supported_language != ENGLISH:  # the second look below knows English only
                found.append(RecognizerResult(entity, start, end, round(tagged.score, 3)))
            elif found and (
                _is_state_of(text, found[-1], start, end)
                or _goes_on(text, found[-1], entity, start)
            ):
                found[-1].end = end  # "Dover, New Hampshire" is one place
            elif identifies(entity, text, start, end, tagged.score):
                found.append(RecognizerResult(entity, start, end, round(tagged.score, 3)))
        return found


def _goes_on(text: str, before: RecognizerResult, entity: str, start: int) -> bool:
    """Whether it is the rest of what was found before: "Cedar Hollow OB/GYN"."""
    same = entity == before.entity_type and entity in ("FACILITY", "PLACE", "ID")
    return same and text[before.end : start] in ("/", "-", "'", "\u2019", "&")


def _is_state_of(text: str, place: RecognizerResult, start: int, end: int) -> bool:
    gap = text[place.end : start]
    if place.entity_type != "PLACE" or len(gap) > 2 or gap.strip(" ,"):
        return False
    letters = text[start:end].casefold().replace(" ", "").replace(".", "")
    return letters in STATES or letters.upper() in CODES


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch widened to whole words, so that no half of an identifier stays readable."""
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end
