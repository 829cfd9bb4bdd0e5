"""Assessments of possible breaches: concluded once."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, frozen, no_delete, no_replace

ASSESSMENT = "engage_breachassessment"


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0006_failed_proofs"),
        ("engage", "0014_incidents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BreachAssessment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("discovered_at", models.DateTimeField()),
                ("concluded_at", models.DateTimeField(null=True)),
                (
                    "conclusion",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("breach", "A breach: those concerned are notified"),
                            ("low", "A low probability that anything was compromised"),
                            ("none", "Nothing protected was disclosed"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "concluded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "factors",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="breach_assessments",
                        to="engage.publication",
                    ),
                ),
                (
                    "why",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
            ],
            options={
                "ordering": ["discovered_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("concluded_at", None)),
                        fields=("publication",),
                        name="breach_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("concluded_at", None),
                                ("concluded_by", None),
                                ("conclusion", ""),
                                ("factors", None),
                            ),
                            models.Q(
                                ("concluded_at__isnull", False),
                                ("concluded_by__isnull", False),
                                ("factors__isnull", False),
                                models.Q(("conclusion", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="breach_concluded_whole",
                    ),
                ],
            },
        ),
        frozen(
            ASSESSMENT,
            ["id", "publication_id", "opened_by_id", "opened_at", "discovered_at", "why_id"],
        ),
        no_replace(ASSESSMENT),
        *no_delete(ASSESSMENT),
        Trigger(
            "law_engage_breachassessment_concluded",
            ASSESSMENT,
            "UPDATE",
            "OLD.concluded_at IS NOT NULL",
            "An assessment is concluded once.",
        ),
        Trigger(
            "law_engage_breachassessment_begins",
            ASSESSMENT,
            "INSERT",
            "NEW.concluded_at IS NOT NULL",
            "An assessment begins by being open.",
        ),
    ]
