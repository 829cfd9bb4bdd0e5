"""Decisions have a code, and what must change is a list that its author answers before the reply is
submitted again."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, append_only

CHANGE, ANSWER = "reviews_requiredchange", "reviews_changeanswer"

# The newest answer counts; one without anything in it takes the earlier ones back.
UNANSWERED = """EXISTS (
    SELECT 1 FROM reviews_requiredchange c JOIN reviews_review o ON o.id = c.review_id
    WHERE o.case_id = NEW.case_id AND o.state = 'sent_back' AND NOT EXISTS (
      SELECT 1 FROM reviews_changeanswer a
      WHERE a.change_id = c.id AND (a.done OR a.words_id IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM reviews_changeanswer b
                        WHERE b.change_id = c.id AND b.id > a.id)))"""

SUBMITTED_AGAIN = """EXISTS (
    SELECT 1 FROM reviews_requiredchange c JOIN reviews_review o ON o.id = c.review_id
    JOIN reviews_review n ON n.case_id = o.case_id AND n.submitted_at > o.submitted_at
    WHERE c.id = NEW.change_id)"""


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0005_rule_profiles"),
        ("reviews", "0010_routes"),
    ]

    operations = [
        # Nullable and without defaults: SQLite adds them in place, and the table keeps its laws.
        migrations.AddField(
            model_name="remark",
            name="reason_code",
            field=models.CharField(max_length=20, null=True),
        ),
        migrations.AddField(
            model_name="remark",
            name="reason_label",
            field=models.CharField(max_length=80, null=True),
        ),
        migrations.CreateModel(
            name="RequiredChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="required_changes",
                        to="reviews.review",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("review", "number"), name="required_change_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChangeAnswer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("done", models.BooleanField()),
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
                    "words",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="reviews.requiredchange",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        Trigger(
            "law_reviews_remark_reason_code",
            "reviews_remark",
            "INSERT",
            "NEW.kind IN ('send_back', 'refuse', 'withdraw') AND NEW.reason_code IS NULL",
            "A decision has a code for its reason.",
        ),
        *append_only(CHANGE, [["review_id", "number"]]),
        Trigger(
            "law_reviews_requiredchange_in_time",
            CHANGE,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_review r WHERE r.id = NEW.review_id "
            "AND r.state IN ('submitted', 'in_review', 'cleared', 'suspended'))",
            "What must change is said when a reply is sent back.",
        ),
        *append_only(ANSWER),
        Trigger(
            "law_reviews_changeanswer_in_time",
            ANSWER,
            "INSERT",
            SUBMITTED_AGAIN,
            "Required changes are answered before the reply is submitted again.",
        ),
        Trigger(
            "law_reviews_review_changes_answered",
            "reviews_review",
            "INSERT",
            UNANSWERED,
            "Every required change is answered before the reply is submitted again.",
        ),
    ]
