"""Words on the list; only their retirement changes. Who put them there: reviews/0003."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from compliance.triggers import Trigger, frozen, no_delete, no_replace

LISTED = "compliance_listedword"


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0002_laws"),
    ]

    operations = [
        migrations.CreateModel(
            name="ListedWord",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "effect",
                    models.CharField(
                        choices=[
                            ("allow", "Nobody's: never an identifier"),
                            ("deny", "Always an identifier"),
                        ],
                        max_length=8,
                    ),
                ),
                ("kind", models.CharField(blank=True, max_length=20)),
                ("active_from", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "reason",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
                (
                    "value",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
            ],
            options={
                "ordering": ["active_from", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=["active_from"],
                        name="listedword_active",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("effect", "allow"), ("kind", "")),
                            models.Q(("effect", "deny"), models.Q(("kind", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="listedword_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason__isnull", True), ("retired_at__isnull", True)),
                            models.Q(("reason__isnull", False), ("retired_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="listedword_retired_whole",
                    ),
                ],
            },
        ),
        frozen(LISTED, ["id", "effect", "kind", "value_id", "active_from"]),
        no_replace(LISTED, [["value_id"]]),
        *no_delete(LISTED),
        Trigger(
            "law_compliance_listedword_retired",
            LISTED,
            "UPDATE",
            "OLD.retired_at IS NOT NULL",
            "What was taken off the list stays off it.",
        ),
    ]
