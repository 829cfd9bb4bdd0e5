"""A review may be of a text that is to take the place of a live one."""

import django.db.models.deletion
from django.db import migrations, models

from compliance.triggers import Trigger, frozen


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
        *(
            Trigger(
                f"law_{table}_not_author_of_corrected",
                table,
                "INSERT",
                "EXISTS (SELECT 1 FROM reviews_review r "
                "JOIN reviews_reviewauthor a ON a.review_id = r.corrects_id "
                "WHERE r.id = NEW.review_id AND a.user_id = NEW.user_id)",
                "Nobody signs a correction of what they wrote.",
            )
            for table in ("reviews_signoff", "reviews_furthersignoff")
        ),
    ]
