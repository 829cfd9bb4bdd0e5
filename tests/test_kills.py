"""Law 4 under kill -9, with the negative control that shows that the harness can find a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import kills

pytestmark = pytest.mark.processes


def test_publishing_survives_kills(tmp_path: Path) -> None:
    toll = kills.run(tmp_path, publications=40, kills=8, seed=1)
    assert (toll.lost, toll.posted_twice) == (0, 0), toll


@pytest.mark.once
def test_naive_publisher_posts_twice_under_kills(tmp_path: Path) -> None:
    toll = kills.run(tmp_path, publications=100, kills=12, naive=True, seed=1)
    assert toll.posted_twice > 0, toll


@pytest.mark.long
@pytest.mark.parametrize("naive", [False, True])
def test_hundred_kills_during_five_hundred_publications(tmp_path: Path, naive: bool) -> None:
    toll = kills.run(tmp_path, publications=500, kills=100, naive=naive, seed=7)
    print(toll)
    if naive:
        assert toll.posted_twice > 0, toll
    else:
        assert (toll.lost, toll.posted_twice) == (0, 0), toll
