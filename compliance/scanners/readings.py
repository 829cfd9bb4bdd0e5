"""One text as all scanners of phrases read it: worked out once, whoever asks first."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from compliance.scanners.prefilter import Prefilter
from compliance.scanners.sense import Judged, sense
from compliance.scanners.sentences import Passage
from compliance.scanners.units import Unit, units
from compliance.scanners.views import View, normal, plainer

REMEMBERED = 256  # texts: those of the batch that the scanners are at, in memory only


@dataclass(slots=True)
class Reading:
    """A view of a text with its sentences."""

    view: View
    passage: Passage
    _candidates: dict[Prefilter, frozenset[str]] = field(default_factory=dict)

    def candidates(self, prefilter: Prefilter) -> frozenset[str]:
        """The patterns that may match in it."""
        if prefilter not in self._candidates:
            self._candidates[prefilter] = prefilter.candidates(self.passage.text)
        return self._candidates[prefilter]


@dataclass(slots=True)
class Readings:
    """A text in its normal form and, if it is disguised, in plainer ones."""

    normal: Reading
    plainer: tuple[Reading, ...]
    _judged: dict[bool, list[tuple[Unit, Judged]]] = field(default_factory=dict)

    def judged(self, *, tied: bool) -> list[tuple[Unit, Judged]]:
        """Each sentence of the normal form with what the encoder takes it for.

        Args:
            tied: the author has a tie that the reply does not show.
        """
        if tied not in self._judged:
            found = list(units(self.normal.passage))
            judged = sense().judge(found, tied=tied)
            self._judged[tied] = list(zip(found, judged, strict=True))
        return self._judged[tied]


@functools.lru_cache(maxsize=REMEMBERED)
def readings_of(text: str) -> Readings:
    """How this text is read."""
    view = normal(text)
    return Readings(
        Reading(view, Passage(view.text)),
        tuple(Reading(other, Passage(other.text)) for other in plainer(view)),
    )
