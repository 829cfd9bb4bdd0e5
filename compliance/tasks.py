"""Background work of the compliance package. Messages carry ids only (law 5)."""

from celery import shared_task

from compliance.ledger import log


@shared_task
def sequence_ledger() -> None:
    """Gives new events their place in the Merkle log and signs a checkpoint."""
    log.sequence()
