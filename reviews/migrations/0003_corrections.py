"""Corrections, and proposals for the list: a second person approves, or nothing is listed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, append_only, frozen, no_delete, no_replace

CORRECTION, PROPOSAL = "reviews_correction", "reviews_proposal"
# reviews.permissions.PERMISSIONS as it stood when this was written; a test compares the two.
MAY_APPROVE = ("compliance", "legal", "safety")

SECOND_PERSON = f"""EXISTS (
    SELECT 1 FROM reviews_correction c
    JOIN reviews_rolegrant g ON g.user_id = NEW.decided_by_id
    WHERE c.id = NEW.correction_id AND c.by_id <> NEW.decided_by_id
      AND g.role IN ({", ".join(f"'{role}'" for role in MAY_APPROVE)}))"""

APPROVED = """EXISTS (
    SELECT 1 FROM reviews_proposal p JOIN reviews_correction c ON c.id = p.correction_id
    JOIN compliance_vaulttext t ON t.id = NEW.value_id AND t.key_id = p.key_id
    WHERE p.id = NEW.id AND p.state = 'approved' AND p.decided_by_id <> c.by_id
      AND ((c.verdict = 'missed' AND NEW.effect = 'deny' AND NEW.kind = c.kind)
        OR (c.verdict = 'false' AND NEW.effect = 'allow')))"""


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0003_listed_words"),
        ("reviews", "0002_laws"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("start", models.PositiveIntegerField()),
                ("end", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=20)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("missed", "Missed: it is an identifier"),
                            ("false", "False: it is no identifier"),
                        ],
                        max_length=8,
                    ),
                ),
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
                    "finding",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.finding",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="compliance.vaulttext",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "start"],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for a second person"),
                            ("approved", "On the list"),
                            ("declined", "Declined"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "correction",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposal",
                        to="reviews.correction",
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
                    "key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.datakey",
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
            ],
            options={
                "ordering": ["correction__at", "id"],
            },
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                fields=("text", "start", "end"), name="correction_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("start__lt", models.F("end"))), name="correction_span"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finding__isnull", False), ("verdict", "false")),
                    models.Q(("finding__isnull", True), ("verdict", "missed")),
                    _connector="OR",
                ),
                name="correction_false_has_finding",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at", None),
                        ("decided_by", None),
                        ("reason", None),
                        ("state", "waiting"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("state", "approved"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("reason__isnull", False),
                        ("state", "declined"),
                    ),
                    _connector="OR",
                ),
                name="proposal_decided_whole",
            ),
        ),
        *append_only(CORRECTION, [["text_id", "start", '"end"']]),
        frozen(PROPOSAL, ["id", "correction_id", "key_id"]),
        no_replace(PROPOSAL, [["correction_id"], ["key_id"]]),
        *no_delete(PROPOSAL),
        Trigger(
            "law_reviews_proposal_begins",
            PROPOSAL,
            "INSERT",
            "NEW.state <> 'waiting'",
            "A proposal begins by waiting for a second person.",
        ),
        Trigger(
            "law_reviews_proposal_decided",
            PROPOSAL,
            "UPDATE",
            "OLD.state <> 'waiting'",
            "A proposal is decided on once.",
        ),
        Trigger(
            "law_reviews_proposal_second_person",
            PROPOSAL,
            "UPDATE",
            f"NEW.state = 'approved' AND NOT {SECOND_PERSON}",
            "Nobody approves what they proposed, nor without the role for it.",
        ),
        Trigger(
            "law_compliance_listedword_approved",
            "compliance_listedword",
            "INSERT",
            f"NOT {APPROVED}",
            "Nothing goes on the list that a second person has not approved.",
        ),
    ]
