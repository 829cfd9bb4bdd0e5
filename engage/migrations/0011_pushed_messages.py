"""Signed messages that were stored, so that each counts once."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engage", "0010_versions"),
    ]

    operations = [
        migrations.CreateModel(
            name="PushedMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("message_id", models.CharField(max_length=100)),
                ("taken_at", models.DateTimeField(auto_now_add=True)),
                (
                    "community",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engage.community",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["taken_at"], name="pushed_when")],
                "constraints": [
                    models.UniqueConstraint(fields=("community", "message_id"), name="pushed_once")
                ],
            },
        ),
    ]
