"""System checks: the laws stand in this database, and there is something to scan with."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from compliance.scanners.identifiers import choice
from compliance.triggers import Trigger


def expected_triggers(alias: str) -> dict[str, str]:
    """What the migrations that were applied leave there: each law's definition, by name.

    Those that wait to be applied don't count, or nobody could apply them: `migrate` checks first.
    """
    vendor = connections[alias].vendor
    loader = MigrationLoader(connections[alias], ignore_no_migrations=True)
    graph = loader.graph
    plan = [key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf)]
    return {  # of one name, the law that the last migration lists
        operation.name: operation.definition(vendor)
        for key in dict.fromkeys(plan)
        if key in loader.applied_migrations
        for operation in graph.nodes[key].operations
        if isinstance(operation, Trigger) and operation.exists_on(vendor)
    }


def installed_triggers(alias: str) -> dict[str, str]:
    """The law triggers that stand, enabled, in the database: their definitions, by name."""
    connection = connections[alias]
    if connection.vendor == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'law_%'"
    else:
        query = (
            "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE t.tgname LIKE 'law_%' AND t.tgenabled <> 'D'"
        )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())


@register(Tags.database)
def law_triggers_stand(
    app_configs: Sequence[AppConfig] | None, databases: Iterable[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Errors for law triggers that are missing, e.g. after a table was rebuilt by hand, or that
    say something else than the migrations do."""
    problems: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if "django_migrations" not in connection.introspection.table_names():
            continue
        expected, installed = expected_triggers(alias), installed_triggers(alias)
        changed = {n for n, law in expected.items() if installed.get(n, law) != law}
        if changed:
            problems.append(
                Error(
                    f"{len(changed)} law triggers are not what the migrations made of them: "
                    f"{', '.join(sorted(changed)[:5])}",
                    hint="Somebody changed them: compare the ledger with a checkpoint kept "
                    "elsewhere.",
                    id="compliance.E003",
                )
            )
        missing = expected.keys() - installed.keys()
        if missing:
            problems.append(
                Error(
                    f"{len(missing)} law triggers are missing: {', '.join(sorted(missing)[:5])}",
                    hint="A migration that rebuilt a table has lost them, or somebody removed "
                    "them: compare the ledger with a checkpoint kept elsewhere.",
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
