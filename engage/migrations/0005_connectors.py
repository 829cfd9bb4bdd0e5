"""Three more platforms. A list of choices only: no column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engage", "0004_signposts")]

    operations = [
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
                ],
                max_length=12,
            ),
        ),
    ]
