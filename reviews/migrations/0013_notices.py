"""Notices: what people are told, how they want to be told, and what became of sending it."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from compliance.triggers import Trigger, frozen


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0005_rule_profiles"),
        ("reviews", "0012_confirmations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("place", models.CharField(max_length=16)),
                ("about_id", models.UUIDField()),
                ("title", models.CharField(max_length=220)),
                ("due_at", models.DateTimeField(null=True)),
                ("quiet", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="compliance.event",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("in_app", "Here"), ("email", "E-mail"), ("webhook", "Webhook")],
                        max_length=8,
                    ),
                ),
                ("digest", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Given up"),
                            ("dropped", "Not needed any more"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("taken_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=40)),
                ("message", models.UUIDField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="reviews.notice",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NoticeAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("webhook", models.BinaryField(null=True)),
                ("digest_hour", models.PositiveSmallIntegerField()),
                ("zone", models.CharField(max_length=64)),
                (
                    "key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.datakey",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notice_address",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="NoticeChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "group",
                    models.CharField(
                        choices=[
                            ("wanted", "Something waits for you"),
                            ("due", "Due soon, or overdue"),
                            ("decided", "Decisions on what you worked on"),
                            ("remarks", "Comments"),
                            ("live", "Replies in their communities"),
                            ("safety", "Safety signals"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("in_app", "Here"), ("email", "E-mail"), ("webhook", "Webhook")],
                        max_length=8,
                    ),
                ),
                (
                    "pace",
                    models.CharField(
                        choices=[
                            ("at_once", "At once"),
                            ("digest", "In the daily digest"),
                            ("off", "Not at all"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notice_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["recipient", "created_at", "id"], name="notice_list"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["about_id"], name="notice_about"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("quiet", False), ("read_at", None)),
                fields=["recipient"],
                name="notice_unread",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("recipient", "event", "kind"), name="notice_once_an_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("recipient", "kind", "about_id", "due_at"), name="notice_once_a_deadline"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_at__isnull", True), ("event__isnull", False)),
                    models.Q(("due_at__isnull", False), ("event__isnull", True)),
                    _connector="OR",
                ),
                name="notice_has_a_cause",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["due_at"], name="delivery_due"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["message"], name="delivery_message"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["state", "ended_at"], name="delivery_ended"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("notice", "channel"), name="delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["email", "webhook"])), name="delivery_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("due_at__isnull", False), ("ended_at__isnull", True), ("state", "waiting")
                    ),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True),
                        ("due_at__isnull", True),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="delivery_waits_or_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticeaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(("digest_hour__lte", 23)), name="notice_digest_hour"
            ),
        ),
        migrations.AddConstraint(
            model_name="noticechoice",
            constraint=models.UniqueConstraint(
                fields=("user", "group", "channel"), name="notice_choice_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="noticechoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel", "in_app"), ("pace", "digest"), _negated=True),
                name="notice_choice_no_digest_here",
            ),
        ),
        frozen(
            "reviews_notice",
            [
                "id",
                "recipient_id",
                "kind",
                "place",
                "about_id",
                "title",
                "by_id",
                "event_id",
                "due_at",
                "quiet",
                "created_at",
            ],
        ),
        frozen("reviews_delivery", ["id", "notice_id", "channel", "digest"]),
        Trigger(
            "law_reviews_delivery_ended",
            "reviews_delivery",
            "UPDATE",
            "OLD.state <> 'waiting'",
            "What became of a delivery is never changed.",
        ),
    ]
