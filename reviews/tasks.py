"""Background work of the reviews package. Messages carry ids only (law 5)."""

from celery import shared_task

from reviews import claims, deadlines, presence, workflow


@shared_task
def expire_clearances() -> None:
    """Ends clearances that are over."""
    workflow.expire_due()


@shared_task
def recount_deadlines() -> None:
    """Keeps the next deadlines of open safety cases in line with the settings."""
    deadlines.recount()


@shared_task
def end_claims() -> None:
    """Records the end of claims that lapsed, and forgets who looked at what."""
    claims.end_over()
    presence.forget_stale()
