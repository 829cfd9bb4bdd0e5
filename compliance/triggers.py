"""Laws as database triggers, for SQLite and PostgreSQL, written once as portable conditions.

A migration lists `Trigger` operations; `compliance/checks.py` finds them there and reports any
that the database lost (SQLite drops a table's triggers when a migration rebuilds the table: such
a migration must list them again).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class Trigger(Operation):
    """Refuses a row change while `condition` holds.

    Args:
        name: unique in the database; by convention `law_<table>_<what>`.
        table: the table it guards.
        event: "INSERT", "UPDATE", "DELETE" or "TRUNCATE" (the last exists on PostgreSQL alone).
        condition: SQL over NEW and OLD that both databases understand; `{differs:column}` is not
            needed: use `changed()`. Empty means always.
        message: the sentence of the error (an IntegrityError on both databases).
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, name: str, table: str, event: str, condition: str, message: str) -> None:
        self.name, self.table, self.event = name, table, event
        self.condition, self.message = condition, message

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        arguments = [self.name, self.table, self.event, self.condition, self.message]
        return self.__class__.__qualname__, arguments, {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models know nothing of triggers."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for statement in self._create(schema_editor.connection.vendor):
            schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {self.name}")
        else:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {self.name} ON {self.table}")
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {self.name}()")

    def exists_on(self, vendor: str) -> bool:
        """Whether this trigger is installed on that kind of database at all."""
        return not (vendor == "sqlite" and self.event == "TRUNCATE")

    def definition(self, vendor: str) -> str:
        """What the database keeps of it: SQLite the statement, PostgreSQL the function's body."""
        message = self.message.replace("'", "''")
        if vendor == "sqlite":
            when = f"WHEN {_sqlite(self.condition)}" if self.condition else ""
            return (
                f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} {when} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        # 23000 is integrity_constraint_violation, so that Django raises IntegrityError.
        return (
            f" BEGIN IF {_postgres(self.condition) or 'TRUE'} THEN "
            f"RAISE EXCEPTION '{message.replace('%', '%%')}' USING ERRCODE = '23000'; END IF; "
            f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END "
        )

    def _create(self, vendor: str) -> Iterable[str]:
        if not self.exists_on(vendor):
            return
        if vendor == "sqlite":
            yield self.definition(vendor)
            return
        yield (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql "
            f"AS $law${self.definition(vendor)}$law$"
        )
        level = "STATEMENT" if self.event == "TRUNCATE" else "ROW"
        yield (
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} "
            f"FOR EACH {level} EXECUTE FUNCTION {self.name}()"
        )

    def describe(self) -> str:
        return f"Law on {self.table}: {self.message}"


class ReplacedTrigger(Trigger):
    """Puts another condition in the place of the one that a law has, under the same name.

    Args:
        was: the law as an earlier migration lists it (see `listed`); it comes back on the way back.
        condition, message: as `Trigger`; what holds from now on.
    """

    def __init__(self, was: Trigger, condition: str, message: str) -> None:
        super().__init__(was.name, was.table, was.event, condition, message)
        self.was = was

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return self.__class__.__qualname__, [self.was, self.condition, self.message], {}

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        # Dropped by its name: the earlier law may have replaced another one itself.
        super().database_backwards(app_label, schema_editor, to_state, from_state)
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        super().database_backwards(app_label, schema_editor, from_state, to_state)
        Trigger.database_forwards(self.was, app_label, schema_editor, to_state, from_state)


def listed(migration: str, name: str) -> Trigger:
    """The law of this name as a migration lists it.

    Args:
        migration: its module, e.g. "reviews.migrations.0002_laws".
    """
    operations = importlib.import_module(migration).Migration.operations
    return next(o for o in operations if isinstance(o, Trigger) and o.name == name)


# What SQLite and PostgreSQL spell differently. SQLite also knows a row by a number of its own, by
# which a row can be replaced or moved although no column of ours says so.
DIFFERS = "<differs>"
NOW = "<now>"
SAME_ROW = "<same row>"
MOVED_ROW = "<moved row>"


def _sqlite(condition: str) -> str:
    return (
        condition.replace(DIFFERS, "IS NOT")
        .replace(NOW, "strftime('%Y-%m-%d %H:%M:%f', 'now')")
        .replace(SAME_ROW, "old_row.rowid = NEW.rowid")
        .replace(MOVED_ROW, "OLD.rowid <> NEW.rowid")
    )


def _postgres(condition: str) -> str:
    return (
        condition.replace(DIFFERS, "IS DISTINCT FROM")
        .replace(NOW, "now()")
        .replace(SAME_ROW, "FALSE")
        .replace(MOVED_ROW, "FALSE")
    )


def no_delete(table: str) -> list[Trigger]:
    """Rows of the table stay."""
    message = f"{table}: rows are never deleted."
    return [
        Trigger(f"law_{table}_no_delete", table, "DELETE", "", message),
        Trigger(f"law_{table}_no_truncate", table, "TRUNCATE", "", message),
    ]


def no_replace(table: str, unique: Iterable[Sequence[str]] = ()) -> Trigger:
    """No INSERT may push out a row: SQLite's INSERT OR REPLACE deletes without a DELETE trigger.

    Args:
        unique: the column groups with a unique constraint, beside the primary key `id`.
    """
    same = " OR ".join(
        "(" + " AND ".join(f"old_row.{c} = NEW.{c}" for c in columns) + ")"
        for columns in [("id",), *unique]
    )
    condition = f"EXISTS (SELECT 1 FROM {table} old_row WHERE {same} OR {SAME_ROW})"
    message = f"{table}: a row like this exists and is never replaced."
    return Trigger(f"law_{table}_no_replace", table, "INSERT", condition, message)


def frozen(table: str, columns: Iterable[str], name: str = "frozen") -> Trigger:
    """These columns keep the value that they were inserted with."""
    condition = " OR ".join([MOVED_ROW, *(f"(OLD.{c} {DIFFERS} NEW.{c})" for c in columns)])
    message = f"{table}: what was recorded is never changed."
    return Trigger(f"law_{table}_{name}", table, "UPDATE", condition, message)


def append_only(table: str, unique: Iterable[Sequence[str]] = ()) -> list[Trigger]:
    """The table only grows: no update, no delete, no truncate, no replace."""
    message = f"{table}: what was recorded is never changed."
    return [
        Trigger(f"law_{table}_no_update", table, "UPDATE", "", message),
        no_replace(table, unique),
        *no_delete(table),
    ]
