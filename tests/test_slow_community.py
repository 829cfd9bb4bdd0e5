"""A community that answers slowly, or never, keeps its own replies waiting and nobody else's."""

from __future__ import annotations

import threading
from pathlib import Path
from uuid import uuid4

import pytest

from engage import publishing, tasks
from engage.lanes import Errand, lane
from tests import kills
from tests.stack import Stack, wait_until

SLOW, QUICK = "slow", "quick"
REPLIES = 10


def test_a_lane_is_taken_once_and_left_whatever_happens() -> None:
    here, there = uuid4(), uuid4()
    with lane(Errand.SPEAK, here) as first, lane(Errand.SPEAK, here) as second:
        assert (first, second) == (True, False)
        with lane(Errand.LISTEN, here) as other, lane(Errand.SPEAK, there) as elsewhere:
            assert other and elsewhere
    with pytest.raises(RuntimeError), lane(Errand.SPEAK, here) as again:
        assert again
        raise RuntimeError("the task fails")
    with lane(Errand.SPEAK, here) as last:
        assert last


def test_who_comes_while_a_community_is_spoken_to_goes_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, there = uuid4(), uuid4()
    begun, go_on = threading.Event(), threading.Event()
    driven = []

    def drive_due(community_id: object) -> None:
        driven.append(community_id)
        if community_id == here:
            begun.set()
            assert go_on.wait(10)

    monkeypatch.setattr(publishing, "drive_due", drive_due)
    slow = threading.Thread(target=tasks.speak, args=([str(here)],))
    slow.start()
    assert begun.wait(10)
    tasks.speak([str(here)])
    tasks.speak([str(there)])
    assert driven == [here, there]
    go_on.set()
    slow.join(10)
    tasks.speak([str(here)])
    assert driven == [here, there, here]


@pytest.mark.processes
@pytest.mark.once
def test_a_slow_community_keeps_no_other_waiting(tmp_path: Path) -> None:
    stack = Stack(tmp_path, {"COMMUNITY_HOSTS_INSIDE": "127.0.0.1"})
    with kills.community(stack):
        stack.manage("migrate", "--verbosity=0")
        for board in (SLOW, QUICK):  # those of the slow one are due first
            assert len(kills.queued(stack, REPLIES, board)) == REPLIES
        hangs = {"kind": "slow", "seconds": 60, "remaining": None, "probability": 1.0}
        kills.ask(stack, "POST", "/faults/", json={**hangs, "board": SLOW})
        with stack:
            stack.start("--no-sandbox", ready=120)
            wait_until(
                lambda: kills.count(stack, ("live",), QUICK) == REPLIES, 20, "the quick replies"
            )
            assert kills.count(stack, kills.DRIVEN, SLOW) == REPLIES
