"""What proved who somebody is, kept with each signature.

Nullable and without a default, so that SQLite adds the columns in place and the law triggers of
the tables stay.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0015_claims")]

    operations = [
        migrations.AddField(
            model_name=model,
            name="proof",
            field=models.CharField(max_length=40, null=True),
        )
        for model in ("confirmation", "furthersignoff", "signoff", "signpostsignature")
    ]
