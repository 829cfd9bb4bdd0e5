"""Decisions not to reply: made once a post, reversed once, never rewritten."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, frozen, no_delete, no_replace

NO_REPLY = "engage_noreply"


class Migration(migrations.Migration):
    dependencies = [
        ("engage", "0007_stops"),
    ]

    operations = [
        migrations.CreateModel(
            name="NoReply",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("not_ours", "Not ours to answer"),
                            ("no_expertise", "No expertise for it here"),
                            ("answered", "Answered well already"),
                            ("unsafe", "Unsafe to answer in public"),
                            ("platform", "Against the rules of the platform"),
                            ("late", "No longer timely"),
                            ("other", "Another reason"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("reversed_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="no_replies",
                        to="engage.post",
                    ),
                ),
                (
                    "reversed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reversed_for",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engage.draft",
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reversed_at__isnull", True)),
                        fields=("post",),
                        name="no_reply_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("reversed_at", None), ("reversed_by", None), ("reversed_for", None)
                            ),
                            models.Q(
                                ("reversed_at__isnull", False),
                                ("reversed_by__isnull", False),
                                ("reversed_for__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="no_reply_reversed_whole",
                    ),
                ],
            },
        ),
        frozen(NO_REPLY, ["id", "post_id", "reason", "note_id", "by_id", "at"]),
        no_replace(NO_REPLY),
        *no_delete(NO_REPLY),
        Trigger(
            "law_engage_noreply_begins",
            NO_REPLY,
            "INSERT",
            "NEW.reversed_at IS NOT NULL OR EXISTS (SELECT 1 FROM engage_noreply n "
            "WHERE n.post_id = NEW.post_id AND n.reversed_at IS NULL)",
            "A decision not to reply begins by standing, once a post.",
        ),
        Trigger(
            "law_engage_noreply_reversed",
            NO_REPLY,
            "UPDATE",
            "OLD.reversed_at IS NOT NULL",
            "A decision not to reply is reversed once.",
        ),
    ]
