"""How far two people agree: pure functions over pairs of what each of them said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

FEW = 10  # pairs below which a figure says little

Pair = tuple[Hashable, Hashable]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pairs counted.

    Attributes:
        number: how many pairs.
        agreed: in how many both said the same.
        kappa: agreement beyond chance, from -1 to 1; None where there are too few pairs, or where
            everybody always said the same, so that chance explains all.
    """

    number: int = 0
    agreed: int = 0
    kappa: float | None = None

    @property
    def percent(self) -> int | None:
        """Agreed of a hundred; None where there are too few to say."""
        return round(100 * self.agreed / self.number) if self.number >= FEW else None


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """Raw agreement with Cohen's kappa beside it.

    Where nearly everything gets the same answer, kappa is low although people agree (Feinstein and
    Cicchetti 1990, J Clin Epidemiol 43:543), so both figures are always shown.
    """
    agreed = sum(one == other for one, other in pairs)
    value = kappa(pairs) if len(pairs) >= FEW else None
    return Agreement(len(pairs), agreed, value)


def kappa(pairs: Sequence[Pair]) -> float | None:
    """Cohen's kappa (Cohen 1960, Educ Psychol Meas 20:37): (observed - chance) / (1 - chance).

    Chance is that of two people who give each answer as often as these two, and independently.
    """
    number = len(pairs)
    if not number:
        return None
    observed = sum(one == other for one, other in pairs) / number
    first = Counter(one for one, _ in pairs)
    second = Counter(other for _, other in pairs)
    chance = sum(first[answer] * second[answer] for answer in first) / number**2
    return None if chance == 1 else (observed - chance) / (1 - chance)
