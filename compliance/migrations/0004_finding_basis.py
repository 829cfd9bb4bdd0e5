"""What told a finding: its words, its meaning, or both."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0003_listed_words"),
    ]

    operations = [
        # By hand, because Django would make the table anew on SQLite, without its triggers.
        migrations.RunSQL(
            "ALTER TABLE compliance_finding ADD COLUMN basis varchar(8) NOT NULL DEFAULT 'pattern'",
            "ALTER TABLE compliance_finding DROP COLUMN basis",
            state_operations=[
                migrations.AddField(
                    model_name="finding",
                    name="basis",
                    field=models.CharField(
                        choices=[
                            ("pattern", "its words"),
                            ("learned", "its meaning, as the trained reader takes it"),
                            ("both", "its words and its meaning"),
                        ],
                        default="pattern",
                        max_length=8,
                    ),
                ),
            ],
        ),
    ]
