"""Law 4 on a platform that fails, by workers that die: nothing lost, nothing twice, and what we say
of a reply is true."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage import publishing
from tests.crashes import FAULTS, Toll, World, lock_send_mark, play

pytestmark = pytest.mark.django_db
# Where a worker of the product can die; a run that leaves one out shows nothing of it.
POINTS = {
    "before begin",
    "after begin was committed",
    "before the network",
    "after the network",
    "before end",
    "after end was committed",
    "before the look",
    "after the look",
    "before settled",
    "after settled was committed",
    "before take_down",
    "before taking it down",
    "after taking it down",
    "after take_down was committed",
    "before a commit",
}


def crashed(monkeypatch: pytest.MonkeyPatch, count: int, seed: int) -> Toll:
    toll = play(World(monkeypatch, seed), count)
    print(toll)
    assert (toll.publications, toll.lost, toll.twice, toll.differ) == (count, 0, 0, 0)
    return toll


def test_crashes_lose_nothing_and_post_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(crashed(monkeypatch, 40, seed=7).crashes.values()) >= 40


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_ten_thousand_publications_and_a_crash_at_every_point(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    toll = crashed(monkeypatch, 2_500, seed)
    assert sum(toll.crashes.values()) >= 1_000 and set(toll.crashes) == POINTS
    assert set(toll.faults) - {"taken"} == {*FAULTS, "look failed", "taking down failed"}


def test_lock_send_mark_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    # The negative control: the same platform, the same deaths, the usual way of doing it.
    toll = play(World(monkeypatch, seed=7), 30, lock_send_mark, withdraw=0)
    assert toll.twice > 0


def test_posting_again_within_the_quiet_window_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    # The negative control: all as it is, but nobody waits for what may still land.
    monkeypatch.setattr(publishing, "_patience", lambda connector: timedelta())
    monkeypatch.setattr(publishing, "LOOKS", 1)
    world = World(monkeypatch, seed=7)
    world.platform.answers["done late"] = 8
    assert play(world, 30).twice > 0
