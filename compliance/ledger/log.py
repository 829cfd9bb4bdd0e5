"""The log: the sequencer that gives events their leaves, and the check of the whole against a
checkpoint that somebody kept."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import connection, transaction

from compliance.ledger import checkpoints, merkle
from compliance.ledger.checkpoints import BadCheckpoint, TreeHead
from compliance.models import Checkpoint, Event, Leaf

SEQUENCER_LOCK = 0x6C6564676572  # "ledger": the advisory lock that lets one sequencer run


class HistoryChanged(Exception):
    """The log is not what it was. The message says where."""


def canonical(event: Event) -> bytes:
    """The bytes of an event that the log commits to."""
    content = {
        "id": event.pk,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": event.kind,
        "actor": event.actor,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "case_id": event.case_id,
        "facts": event.facts,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def signing_key() -> Ed25519PrivateKey:
    """The log's key, derived from the master key."""
    from compliance import vault

    return Ed25519PrivateKey.from_private_bytes(vault.master_secret("ledger-signing"))


def public_key() -> Ed25519PublicKey:
    """What anybody needs to check our checkpoints."""
    return signing_key().public_key()


@transaction.atomic
def sequence(limit: int = 5000) -> Checkpoint | None:
    """Gives a leaf to every event that has none, and signs a checkpoint of the grown log.

    Args:
        limit: most events in one run; the rest is taken the next time.
    Returns:
        The new checkpoint, or None if there was nothing to do.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # SQLite has one writer at a time anyway
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEQUENCER_LOCK])
    events = list(Event.objects.filter(leaf=None).order_by("id")[:limit])
    if not events:
        return None
    last = Checkpoint.objects.order_by("-id").first()
    size = last.pk if last else 0
    frontier = [bytes.fromhex(h) for h in last.frontier] if last else []
    hashes = [merkle.leaf_hash(canonical(event)) for event in events]
    Leaf.objects.bulk_create(
        [
            Leaf(id=size + n, event=event, hash=hash_.hex())
            for n, (event, hash_) in enumerate(zip(events, hashes, strict=True), start=1)
        ],
        batch_size=500,
    )
    frontier = merkle.append(frontier, size, hashes)
    head = TreeHead(size=size + len(events), root=merkle.root(frontier))
    checkpoint = Checkpoint.objects.create(
        id=head.size,
        root=head.root.hex(),
        frontier=[h.hex() for h in frontier],
        note=checkpoints.sign(settings.LEDGER_ORIGIN, head, signing_key()),
    )
    transaction.on_commit(lambda: _witness(checkpoint))
    return checkpoint


def _witness(checkpoint: Checkpoint) -> None:
    # Kept outside the database, so that its owner can't change both by one statement.
    directory = Path(settings.WITNESS_DIR)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / f"{checkpoint.pk:012d}.checkpoint").write_text(checkpoint.note)


def verify(kept_notes: list[str] | None = None) -> TreeHead:
    """Recomputes the whole log and compares it with every checkpoint, ours and the kept ones.

    Args:
        kept_notes: checkpoints from elsewhere (a witness directory, an auditor's disk).
    Returns:
        The head of the log as recomputed from the events.
    Raises:
        HistoryChanged: an event was changed, removed or moved, or the log shrank.
        BadCheckpoint: a kept note is not a checkpoint of this log.
    """
    origin, public = settings.LEDGER_ORIGIN, public_key()
    expected: dict[int, set[bytes]] = {}
    stored = Checkpoint.objects.values_list("note", flat=True)
    for note in [*stored, *(kept_notes or [])]:
        head = checkpoints.read(note, origin, public)
        expected.setdefault(head.size, set()).add(head.root)
    frontier: list[bytes] = []
    size = 0
    for leaf in Leaf.objects.select_related("event").order_by("id").iterator(chunk_size=2000):
        if leaf.pk != size + 1:
            raise HistoryChanged(f"The entry {size} of the log is missing.")
        hash_ = merkle.leaf_hash(canonical(leaf.event))
        if hash_.hex() != leaf.hash:
            raise HistoryChanged(f"The event {leaf.event_id} is not what was recorded.")
        frontier = merkle.append(frontier, size, [hash_])
        size += 1
        if expected.pop(size, {merkle.root(frontier)}) != {merkle.root(frontier)}:
            raise HistoryChanged(f"History up to entry {size} is not what a checkpoint says.")
    if expected:
        raise HistoryChanged(
            f"The log has {size} entries, but a checkpoint signed {max(expected)}: it shrank."
        )
    return TreeHead(size=size, root=merkle.root(frontier))


__all__ = ["BadCheckpoint", "HistoryChanged", "canonical", "sequence", "verify"]
