"""Communities that people post to by hand, and what a person says of a posting."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import append_only, frozen


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0006_failed_proofs"),
        ("engage", "0011_pushed_messages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="handed_to",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="community",
            name="connector",
            field=models.CharField(
                choices=[
                    ("sandbox", "Sandbox community"),
                    ("feed", "Feed (read only)"),
                    ("push", "Pushed or imported (read only)"),
                    ("wordpress", "WordPress"),
                    ("matrix", "Matrix"),
                    ("bluesky", "Bluesky"),
                    ("discourse", "Discourse"),
                    ("mastodon", "Mastodon"),
                    ("reddit", "Reddit"),
                    ("assisted", "Posted by hand"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="publication",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting to be posted"),
                    ("by_hand", "Waiting for a person to post it"),
                    ("sending", "Being posted"),
                    ("unknown", "Outcome unknown: being looked up"),
                    ("ambiguous", "Outcome unknown: a person must look"),
                    ("pending", "Held by the community's moderators"),
                    ("live", "Live"),
                    ("refused", "Refused by the community"),
                    ("cancelled", "Cancelled before posting"),
                    ("taking_down", "Being taken down"),
                    ("withdrawn", "Taken down"),
                    ("gone", "Removed by the community"),
                ],
                default="queued",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "says",
                    models.CharField(
                        choices=[
                            ("there", "It is there"),
                            ("absent", "It is not there"),
                            ("removed", "It was taken down"),
                        ],
                        max_length=8,
                    ),
                ),
                ("checked", models.BooleanField()),
                ("screenshot", models.CharField(blank=True, max_length=64)),
                (
                    "attempt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="engage.attempt",
                    ),
                ),
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
            ],
            options={
                "ordering": ["at"],
            },
        ),
        frozen("engage_attempt", ["handed_to_id"], name="frozen_hand"),
        *append_only("engage_statement"),
    ]
