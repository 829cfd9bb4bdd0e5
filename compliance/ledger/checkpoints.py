"""Signed checkpoints in the C2SP tlog-checkpoint form (signed notes, Ed25519)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ALGORITHM_ED25519 = b"\x01"  # C2SP signed-note, signature types


class BadCheckpoint(ValueError):
    """The note is not a checkpoint of this log, or its signature does not hold."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """How large the log is, and its root hash."""

    size: int
    root: bytes


def key_id(name: str, public: Ed25519PublicKey) -> bytes:
    """The 4 bytes that name a key in a signature line (C2SP signed-note)."""
    material = name.encode() + b"\n" + ALGORITHM_ED25519 + _raw(public)
    return hashlib.sha256(material).digest()[:4]


def verifier_key(name: str, public: Ed25519PublicKey) -> str:
    """The line that a witness needs to check our notes: `name+id+base64(type, key)`."""
    encoded = base64.b64encode(ALGORITHM_ED25519 + _raw(public)).decode()
    return f"{name}+{key_id(name, public).hex()}+{encoded}"


def sign(origin: str, head: TreeHead, secret: Ed25519PrivateKey) -> str:
    """A checkpoint note: origin, size, root, blank line, signature."""
    body = f"{origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"
    signature = key_id(origin, secret.public_key()) + secret.sign(body.encode())
    return f"{body}\n\u2014 {origin} {base64.b64encode(signature).decode()}\n"


def read(note: str, origin: str, public: Ed25519PublicKey) -> TreeHead:
    """The tree head of a note whose signature holds.

    Raises:
        BadCheckpoint: with what is wrong.
    """
    body, blank, signatures = note.partition("\n\n")
    lines = body.split("\n")
    if not blank or len(lines) < 3 or lines[0] != origin or not lines[1].isdecimal():
        raise BadCheckpoint("This is not a checkpoint of this log.")
    try:
        head = TreeHead(size=int(lines[1]), root=base64.b64decode(lines[2], validate=True))
    except binascii.Error as error:
        raise BadCheckpoint("The root hash of the checkpoint can't be read.") from error
    for line in signatures.splitlines():
        prefix, _, encoded = line.rpartition(" ")
        if prefix != f"\u2014 {origin}":
            continue
        try:
            signature = base64.b64decode(encoded, validate=True)
            if signature[:4] != key_id(origin, public):
                continue
            public.verify(signature[4:], (body + "\n").encode())
        except (binascii.Error, InvalidSignature) as error:
            raise BadCheckpoint("The signature of the checkpoint does not hold.") from error
        return head
    raise BadCheckpoint("The checkpoint carries no signature of this log's key.")


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)
