"""What the tagger learns from: labelled texts, filled templates, unlabelled texts, as windows."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from compliance.scanners.identifiers.pieces import Pieces, pieces_of, windows
from scripts.training.noise import Labelled, Span
from scripts.training.surrogates import Surrogates
from scripts.training.things import KINDS, Things

TYPES = (
    "NAME", "LOCATION", "FACILITY", "DATE", "ID", "PHONE", "EMAIL", "URL", "HANDLE", "AGE", "ORG",
)  # fmt: skip
LABELS = ("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))
HERE = Path(__file__).resolve().parent
TEMPLATES, POSTS = HERE / "templates.txt", HERE / "posts.txt"
# Slots that are filled with a certain form of an identifier.
PARTS = {"MONTH": "DATE", "WEEKDAY": "DATE", "NTH": "DATE", "HOLIDAY": "DATE", "INITIAL": "NAME"}
FILLED = 12  # times that each template is filled
REFILLED = 8  # times that each whole post is used, half of its identifiers exchanged
PIECES_A_BATCH = 2600
IGNORED = -100
UNLABELLED = "unlabelled"  # source of texts that only the teacher has a word on


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of pieces with a label each; IGNORED where nobody labelled it."""

    ids: list[int]
    cases: list[int]
    labels: list[int]


def read(corpora: Path) -> list[Labelled]:
    """The labelled texts of the training split."""
    rows = _rows(corpora / "labelled.jsonl")
    return [
        Labelled(
            row["text"], tuple(sorted((s, e, kind) for s, e, kind in row["spans"])), row["src"]
        )
        for row in rows
        if row.get("split", "train") == "train"
    ]


def read_unlabelled(corpora: Path, longest: int = 700) -> list[Labelled]:
    """Real questions and answers, which may or may not hold identifiers."""
    return [
        Labelled(r["text"][:longest], (), UNLABELLED) for r in _rows(corpora / "carriers.jsonl")
    ]


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def filled_templates(seed: int) -> Iterator[Labelled]:
    """Our own sentences with invented identifiers, one to three at a time."""
    rng, surrogates, things = random.Random(seed), Surrogates(seed), Things(seed)
    lines = TEMPLATES.read_text(encoding="utf-8").splitlines()
    sentences = [line.replace(r"\n", "\n") for line in lines if line and not line.startswith("#")]
    for _ in range(FILLED * len(sentences)):
        chosen = rng.sample(sentences, k=rng.choice((1, 1, 2, 3)))
        text, spans = "", []
        for number, sentence in enumerate(chosen):
            text += rng.choice((" ", " ", "\n")) if number else ""
            at = 0
            for slot in re.finditer(r"\{([A-Z]+)\}", sentence):
                text += sentence[at : slot.start()]
                if slot[1] in KINDS:
                    value = things.draw(slot[1])
                else:
                    value = _filled(slot[1], rng, surrogates)
                    kind = PARTS.get(slot[1], slot[1])
                    spans.append((len(text), len(text) + len(value), kind))
                text += value
                at = slot.end()
            text += sentence[at:]
        yield Labelled(text, tuple(spans), "own")


def written_posts(seed: int) -> Iterator[Labelled]:
    """Whole posts and replies, written for this project; an identifier stays or is exchanged."""
    rng, surrogates = random.Random(seed), Surrogates(seed)
    lines = POSTS.read_text(encoding="utf-8").splitlines()
    for line in lines * REFILLED:
        post, text, spans, at = line.replace(r"\n", "\n"), "", [], 0
        for slot in re.finditer(r"\{([A-Z]+)\|([^{}]+)\}", post):
            kind, words = slot.groups()
            text += post[at : slot.start()]
            if rng.random() < 0.5:
                words = surrogates.like(kind, words)
            spans.append((len(text), len(text) + len(words), kind))
            text += words
            at = slot.end()
        yield Labelled(text + post[at:], tuple(spans), "post")


def _filled(kind: str, rng: random.Random, surrogates: Surrogates) -> str:
    if kind in PARTS:
        return surrogates.part(kind)
    if kind == "NAME":
        return surrogates.first() if rng.random() < 0.55 else surrogates.name()
    return surrogates.like(kind, "Some Value")


def labelled_windows(examples: Sequence[Labelled], tokenizer: Tokenizer) -> Iterator[Window]:
    """Each example as windows of ids, cases and labels."""
    all_pieces = pieces_of([e.text for e in examples], tokenizer)
    for example, pieces in zip(examples, all_pieces, strict=True):
        labels = _labels(pieces, example.spans)
        if example.source == UNLABELLED:
            labels = [IGNORED] * len(labels)
        for start, end in windows(len(pieces.ids)):
            yield Window(
                list(pieces.ids[start:end]), list(pieces.cases[start:end]), labels[start:end]
            )


def _labels(pieces: Pieces, spans: Sequence[Span]) -> list[int]:
    labels = [0] * len(pieces.ids)
    for start, end, kind in spans:
        inside = [n for n, (s, e) in enumerate(pieces.spans) if s < end and e > start]
        for number, n in enumerate(inside):
            labels[n] = LABELS.index(f"{'I' if number else 'B'}-{kind}")
    return labels


def batches(found: Sequence[Window], rng: random.Random) -> list[list[Window]]:
    """Windows of like length together, the batches in random order."""
    ready: list[list[Window]] = [[]]
    for window in sorted(found, key=lambda w: (len(w.ids), rng.random())):
        if ready[-1] and len(window.ids) * (len(ready[-1]) + 1) > PIECES_A_BATCH:
            ready.append([])
        ready[-1].append(window)
    rng.shuffle(ready)
    return ready


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows with [CLS] and [SEP], padded to the longest; each of shape (windows, pieces).

    `inside` is true of the pieces between those two.
    """

    ids: torch.Tensor
    cases: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor
    inside: torch.Tensor


def batch_of(found: Sequence[Window], tokenizer: Tokenizer, device: torch.device) -> Batch:
    """The windows as tensors on this device."""
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    shape = (len(found), max(len(window.ids) for window in found) + 2)
    ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    cases, labels = np.zeros(shape, np.int64), np.full(shape, IGNORED, np.int64)
    inside = np.zeros(shape, bool)
    for row, window in enumerate(found):
        end = len(window.ids) + 1
        ids[row, : end + 1] = [first, *window.ids, last]
        mask[row, : end + 1] = 1
        cases[row, 1:end] = window.cases
        labels[row, 1:end] = window.labels
        inside[row, 1:end] = True
    return Batch(*(torch.from_numpy(a).to(device) for a in (ids, cases, mask, labels, inside)))
