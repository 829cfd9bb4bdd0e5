"""Posts that a platform pushes by itself, signed with a secret of its community.

The form is that of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks): the
headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, an HMAC-SHA256 over
"id.timestamp.body". A message counts once, however often it is delivered.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput, NotAllowed
from compliance.ledger.kinds import EventKind
from engage import pushing
from engage.communities import settings_of
from engage.enums import PUSHED
from engage.models import Community, PushedMessage
from engage.pushing import RowOutcome
from reviews import permissions
from reviews.models import User
from reviews.permissions import Permission

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)  # between the clocks, and on the way
REMEMBERED = timedelta(days=7)  # longer than anybody delivers again
LONGEST_ID = 100
LARGEST_BATCH = 1_000
SECRETS = 2  # the newest and the one before, so that a platform can be moved from one to the other


@dataclass(frozen=True, slots=True)
class Signed:
    """What the headers say; "" for what is missing."""

    id: str
    timestamp: str
    signatures: str

    @staticmethod
    def of(headers: Mapping[str, str]) -> Signed:
        """From the headers of a request."""
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        return Signed(*(headers.get(name, "") for name in names))


@transaction.atomic
def new_secret(*, by: User, community_id: UUID) -> str:
    """Makes a secret for a community and returns it; it is never shown again.

    The one before goes on to hold until another is made.

    Raises:
        NotAllowed: not this person.
        BadInput: nothing is pushed to that community.
    """
    permissions.check_may(by, Permission.MANAGE)
    communities = Community.objects.select_for_update(of=("self",)).select_related("key")
    community = communities.get(pk=community_id)
    if community.connector not in PUSHED:
        raise BadInput("This community is read by us: nothing is pushed to it.")
    secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    settings = settings_of(community)
    settings["secrets"] = [secret, *settings.get("secrets", [])][:SECRETS]
    community.settings = vault.lock(community.key, settings, about="community.settings")
    community.save(update_fields=["settings"])
    ledger.record(EventKind.COMMUNITY_CHANGED, by=by.actor, subject=community, settings=["secrets"])
    return secret


def take(slug: str, signed: Signed, body: bytes) -> list[RowOutcome] | None:
    """Stores what a message brings; None if it was stored before.

    Args:
        body: JSON: a post or a list of posts, as `POST /api/v1/posts/` takes them, without
            `community`.
    Raises:
        NotAllowed: it is not signed with a secret of the community, or too old. One sentence for
            all of it, so that nobody learns which communities there are.
        BadInput: it is signed, and no such JSON.
    """
    community = Community.objects.select_related("key").filter(
        slug=slug, connector__in=PUSHED
    ).first()  # fmt: skip
    if not is_fresh(signed) or not is_signed(community, signed, body):
        raise NotAllowed(
            "This is not signed with a secret of this community, or it is older than five minutes."
        )
    assert community is not None
    rows = _rows(body, slug)
    try:
        with transaction.atomic():
            PushedMessage.objects.create(community=community, message_id=signed.id)
            return pushing.take_rows(rows, by="system")
    except IntegrityError:
        if PushedMessage.objects.filter(community=community, message_id=signed.id).exists():
            return None
        raise


def is_fresh(signed: Signed) -> bool:
    """Whether it was signed just now. Its time is part of what is signed."""
    if not (signed.timestamp.isascii() and signed.timestamp.isdecimal()):
        return False
    away = abs(timezone.now().timestamp() - int(signed.timestamp[:12]))
    return away <= TOLERANCE.total_seconds()


def is_signed(community: Community | None, signed: Signed, body: bytes) -> bool:
    """Whether one of the signatures is right under one of the secrets."""
    known = settings_of(community).get("secrets", []) if community else []
    if not signed.id or len(signed.id) > LONGEST_ID:
        return False
    right = [signature(secret, signed.id, signed.timestamp, body) for secret in known]
    given = [one.encode() for one in signed.signatures.split(" ")[: 2 * SECRETS]]
    return any([hmac.compare_digest(one.encode(), other) for one in right for other in given])


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The signature of a message, as the header has it."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("The secret is not one of ours.") from None
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def forget_old() -> int:
    """Forgets messages that nobody delivers again; returns how many."""
    old = PushedMessage.objects.filter(taken_at__lt=timezone.now() - REMEMBERED)
    return old.delete()[0]


def _rows(body: bytes, slug: str) -> list[tuple[int, Any]]:
    try:
        batch = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("The body is no JSON.") from None
    batch = [batch] if isinstance(batch, dict) else batch
    if not isinstance(batch, list) or len(batch) > LARGEST_BATCH:
        raise BadInput(f"Send a post as a JSON object, or a list of at most {LARGEST_BATCH}.")
    # Whose secret it is says where it goes.
    return list(
        enumerate({**row, "community": slug} if isinstance(row, dict) else row for row in batch)
    )
