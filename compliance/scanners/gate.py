"""A quick first look at a sentence of a post: can any rule for posts say anything of it at all?

Reading every sentence of every post with the encoder would take most of the time of an import. The
gate is linear in the word pieces and their pairs, trained to let through whatever the encoder would
call likely (`scripts/train_rules`), and a thousand times as fast. Drafts are read without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

SLOTS = 1 << 16
_MIX = 1_000_003  # spreads pairs over the slots


def slots_of(ids: Sequence[int]) -> npt.NDArray[np.int64]:
    """The places of a sentence's word pieces and of their pairs in the table of weights."""
    pieces = np.asarray(ids, dtype=np.int64)
    pairs = pieces[:-1] * _MIX + pieces[1:]
    return np.concatenate([pieces, pairs]) % SLOTS


class Gate:
    """Weights, loaded.

    Args:
        folder: with `gate.npy`: a weight for each slot, and last the least sum that passes.
    """

    def __init__(self, folder: Path) -> None:
        weights = np.load(folder / "gate.npy").astype(np.float32)
        self._weights, self._least = weights[:-1], float(weights[-1])

    def passes(self, ids: Sequence[int]) -> bool:
        """Whether the encoder should read this sentence."""
        return bool(self._weights[slots_of(ids)].sum() >= self._least)
