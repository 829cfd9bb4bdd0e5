"""Revealing one identifier: needs a right and a reason, and is itself recorded (law 7)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from compliance import ledger, scanning, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.models import VaultText
from reviews import permissions
from reviews.models import Reveal, User


@transaction.atomic
def reveal(*, by: User, text_id: UUID, finding_id: UUID, reason: str, case_id: str = "") -> str:
    """The characters of one masked identifier.

    Raises:
        NotAllowed: not this person.
        BadInput: no reason, or no such identifier.
        NotScanned, TextErased: there is nothing to reveal.
    """
    permissions.check_may(by, permissions.Permission.REVEAL)
    if not reason.strip():
        raise BadInput("Please write why you need to see it: the reason is part of the record.")
    text = VaultText.objects.select_related("key", "scan").filter(pk=text_id).first()
    found = {f.pk: f for f in scanning.findings_of(text)} if text else {}
    finding = found.get(finding_id)
    if text is None or finding is None or not finding.entity:
        raise BadInput("There is no such identifier in this text. Reload the page.")
    Reveal.objects.create(
        by=by, text=text, finding=finding, reason=vault.seal(text.key, reason.strip())
    )
    ledger.record(
        EventKind.IDENTIFIER_REVEALED,
        by=by.actor,
        subject=text,
        case_id=case_id,
        finding=finding.pk,
        entity=finding.entity,
    )
    return vault.unseal(text)[finding.start : finding.end]
