"""Live replies to look at again; the last door is shut for what cites recalled evidence."""

import importlib
import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, frozen, no_delete, no_replace

RELOOK = "engage_relook"
rests_on_recalled = importlib.import_module("reviews.migrations.0014_time").rests_on_recalled


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0005_rule_profiles"),
        ("engage", "0008_no_replies"),
        ("reviews", "0014_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Relook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("time", "It has been live for long"),
                            ("recall", "It cites evidence that was recalled"),
                        ],
                        max_length=8,
                    ),
                ),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("still_right", "Still right"), ("withdrawn", "Withdrawn")],
                        max_length=12,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relooks",
                        to="engage.publication",
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
                (
                    "recall",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relooks",
                        to="reviews.recall",
                    ),
                ),
            ],
            options={
                "ordering": ["opened_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cause", "time"), ("decided_at", None)),
                        fields=("publication",),
                        name="relook_one_by_time",
                    ),
                    models.UniqueConstraint(
                        fields=("publication", "recall"), name="relook_once_a_recall"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cause", "time"), ("recall", None)),
                            models.Q(("cause", "recall"), ("recall__isnull", False)),
                            _connector="OR",
                        ),
                        name="relook_says_of_which_recall",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at", None),
                                ("decided_by", None),
                                ("outcome", ""),
                                ("reason", None),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("outcome__in", ["still_right", "withdrawn"]),
                                ("reason__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="relook_decided_whole",
                    ),
                ],
            },
        ),
        frozen(RELOOK, ["id", "publication_id", "cause", "recall_id", "opened_at"]),
        no_replace(RELOOK, [["publication_id", "recall_id"]]),
        *no_delete(RELOOK),
        Trigger(
            "law_engage_relook_decided",
            RELOOK,
            "UPDATE",
            "OLD.decided_at IS NOT NULL",
            "What was decided about a live reply is never changed.",
        ),
        Trigger(
            "law_engage_attempt_not_recalled",
            "engage_attempt",
            "INSERT",
            "EXISTS (SELECT 1 FROM engage_publication p JOIN reviews_review r "
            "ON r.id = p.review_id WHERE p.id = NEW.publication_id "
            f"AND {rests_on_recalled('r')})",
            "Nothing is posted that cites evidence which was recalled.",
        ),
    ]
