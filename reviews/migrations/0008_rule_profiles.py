"""Changes of rule profiles: tried on the history, and approved by a second person."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, frozen, no_delete, no_replace

CHANGE, REPLAY = "reviews_profilechange", "reviews_replay"
# reviews.permissions.PERMISSIONS as it stood when this was written; a test compares the two.
MAY_APPROVE = ("compliance",)

SECOND_PERSON = f"""EXISTS (
    SELECT 1 FROM reviews_rolegrant g
    WHERE g.user_id = NEW.decided_by_id AND NEW.decided_by_id <> OLD.proposed_by_id
      AND g.role IN ({", ".join(f"'{role}'" for role in MAY_APPROVE)}))"""

TRIED = """EXISTS (
    SELECT 1 FROM reviews_replay r WHERE r.change_id = NEW.id AND r.finished_at IS NOT NULL)"""

APPROVED = """EXISTS (
    SELECT 1 FROM reviews_profilechange c
    WHERE c.id = NEW.id AND c.state = 'approved' AND c.decided_by_id <> c.proposed_by_id
      AND c.community_id = NEW.community_id AND c.number = NEW.number
      AND c.digest = NEW.digest AND c.content = NEW.content
      AND NEW.active_from >= c.decided_at AND NEW.active_from >= c.active_from)"""


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0005_rule_profiles"),
        ("reviews", "0007_signposts"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProfileChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("community_id", models.UUIDField()),
                ("community_name", models.CharField(max_length=100)),
                ("number", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("active_from", models.DateTimeField()),
                ("proposed_at", models.DateTimeField(auto_now_add=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for a second person"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.datakey",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
                (
                    "why",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.vaulttext",
                    ),
                ),
            ],
            options={
                "ordering": ["community_id", "-number"],
            },
        ),
        migrations.CreateModel(
            name="Replay",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("total", models.PositiveIntegerField(null=True)),
                ("done", models.PositiveIntegerField(default=0)),
                ("cursor", models.UUIDField(null=True)),
                ("result", models.JSONField(default=dict)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "change",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replay",
                        to="reviews.profilechange",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="profilechange",
            constraint=models.UniqueConstraint(
                fields=("community_id", "number"), name="profile_change_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="profilechange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("community_id",),
                name="profile_change_one_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="profilechange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at", None),
                        ("decided_by", None),
                        ("reason", None),
                        ("state", "waiting"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("state", "approved"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("reason__isnull", False),
                        ("state", "declined"),
                    ),
                    _connector="OR",
                ),
                name="profile_change_decided_whole",
            ),
        ),
        frozen(
            CHANGE,
            [
                "id",
                "community_id",
                "community_name",
                "number",
                "content",
                "digest",
                "active_from",
                "key_id",
                "why_id",
                "proposed_by_id",
                "proposed_at",
            ],
        ),
        no_replace(CHANGE, [["community_id", "number"], ["key_id"]]),
        *no_delete(CHANGE),
        Trigger(
            "law_reviews_profilechange_begins",
            CHANGE,
            "INSERT",
            "NEW.state <> 'waiting' OR EXISTS (SELECT 1 FROM reviews_profilechange c "
            "WHERE c.community_id = NEW.community_id AND c.state = 'waiting')",
            "A change of a rule profile begins by waiting, one at a time.",
        ),
        Trigger(
            "law_reviews_profilechange_decided",
            CHANGE,
            "UPDATE",
            "OLD.state <> 'waiting'",
            "A change of a rule profile is decided on once.",
        ),
        Trigger(
            "law_reviews_profilechange_second_person",
            CHANGE,
            "UPDATE",
            f"NEW.state = 'approved' AND NOT {SECOND_PERSON}",
            "Nobody approves what they proposed, nor without the role for it.",
        ),
        Trigger(
            "law_reviews_profilechange_tried",
            CHANGE,
            "UPDATE",
            f"NEW.state = 'approved' AND NOT {TRIED}",
            "A change of a rule profile is tried on the history before it is approved.",
        ),
        frozen(REPLAY, ["id", "change_id"]),
        no_replace(REPLAY, [["change_id"]]),
        *no_delete(REPLAY),
        Trigger(
            "law_reviews_replay_finished",
            REPLAY,
            "UPDATE",
            "OLD.finished_at IS NOT NULL",
            "What a replay found is never changed.",
        ),
        Trigger(
            "law_compliance_ruleprofileversion_approved",
            "compliance_ruleprofileversion",
            "INSERT",
            f"NOT {APPROVED}",
            "No rule profile holds that a second person has not approved.",
        ),
    ]
