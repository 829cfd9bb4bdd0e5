"""Who sees to an incident, and what came of it: it is closed once."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, frozen, no_delete, no_replace

FOLLOW_UP = "engage_followup"


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0006_failed_proofs"),
        ("engage", "0013_corrections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="incident",
            name="kind",
            field=models.CharField(
                choices=[
                    ("edited", "The live text is not what was signed"),
                    ("hidden", "Hidden by the community"),
                    ("gone", "Removed by the community"),
                    ("reappeared", "Live again after it was taken down"),
                    ("locked", "Its thread was locked"),
                    ("asked_moved", "The post that it answers was edited or removed"),
                    ("answered", "Somebody answered it"),
                    ("unreadable", "It could not be read for a day"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("nothing", "Nothing needs to be done"),
                            ("replied", "A further reply was written"),
                            ("corrected", "A correction was written"),
                            ("withdrawn", "The reply was withdrawn"),
                            ("breach", "It is assessed as a possible breach"),
                            ("outside", "It was settled with the community"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_up",
                        to="engage.incident",
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
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["due_at", "id"],
                "indexes": [models.Index(fields=["due_at", "id"], name="follow_up_due")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at", None),
                                ("closed_by", None),
                                ("note", None),
                                ("outcome", ""),
                            ),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("closed_by__isnull", False),
                                ("note__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="follow_up_closed_whole",
                    )
                ],
            },
        ),
        frozen(FOLLOW_UP, ["id", "incident_id", "due_at"]),
        no_replace(FOLLOW_UP, [["incident_id"]]),
        *no_delete(FOLLOW_UP),
        Trigger(
            "law_engage_followup_closed",
            FOLLOW_UP,
            "UPDATE",
            "OLD.closed_at IS NOT NULL",
            "An incident is closed once.",
        ),
        Trigger(
            "law_engage_followup_begins",
            FOLLOW_UP,
            "INSERT",
            "NEW.closed_at IS NOT NULL",
            "An incident begins by being open.",
        ),
    ]
