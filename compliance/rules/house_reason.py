"""Reasons of a community's own, beside those that every community has, for sending a reply back,
refusing or withdrawing it. A part of the rule profile; plain values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from compliance.exceptions import BadInput

# In capitals, so that none can be taken for a reason that comes with the release.
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,19}")


@dataclass(frozen=True)
class HouseReason:
    """One reason.

    Attributes:
        code: what the record and figures say, e.g. "SOP-12"; capitals, digits and hyphens.
        label: what people choose.
    """

    code: str
    label: str


def check(reasons: Iterable[HouseReason]) -> None:
    """Raises BadInput unless each has a code of its own, and a label."""
    seen = set()
    for reason in reasons:
        if not _CODE.fullmatch(reason.code):
            raise BadInput(
                f"\u201c{reason.code}\u201d is no code: 2 to 20 capitals, digits or hyphens, e.g. "
                "SOP-12."
            )
        if not reason.label:
            raise BadInput(f"Say what {reason.code} stands for.")
        if reason.code in seen:
            raise BadInput(f"{reason.code} is there twice.")
        seen.add(reason.code)
