"""Counts that ride along in another question to the database, since pages show many of them."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Func, IntegerField, QuerySet, Subquery


def counted(rows: QuerySet[Any]) -> Subquery:
    """How many rows these are, as an expression. A row that a join repeats counts each time."""
    # Not Count(), which would group by every column.
    number = Func(F("pk"), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().values(counted_rows=number).values("counted_rows"))
