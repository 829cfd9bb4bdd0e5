"""Signposts: words that are signed twice in advance, and reviews of exactly these words (law 1)."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import (
    ReplacedTrigger,
    Trigger,
    append_only,
    frozen,
    listed,
    no_delete,
    no_replace,
)

REVIEW, SIGNPOST, SIGNATURE = "reviews_review", "reviews_signpost", "reviews_signpostsignature"

WAS = listed("reviews.migrations.0002_laws", "law_reviews_review_two_signatures")

# What a review of a signpost needs in the place of two signatures of its own.
SIGNED_IN_ADVANCE = """EXISTS (
    SELECT 1 FROM reviews_signpost s
    JOIN reviews_signpostsignature c ON c.signpost_id = s.id AND c.role = 'compliance'
    JOIN reviews_signpostsignature l ON l.signpost_id = s.id AND l.role = 'legal'
    WHERE s.id = NEW.signpost_id AND s.retired_at IS NULL
      AND c.digest = l.digest AND c.user_id <> l.user_id
      AND s.written_by_id NOT IN (c.user_id, l.user_id)
      AND NOT EXISTS (SELECT 1 FROM reviews_reviewauthor a
                      WHERE a.review_id = NEW.id AND a.user_id IN (c.user_id, l.user_id)))"""


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0006_duplicate_outcome"),
    ]

    operations = [
        migrations.CreateModel(
            name="Signpost",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("title", models.CharField(max_length=100)),
                ("answers", models.JSONField()),
                ("community_id", models.UUIDField(null=True)),
                ("community_name", models.CharField(blank=True, max_length=100)),
                ("text", models.TextField()),
                ("written_at", models.DateTimeField(auto_now_add=True)),
                ("retired_at", models.DateTimeField(null=True)),
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
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["written_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("retired_at__isnull", True), ("retired_by__isnull", True)),
                            models.Q(("retired_at__isnull", False), ("retired_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="signpost_retired_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignpostSignature",
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
                        ],
                        max_length=12,
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("printed_name", models.CharField(max_length=310)),
                ("meaning", models.CharField(max_length=200)),
                ("signed_at", models.DateTimeField()),
                (
                    "signpost",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="reviews.signpost",
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
                "ordering": ["signed_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("signpost", "role"), name="signpost_once_a_role"
                    ),
                    models.UniqueConstraint(
                        fields=("signpost", "user"), name="signpost_once_a_person"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["compliance", "legal"])),
                        name="signpost_signature_role",
                    ),
                ],
            },
        ),
        # A nullable column is added in place: the table keeps its triggers on SQLite too.
        migrations.AddField(
            model_name="review",
            name="signpost",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="reviews.signpost",
            ),
        ),
        frozen(REVIEW, ["signpost_id"], name="signpost_frozen"),
        ReplacedTrigger(
            WAS,
            "NEW.state = 'cleared' AND OLD.state <> 'cleared' "
            f"AND ((NEW.signpost_id IS NULL AND ({WAS.condition})) "
            f"OR (NEW.signpost_id IS NOT NULL AND NOT {SIGNED_IN_ADVANCE}))",
            WAS.message,
        ),
        frozen(
            SIGNPOST,
            [
                "id",
                "title",
                "answers",
                "community_id",
                "community_name",
                "text",
                "written_by_id",
                "written_at",
            ],
        ),
        no_replace(SIGNPOST),
        *no_delete(SIGNPOST),
        Trigger(
            "law_reviews_signpost_retired",
            SIGNPOST,
            "UPDATE",
            "OLD.retired_at IS NOT NULL",
            "A retired signpost is never changed.",
        ),
        *append_only(SIGNATURE, [["signpost_id", "role"], ["signpost_id", "user_id"]]),
        Trigger(
            "law_reviews_signpostsignature_not_author",
            SIGNATURE,
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_signpost s "
            "WHERE s.id = NEW.signpost_id AND s.written_by_id = NEW.user_id)",
            "Nobody signs what they wrote.",
        ),
        Trigger(
            "law_reviews_signpostsignature_open",
            SIGNATURE,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_signpost s "
            "WHERE s.id = NEW.signpost_id AND s.retired_at IS NULL)",
            "A retired signpost takes no signatures.",
        ),
        Trigger(
            "law_reviews_signpostsignature_role",
            SIGNATURE,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_rolegrant g "
            "WHERE g.user_id = NEW.user_id AND g.role = NEW.role)",
            "Nobody signs in a role that they do not hold.",
        ),
        Trigger(
            "law_reviews_signpostsignature_same_content",
            SIGNATURE,
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_signpostsignature s "
            "WHERE s.signpost_id = NEW.signpost_id AND s.digest <> NEW.digest)",
            "Both signatures must cover the same content.",
        ),
    ]
