"""What our own recognizers share: patterns, a cheap condition to run at all, a second look."""

from __future__ import annotations

from typing import ClassVar

import regex
from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from compliance.scanners.identifiers.choice import ENGLISH

EXACT_CASE = regex.MULTILINE
LONGEST_SECONDS = 5.0
ANY_CASE = regex.MULTILINE | regex.IGNORECASE


class ContextRecognizer(PatternRecognizer):
    r"""A Presidio recognizer whose context words are part of its patterns.

    A pattern marks what is masked with \K: what stands before \K is context and stays readable.

    Attributes:
        KIND: the entity, one of the kinds in `compliance.scanners.identifiers.kinds`.
        NEEDS: a cheap expression; a text in which it is not found can't match any pattern.
        EXPRESSIONS: (name, expression, confidence).
        FLAGS: of the expressions.
    """

    KIND: ClassVar[str]
    NEEDS: ClassVar[regex.Pattern[str]]
    EXPRESSIONS: ClassVar[tuple[tuple[str, str, float], ...]]
    FLAGS: ClassVar[int] = ANY_CASE

    def __init__(self, language: str = ENGLISH) -> None:
        super().__init__(
            supported_entity=self.KIND,
            supported_language=language,
            patterns=[Pattern(name, expr, score) for name, expr, score in self.EXPRESSIONS],
            global_regex_flags=self.FLAGS,
            name=type(self).__name__,
        )
        self._compiled = [(regex.compile(e, self.FLAGS), score) for _, e, score in self.EXPRESSIONS]
        self._said = {
            RecognizerResult.RECOGNIZER_NAME_KEY: type(self).__name__,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
        }

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """Every match of every pattern that `keeps` does not turn down, the best of equal ones.

        Presidio's own loop logs and times each pattern, and passes over one that takes too long;
        here that is an error, so that the text is held (law 8).

        Raises:
            TimeoutError: a pattern took longer than `LONGEST_SECONDS`.
        """
        found = [
            RecognizerResult(self.KIND, *match.span(), score, recognition_metadata=self._said)
            for expression, score in self._compiled
            for match in expression.finditer(text, timeout=LONGEST_SECONDS)
            if match.end() > match.start() and self.keeps(text, *match.span())
        ]
        best: list[RecognizerResult] = EntityRecognizer.remove_duplicates(found)
        return best

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Whether a match stands when looked at in its surroundings."""
        return True
