"""Stops: while one stands, no attempt to post begins in its community, raw SQL included."""

import uuid

import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, frozen, no_delete, no_replace

STOP = "engage_stop"
# reviews.permissions.PERMISSIONS as it stood when this was written; a test compares the two.
MAY_STOP = ("compliance",)


def holds_role(column: str) -> str:
    roles = ", ".join(f"'{role}'" for role in MAY_STOP)
    return (
        "EXISTS (SELECT 1 FROM reviews_rolegrant g "
        f"WHERE g.user_id = NEW.{column} AND g.role IN ({roles}))"
    )


def person(null: bool) -> models.ForeignKey:
    return models.ForeignKey(
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


def text(null: bool) -> models.ForeignKey:
    return models.ForeignKey(
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="compliance.vaulttext",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("engage", "0006_routes"),
        ("reviews", "0012_confirmations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Stop",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("by", person(null=False)),
                (
                    "community",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stops",
                        to="engage.community",
                    ),
                ),
                (
                    "key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.datakey",
                    ),
                ),
                ("lifted_by", person(null=True)),
                ("reason", text(null=False)),
                ("why_lifted", text(null=True)),
            ],
            options={
                "ordering": ["-at"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.comparison.Coalesce(
                            "community", models.Value(uuid.UUID(int=0))
                        ),
                        condition=models.Q(("lifted_at__isnull", True)),
                        name="stop_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lifted_at", None), ("lifted_by", None), ("why_lifted", None)
                            ),
                            models.Q(
                                ("lifted_at__isnull", False),
                                ("lifted_by__isnull", False),
                                ("why_lifted__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="stop_lifted_whole",
                    ),
                ],
            },
        ),
        frozen(STOP, ["id", "community_id", "key_id", "reason_id", "by_id", "at"]),
        no_replace(STOP, [["key_id"]]),
        *no_delete(STOP),
        Trigger(
            "law_engage_stop_begins",
            STOP,
            "INSERT",
            f"NEW.lifted_at IS NOT NULL OR NOT {holds_role('by_id')} OR EXISTS ("
            "SELECT 1 FROM engage_stop s WHERE s.lifted_at IS NULL AND (s.community_id = "
            "NEW.community_id OR (s.community_id IS NULL AND NEW.community_id IS NULL)))",
            "A stop begins by standing, once, and by somebody who may.",
        ),
        Trigger(
            "law_engage_stop_lifted",
            STOP,
            "UPDATE",
            f"OLD.lifted_at IS NOT NULL OR (NEW.lifted_at IS NOT NULL AND NOT "
            f"{holds_role('lifted_by_id')})",
            "A stop is lifted once, and by somebody who may.",
        ),
        Trigger(
            "law_engage_attempt_not_stopped",
            "engage_attempt",
            "INSERT",
            "EXISTS (SELECT 1 FROM engage_stop s "
            "JOIN engage_publication p ON p.id = NEW.publication_id "
            "WHERE s.lifted_at IS NULL "
            "AND (s.community_id IS NULL OR s.community_id = p.community_id))",
            "All publishing is stopped here.",
        ),
    ]
