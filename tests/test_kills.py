"""Law 4 under kill -9, with the negative control that shows that the harness can find a fault."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engage import publishing
from tests import kills

pytestmark = pytest.mark.processes

RESUMES = 10.0  # seconds


def test_publishing_survives_kills(tmp_path: Path) -> None:
    toll = kills.run(tmp_path, publications=40, strikes=[*kills.drawn(7, seed=1), kills.FLUSH])
    assert (toll.lost, toll.posted_twice) == (0, 0), toll


@pytest.mark.once
def test_naive_publisher_posts_twice_under_kills(tmp_path: Path) -> None:
    for seed in (1, 2, 3):  # whether a kill meets a request is chance
        data = tmp_path / str(seed)
        data.mkdir()
        struck = kills.drawn(12, seed)
        toll = kills.run(data, publications=100, strikes=struck, naive=True, seed=seed)
        if toll.posted_twice:
            return
    pytest.fail(f"nothing was posted twice: {toll}")


def test_states_are_those_of_the_product() -> None:
    assert {state.value for state in publishing.DRIVEN} == set(kills.DRIVEN)


@pytest.mark.long
@pytest.mark.parametrize("naive", [False, True])
def test_hundred_kills_during_five_hundred_publications(tmp_path: Path, naive: bool) -> None:
    struck = kills.drawn(100, seed=7)
    toll = kills.run(tmp_path, publications=500, strikes=struck, naive=naive, seed=7)
    print(toll)
    if naive:
        assert toll.posted_twice > 0, toll
    else:
        assert (toll.lost, toll.posted_twice) == (0, 0), toll


@pytest.mark.long
def test_fifteen_thousand_publications(tmp_path: Path) -> None:
    # Once on SQLite and once on PostgreSQL.
    strikes = [*["courier"] * 75, *["worker"] * 25, *["valkey"] * 10, kills.FLUSH]
    random.Random(7).shuffle(strikes)
    toll = kills.run(
        tmp_path, publications=15_000, strikes=strikes, gap=(5.0, 15.0), slow=0.02, seed=7
    )
    print(toll)
    assert (toll.lost, toll.posted_twice) == (0, 0), toll
    assert toll.resumed <= RESUMES, toll
