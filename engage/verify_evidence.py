"""Checks a bundle of evidence beside it: `python verify.py`. Needs nothing but Python; with the
package `cryptography` it checks the signature of the checkpoint as well."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 9162 section 2.1.3.2); b"" if it leads nowhere."""
    node, last, left = hashlib.sha256(b"\0" + leaf).digest(), size - 1, index
    for other in path:
        if last == 0:
            return b""
        if left % 2 or left == last:
            node = hashlib.sha256(b"\1" + other + node).digest()
            while left % 2 == 0 and left:
                left, last = left >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + other).digest()
        left, last = left >> 1, last >> 1
    return node if last == 0 else b""


def proves(proof: str, entry: bytes, index: int, note: str) -> bool:
    """Whether a proof (c2sp.org/tlog-proof@v1) leads from an entry to the checkpoint."""
    head, _, proven = proof.partition("\n\n")
    form, *lines = head.split("\n")
    lines = lines[1:] if lines and lines[0].startswith("extra ") else lines
    if form != "c2sp.org/tlog-proof@v1" or lines[:1] != [f"index {index}"] or proven != note:
        return False
    _, size, root = note.split("\n")[:3]
    path = [base64.b64decode(line) for line in lines[1:]]
    return root_of(entry, index, int(size), path) == base64.b64decode(root)


def signature_holds(note: str, key: str) -> bool | None:
    """Whether the key signed the note; None if that can't be checked here."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    name, _, material = key.strip().split("+", 2)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(material)[1:])
    body, _, signatures = note.partition("\n\n")
    for line in signatures.splitlines():
        _, signer, signed = line.split(" ", 2)
        if signer == name:
            try:
                public.verify(base64.b64decode(signed)[4:], (body + "\n").encode())
            except InvalidSignature:
                return False
            return True
    return False


def faults(folder: Path) -> list[str]:
    """What does not hold, a sentence each."""
    note = (folder / "checkpoint.txt").read_text()
    wrong = []
    if signature_holds(note, (folder / "key.txt").read_text()) is False:
        wrong.append("The checkpoint is not signed with the key.")
    events: list[dict[str, Any]] = []
    for line in (folder / "ledger.jsonl").read_text().splitlines():
        entry = json.loads(line)
        proof = folder / "proofs" / f"{entry['leaf']}.tlog-proof"
        said = proof.read_text() if proof.exists() else ""
        if not proves(said, entry["event"].encode(), entry["leaf"], note):
            wrong.append(f"Entry {entry['leaf']} is not in the log that the checkpoint signs.")
        events.append(json.loads(entry["event"]))
    signed = {event["facts"].get("digest") for event in events if event["kind"] == "signed"}
    for review in json.loads((folder / "reviews.json").read_text()):
        for check in review["checks"]:
            if not check["holds"]:
                wrong.append(f"{check['what']} is not what was kept.")
        for signature in review["signatures"]:
            # Of what was signed in advance the signatures are in the history of the signpost.
            if signature["digest"] not in signed and not review["signpost"]:
                wrong.append(f"The signature of {signature['printed_name']} is not in the history.")
    return wrong


if __name__ == "__main__":
    found = faults(HERE)
    print("\n".join(found) or "Everything holds.")
    sys.exit(bool(found))
