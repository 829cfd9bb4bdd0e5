"""Claims on reviews, who is looking at one, and how much attention each needs."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, OuterRef

from compliance.triggers import Trigger, frozen, no_delete, no_replace

REVIEW, CLAIM = "reviews_review", "reviews_claim"
# reviews.risk as it stood when this was written.
WEIGHTS = {"block": 4, "needs_legal": 3, "warn": 2, "info": 1}


def fill_risk(apps, schema_editor):
    Review = apps.get_model("reviews", "Review")
    SafetyCase = apps.get_model("reviews", "SafetyCase")
    Finding = apps.get_model("compliance", "Finding")
    # No foreign key leads from a review to its thread; its data key is that of the thread.
    signalled = Exists(SafetyCase.objects.filter(text__key=OuterRef("packet__key")))
    reviews = Review.objects.order_by().annotate(signalled=signalled)
    for pk, scan, flag in reviews.values_list("pk", "scan_id", "signalled").iterator():
        found = list(Finding.objects.filter(scan=scan).values_list("severity", flat=True))
        worst = max((WEIGHTS[severity] for severity in found), default=0)
        risk = worst * 100 + flag * 50 + min(found.count("block"), 49)
        Review.objects.filter(pk=pk).update(risk=risk)


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0005_rule_profiles"),
        ("reviews", "0014_time"),
    ]

    operations = [
        # Nullable and without a default, so that SQLite adds the column in place and the law
        # triggers of the table stay.
        migrations.AddField(
            model_name="review",
            name="risk",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["-submitted_at", "-id"], name="review_newest"),
        ),
        migrations.CreateModel(
            name="Claim",
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
                ("since", models.DateTimeField(auto_now_add=True)),
                ("until", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("released", "Released"),
                            ("lapsed", "Lapsed"),
                            ("reassigned", "Given to somebody else"),
                            ("done", "Signed or decided"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "assigned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="reviews.review",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["since"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("review", "role"),
                        name="claim_one_a_role",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("review", "user"),
                        name="claim_one_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended", ""), ("ended_at__isnull", True)),
                            models.Q(
                                ("ended_at__isnull", False),
                                models.Q(("ended", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="claim_ended_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Presence",
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
                        related_name="presences",
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
                    models.UniqueConstraint(fields=("review", "user"), name="presence_once")
                ],
            },
        ),
        migrations.RunPython(fill_risk, migrations.RunPython.noop),
        frozen(REVIEW, ["risk"], name="risk_frozen"),
        frozen(CLAIM, ["id", "review_id", "role", "user_id", "assigned_by_id", "since"]),
        no_replace(CLAIM),
        *no_delete(CLAIM),
        Trigger(
            "law_reviews_claim_ended",
            CLAIM,
            "UPDATE",
            "OLD.ended_at IS NOT NULL",
            "A claim that has ended is never changed.",
        ),
        Trigger(
            "law_reviews_claim_not_author",
            CLAIM,
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_reviewauthor a "
            "WHERE a.review_id = NEW.review_id AND a.user_id = NEW.user_id)",
            "Nobody reviews what they wrote.",
        ),
        Trigger(
            "law_reviews_claim_role",
            CLAIM,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_rolegrant g "
            "WHERE g.user_id = NEW.user_id AND g.role = NEW.role)",
            "Nobody works in a role that they do not hold.",
        ),
    ]
