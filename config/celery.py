"""The Celery app and its beat schedule. Messages carry ids only (law 5)."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Task and seconds between two runs. Each sweeps over rows, so that a lost or repeated run costs
# time only.
SWEEPS: dict[str, float] = {
    "engage.tasks.sweep_scans": 2,
    "engage.tasks.sweep_publications": 2,
    "engage.tasks.poll_communities": 30,
    "engage.tasks.sweep_readings": 5,
    "engage.tasks.watch_replies": 60,
    "engage.tasks.sweep_replays": 5,
    "engage.tasks.sweep_evidence": 60,
    "compliance.tasks.sequence_ledger": 5,
    "reviews.tasks.expire_clearances": 300,
    "reviews.tasks.end_claims": 60,
    "reviews.tasks.deal_second_looks": 900,
    "reviews.tasks.remind": 60,
    "reviews.tasks.recount_deadlines": 900,
    "reviews.tasks.sweep_notices": 5,
}

app = Celery("countersign")
app.set_default()  # for the web server's threads too
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {
    # A message older than two periods is dropped, so that none pile up.
    task: {"task": task, "schedule": period, "options": {"expires": 2 * period}}
    for task, period in SWEEPS.items()
}
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**kwargs: Any) -> None:
    """Celery installs no handlers of its own: config/logs.py has the only one (law 7)."""
