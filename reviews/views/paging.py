"""Pages of long lists by keyset: each begins behind the last row of the one before it.

Unlike numbered pages they skip and repeat nothing while rows come, go and move, and the last page
costs what the first does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, QueryDict

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list, and the queries of the addresses of its neighbours; "" for none."""

    rows: list[Row]
    previous: str
    next: str


def page_of(
    rows: QuerySet[Row], request: HttpRequest, *, field: str, size: int, newest_first: bool = False
) -> Page[Row]:
    """The page that `after` or `before` in the address asks for; the first one otherwise.

    Args:
        rows: unordered; what is in the address beside `after` and `before` is kept in the links.
        field: a moment that every row has; rows with the same one follow each other by id.
        size: rows a page at most.
        newest_first: the latest moment first.
    """
    after, before = _edge(request.GET.get("after")), _edge(request.GET.get("before"))
    found, further = _beside(rows, after or before, field, size, newest_first, not after and before)
    if not found and (after or before):  # what was there has gone meanwhile
        after = before = None
        found, further = _beside(rows, None, field, size, newest_first, False)
    has_previous = further if before and not after else bool(after)
    has_next = bool(before) if before and not after else further
    return Page(
        found,
        _link(request.GET, "before", found[0], field) if found and has_previous else "",
        _link(request.GET, "after", found[-1], field) if found and has_next else "",
    )


def _beside(
    rows: QuerySet[Row],
    edge: tuple[datetime, UUID] | None,
    field: str,
    size: int,
    newest_first: bool,
    backwards: Any,
) -> tuple[list[Row], bool]:
    down = newest_first != bool(backwards)
    if edge:
        moment, pk = edge
        beyond = "lt" if down else "gt"
        rows = rows.filter(
            Q(**{f"{field}__{beyond}": moment}) | Q(**{field: moment, f"pk__{beyond}": pk})
        )
    sign = "-" if down else ""
    found = list(rows.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
    further, found = len(found) > size, found[:size]
    return (found[::-1] if backwards else found), further


def _link(query: QueryDict, name: str, row: Model, field: str) -> str:
    kept = query.copy()
    kept.pop("after", None)
    kept.pop("before", None)
    moment = getattr(row, field).astimezone(UTC).replace(tzinfo=None)
    kept[name] = f"{moment.isoformat()}_{row.pk}"
    return kept.urlencode()


def _edge(written: str | None) -> tuple[datetime, UUID] | None:
    moment, _, pk = (written or "").partition("_")
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=UTC), UUID(pk)
    except ValueError:
        return None
