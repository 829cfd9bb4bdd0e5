"""Which model looks for identifiers, and how eagerly; set once, when the service starts.

One choice a language. What is written in a language that nobody chose a model for is held.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from compliance.scanners.identifiers.kinds import KINDS

if TYPE_CHECKING:
    from compliance.scanners.identifiers.engine import Analyzer
    from compliance.scanners.identifiers.other_models import Reader

ENGLISH = "en"
SHIPPED = Path(__file__).resolve().parent.parent.parent / "models" / "identifiers_en"
FILES = ("model.onnx", "model.data", "tokenizer.json", "config.json")
# Measured on labelled posts: where more recall begins to cost more precision than it is worth.
RECALL_BIAS = 1.0


class Engine(enum.Enum):
    """What kind of model it is."""

    COUNTERSIGN = "countersign"  # trained by scripts/train_identifiers
    SPACY = "spacy"
    TRANSFORMERS = "transformers"


@dataclass(frozen=True)
class Choice:
    """What an installation chose for one language.

    Attributes:
        model: its folder; for spaCy, the name of an installed package will do.
        engine: what kind of model it is.
        language: ISO 639-1.
        recall_bias: see `Tagger`; of our own models only.
        thresholds: least score by kind of identifier ("NAME", "PLACE", ...); what is not named
            counts from the lowest score on.
    """

    model: Path | str = SHIPPED
    engine: Engine = Engine.COUNTERSIGN
    language: str = ENGLISH
    recall_bias: float = RECALL_BIAS
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for a threshold of something that is no kind, or outside 0 to 1."""
        kinds = {kind for kind, _ in KINDS.values()}
        for kind, least in self.thresholds.items():
            if kind not in kinds:
                raise ValueError(f"No such kind of identifier: {kind}. Known: {sorted(kinds)}.")
            if not 0 <= least <= 1:
                raise ValueError(f"The threshold of {kind} must be from 0 to 1, not {least}.")

    @functools.cached_property
    def trouble(self) -> str:
        """Why nothing can be scanned, as a sentence; "" if the model is where it should be."""
        if self.engine is Engine.COUNTERSIGN:
            absent = [name for name in FILES if not (Path(self.model) / name).is_file()]
            why = f"It is not there ({', '.join(absent)} missing)" if absent else ""
        else:
            from compliance.scanners.identifiers import other_models

            why = other_models.absent(self.engine.value, str(self.model))
        if not why:
            return ""
        return (
            f"The model that finds identifiers can't be loaded. {why}, so nothing can be scanned: "
            "every post and draft is held. Install it, or set IDENTIFIERS_MODEL and "
            "IDENTIFIERS_ENGINE."
        )

    @property
    def covers(self) -> str:
        """What the model tells and what is left to the rules, as a sentence. Loads the model."""
        from compliance.scanners.identifiers.other_models import LABELS

        told = set(self.reader.kinds)
        left = sorted(set(LABELS.values()) - told)
        rest = f"; by rules alone: {', '.join(left).lower()}" if left else ""
        return f"{self.reader.version} tells {', '.join(sorted(told)).lower()}{rest}"

    @property
    def version(self) -> str:
        """Names the choice in the engine of a scan: the same one finds the same."""
        least = "".join(f",{kind}>{self.thresholds[kind]:g}" for kind in sorted(self.thresholds))
        return f"{self.reader.version}{least}"

    @functools.cached_property
    def reader(self) -> Reader:
        """The model, loaded at the first question.

        Raises:
            FileNotFoundError: there is none.
        """
        if self.trouble:
            raise FileNotFoundError(self.trouble)
        if self.engine is Engine.COUNTERSIGN:
            from compliance.scanners.identifiers.tagger import Tagger  # slow import

            return Tagger(Path(self.model), recall_bias=self.recall_bias)
        from compliance.scanners.identifiers import other_models

        if self.engine is Engine.SPACY:
            return other_models.SpacyReader(str(self.model))
        return other_models.TransformersReader(Path(self.model))

    @functools.cached_property
    def analyzer(self) -> Analyzer:
        """The model and the recognizers of its language in one; built once a process, offline."""
        from compliance.scanners.identifiers.engine import Analyzer  # slow import

        return Analyzer(self.reader, self.language)


class _Chosen:
    by_language: Mapping[str, Choice] = {ENGLISH: Choice()}


def choose(*choices: Choice) -> None:
    """Sets the choices of this process, one a language; before the first scan."""
    _Chosen.by_language = {choice.language: choice for choice in choices}


def current(language: str = ENGLISH) -> Choice:
    """The choice of this process for a language."""
    return _Chosen.by_language[language]


def chosen() -> Mapping[str, Choice]:
    """All choices of this process by language."""
    return _Chosen.by_language
