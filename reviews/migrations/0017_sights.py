"""Comments about a passage, and when a reviewer last saw a review.

Nullable and without a default, so that SQLite adds the columns in place and the law triggers of
the table stay. The kinds are a list of choices only: no column changes.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger


class Migration(migrations.Migration):
    dependencies = [("reviews", "0016_proofs")]

    operations = [
        migrations.AddField(
            model_name="remark",
            name="anchor_start",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="remark",
            name="anchor_end",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="remark",
            name="kind",
            field=models.CharField(
                choices=[
                    ("comment", "Comment"),
                    ("response", "Author's answer to a finding"),
                    ("send_back", "Required changes"),
                    ("refuse", "Reason for refusal"),
                    ("withdraw", "Reason for withdrawal"),
                    ("export", "Reason for taking out what was signed"),
                ],
                max_length=10,
            ),
        ),
        Trigger(
            "law_reviews_remark_anchor",
            "reviews_remark",
            "INSERT",
            "(NEW.anchor_start IS NULL AND NEW.anchor_end IS NOT NULL) OR "
            "(NEW.anchor_end IS NULL AND NEW.anchor_start IS NOT NULL) OR "
            "NEW.anchor_end <= NEW.anchor_start",
            "A comment is about a passage that begins before it ends, or about no passage.",
        ),
        migrations.CreateModel(
            name="Sight",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_at", models.DateTimeField()),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sights",
                        to="reviews.review",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("review", "user"), name="sight_once")
                ]
            },
        ),
    ]
