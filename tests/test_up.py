"""`manage.py up` as a self-hoster runs it: whatever is killed comes back and goes on working."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.stack import Stack, wait_until

pytestmark = pytest.mark.processes

CHILDREN = ("valkey", "sandbox", "worker", "courier", "beat", "web")
BACK = 60  # seconds; how long it really takes is measured by benchmarks/start


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("up")) as running:
        running.start()
        yield running


def serves(stack: Stack, child: str) -> bool:
    """Whether what this child is there for works."""
    if child == "web":
        return stack.answers()
    if child == "sandbox":
        try:
            return httpx.get(f"{stack.sandbox_url}/health/").status_code == 200
        except httpx.HTTPError:
            return False
    return stack.pid(child) != 0


@pytest.mark.once
@pytest.mark.parametrize("child", CHILDREN)
def test_killed_child_comes_back(stack: Stack, child: str) -> None:
    before = stack.pid(child)
    assert stack.kill(child)
    wait_until(lambda: stack.pid(child) not in (0, before), BACK, f"the return of {child}")
    wait_until(lambda: serves(stack, child), BACK, f"an answer of {child}")


def test_work_goes_on_after_everything_was_killed(stack: Stack) -> None:
    for child in CHILDREN:
        stack.kill(child)
    wait_until(stack.answers, 30, "the pages")
    row = {
        "community": "imported",
        "thread_url": "https://questions.example.org/t/1",
        "thread_title": "A question",
        "post_id": "1",
        "parent_id": None,
        "author": "somebody",
        "published_at": "2026-03-01T12:00:00Z",
        "text": "How long does it take?",
    }
    file = stack.data / "one.jsonl"
    file.write_text(json.dumps(row))
    stack.manage("import_posts", "--no-scan", str(file))
    wait_until(lambda: scanned(stack) == 1, 30, "the scan", every=1)


def scanned(stack: Stack) -> int:
    """How many posts are scanned."""
    lines = (line.split() for line in stack.manage("status").splitlines())
    return next(int(line[1]) for line in lines if line[:1] == ["scanned"])


def test_ctrl_c_stops_everything_and_the_next_start_goes_on(stack: Stack) -> None:
    assert stack.stop() == 0
    assert not stack.answers()
    stack.start()
    assert stack.answers() and scanned(stack) == 1
