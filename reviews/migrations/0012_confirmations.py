"""Confirmations: a suspended review is cleared again once its signers read what moved (law 3)."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import DIFFERS, ReplacedTrigger, Trigger, append_only, listed

REVIEW, CONFIRMATION = "reviews_review", "reviews_confirmation"
WAS = listed("reviews.migrations.0002_laws", "law_reviews_review_moves")

# reviews.policy.TRANSITIONS as it stood when this was written; a test compares the two.
MOVES = (
    ("submitted", "in_review"),
    ("in_review", "cleared"),
    ("submitted", "sent_back"),
    ("in_review", "sent_back"),
    ("cleared", "sent_back"),
    ("suspended", "sent_back"),
    ("submitted", "refused"),
    ("in_review", "refused"),
    ("suspended", "refused"),
    ("submitted", "withdrawn"),
    ("in_review", "withdrawn"),
    ("cleared", "withdrawn"),
    ("suspended", "withdrawn"),
    ("published", "withdrawn"),
    ("cleared", "suspended"),
    ("suspended", "cleared"),
    ("cleared", "expired"),
    ("suspended", "expired"),
    ("cleared", "published"),
)
ALLOWED = " OR ".join(f"(OLD.state = '{a}' AND NEW.state = '{b}')" for a, b in MOVES)

# Whoever signed, in any seat.
SIGNED = """(SELECT review_id, user_id, role FROM reviews_signoff
    UNION ALL SELECT review_id, user_id, role FROM reviews_furthersignoff)"""

# Everybody who signed confirmed one content since the newest suspension.
ALL_CONFIRMED = f"""EXISTS (
    SELECT 1 FROM reviews_confirmation k
    WHERE k.review_id = NEW.id AND k.suspension = COALESCE(NEW.suspensions, 0)
      AND NOT EXISTS (
        SELECT 1 FROM {SIGNED} s
        WHERE s.review_id = NEW.id AND NOT EXISTS (
          SELECT 1 FROM reviews_confirmation c
          WHERE c.review_id = NEW.id AND c.user_id = s.user_id
            AND c.suspension = k.suspension AND c.digest = k.digest)))"""

# Who signed this review, and holds the role in which they did.
SIGNER = f"""EXISTS (
    SELECT 1 FROM {SIGNED} s
    JOIN reviews_rolegrant g ON g.user_id = s.user_id AND g.role = s.role
    WHERE s.review_id = NEW.review_id AND s.user_id = NEW.user_id)"""


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0005_rule_profiles"),
        ("reviews", "0011_decisions"),
    ]

    operations = [
        # A nullable column is added in place: the table keeps its triggers on SQLite too.
        migrations.AddField(
            model_name="review",
            name="suspensions",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("suspension", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("printed_name", models.CharField(max_length=310)),
                ("meaning", models.CharField(max_length=200)),
                ("confirmed_at", models.DateTimeField()),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="confirmations",
                        to="reviews.review",
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
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
                "ordering": ["confirmed_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("review", "user", "suspension", "digest"), name="confirmation_once"
                    )
                ],
            },
        ),
        ReplacedTrigger(WAS, f"OLD.state <> NEW.state AND NOT ({ALLOWED})", WAS.message),
        Trigger(
            "law_reviews_review_suspensions",
            REVIEW,
            "UPDATE",
            "(OLD.state = 'cleared' AND NEW.state = 'suspended' "
            f"AND NEW.suspensions {DIFFERS} COALESCE(OLD.suspensions, 0) + 1) "
            "OR (NOT (OLD.state = 'cleared' AND NEW.state = 'suspended') "
            f"AND NEW.suspensions {DIFFERS} OLD.suspensions)",
            "Each suspension is counted, and nothing else is.",
        ),
        Trigger(
            "law_reviews_review_confirmed",
            REVIEW,
            "UPDATE",
            "OLD.state = 'suspended' AND NEW.state = 'cleared' "
            f"AND (NEW.signpost_id IS NOT NULL OR NOT {ALL_CONFIRMED})",
            "The thread moved: everybody who signed must confirm the same before it is cleared "
            "again.",
        ),
        *append_only(CONFIRMATION, [["review_id", "user_id", "suspension", "digest"]]),
        Trigger(
            "law_reviews_confirmation_suspended",
            CONFIRMATION,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_review r WHERE r.id = NEW.review_id "
            "AND r.state = 'suspended' AND COALESCE(r.suspensions, 0) = NEW.suspension)",
            "Only a suspended review is confirmed.",
        ),
        Trigger(
            "law_reviews_confirmation_signer",
            CONFIRMATION,
            "INSERT",
            f"NOT {SIGNER}",
            "Only those who signed confirm, in a role that they hold.",
        ),
        Trigger(
            "law_reviews_confirmation_not_author",
            CONFIRMATION,
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_reviewauthor a "
            "WHERE a.review_id = NEW.review_id AND a.user_id = NEW.user_id)",
            "Nobody confirms what they wrote.",
        ),
    ]
