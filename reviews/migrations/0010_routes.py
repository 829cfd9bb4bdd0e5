"""Routes: whose signatures a review takes is kept with it, and it is cleared with all of them (law
1). The two signatures of before, their table and its laws stay as they are."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import ReplacedTrigger, Trigger, append_only, frozen, listed

REVIEW, SIGN_OFF, FURTHER = "reviews_review", "reviews_signoff", "reviews_furthersignoff"

WAS = listed("reviews.migrations.0007_signposts", "law_reviews_review_two_signatures")

ROLES = [
    ("clinician", "Clinician"),
    ("compliance", "Compliance officer"),
    ("legal", "Legal counsel"),
    ("safety", "Safety officer"),
    ("auditor", "Auditor"),
    ("admin", "Administrator"),
    ("medical", "Medical reviewer"),
]


def lacking(seat: str) -> str:
    """SQL: the review NEW wants this seat, and there is no good signature for it: by somebody who
    wrote no version and gave no other signature, over what the two of law 1 signed."""
    return f"""(NEW.{seat}_step IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM reviews_furthersignoff f
    WHERE f.review_id = NEW.id AND f.seat = '{seat}'
      AND NOT EXISTS (SELECT 1 FROM reviews_signoff s WHERE s.review_id = f.review_id
                      AND (s.user_id = f.user_id OR s.digest <> f.digest))
      AND NOT EXISTS (SELECT 1 FROM reviews_reviewauthor a
                      WHERE a.review_id = f.review_id AND a.user_id = f.user_id)))"""


def too_early(step: str) -> str:
    """SQL: a seat with an earlier step than this one of the review r is not signed yet."""
    return f"""EXISTS (
    SELECT 1 FROM reviews_review r WHERE r.id = NEW.review_id AND (
      (r.compliance_step < {step} AND NOT EXISTS (SELECT 1 FROM reviews_signoff s
                      WHERE s.review_id = r.id AND s.role = 'compliance'))
      OR (r.legal_step < {step} AND NOT EXISTS (SELECT 1 FROM reviews_signoff s
                      WHERE s.review_id = r.id AND s.role = 'legal'))
      OR (r.medical_step < {step} AND NOT EXISTS (SELECT 1 FROM reviews_furthersignoff f
                      WHERE f.review_id = r.id AND f.seat = 'medical'))
      OR (r.second_legal_step < {step} AND NOT EXISTS (SELECT 1 FROM reviews_furthersignoff f
                      WHERE f.review_id = r.id AND f.seat = 'second_legal'))))"""


OWN_STEP = "(CASE NEW.role WHEN 'compliance' THEN r.compliance_step ELSE r.legal_step END)"
FURTHER_STEP = "(CASE NEW.seat WHEN 'medical' THEN r.medical_step ELSE r.second_legal_step END)"


def elsewhere(table: str, condition: str) -> str:
    """SQL: the table has a signature x under the same review of which this is true."""
    return f"EXISTS (SELECT 1 FROM {table} x WHERE x.review_id = NEW.review_id AND {condition})"


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0009_duplicate_of"),
    ]

    operations = [
        # Nullable and without defaults: SQLite adds them in place, and the table keeps its laws.
        migrations.AddField(
            model_name="review",
            name="community_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="compliance_step",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="legal_step",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="medical_step",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="second_legal_step",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="seats_why",
            field=models.JSONField(null=True),
        ),
        # Words alone: no table is touched.
        *(
            migrations.AlterField(
                model_name=model,
                name="role",
                field=models.CharField(choices=ROLES, max_length=12),
            )
            for model in ("disposition", "rolegrant", "signoff", "signpostsignature")
        ),
        migrations.AlterField(
            model_name="review",
            name="state",
            field=models.CharField(
                choices=[
                    ("submitted", "Waiting for review"),
                    ("in_review", "Signed in part"),
                    ("cleared", "Cleared to post"),
                    ("suspended", "Suspended: the thread moved"),
                    ("published", "Posted"),
                    ("sent_back", "Sent back"),
                    ("refused", "Refused"),
                    ("withdrawn", "Withdrawn"),
                    ("expired", "Clearance expired"),
                ],
                default="submitted",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="FurtherSignOff",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "seat",
                    models.CharField(
                        choices=[
                            ("compliance", "Compliance"),
                            ("legal", "Legal"),
                            ("medical", "Medical review"),
                            ("second_legal", "Second legal"),
                        ],
                        max_length=12,
                    ),
                ),
                ("role", models.CharField(choices=ROLES, max_length=12)),
                ("digest", models.CharField(max_length=64)),
                ("printed_name", models.CharField(max_length=310)),
                ("meaning", models.CharField(max_length=200)),
                ("signed_at", models.DateTimeField()),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="further_sign_offs",
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
                "ordering": ["signed_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("review", "seat"), name="further_once_a_seat"),
                    models.UniqueConstraint(
                        fields=("review", "user"), name="further_once_a_person"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role", "medical"), ("seat", "medical")),
                            models.Q(("role", "legal"), ("seat", "second_legal")),
                            _connector="OR",
                        ),
                        name="further_seat",
                    ),
                ],
            },
        ),
        frozen(
            REVIEW,
            [
                "community_id",
                "compliance_step",
                "legal_step",
                "medical_step",
                "second_legal_step",
                "seats_why",
            ],
            name="route_frozen",
        ),
        ReplacedTrigger(
            WAS,
            f"({WAS.condition}) OR (NEW.state = 'cleared' AND OLD.state <> 'cleared' "
            f"AND ({lacking('medical')} OR {lacking('second_legal')}))",
            "Nothing is cleared without a compliance and a legal signature by two people who "
            "did not write it, and every other signature that its route asks for.",
        ),
        Trigger(
            "law_reviews_signoff_once_everywhere",
            SIGN_OFF,
            "INSERT",
            elsewhere(FURTHER, "x.user_id = NEW.user_id"),
            "A person signs a review once.",
        ),
        Trigger(
            "law_reviews_signoff_same_as_further",
            SIGN_OFF,
            "INSERT",
            elsewhere(FURTHER, "x.digest <> NEW.digest"),
            "All signatures must cover the same content.",
        ),
        Trigger(
            "law_reviews_signoff_due",
            SIGN_OFF,
            "INSERT",
            too_early(OWN_STEP),
            "Somebody else signs this review first.",
        ),
        *append_only(FURTHER, [["review_id", "seat"], ["review_id", "user_id"]]),
        Trigger(
            "law_reviews_furthersignoff_not_author",
            FURTHER,
            "INSERT",
            elsewhere("reviews_reviewauthor", "x.user_id = NEW.user_id"),
            "Nobody signs what they wrote.",
        ),
        Trigger(
            "law_reviews_furthersignoff_open",
            FURTHER,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_review r WHERE r.id = NEW.review_id "
            "AND r.state IN ('submitted', 'in_review'))",
            "This review takes no more signatures.",
        ),
        Trigger(
            "law_reviews_furthersignoff_role",
            FURTHER,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_rolegrant g "
            "WHERE g.user_id = NEW.user_id AND g.role = NEW.role)",
            "Nobody signs in a role that they do not hold.",
        ),
        Trigger(
            "law_reviews_furthersignoff_once_everywhere",
            FURTHER,
            "INSERT",
            elsewhere(SIGN_OFF, "x.user_id = NEW.user_id"),
            "A person signs a review once.",
        ),
        Trigger(
            "law_reviews_furthersignoff_same_content",
            FURTHER,
            "INSERT",
            f"{elsewhere(SIGN_OFF, 'x.digest <> NEW.digest')} "
            f"OR {elsewhere(FURTHER, 'x.digest <> NEW.digest')}",
            "All signatures must cover the same content.",
        ),
        Trigger(
            "law_reviews_furthersignoff_wanted",
            FURTHER,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_review r WHERE r.id = NEW.review_id "
            f"AND {FURTHER_STEP} IS NOT NULL)",
            "This review asks for no such signature.",
        ),
        Trigger(
            "law_reviews_furthersignoff_due",
            FURTHER,
            "INSERT",
            too_early(FURTHER_STEP),
            "Somebody else signs this review first.",
        ),
        Trigger(
            "law_reviews_disposition_before_further_signature",
            "reviews_disposition",
            "INSERT",
            elsewhere(FURTHER, "1 = 1"),
            "Findings are disposed of before the first signature.",
        ),
    ]
