"""A facility and the place that tells which one it is are one identifier.

Source of the rule: 45 CFR 164.514(b)(2)(i)(B). "Sacred Heart" is the name of many hospitals; that
"in" or "of" a town is one only, and is masked as one identifier, with the word between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import regex

from compliance.findings import Hit

_BETWEEN = regex.compile(r"[ \t]+(?P<word>in|of|at)[ \t]+(?:the[ \t]+)?$", regex.IGNORECASE)


def with_their_places(hits: Sequence[Hit], text: str) -> list[Hit]:
    """The hits, each facility joined with the place that follows it after in, of or at.

    Of several in a row ("St Luke's at the Mill in Dubuque") all are one, as sure as the surest.

    Args:
        hits: sorted by place, in offsets of the text.
    """
    joined: list[Hit] = []
    for hit in hits:
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.entity == "FACILITY"
            and hit.entity in ("PLACE", "FACILITY")
            and _is_between(text, before, hit)
        ):
            surer = max(before.confidence, hit.confidence)
            joined[-1] = replace(before, end=hit.end, confidence=surer)
        else:
            joined.append(hit)
    return joined


def _is_between(text: str, before: Hit, hit: Hit) -> bool:
    # The word between may have been taken for the end of the facility's name.
    found = _BETWEEN.search(text, before.start, hit.start)
    return found is not None and before.end in (found.start(), found.end("word"))
