"""Citing: what each version of a reply rests on is noted when it is saved, in keyed digests.

Versions from before this was noted, or under another master key, are read by a sweep, once each.
"""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef

from compliance import vault
from compliance.exceptions import TextErased
from compliance.models import VaultText
from engage.models import Draft, DraftVersion
from reviews import evidence
from reviews.models import Citation, Review

log = structlog.get_logger()
AT_ONCE = 200


def references_of(version: DraftVersion) -> tuple[str, ...]:
    """What the author attached to this version as evidence, one entry a reference."""
    if version.references is None:
        return ()
    return tuple(vault.unseal(version.references).splitlines())


def note(version: DraftVersion) -> None:
    """Notes all that a version cites, as it is scanned now. The caller holds its draft locked.

    Raises:
        TextErased: the thread was erased.
    """
    evidence.cite(version.text, vault.unseal(version.text), references_of(version))
    community_id = version.draft.thread.community_id
    scans = {review.scan for review in Review.objects.filter(text=version.text)}
    text = VaultText.objects.select_related("scan").get(pk=version.text_id)
    for scan in scans | ({text.scan} if text.scan else set()):
        evidence.cite_claims(version.text, scan, community_id)


@transaction.atomic
def note_claims(version: DraftVersion) -> None:
    """Notes the approved claims that the newest scan of a version saw in it."""
    Draft.objects.select_for_update(of=("self",)).get(pk=version.draft_id)
    text = VaultText.objects.select_related("scan").get(pk=version.text_id)
    if text.scan:
        evidence.cite_claims(text, text.scan, version.draft.thread.community_id)


def note_missing() -> int:
    """Notes what versions cite of which that was never noted; returns how many it read."""
    read = Citation.objects.filter(text=OuterRef("text"), digest=evidence.read_mark())
    missing = DraftVersion.objects.filter(~Exists(read), text__key__destroyed_at=None)
    return sum(_note_once(version) for version in missing.order_by("pk")[:AT_ONCE])


@transaction.atomic
def _note_once(version: DraftVersion) -> bool:
    Draft.objects.select_for_update(of=("self",)).get(pk=version.draft_id)
    if Citation.objects.filter(text=version.text_id, digest=evidence.read_mark()).exists():
        return False
    try:
        note(version)
    except TextErased:
        log.warning("citations_unread", version=str(version.pk))
        return False
    return True
