"""Law 7 on the running product: marked secrets in posts, drafts, comments and names never appear in
logs, Valkey (its append-only file included), the ledger, URLs, error pages or e-mails.

The stack runs as a self-hoster runs it. A scanner is made to fail on a text that carries a canary,
and the community is asked for things that break, so that the error paths are walked too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from engage.demo.community import SandboxFounder
from tests.stack import ROOT, Stack, wait_until

pytestmark = pytest.mark.processes

CANARIES = {
    "post": "quetzalpost",
    "title": "quetzaltitle",
    "name": "Quetzalname",
    "handle": "quetzalhandle",
    "draft": "quetzaldraft",
    "comment": "quetzalcomment",
    "poison": "quetzalpoison",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack through which everything with a canary in it went."""
    from django.utils import timezone

    stack = Stack(
        tmp_path_factory.mktemp("canaries"),
        {"DJANGO_SETTINGS_MODULE": "tests.canary_settings", "LOG_LEVEL": "DEBUG"},
    )
    with stack:
        stack.start()
        founder = SandboxFounder(stack.sandbox_url, stack.sandbox_token)
        founder.open_board("canaries", "Canaries", "")
        for text in (
            f"My name is Keisha {CANARIES['name']} and I have {CANARIES['post']} spotting.",
            f"This one breaks a scanner: {CANARIES['poison']}.",
        ):
            post = {"author": CANARIES["handle"], "text": text}
            founder.open_thread("canaries", CANARIES["title"], [post], timezone.now())
        output = _story(stack, "play")
        assert "played" in output, output
        wait_until(lambda: "settled" in _story(stack, "state"), 60, "the withdrawal", every=1)
        _break_pages(stack)
        yield stack


def _story(stack: Stack, step: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.canary_story", step, json.dumps(CANARIES)],
        env=stack.env | {"COMMUNITY_HOSTS_INSIDE": "127.0.0.1"},  # the sandbox, for a step outside
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr


def _break_pages(stack: Stack) -> None:
    """Asks for what does not exist or can't be read, with canaries in it."""
    secret = CANARIES["post"]
    with httpx.Client(base_url=stack.url, follow_redirects=True) as client:
        answers = [
            client.get(f"/{secret}/"),
            client.get("/", params={"q": secret}),
            client.post("/api/v1/posts/", content=f"{{{secret}"),
            client.post("/api/v1/posts/", json={"text": secret}),
            client.post("/sign-in/", data={"username": secret, "password": secret}),
        ]
    assert all(answer.status_code >= 400 or answer.status_code == 200 for answer in answers)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _found(stack: Stack, within: str) -> list[str]:
    """Canaries in the bytes of every file under a folder of the data directory."""
    found = []
    for path in _files(stack.data / within):
        content = path.read_bytes().lower()
        found += [
            f"{kind} in {path.relative_to(stack.data)}"
            for kind, canary in CANARIES.items()
            if canary.lower().encode() in content
        ]
    return found


def test_logs_hold_no_canary(ran: Stack) -> None:
    assert list(_files(ran.data / "logs"))
    assert _found(ran, "logs") == []
    output = (ran.data / "up.out").read_text().lower()
    assert not [c for c in CANARIES.values() if c.lower() in output]


def test_valkey_holds_no_canary(ran: Stack) -> None:
    assert list((ran.data / "valkey").rglob("*.aof"))
    assert _found(ran, "valkey") == []


def test_database_files_and_everything_else_hold_no_canary(ran: Stack) -> None:
    # The sandbox community is not ours: its own database holds its posts, as it should.
    folders = [p.name for p in ran.data.iterdir() if p.is_dir() and p.name != "sandbox"]
    assert [hit for folder in folders for hit in _found(ran, folder)] == []
    for path in ran.data.glob("countersign.sqlite3*"):
        content = path.read_bytes().lower()
        assert not [kind for kind, c in CANARIES.items() if c.lower().encode() in content]


def test_ledger_and_mails_hold_no_canary(ran: Stack) -> None:
    mails = [path.read_text() for path in _files(ran.data / "mails")]
    assert [m for m in mails if "New comment: a reply in C" in m]
    assert [m for m in mails if "Taken down: a reply in C" in m]
    dump = _story(ran, "dump").lower()
    assert "post_arrived" in dump and "withdrawn" in dump
    assert not [kind for kind, canary in CANARIES.items() if canary.lower() in dump]


def test_search_finds_canaries_where_they_belong(ran: Stack) -> None:
    # The negative control: the same search, in the community's own database.
    assert any(hit.startswith("post in sandbox") for hit in _found(ran, "sandbox"))
