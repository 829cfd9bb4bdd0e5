"""What differs from the shipped rules in a community. Who agreed on it: reviews/0008."""

import uuid

from django.db import migrations, models

from compliance.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0004_finding_basis"),
    ]

    operations = [
        migrations.CreateModel(
            name="RuleProfileVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("community_id", models.UUIDField()),
                ("number", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("active_from", models.DateTimeField()),
            ],
            options={
                "ordering": ["community_id", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("community_id", "number"), name="rule_profile_once"
                    )
                ],
            },
        ),
        *append_only("compliance_ruleprofileversion", [["community_id", "number"]]),
    ]
