"""A draft may be of a text that is to take the place of a live one."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engage", "0012_posted_by_hand"),
        ("reviews", "0019_corrections"),
    ]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="corrects",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="engage.publication",
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
                    ("replaced", "Replaced by a correction"),
                ],
                default="queued",
                max_length=12,
            ),
        ),
    ]
