"""Pages of long lists by keyset: each begins behind the last row of the one before it.

Unlike numbered pages they skip and repeat nothing while rows come, go and move, and the last page
costs what the first does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a list is sorted by; every row has a value in it.

    Attributes:
        down: the greatest value first.
        read: the value from the address; ValueError if it is none.
    """

    name: str
    down: bool
    read: Callable[[str], Any]


def moment(name: str, *, down: bool = False) -> Column:
    """A column of moments."""
    return Column(name, down, lambda written: datetime.fromisoformat(written).replace(tzinfo=UTC))


def number(name: str, *, down: bool = False) -> Column:
    """A column of small whole numbers."""
    return Column(name, down, _small)


def page_of(
    rows: QuerySet[Row],
    request: HttpRequest,
    *,
    order: Sequence[Column],
    size: int,
    keep: Mapping[str, str] | None = None,
) -> Page[Row]:
    """The page that `after` or `before` in the address asks for; the first one otherwise.

    Args:
        rows: unordered; what is in the address beside `after` and `before` is kept in the links.
        order: the columns, the most important first; rows that are the same in all of them follow
            each other by id, in the direction of the last one.
        size: rows a page at most.
        keep: what the links carry beside.
    """
    order = [*order, Column("pk", order[-1].down, UUID)]
    after = _edge(request.GET.get("after"), order)
    before = _edge(request.GET.get("before"), order)
    backwards = not after and bool(before)
    found, further = _beside(rows, after or before, order, size, backwards)
    if not found and (after or before):  # what was there has gone meanwhile
        after = before = None
        found, further = _beside(rows, None, order, size, False)
    has_previous = further if before and not after else bool(after)
    has_next = bool(before) if before and not after else further
    kept = request.GET.copy()
    for name, value in (keep or {}).items():
        kept[name] = value
    return Page(
        found,
        _link(kept, "before", found[0], order) if found and has_previous else "",
        _link(kept, "after", found[-1], order) if found and has_next else "",
    )


def first_behind(rows: QuerySet[Row], row: Model | None, *, order: Sequence[Column]) -> Row | None:
    """The first row behind a place in the list; the first of all where none is behind it.

    Args:
        row: has a value in each column of the order, and need not be among the rows.
    """
    order = [*order, Column("pk", order[-1].down, UUID)]
    edge = [getattr(row, column.name) for column in order] if row else None
    found, _ = _beside(rows, edge, order, 1, False)
    if not found and edge:
        found, _ = _beside(rows, None, order, 1, False)
    return found[0] if found else None


def _beside(
    rows: QuerySet[Row],
    edge: Sequence[Any] | None,
    order: Sequence[Column],
    size: int,
    backwards: bool,
) -> tuple[list[Row], bool]:
    if edge:
        beyond, same = Q(), Q()
        for column, value in zip(order, edge, strict=True):
            way = "lt" if column.down != backwards else "gt"
            beyond |= same & Q(**{f"{column.name}__{way}": value})
            same &= Q(**{column.name: value})
        rows = rows.filter(beyond)
    signs = ("-" if column.down != backwards else "" for column in order)
    columns = [f"{sign}{column.name}" for sign, column in zip(signs, order, strict=True)]
    found = list(rows.order_by(*columns)[: size + 1])
    further, found = len(found) > size, found[:size]
    return (found[::-1] if backwards else found), further


def _link(kept: QueryDict, name: str, row: Model, order: Sequence[Column]) -> str:
    query = kept.copy()
    query.pop("after", None)
    query.pop("before", None)
    query[name] = "_".join(_written(getattr(row, column.name)) for column in order)
    return query.urlencode()


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return str(value)


def _edge(written: str | None, order: Sequence[Column]) -> list[Any] | None:
    parts = (written or "").split("_")
    if len(parts) != len(order):
        return None
    try:
        return [column.read(part) for column, part in zip(order, parts, strict=True)]
    except ValueError:
        return None


def _small(written: str) -> int:
    value = int(written)
    if abs(value) > 32_767:  # more than any column of these holds
        raise ValueError
    return value
