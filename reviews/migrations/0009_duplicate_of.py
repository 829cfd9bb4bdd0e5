"""A duplicate says of which case, and help that was given is on record and only grows."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, append_only


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0004_finding_basis"),
        ("reviews", "0008_rule_profiles"),
    ]

    operations = [
        # Nullable and without a default, so that SQLite adds the column in place and the law
        # triggers of the table stay.
        migrations.AddField(
            model_name="safetycase",
            name="duplicate_of",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duplicates",
                to="reviews.safetycase",
            ),
        ),
        Trigger(
            "law_reviews_safetycase_duplicate",
            "reviews_safetycase",
            "UPDATE",
            "(NEW.outcome = 'duplicate' OR NEW.duplicate_of_id IS NOT NULL) AND "
            "(NEW.outcome <> 'duplicate' OR NOT EXISTS (SELECT 1 FROM reviews_safetycase o "
            "WHERE o.id = NEW.duplicate_of_id AND o.id <> NEW.id AND o.outcome <> 'duplicate' "
            "AND o.community_name = NEW.community_name))",
            "A duplicate names another signal of its community that is no duplicate itself.",
        ),
        migrations.CreateModel(
            name="HelpGiven",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("publication_id", models.UUIDField(null=True)),
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
                        related_name="help_given",
                        to="reviews.safetycase",
                    ),
                ),
                (
                    "how",
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "publication_id"), name="help_given_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("by__isnull", False), ("how__isnull", False)),
                            ("publication_id__isnull", False),
                            _connector="OR",
                        ),
                        name="help_given_by_somebody",
                    ),
                ],
            },
        ),
        *append_only("reviews_helpgiven", [["case_id", "publication_id"]]),
    ]
