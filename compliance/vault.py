"""The vault for source text (law 7): one data key a thread, wrapped under the master key.

Texts are sealed with AES-256-GCM, bound to their row by the associated data. Digests are
HMAC-SHA256 under the same data key, so that a digest says nothing once the key is destroyed.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import json
import os
import uuid
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from compliance import ledger
from compliance.enums import Direction, ScanState
from compliance.exceptions import LegalHold, TextErased
from compliance.ledger.kinds import EventKind
from compliance.models import DataKey, VaultText

NONCE_BYTES = 12  # NIST SP 800-38D 8.2: 96-bit nonces


@functools.cache
def _masters(configured: tuple[str, ...]) -> dict[str, bytes]:
    masters = {}
    for value in configured:
        try:
            secret = base64.b64decode(
                value + "=" * (-len(value) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != 32:
            raise ImproperlyConfigured(
                "COUNTERSIGN_MASTER_KEY must be base64 of 32 bytes; `./scripts/secrets` makes one."
            )
        masters[hashlib.sha256(secret).hexdigest()[:16]] = secret
    return masters


def derive(secret: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret)


def master_secret(purpose: str) -> bytes:
    """32 bytes for one purpose, from the first (sealing) master key."""
    return derive(next(iter(_masters(tuple(settings.MASTER_KEYS)).values())), purpose)


def new_key() -> DataKey:
    """A fresh data key, saved."""
    masters = _masters(tuple(settings.MASTER_KEYS))
    master_id, master = next(iter(masters.items()))
    key_id = uuid.uuid4()
    wrapped = _encrypt(derive(master, "wrap"), os.urandom(32), key_id.bytes)
    return DataKey.objects.create(id=key_id, wrapped=wrapped, master=master_id)


def seal(key: DataKey, text: str, *, scan: Direction | None = None) -> VaultText:
    """Seals a text and saves it.

    Args:
        scan: the direction to scan it in; None for what is never shown masked (remarks, packets).
    Raises:
        TextErased: the key was destroyed.
    """
    sealed = sealed_text(key, text, scan=scan)
    sealed.save(force_insert=True)
    return sealed


def sealed_text(key: DataKey, text: str, *, scan: Direction | None = None) -> VaultText:
    """Like `seal`, for a bulk insert: the row is not saved yet."""
    text_id = uuid.uuid4()
    return VaultText(
        id=text_id,
        key=key,
        ciphertext=_encrypt(_secret(key, "text"), text.encode(), text_id.bytes),
        digest=digest(key, text),
        direction=scan or "",
        scan_state=ScanState.PENDING if scan else ScanState.EXEMPT,
        scan_due_at=timezone.now() if scan else None,
    )


def unseal(sealed: VaultText) -> str:
    """The text itself. The caller answers for who sees it.

    Raises:
        TextErased: the key was destroyed.
    """
    plain = _decrypt(_secret(sealed.key, "text"), bytes(sealed.ciphertext), sealed.id.bytes)
    return plain.decode()


def lock(key: DataKey, value: Any, *, about: str) -> bytes:
    """Seals a JSON value for a BinaryField; `about` names the field and binds the value to it."""
    plain = json.dumps(value, sort_keys=True).encode()
    return _encrypt(_secret(key, "value"), plain, about.encode())


def unlock(key: DataKey, locked: bytes, *, about: str) -> Any:
    """The JSON value that `lock` sealed.

    Raises:
        TextErased: the key was destroyed.
    """
    return json.loads(_decrypt(_secret(key, "value"), locked, about.encode()))


def lock_secret(secret: str, *, about: str) -> str:
    """Encrypts a short secret that belongs to no thread, under the master key, as text."""
    master_id, master = next(iter(_masters(tuple(settings.MASTER_KEYS)).items()))
    locked = _encrypt(derive(master, "secret"), secret.encode(), about.encode())
    return f"{master_id}:{base64.b64encode(locked).decode()}"


def unlock_secret(locked: str, *, about: str) -> str:
    """What `lock_secret` encrypted.

    Raises:
        TextErased: it was changed.
        ImproperlyConfigured: the master key that it was locked with is not there any more.
    """
    master_id, _, sealed = locked.partition(":")
    raw = base64.b64decode(sealed)
    return _decrypt(derive(_master(master_id), "secret"), raw, about.encode()).decode()


def digest(key: DataKey, text: str) -> str:
    """Hex HMAC-SHA256 of a text under the data key."""
    return hmac.new(_secret(key, "digest"), text.encode(), hashlib.sha256).hexdigest()


def index_digest(*parts: str) -> str:
    """Hex HMAC-SHA256 of an outside id under the installation's own key, to look rows up by.

    Parts are length-prefixed, so that ("a", "bc") and ("ab", "c") differ.
    """
    message = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)
    return hmac.new(master_secret("index"), message, hashlib.sha256).hexdigest()


@transaction.atomic
def destroy_key(key: DataKey, *, by: str, case_id: str = "") -> None:
    """Makes every text under the key unreadable, for ever (erasure).

    Raises:
        LegalHold: the key is under a legal hold (the database refuses as well).
    """
    key = DataKey.objects.select_for_update().get(pk=key.pk)
    if key.legal_hold_since:
        raise LegalHold("This thread is under a legal hold. Legal counsel must lift it first.")
    key.wrapped, key.destroyed_at = None, timezone.now()
    key.save(update_fields=["wrapped", "destroyed_at"])
    ledger.record(EventKind.KEY_DESTROYED, by=by, subject=key, case_id=case_id)


def _secret(key: DataKey, purpose: str) -> bytes:
    if key.wrapped is None:
        raise TextErased("This text was erased: its key was destroyed, and nobody can read it.")
    data_key = _decrypt(derive(_master(key.master), "wrap"), bytes(key.wrapped), key.id.bytes)
    return derive(data_key, purpose)


def _master(master_id: str) -> bytes:
    masters = _masters(tuple(settings.MASTER_KEYS))
    if master_id not in masters:
        raise ImproperlyConfigured(
            f"No master key {master_id} is configured: add the old key to COUNTERSIGN_MASTER_KEY."
        )
    return masters[master_id]


def _encrypt(secret: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(secret).encrypt(nonce, plain, bound_to)


def _decrypt(secret: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    raw = bytes(sealed)
    try:
        return AESGCM(secret).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to)
    except InvalidTag as error:
        raise TextErased(
            "This text can't be read: it was changed in the database, or the master key is not "
            "the one that it was sealed with."
        ) from error
