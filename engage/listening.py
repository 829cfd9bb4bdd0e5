"""Listening: reading each community on its own clock. One that breaks never stops another."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from compliance import vault
from engage import intake
from engage.communities import connect
from engage.connectors.base import ConnectorError
from engage.enums import PUSHED
from engage.models import Community

log = structlog.get_logger()

EVERY = timedelta(seconds=30)
LONGEST = timedelta(hours=1)


@transaction.atomic
def claim_due() -> list[UUID]:
    """Communities that are due for a look; each is given to one caller."""
    now = timezone.now()
    claimed = []
    for pk in Community.objects.exclude(connector__in=PUSHED).values_list("pk", flat=True):
        due = Community.objects.filter(pk=pk).exclude(next_poll_at__gt=now)
        if due.update(next_poll_at=now + EVERY):
            claimed.append(pk)
    return claimed


def poll(community_id: UUID) -> int:
    """Reads what is new in a community; returns how many items changed something.

    The cursor moves in the transaction that stores the items, so that nothing is skipped.
    """
    community = Community.objects.select_related("key").get(pk=community_id)
    connector = connect(community)
    cursor = (
        vault.unlock(community.key, bytes(community.cursor), about="community.cursor")
        if community.cursor
        else {}
    )
    try:
        page = connector.fetch_since(cursor)
    except ConnectorError as error:
        _failed(community, error)
        return 0
    with transaction.atomic():
        received = intake.receive(community, page.items, by="system")
        community.cursor = vault.lock(community.key, dict(page.cursor), about="community.cursor")
        community.polled_at, community.poll_failures, community.poll_error = timezone.now(), 0, ""
        community.save(update_fields=["cursor", "polled_at", "poll_failures", "poll_error"])
    return sum(r.arrival not in intake.NOTHING_NEW for r in received)


def delay_after(failures: int, asked: float) -> timedelta:
    """How long to wait after so many failures in a row: longer each time, never the same.

    Args:
        asked: seconds that the platform asks to wait; it is not asked again earlier.
    """
    delay: timedelta = min(EVERY * 2 ** min(failures, 10), LONGEST)
    return max(delay * random.uniform(0.8, 1.2), timedelta(seconds=asked))


def _failed(community: Community, error: ConnectorError) -> None:
    community.poll_failures += 1
    community.poll_error = error.code[:60]
    community.next_poll_at = timezone.now() + delay_after(community.poll_failures, error.wait)
    community.save(update_fields=["poll_failures", "poll_error", "next_poll_at"])
    log.warning("poll_failed", community=str(community.pk), code=error.code)
