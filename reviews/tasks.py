"""Background work of the reviews package. Messages carry ids only (law 5)."""

from uuid import UUID

from celery import shared_task

from compliance.nudges import nudge
from reviews import (
    claims,
    deadlines,
    deliveries,
    presence,
    reminders,
    safety_reminders,
    second_looks,
    workflow,
)


@shared_task
def expire_clearances() -> None:
    """Ends clearances that are over."""
    workflow.expire_due()


@shared_task
def recount_deadlines() -> None:
    """Keeps the next deadlines of open safety cases in line with the settings."""
    deadlines.recount()


@shared_task
def remind() -> None:
    """Tells of deadlines that are near or missed: of reviews in working time."""
    reminders.remind_due()
    safety_reminders.remind()


@shared_task
def sweep_notices() -> None:
    """Hands out every message with notices that is due."""
    for message_id in deliveries.claim_due():
        nudge(send_notices, [message_id])


@shared_task
def send_notices(ids: list[str]) -> None:
    """Sends messages with notices."""
    for message_id in ids:
        deliveries.send(UUID(message_id))


@shared_task
def end_claims() -> None:
    """Records the end of claims that lapsed, and forgets who looked at what."""
    claims.end_over()
    presence.forget_stale()


@shared_task
def deal_second_looks() -> None:
    """Gives second looks and golden cases to those who had no part."""
    second_looks.deal()
