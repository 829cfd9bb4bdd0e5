"""Posts that are brought to us: pushed through the API or imported from a file. Each row has an
outcome of its own, so that a bad one stops nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from compliance.exceptions import BadInput
from engage import intake
from engage.connectors.base import Item
from engage.models import Community


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row.

    Attributes:
        place: the row's place in the batch, as the caller counts.
        status: "created", "revised", "deleted", "unchanged" or "refused".
        post: our id of the post, "" if refused.
        reason: why it was refused, as a sentence; never quotes the row.
    """

    place: int
    status: str
    post: str = ""
    reason: str = ""


def take_rows(rows: Sequence[tuple[int, Any]], *, by: str) -> list[RowOutcome]:
    """Stores a batch of rows, good ones together in one transaction a community.

    Args:
        rows: (place, row) pairs; a row that is an exception counts as refused for that reason.
        by: the actor for the ledger.
    Returns:
        One outcome a row, sorted by place.
    """
    outcomes: list[RowOutcome] = []
    good: list[tuple[str, int, Item]] = []
    for place, row in rows:
        try:
            if isinstance(row, BadInput):
                raise row
            slug, item = intake.item_from_row(row)
        except BadInput as error:
            outcomes.append(RowOutcome(place, "refused", reason=str(error)))
        else:
            good.append((slug, place, item))
    good.sort(key=lambda entry: entry[0])  # stable: the order within a community stays
    for slug, entries in groupby(good, key=lambda entry: entry[0]):
        outcomes.extend(_take(slug, [(place, item) for _, place, item in entries], by))
    return sorted(outcomes, key=lambda outcome: outcome.place)


def _take(slug: str, entries: list[tuple[int, Item]], by: str) -> Iterable[RowOutcome]:
    community = Community.objects.select_related("key").filter(slug=slug).first()
    if community is None:
        reason = "There is no community with this short name. Add it first."
        return [RowOutcome(place, "refused", reason=reason) for place, _ in entries]
    received = intake.receive(community, [item for _, item in entries], by=by)
    return [
        RowOutcome(place, outcome.arrival.value, post=str(outcome.post.pk) if outcome.post else "")
        for (place, _), outcome in zip(entries, received, strict=True)
    ]
