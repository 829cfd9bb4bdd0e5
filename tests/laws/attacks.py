"""How the laws are attacked: SQL that goes round every verb, run with the law triggers standing
(must be refused) and with them taken away (must succeed: the negative control)."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from compliance.checks import installed_triggers


def literal(value: Any) -> str:
    """An SQL literal of the connected database."""
    if isinstance(value, uuid.UUID):
        return f"'{value.hex}'" if connection.vendor == "sqlite" else f"'{value}'"
    if isinstance(value, dt.datetime):
        moment = value.astimezone(dt.UTC)
        shown = moment.replace(tzinfo=None) if connection.vendor == "sqlite" else moment
        return f"'{shown}'"
    if isinstance(value, bytes | memoryview):
        return f"X'{bytes(value).hex()}'" if connection.vendor == "sqlite" else "'\\x00'"
    if isinstance(value, list | dict):
        return f"'{json.dumps(value)}'"
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else f"'{value}'"


def insert(row: models.Model, *, replace: bool = False) -> str:
    """The INSERT (or, on SQLite, INSERT OR REPLACE) of a row, as somebody with a shell types it."""
    fields = [f for f in row._meta.concrete_fields]
    columns = ", ".join(f'"{f.column}"' for f in fields)
    values = ", ".join(literal(getattr(row, f.attname)) for f in fields)
    table = row._meta.db_table
    if not replace:
        return f"INSERT INTO {table} ({columns}) VALUES ({values})"
    if connection.vendor == "sqlite":
        return f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({values})"
    changes = ", ".join(f'"{f.column}" = EXCLUDED."{f.column}"' for f in fields)
    insert = f"INSERT INTO {table} ({columns}) VALUES ({values})"
    return f"{insert} ON CONFLICT (id) DO UPDATE SET {changes}"


def update(row: models.Model, **changes: Any) -> str:
    """The UPDATE of one row."""
    sets = ", ".join(f'"{column}" = {literal(value)}' for column, value in changes.items())
    return f"UPDATE {row._meta.db_table} SET {sets} WHERE id = {literal(row.pk)}"


def delete(row: models.Model) -> str:
    """The DELETE of one row."""
    return f"DELETE FROM {row._meta.db_table} WHERE id = {literal(row.pk)}"


def run(statement: str) -> None:
    """Executes it in a savepoint of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def assert_refused(statement: str) -> None:
    """The database refuses it, and in the words of a law."""
    with pytest.raises(IntegrityError) as refusal:
        run(statement)
    law = str(refusal.value)
    assert "UNIQUE" not in law and "unique" not in law and "FOREIGN" not in law, law


def without_law(name: str, table: str) -> None:
    """Takes one law away, so that another one can be attacked; undone by the test's rollback."""
    run(f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor == "postgresql" else ""))


@contextmanager
def without_laws() -> Iterator[None]:
    """The database as it would be without the law triggers; undone by the test's rollback."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in installed_triggers("default"):
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
