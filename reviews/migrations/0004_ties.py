"""The ties of a person that readers should know of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0003_corrections"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="ties",
            field=models.TextField(blank=True),
        ),
    ]
