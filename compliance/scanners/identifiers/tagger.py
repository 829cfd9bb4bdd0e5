"""The learned part: an encoder that reads each word in its sentence and says what it is.

Loaded from files in this package by onnxruntime and tokenizers; nothing is downloaded. How it was
trained, on what, and how well it does: `compliance/models/identifiers_en/README.md`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from compliance.scanners.identifiers.pieces import WINDOW, Pieces, pieces_of, windows

BLOCK = 1 << 20  # bytes
Logits = npt.NDArray[np.float32]
# One core a process: workers are multiplied by adding processes.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A stretch of text and what the tagger takes it for.

    Attributes:
        start, end: in code points.
        kind: one of the types of `config.json`.
        score: 0 to 1.
    """

    start: int
    end: int
    kind: str
    score: float


class Tagger:
    """A model folder, loaded. One a process; a call may be made from several threads.

    Args:
        folder: with `model.onnx`, its weights in `model.data`, `tokenizer.json` and `config.json`.
        recall_bias: added to the evidence for an identifier against none, in natural logarithms of
            odds; 0 is as trained, more finds more and is wrong more often.
        threads: of one call.

    Raises:
        OSError: the folder holds no model.
    """

    def __init__(self, folder: Path, *, recall_bias: float = 0.0, threads: int = 1) -> None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        labels: list[str] = config["labels"]
        self.kinds = list(dict.fromkeys(label.partition("-")[2] for label in labels[1:]))
        self._begins = np.array([labels.index(f"B-{kind}") for kind in self.kinds])
        self._goes_on = np.array([labels.index(f"I-{kind}") for kind in self.kinds])
        self._bias = recall_bias
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._first = int(self._tokenizer.token_to_id("[CLS]") or 0)
        self._last = int(self._tokenizer.token_to_id("[SEP]") or 0)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # the fused kernel is the slower one
        )
        digest = hashlib.sha256()
        for name in ("model.onnx", "model.data"):
            with (folder / name).open("rb") as file:
                while block := file.read(BLOCK):
                    digest.update(block)
        self.version = f"{digest.hexdigest()[:12]}+{recall_bias:g}"

    def tag(self, texts: Sequence[str]) -> list[list[Tagged]]:
        """What stands in each text, in order; the same whatever texts come along."""
        return [
            list(self._spans(text, pieces, self._logits(pieces))) if pieces.ids else []
            for text, pieces in zip(texts, pieces_of(texts, self._tokenizer), strict=True)
        ]

    def _logits(self, pieces: Pieces) -> Logits:
        """One row a piece. Where windows overlap, the one with more context around it counts."""
        if len(pieces.ids) <= WINDOW:
            return self._run(pieces, 0, len(pieces.ids))
        found = np.zeros((len(pieces.ids), 1 + 2 * len(self.kinds)), np.float32)
        depth = np.full(len(pieces.ids), -1)
        for start, end in windows(len(pieces.ids)):
            # Alone: in a batch, int8 scales would make a result depend on its neighbours.
            rows = self._run(pieces, start, end)
            context = np.minimum(np.arange(end - start), np.arange(end - start)[::-1])
            better = np.flatnonzero(context > depth[start:end])
            found[start + better] = rows[better]
            depth[start + better] = context[better]
        return found

    def _run(self, pieces: Pieces, start: int, end: int) -> Logits:
        ids = np.array([[self._first, *pieces.ids[start:end], self._last]], np.int64)
        cases = np.array([[0, *pieces.cases[start:end], 0]], np.int64)
        (logits,) = self._session.run(None, {"ids": ids, "cases": cases})
        rows: Logits = logits[0, 1:-1]
        return rows

    def _spans(self, text: str, pieces: Pieces, logits: Logits) -> Iterator[Tagged]:
        open_: Tagged | None = None
        before = -1
        for number, word, begins in self._words(pieces, logits):
            joined = (
                open_ is not None
                and number == before + 1
                and open_.kind == word.kind
                and not (begins and word.start > open_.end)
                and "\n" not in text[open_.end : word.start]
            )
            before = number
            if open_ is not None and joined:
                open_ = Tagged(open_.start, word.end, word.kind, max(open_.score, word.score))
                continue
            if open_ is not None:
                yield open_
            open_ = word
        if open_ is not None:
            yield open_

    def _words(self, pieces: Pieces, logits: Logits) -> Iterator[tuple[int, Tagged, bool]]:
        """The words that are taken for something: number, what for, and whether it begins there."""
        numbers = np.array(pieces.words)
        first = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))
        last = np.append(first[1:], len(numbers))
        none = logits[:, :1] - self._bias
        either = np.logaddexp(logits[:, self._begins], logits[:, self._goes_on])
        evidence = np.concatenate([none, either], axis=1)
        evidence -= np.logaddexp.reduce(evidence, axis=1, keepdims=True)
        mean = np.add.reduceat(evidence, first, axis=0) / (last - first)[:, None]
        best = mean.argmax(axis=1)
        for number in np.flatnonzero(best):
            at, kind = first[number], best[number] - 1
            start, end = pieces.spans[at][0], pieces.spans[last[number] - 1][1]
            score = float(np.exp(mean[number, best[number]]))
            begins = logits[at, self._begins[kind]] > logits[at, self._goes_on[kind]]
            yield int(number), Tagged(start, end, self.kinds[kind], score), bool(begins)
