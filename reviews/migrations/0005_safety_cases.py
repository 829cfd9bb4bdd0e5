"""Safety cases with owner, facts and hand-offs; what was found and handed over only grows."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0004_finding_basis"),
        ("reviews", "0004_ties"),
    ]

    operations = [
        migrations.AddField(
            model_name="safetycase",
            name="aware_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="safetycase",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="HandOff",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hand_offs",
                        to="reviews.safetycase",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
                (
                    "reference",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
            ],
            options={
                "ordering": ["at"],
            },
        ),
        migrations.CreateModel(
            name="CaseFacts",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("serious", models.BooleanField()),
                ("found", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="facts",
                        to="reviews.safetycase",
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="case_facts_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("by__isnull", True), ("reason__isnull", False), _connector="OR"
                        ),
                        name="case_facts_corrected_with_reason",
                    ),
                ],
            },
        ),
        *append_only("reviews_casefacts", [["case_id", "number"]]),
        *append_only("reviews_handoff"),
    ]
