"""Models that an installation may bring along in the place of ours: spaCy's and transformers'.

Each reads texts as our tagger does and says which kinds its labels tell; what it does not tell is
left to the rules, and the service says so when it starts.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from compliance.scanners.identifiers.tagger import Tagged

# Labels in use (OntoNotes 5, CoNLL-2003, i2b2 2014 and their like): what they mean here.
LABELS: Mapping[str, str] = {
    "PERSON": "NAME", "PER": "NAME", "NAME": "NAME", "PATIENT": "NAME", "DOCTOR": "NAME",
    "STAFF": "NAME", "HCW": "NAME",
    "GPE": "LOCATION", "LOC": "LOCATION", "LOCATION": "LOCATION", "CITY": "LOCATION",
    "STREET": "LOCATION", "ZIP": "LOCATION",
    "FAC": "FACILITY", "FACILITY": "FACILITY", "HOSPITAL": "FACILITY", "HOSP": "FACILITY",
    "PATORG": "FACILITY",
    "DATE": "DATE",
    "AGE": "AGE",
    "PHONE": "PHONE", "PHONE_NUMBER": "PHONE",
    "EMAIL": "EMAIL", "EMAIL_ADDRESS": "EMAIL",
    "ID": "ID", "IDNUM": "ID", "MEDICALRECORD": "ID", "SSN": "ID", "OTHERPHI": "ID",
    "USERNAME": "HANDLE", "HANDLE": "HANDLE",
}  # fmt: skip
SURE = 0.85  # Presidio's score for what spaCy finds, which tells none of its own


class Reader(Protocol):
    """What finds identifiers by having learned them.

    Attributes:
        version: changes whenever it may find something else in the same text.
    """

    version: str

    @property
    def kinds(self) -> Sequence[str]:
        """Of the types in `LABELS`' values, those that it can tell."""
        ...

    def tag(self, texts: Sequence[str]) -> list[list[Tagged]]:
        """What stands in each text, in order, without overlap."""
        ...


def kind_of(label: str) -> str | None:
    """The kind behind a label of a model, with or without its BIO prefix."""
    return LABELS.get(label.upper().removeprefix("B-").removeprefix("I-"))


def absent(engine: str, model: str) -> str:
    """Why this model can't be loaded, as a sentence; "" if nothing speaks against it."""
    folder = Path(model)
    if engine == "spacy":
        if folder.is_dir() or importlib.util.find_spec(model.partition(".")[0]):
            return ""
        return f"There is no spaCy model in {model}, and no package of that name is installed"
    missing = [name for name in ("transformers", "torch") if not importlib.util.find_spec(name)]
    if missing:
        return f"A transformers model needs {' and '.join(missing)}, not installed here"
    if not (folder / "config.json").is_file():
        return f"There is no transformers model in {model} (no config.json)"
    return ""


class SpacyReader:
    """A spaCy model by its package's name or its folder.

    Raises:
        OSError: there is none.
        ValueError: it names nothing that `LABELS` knows, so it would find nothing.
    """

    def __init__(self, model: str) -> None:
        import spacy

        self._nlp = spacy.load(model)
        meta = self._nlp.meta
        self.version = f"spacy:{meta['lang']}_{meta['name']}-{meta['version']}"
        labels = [label for names in self._nlp.pipe_labels.values() for label in names]
        self.kinds = _known(labels, model)

    def tag(self, texts: Sequence[str]) -> list[list[Tagged]]:
        """What the model's named entities are."""
        return [
            [
                Tagged(entity.start_char, entity.end_char, kind, SURE)
                for entity in doc.ents
                if (kind := kind_of(entity.label_))
            ]
            for doc in self._nlp.pipe(texts)
        ]


class TransformersReader:
    """A token classifier of the transformers library, by its folder. Nothing is downloaded.

    Raises:
        ImportError: the library is not installed.
        OSError: the folder holds no model.
        ValueError: it names nothing that `LABELS` knows, so it would find nothing.
    """

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, use_fast=True)
        model = AutoModelForTokenClassification.from_pretrained(folder, local_files_only=True)
        self._find: Any = pipeline(
            "token-classification",
            model=model,
            tokenizer=tokenizer,
            aggregation_strategy="simple",
            stride=32,  # long texts are read in windows that overlap
        )
        library = importlib.metadata.version("transformers")
        self.version = f"transformers:{folder.name}-{library}"
        self.kinds = _known(list(model.config.id2label.values()), str(folder))

    def tag(self, texts: Sequence[str]) -> list[list[Tagged]]:
        """What the model's labels say of each stretch."""
        return [
            [
                Tagged(found["start"], found["end"], kind, float(found["score"]))
                for found in self._find(text)
                if (kind := kind_of(found["entity_group"]))
            ]
            for text in texts
        ]


def _known(labels: Sequence[str], model: str) -> list[str]:
    kinds = sorted({kind for label in labels if (kind := kind_of(label))})
    if not kinds:
        raise ValueError(
            f"The model {model} has no label for a person, a place or the like. Known labels: "
            f"{', '.join(sorted(LABELS))}."
        )
    return kinds
