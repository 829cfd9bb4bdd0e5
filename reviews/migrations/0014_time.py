"""Reminders, absences, and evidence that was recalled: nothing that rests on it is cleared."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, append_only, frozen, no_delete, no_replace

ABSENCE, CITATION, RECALL = "reviews_absence", "reviews_citation", "reviews_recall"
# reviews.permissions.PERMISSIONS as it stood when this was written; a test compares the two.
MAY_RECALL = ("compliance", "legal")
MAY = ", ".join(f"'{role}'" for role in MAY_RECALL)


def rests_on_recalled(review: str) -> str:
    """SQL: whether a review, named by its alias, cites evidence of which a recall stands."""
    return f"""EXISTS (
    SELECT 1 FROM reviews_citation c
    JOIN reviews_recalled d ON d.digest = c.digest
    JOIN reviews_recall k ON k.id = d.recall_id
    WHERE c.text_id = {review}.text_id AND (c.scan_id IS NULL OR c.scan_id = {review}.scan_id)
      AND k.lifted_at IS NULL AND {review}.signpost_id IS NULL)"""


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0005_rule_profiles"),
        ("reviews", "0013_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recall",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("reference", "Reference"), ("claim", "Approved claim")],
                        max_length=10,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("withdrawn", "Withdrawn or retracted"),
                            ("superseded", "Superseded"),
                            ("expired", "Its time is over"),
                            ("removed", "No longer in the rules of its community"),
                        ],
                        max_length=10,
                    ),
                ),
                ("community_id", models.UUIDField(null=True)),
                ("community_name", models.CharField(blank=True, max_length=100)),
                ("recalled_at", models.DateTimeField(auto_now_add=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "instead",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
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
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lifted_why",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
                (
                    "recalled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "what",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
                (
                    "why",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
            ],
            options={
                "ordering": ["-recalled_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Recalled",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(db_index=True, max_length=64)),
                (
                    "recall",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="digests",
                        to="reviews.recall",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("due_soon", "Due soon"),
                            ("overdue", "Overdue"),
                            ("escalated", "Escalated"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="reviews.review",
                    ),
                ),
            ],
            options={
                "ordering": ["at"],
            },
        ),
        migrations.CreateModel(
            name="Reminded",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reminder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="named",
                        to="reviews.reminder",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("entered_at", models.DateTimeField(auto_now_add=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "delegate",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stands_in",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["first_day", "entered_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first_day__lte", models.F("last_day"))),
                        name="absence_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("delegate__isnull", True),
                            models.Q(("delegate", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                        name="absence_delegate_is_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Citation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(db_index=True, max_length=64)),
                ("line", models.PositiveSmallIntegerField(default=0)),
                (
                    "scan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.scan",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="citations",
                        to="compliance.vaulttext",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("scan", None)),
                        fields=("text", "digest"),
                        name="citation_once",
                    ),
                    models.UniqueConstraint(
                        fields=("text", "scan", "digest"), name="citation_once_a_scan"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="recall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cause__in", ["expired", "removed"]), ("recalled_by", None), ("why", None)
                    ),
                    models.Q(("recalled_by__isnull", False), ("why__isnull", False)),
                    _connector="OR",
                ),
                name="recall_by_a_person_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="recall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lifted_at", None), ("lifted_by", None), ("lifted_why", None)),
                    models.Q(
                        ("lifted_at__isnull", False),
                        ("lifted_by__isnull", False),
                        ("lifted_why__isnull", False),
                        ("recalled_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="recall_lifted_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="recalled",
            constraint=models.UniqueConstraint(fields=("recall", "digest"), name="recalled_once"),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("review", "stage"), name="reminder_once"),
        ),
        migrations.AddConstraint(
            model_name="reminded",
            constraint=models.UniqueConstraint(fields=("reminder", "person"), name="reminded_once"),
        ),
        *append_only("reviews_reminder", [["review_id", "stage"]]),
        *append_only("reviews_reminded", [["reminder_id", "person_id"]]),
        frozen(ABSENCE, ["id", "person_id", "first_day", "last_day", "delegate_id", "entered_at"]),
        no_replace(ABSENCE),
        *no_delete(ABSENCE),
        Trigger(
            "law_reviews_absence_ended",
            ABSENCE,
            "UPDATE",
            "OLD.ended_at IS NOT NULL",
            "An absence that ended is never changed.",
        ),
        *append_only(CITATION, [["text_id", "scan_id", "digest"]]),
        *append_only("reviews_recalled", [["recall_id", "digest"]]),
        frozen(
            RECALL,
            [
                "id",
                "kind",
                "cause",
                "community_id",
                "community_name",
                "key_id",
                "what_id",
                "why_id",
                "instead_id",
                "recalled_by_id",
                "recalled_at",
            ],
        ),
        no_replace(RECALL, [["key_id"]]),
        *no_delete(RECALL),
        Trigger(
            "law_reviews_recall_begins",
            RECALL,
            "INSERT",
            "NEW.lifted_at IS NOT NULL",
            "A recall begins as one that stands.",
        ),
        Trigger(
            "law_reviews_recall_lifted",
            RECALL,
            "UPDATE",
            "OLD.lifted_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM reviews_rolegrant g "
            "WHERE g.user_id = NEW.lifted_by_id AND NEW.lifted_by_id <> OLD.recalled_by_id "
            f"AND g.role IN ({MAY}))",
            "A recall is lifted once, by compliance or legal, and by somebody else than made it.",
        ),
        Trigger(
            "law_reviews_review_not_recalled",
            "reviews_review",
            "UPDATE",
            f"NEW.state = 'cleared' AND OLD.state <> 'cleared' AND {rests_on_recalled('NEW')}",
            "Nothing is cleared that cites evidence which was recalled.",
        ),
    ]
