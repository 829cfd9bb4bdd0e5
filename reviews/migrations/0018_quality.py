"""Golden cases, which two people make, and second looks: what somebody said is never changed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import DIFFERS, Trigger, frozen, no_delete, no_replace

GOLDEN, LOOK = "reviews_goldencase", "reviews_secondlook"


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0006_failed_proofs"),
        ("reviews", "0017_sights"),
    ]

    operations = [
        migrations.CreateModel(
            name="GoldenCase",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "opinion",
                    models.CharField(
                        choices=[
                            ("sign", "Sign it"),
                            ("send_back", "Send it back"),
                            ("refuse", "Refuse it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("verdicts", models.JSONField()),
                ("proposed_at", models.DateTimeField(auto_now_add=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "retired_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "review",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="golden_case",
                        to="reviews.review",
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
                "ordering": ["proposed_at"],
            },
        ),
        migrations.CreateModel(
            name="SecondLook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("clinician", "Clinician"),
                            ("compliance", "Compliance officer"),
                            ("legal", "Legal counsel"),
                            ("safety", "Safety officer"),
                            ("auditor", "Auditor"),
                            ("admin", "Administrator"),
                            ("medical", "Medical reviewer"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "first_opinion",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("sign", "Sign it"),
                            ("send_back", "Send it back"),
                            ("refuse", "Refuse it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("dealt_at", models.DateTimeField(auto_now_add=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "opinion",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("sign", "Sign it"),
                            ("send_back", "Send it back"),
                            ("refuse", "Refuse it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("verdicts", models.JSONField(default=dict)),
                ("seen_before", models.BooleanField(default=False)),
                (
                    "first",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="looked_at_again",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "golden_case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="looks",
                        to="reviews.goldencase",
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
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_looks",
                        to="reviews.review",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_looks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["dealt_at"],
            },
        ),
        migrations.AddConstraint(
            model_name="goldencase",
            constraint=models.CheckConstraint(
                condition=models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                name="golden_case_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="goldencase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at", None), ("approved_by", None)),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                    _connector="OR",
                ),
                name="golden_case_approved_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="goldencase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retired_at", None), ("retired_by", None)),
                    models.Q(("retired_at__isnull", False), ("retired_by__isnull", False)),
                    _connector="OR",
                ),
                name="golden_case_retired_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="secondlook",
            index=models.Index(fields=["user", "closed_at"], name="second_look_of"),
        ),
        migrations.AddConstraint(
            model_name="secondlook",
            constraint=models.UniqueConstraint(fields=("review", "user"), name="second_look_once"),
        ),
        migrations.AddConstraint(
            model_name="secondlook",
            constraint=models.CheckConstraint(
                condition=models.Q(("user", models.F("first")), _negated=True),
                name="second_look_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="secondlook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("first__isnull", False),
                        ("golden_case", None),
                        models.Q(("first_opinion", ""), _negated=True),
                    ),
                    models.Q(
                        ("first", None), ("first_opinion", ""), ("golden_case__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="second_look_against_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="secondlook",
            constraint=models.CheckConstraint(
                condition=models.Q(("opinion", ""), ("closed_at__isnull", False), _connector="OR"),
                name="second_look_closed",
            ),
        ),
        *no_delete(GOLDEN),
        no_replace(GOLDEN, [("review_id",)]),
        frozen(
            GOLDEN,
            ("id", "review_id", "opinion", "verdicts", "why_id", "proposed_by_id", "proposed_at"),
        ),
        Trigger(
            "law_reviews_goldencase_once",
            GOLDEN,
            "UPDATE",
            f"(OLD.approved_at IS NOT NULL AND OLD.approved_at {DIFFERS} NEW.approved_at) OR "
            f"(OLD.approved_by_id IS NOT NULL AND OLD.approved_by_id {DIFFERS} NEW.approved_by_id) "
            "OR OLD.retired_at IS NOT NULL",
            "A golden case is approved once, and retired for good.",
        ),
        *no_delete(LOOK),
        no_replace(LOOK, [("review_id", "user_id")]),
        frozen(
            LOOK,
            (
                "id",
                "review_id",
                "golden_case_id",
                "user_id",
                "role",
                "first_id",
                "first_opinion",
                "dealt_at",
            ),
        ),
        Trigger(
            "law_reviews_secondlook_once",
            LOOK,
            "UPDATE",
            "OLD.closed_at IS NOT NULL",
            "A second look that was given stays as it is.",
        ),
        Trigger(
            "law_reviews_secondlook_uninvolved",
            LOOK,
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_reviewauthor a WHERE a.review_id = NEW.review_id "
            "AND a.user_id = NEW.user_id) OR EXISTS (SELECT 1 FROM reviews_signoff s "
            "WHERE s.review_id = NEW.review_id AND s.user_id = NEW.user_id)",
            "Whoever wrote or signed a reply does not look at it a second time.",
        ),
    ]
