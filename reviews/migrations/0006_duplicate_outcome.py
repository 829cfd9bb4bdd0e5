"""A signal may be known already under another one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0005_safety_cases"),
    ]

    operations = [
        migrations.AlterField(
            model_name="safetycase",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("forwarded", "Handed to the safety team"),
                    ("signposted", "Help was offered to the person"),
                    ("duplicate", "Known already under another signal"),
                    ("not_valid", "Not a safety matter"),
                ],
                max_length=12,
            ),
        ),
    ]
