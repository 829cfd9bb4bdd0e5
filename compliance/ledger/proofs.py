"""Proofs that an entry is in the log, in the C2SP tlog-proof form: each is checked by itself, with
the log's key alone."""

from __future__ import annotations

import base64
from collections.abc import Sequence

FORM = "c2sp.org/tlog-proof@v1"


def proof_of(index: int, path: Sequence[bytes], note: str) -> str:
    """The proof of one entry.

    Args:
        index: the place of the entry in the log, from 0.
        path: the hashes from its neighbour up to the children of the root (`merkle.audit_paths`).
        note: the checkpoint of the tree that the path was made in, verbatim.
    """
    hashes = (base64.b64encode(node).decode() for node in path)
    return "".join(f"{line}\n" for line in (FORM, f"index {index}", *hashes, "")) + note
