"""An index for what is asked before each signature: how often somebody failed of late."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compliance", "0005_rule_profiles")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("kind", "proof_failed")),
                fields=["actor", "at"],
                name="event_failed_proofs",
            ),
        ),
    ]
