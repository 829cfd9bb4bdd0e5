"""System checks: the laws stand in this database, and there is something to scan with."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from compliance.scanners.identifiers import choice
from compliance.triggers import Trigger


def expected_triggers(vendor: str) -> set[str]:
    """Names of all triggers that the migrations list for this kind of database."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {
        operation.name
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, Trigger) and operation.exists_on(vendor)
    }


def installed_triggers(alias: str) -> set[str]:
    """Names of the law triggers that stand, enabled, in the database."""
    connection = connections[alias]
    if connection.vendor == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'law_%'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'law_%' AND tgenabled <> 'D'"
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {name for (name,) in cursor.fetchall()}


@register(Tags.database)
def law_triggers_stand(
    app_configs: Sequence[AppConfig] | None, databases: Iterable[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Errors for law triggers that are missing, e.g. after a table was rebuilt by hand."""
    problems: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if "django_migrations" not in connection.introspection.table_names():
            continue
        missing = expected_triggers(connection.vendor) - installed_triggers(alias)
        if missing:
            problems.append(
                Error(
                    f"{len(missing)} law triggers are missing: {', '.join(sorted(missing)[:5])}",
                    hint="Run `manage.py migrate`. If that does not bring them back, somebody "
                    "removed them: compare the ledger with a checkpoint kept elsewhere.",
                    id="compliance.E001",
                )
            )
    return problems


@register()
def identifiers_can_be_found(**kwargs: Any) -> list[CheckMessage]:
    """A warning for each model that is missing: the service starts, says so, and holds everything;
    of a model that was brought along, what it covers."""
    messages: list[CheckMessage] = []
    for chosen in choice.chosen().values():
        if chosen.trouble:
            messages.append(Warning(chosen.trouble, id="compliance.W002"))
        elif chosen.engine is not choice.Engine.COUNTERSIGN:
            try:
                messages.append(Info(f"Identifiers: {chosen.covers}.", id="compliance.I001"))
            except (ImportError, OSError, ValueError) as error:
                messages.append(
                    Error(
                        f"The model in {chosen.model} can't be loaded ({error}), so nothing can be "
                        "scanned.",
                        hint="Set IDENTIFIERS_ENGINE and IDENTIFIERS_MODEL to one that can.",
                        id="compliance.E002",
                    )
                )
    return messages
