"""A review may be of a text that is to take the place of a live one."""

import django.db.models.deletion
from django.db import migrations, models

from compliance.triggers import frozen


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0018_quality"),
    ]

    operations = [
        migrations.AddField(
            model_name="review",
            name="corrects",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="reviews.review",
            ),
        ),
        frozen("reviews_review", ["corrects_id"], name="corrects_frozen"),
    ]
