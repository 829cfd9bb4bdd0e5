"""One server at a time, and the connector to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers import FAKES, PEERS
from tests.peers.peer import Peer

REAL = [pytest.param(peer, id=peer.name, marks=pytest.mark.peers) for peer in PEERS]


@pytest.fixture(scope="session", params=[*REAL, *FAKES], ids=lambda peer: peer.name)
def peer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peer]:
    """A running server; tests that use another one come after it was stopped."""
    here: Peer = request.param
    if why := here.missing():
        pytest.skip(f"NOT RUN: {here.name}: {why}")
    try:
        here.start(tmp_path_factory.mktemp(here.name))
        yield here
    finally:
        here.stop()
