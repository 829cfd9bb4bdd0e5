"""The route of a community's replies: in which order compliance and legal sign, and for what a
medical reviewer or a second legal counsel signs as well. A part of the rule profile; plain values.
Never fewer than the two of law 1. Who sits where is in reviews/routes.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compliance.enums import Order, Severity
from compliance.exceptions import BadInput

EVERY_REPLY = "every_reply"


@dataclass(frozen=True)
class Route:
    """Who signs beside compliance and legal, and in which order. The default adds nobody.

    Attributes:
        order: a value of `Order`.
        medical_for, second_legal_for: what that signature is asked for: severities, ids of rules,
            or EVERY_REPLY.
    """

    order: str = Order.PARALLEL.value
    medical_for: tuple[str, ...] = ()
    second_legal_for: tuple[str, ...] = ()

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Route:
        """The route that was stored in a profile."""
        return cls(
            order=content["order"],
            medical_for=tuple(content["medical_for"]),
            second_legal_for=tuple(content["second_legal_for"]),
        )


THE_TWO = Route()  # compliance and legal, at the same time


def applying(asked_for: Iterable[str], found: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """What of `medical_for` or `second_legal_for` holds for a reply; nothing if it needs none.

    Args:
        found: rule and severity of each finding in the reply.
    """
    present = {EVERY_REPLY, *(part for finding in found for part in finding)}
    return tuple(sorted(present.intersection(asked_for)))


def check(route: Route, rule_ids: Collection[str]) -> None:
    """Raises BadInput unless everything that the route names exists.

    Args:
        rule_ids: of the rules that can fire in replies here.
    """
    if route.order not in Order.values:
        raise BadInput("Choose in which order compliance and legal sign.")
    known = {EVERY_REPLY, *Severity.values, *rule_ids}
    for name in (*route.medical_for, *route.second_legal_for):
        if name not in known:
            raise BadInput(f"{name} is no rule for replies here, so nobody can sign because of it.")
