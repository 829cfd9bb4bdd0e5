"""kill -9 at random moments while replies are being posted: is one lost, is one posted twice?

`run` is the experiment. `python -m tests.kills N BOARD` is its first step, inside the environment
of the stack: it prepares N cleared reviews by the real verbs and prints the tags of their requests.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from config import valkey
from tests.stack import ROOT, Stack, wait_until

VICTIMS = ("courier", "courier", "valkey", "web")  # the courier twice as often: it sends
FLUSH = "flushall"  # the broker forgets every message
DRIVEN = ("queued", "sending", "unknown", "taking_down")  # engage.publishing.DRIVEN
WITHIN = 30.0  # seconds, for the first reply after the broker came back
STUCK = 300  # seconds without any reply that is done
BOARD = "kills"
POSTS_A_THREAD = 5
SLOW_SECONDS = 0.5  # how long the community takes at times, so that kills meet requests in flight
PASSWORD = "correct-horse-9-battery"


@dataclass(frozen=True, slots=True)
class Toll:
    """What an experiment did to the replies.

    Attributes:
        strikes: kills that met somebody, and flushes of the broker.
        resumed: the longest time, in seconds, from a return of the broker until a worker has taken
            a message from it and one more reply is live.
    """

    publications: int
    strikes: Counter[str]
    lost: int
    posted_twice: int
    seconds: float
    resumed: float


def drawn(kills: int, seed: int) -> list[str]:
    """So many victims by chance."""
    rng = random.Random(seed)
    return [rng.choice(VICTIMS) for _ in range(kills)]


def run(
    data: Path,
    *,
    publications: int,
    strikes: Sequence[str],
    gap: tuple[float, float] = (0.5, 2.5),
    slow: float = 0.5,
    naive: bool = False,
    seed: int = 1,
) -> Toll:
    """Posts `publications` replies to the sandbox community while its parts are killed.

    Args:
        data: an empty directory.
        strikes: who is killed (`manage.py up`'s names), or FLUSH, in this order.
        gap: the least and the most seconds between two of them.
        slow: the part of the requests for which the community takes SLOW_SECONDS.
        naive: the negative control: a worker that calls first and writes down afterwards.
        seed: of the moments.
    """
    rng = random.Random(seed)
    inside = {"COMMUNITY_HOSTS_INSIDE": "127.0.0.1"}  # where the community is
    stack = Stack(data, inside | ({"CELERY_APP": "tests.naive_publisher"} if naive else {}))
    with community(stack):
        stack.manage("migrate", "--verbosity=0")
        tags = queued(stack, publications)
        assert len(tags) == publications, "with fewer, nothing would be shown"
        _slow(stack, slow)
        started = time.monotonic()
        resumed = 0.0
        with stack:
            stack.start("--no-sandbox", ready=120)
            for strike in strikes:
                time.sleep(rng.uniform(*gap))
                taken = _taken(stack) if strike == FLUSH else 0  # a new broker counts anew
                wait_until(partial(_strike, stack, strike), 30, f"somebody to strike: {strike}")
                if strike in ("valkey", FLUSH):
                    resumed = max(resumed, _resumes(stack, taken))
            _wait_for_the_end(stack)
        posted = _posted(stack)
        return Toll(
            publications=publications,
            strikes=Counter(strikes),
            lost=sum(posted[tag] == 0 for tag in tags),
            posted_twice=sum(posted[tag] > 1 for tag in tags),
            seconds=time.monotonic() - started,
            resumed=resumed,
        )


def _wait_for_the_end(stack: Stack) -> None:
    while left := count(stack, DRIVEN):
        wait_until(partial(_fewer, stack, left), STUCK, f"the next of {left} replies", 2)


def _fewer(stack: Stack, left: int) -> bool:
    return count(stack, DRIVEN) < left


def _strike(stack: Stack, victim: str) -> bool:
    if victim != FLUSH:
        return stack.kill(victim)
    try:
        redis.Redis(port=stack.valkey_port).flushall()
    except redis.ConnectionError:
        return False
    return True


def _resumes(stack: Stack, taken: int) -> float:
    """Seconds from the broker's return to work that is taken from it and a reply that is live."""
    wait_until(lambda: valkey.answers(stack.valkey_port), 30, "the broker's return", 0.05)
    before = count(stack, ("live",))
    return wait_until(
        lambda: (
            _taken(stack) > taken
            and (count(stack, ("live",)) > before or count(stack, DRIVEN) == 0)
        ),
        WITHIN,
        "the next work",
        0.05,
    )


def _taken(stack: Stack) -> int:
    """Messages that workers have taken from this broker: each is noted as not acknowledged yet."""
    try:
        stats = redis.Redis(port=stack.valkey_port).info("commandstats")
    except redis.RedisError:
        return 0
    return int(stats.get("cmdstat_zadd", {}).get("calls", 0))


def count(stack: Stack, states: Sequence[str], board: str = BOARD) -> int:
    """Publications of a board in these states, read from the database of the running product."""
    listed = ", ".join(f"'{state}'" for state in states)
    query = (
        "SELECT count(*) FROM engage_publication p JOIN engage_community c ON c.id = p.community_id"
        f" WHERE c.slug = '{board}' AND p.state IN ({listed})"
    )
    if "DATABASE_URL" in stack.env:
        with psycopg.connect(stack.env["DATABASE_URL"]) as database:
            row = database.execute(query).fetchone()
    else:
        file = f"file:{stack.data / 'countersign.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True, timeout=30)) as database:
            row = database.execute(query).fetchone()
    assert row
    return int(row[0])


@contextmanager
def community(stack: Stack) -> Iterator[None]:
    # Not a child of the supervisor: the community is nobody's to kill.
    folder = stack.data / "sandbox"
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "engage.sandbox", "--port", str(stack.sandbox_port)]
    with (stack.data / "sandbox.out").open("ab") as output:
        server = subprocess.Popen(
            [*command, "--data", str(folder)],
            env=stack.env,
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(lambda: _healthy(stack), 30, "the sandbox community")
        yield
    finally:
        server.terminate()
        server.wait(timeout=20)


def _healthy(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.sandbox_url}/health/", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def ask(stack: Stack, method: str, path: str, **options: Any) -> Any:
    token = {"Authorization": f"Bearer {stack.sandbox_token}"}
    url = f"{stack.sandbox_url}/api{path}"
    answer = httpx.request(method, url, headers=token, timeout=30, **options)
    answer.raise_for_status()
    return answer.json()


def _slow(stack: Stack, part: float) -> None:
    # Half of it before the work and half after it, so that a kill can hit both.
    for kind in ("slow", "slow_after"):
        fault = {"kind": kind, "seconds": SLOW_SECONDS, "remaining": None, "probability": part}
        ask(stack, "POST", "/faults/", json=fault)


def _posted(stack: Stack) -> Counter[str]:
    posts = ask(stack, "GET", f"/boards/{BOARD}/posts/", params={"tag_prefix": ""})
    return Counter(posts["tags"])


def queued(stack: Stack, publications: int, board: str = BOARD) -> list[str]:
    """Cleared replies to a new board, queued; the tags of their requests."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.kills", str(publications), board],
        env={**stack.env, "DJANGO_SETTINGS_MODULE": "tests.kills_settings"},
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    tags: list[str] = json.loads(done.stdout)
    return tags


def _prepare(publications: int, board: str) -> list[str]:
    """Cleared reviews with queued publications; returns the tags of their requests."""
    from django.utils import timezone

    from compliance import vault
    from compliance.models import VaultText
    from engage import drafting, listening, publishing, screening
    from engage.communities import add_community
    from engage.demo.community import SandboxFounder
    from engage.enums import ConnectorKind
    from engage.models import Post, Publication
    from reviews import clearance, workflow
    from reviews.enums import Role, Seat
    from reviews.freshness import Proof
    from reviews.people import add_person
    from tests import cases

    url, token = os.environ["SANDBOX_URL"], os.environ["SANDBOX_TOKEN"]
    founder = SandboxFounder(url, token)
    founder.open_board(board, board.title(), "")
    for thread in range(-(-publications // POSTS_A_THREAD)):
        posts = [
            {"author": f"somebody-{thread}-{n}", "text": f"How long does this take? {thread}.{n}"}
            for n in range(POSTS_A_THREAD)
        ]
        founder.open_thread(board, f"Question {thread}", posts, timezone.now())
    settings = {"base_url": url, "board": board, "token": token, "quiet_seconds": 1}
    community = add_community(
        by="system",
        slug=board,
        name=board.title(),
        connector=ConnectorKind.SANDBOX,
        settings=settings,
    )
    while listening.poll(community.pk):
        pass
    while ids := screening.claim_due(screening.BATCH):
        screening.scan_inbound(ids)
    people = {
        role: add_person(by=None, username=f"{role.value}-{board}", password=PASSWORD, roles=[role])
        for role in (Role.CLINICIAN, Role.COMPLIANCE, Role.LEGAL)
    }
    author = people[Role.CLINICIAN]
    for post in Post.objects.filter(community=community).order_by("pk")[:publications]:
        draft = drafting.start(by=author, post_id=post.pk)
        version = drafting.save(by=author, draft_id=draft.pk, body=cases.CLEAN)
        version.text.refresh_from_db()
        assert version.text.scan is not None
        why = dict.fromkeys(version.text.scan.findings.values_list("pk", flat=True), "General.")
        review = drafting.submit(by=author, draft_id=draft.pk, answers=why)
        for seat in (Seat.COMPLIANCE, Seat.LEGAL):
            workflow.sign(
                by=people[seat.role],
                review_id=review.pk,
                seat=seat,
                proof=Proof(PASSWORD),
                seen=clearance.seal_digest(review),
            )
        publishing.queue(review_id=review.pk)
    requests = VaultText.objects.select_related("key").filter(
        pk__in=Publication.objects.filter(community=community).values("request")
    )
    return [json.loads(vault.unseal(request))["tag"] for request in requests]


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(_prepare(int(sys.argv[1]), sys.argv[2])))
