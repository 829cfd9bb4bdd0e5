"""The Merkle tree of RFC 6962 section 2.1 (SHA-256), over leaf hashes; no Django, no database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry (RFC 6962 2.1: a leading 0x00 keeps leaves apart from nodes)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 6962 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def append(frontier: Sequence[bytes], size: int, leaves: Iterable[bytes]) -> list[bytes]:
    """The frontier after appending leaf hashes.

    Args:
        frontier: roots of the perfect subtrees of a tree of `size` leaves, largest first.
        size: number of leaves so far; its binary ones are the heights of those subtrees.
    """
    grown = list(frontier)
    for leaf in leaves:
        node, carry = leaf, size
        while carry & 1:
            node = node_hash(grown.pop(), node)
            carry >>= 1
        grown.append(node)
        size += 1
    return grown


def root(frontier: Sequence[bytes]) -> bytes:
    """The tree's root hash, from its frontier."""
    if not frontier:
        return EMPTY_ROOT
    node = frontier[-1]
    for left in reversed(frontier[:-1]):
        node = node_hash(left, node)
    return node


def audit_paths(leaves: Sequence[bytes], wanted: Iterable[int]) -> list[list[bytes]]:
    """The hashes that lead from leaves to the root, the lowest first (RFC 6962 2.1.1).

    Args:
        leaves: every leaf hash of the tree.
        wanted: the places of the leaves, from 0.
    """
    places = list(wanted)
    paths: list[list[bytes]] = [[] for _ in places]
    level = list(leaves)
    while len(level) > 1:
        for n, place in enumerate(places):
            if place ^ 1 < len(level):
                paths[n].append(level[place ^ 1])
            places[n] = place // 2
        # What has no neighbour goes up as it is.
        level = [
            node_hash(*level[n : n + 2]) if n + 1 < len(level) else level[n]
            for n in range(0, len(level), 2)
        ]
    return paths
