"""NEGATIVE CONTROL, never part of the product: a worker that publishes as most services do.

It calls the network first and writes down what happened afterwards, and sends again whatever has
no result. `tests/kills.py` runs it to show that the harness can find a reply posted twice.
"""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import django
from django.utils import timezone

from config.celery import app

django.setup()

from compliance import vault  # noqa: E402  (after setup)
from engage import communities, publications, publishing  # noqa: E402
from engage.connectors.base import Posted, Prepared  # noqa: E402
from engage.enums import PublicationState  # noqa: E402


def naive_send(publication_id: UUID) -> None:
    """Sends, then remembers."""
    publication = publications.read(publication_id)
    prepared = Prepared(body=json.loads(vault.unseal(publication.request)))
    outcome = communities.connect(publication.community).publish(prepared)
    if isinstance(outcome, Posted):
        publication.state, publication.due_at = PublicationState.LIVE, None
    else:
        publication.due_at = timezone.now() + timedelta(seconds=1)
    publication.save(update_fields=["state", "due_at"])


publishing.send = naive_send

__all__ = ["app"]
