"""What a sentence says, as an encoder reads it that was trained on the rules.

Patterns know the words that people thought of; the encoder also knows how else it is said. Loaded
from files in this package by onnxruntime and tokenizers; nothing is downloaded. How it was trained,
on what, and how well it does: `compliance/models/rules_en/README.md`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from compliance.scanners.units import Unit, encoded

FOLDER = Path(__file__).parent.parent / "models" / "rules_en"
Judged = Mapping[str, float]
REMEMBERED = 1024  # sentences
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


class Sense:
    """A model folder, loaded. One a process; a call may be made from several threads.

    Args:
        folder: with `model.onnx`, `tokenizer.json` and `config.json`.

    Raises:
        OSError: the folder holds no model.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.rules: tuple[str, ...] = tuple(config["rules"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # the fused kernel is the slower one
        )
        # Who types changes one sentence of many; in memory only, and never logged.
        self._remembered = functools.lru_cache(maxsize=REMEMBERED)(self._judge)

    def judge(self, units: Sequence[Unit], *, tied: bool) -> list[Judged]:
        """For each unit, by rule id, how likely it is (0 to 1) that the rule must fire.

        Args:
            tied: the author has a tie that the reply does not show.
        """
        return [self._remembered(unit.words, unit.before, tied) for unit in units]

    def _judge(self, words: str, before: str, tied: bool) -> Judged:
        ids, roles = encoded(Unit(0, 0, words, before), tied, self._tokenizer)
        # One at a time: in a batch, int8 scales would make a result depend on its neighbours.
        (logits,) = self._session.run(
            None, {"ids": np.array([ids], np.int64), "roles": np.array([roles], np.int64)}
        )
        chances = 1 / (1 + np.exp(-logits[0]))
        return dict(zip(self.rules, chances.tolist(), strict=True))


@functools.cache
def sense() -> Sense:
    """The shipped model, loaded when first asked for."""
    return Sense()


@functools.cache
def version() -> str:
    """First 12 hex digits of the SHA-256 of the shipped model."""
    return hashlib.sha256((FOLDER / "model.onnx").read_bytes()).hexdigest()[:12]
