"""References that an author attaches to a draft version."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0004_finding_basis"),
        ("engage", "0002_laws"),
    ]

    operations = [
        migrations.AddField(
            model_name="draftversion",
            name="references",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="compliance.vaulttext",
            ),
        ),
    ]
