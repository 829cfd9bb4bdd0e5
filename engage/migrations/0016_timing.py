"""Somebody may choose when a reply is posted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engage", "0015_breaches"),
    ]

    operations = [
        migrations.AddField(
            model_name="publication",
            name="not_before",
            field=models.DateTimeField(null=True),
        ),
    ]
