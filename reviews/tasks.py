"""Background work of the reviews package. Messages carry ids only (law 5)."""

from celery import shared_task

from reviews import workflow


@shared_task
def expire_clearances() -> None:
    """Ends clearances that are over."""
    workflow.expire_due()
