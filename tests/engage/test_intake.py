"""What arrives: idempotent, edits become revisions, bad rows are refused one by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from compliance import vault
from compliance.enums import ScanState
from compliance.exceptions import BadInput
from engage import intake, pushing
from engage.enums import ConnectorKind, PostState
from engage.intake import Arrival
from engage.models import Community, Post, PostRevision, Thread
from reviews.enums import Role
from reviews.tokens import create_token
from tests import cases
from tests.stack import ROOT

pytestmark = pytest.mark.django_db


def row(**changes: Any) -> dict[str, Any]:
    return {
        "community": "sample",
        "thread_url": "https://questions.example.org/t/1",
        "thread_title": "Kidneys",
        "post_id": "q1",
        "parent_id": None,
        "author": "user1",
        "published_at": "2026-03-01T08:00:00Z",
        "text": "Hello, a question.",
        **changes,
    }


@pytest.fixture
def sample() -> Community:
    from engage.communities import add_community

    return add_community(by="system", slug="sample", name="Sample", connector=ConnectorKind.PUSH)


def test_receive_twice_changes_nothing() -> None:
    community, item = cases.community(), cases.item("Hello.")
    assert intake.receive(community, [item], by="system")[0].arrival is Arrival.CREATED
    assert intake.receive(community, [item], by="system")[0].arrival is Arrival.UNCHANGED
    assert (Post.objects.count(), PostRevision.objects.count()) == (1, 1)


def test_receive_an_edit_adds_a_revision() -> None:
    community = cases.community()
    item = cases.item("Hello.")
    intake.receive(community, [item], by="system")
    changed = cases.item("Hello, edited.", post_id=item.post_id, thread_id=item.thread_id)
    received = intake.receive(community, [changed], by="system")[0]
    assert received.arrival is Arrival.REVISED
    texts = [vault.unseal(r.text) for r in received.post.revisions.select_related("text__key")]
    assert texts == ["Hello.", "Hello, edited."]


def test_receive_a_deletion_keeps_the_post() -> None:
    community = cases.community()
    item = cases.item("Hello.")
    intake.receive(community, [item], by="system")
    gone = cases.item("", post_id=item.post_id, thread_id=item.thread_id, deleted=True)
    assert intake.receive(community, [gone], by="system")[0].arrival is Arrival.DELETED
    assert Post.objects.get().state == PostState.DELETED
    assert intake.receive(community, [gone], by="system")[0].arrival is Arrival.UNCHANGED


def test_same_post_id_in_two_communities_is_two_posts() -> None:
    item = cases.item("Hello.")
    for _ in range(2):
        intake.receive(cases.community(), [item], by="system")
    assert (Post.objects.count(), Thread.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "x" * 100_001}, "text"),
        ({"author": 7}, "author"),
        ({"post_id": " "}, "post_id"),
        ({"post_id": "x" * 1001}, "post_id"),
        ({"community": None}, "community"),
        ({"thread_url": ""}, "thread_url"),
        ({"thread_title": 5}, "thread_title"),
        ({"parent_id": 5}, "parent_id"),
        ({"published_at": "yesterday"}, "published_at"),
        ({"published_at": "2026-13-45T00:00:00Z"}, "published_at"),
        ({"published_at": 1772352000}, "published_at"),
    ],
)
def test_item_from_a_bad_row_names_the_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput, match=field) as refusal:
        intake.item_from_row(row(**changes))
    if isinstance(value := changes[field], str) and value.strip():
        assert value not in str(refusal.value)


@pytest.mark.parametrize("value", [None, 1, "text", []])
def test_item_from_something_else_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        intake.item_from_row(value)


def test_receive_keeps_what_can_be_kept_of_broken_text() -> None:
    first, last = (
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        "half \ud83d\x00 of it",
    )
    broken = cases.item(last, author="b\udc00b", published_at=first)
    items = [broken, cases.item("Another post.")]
    received = intake.receive(cases.community(), items, by="system")
    assert [r.arrival for r in received] == [Arrival.CREATED] * 2
    assert received[0].post is not None
    text = vault.unseal(received[0].post.revisions.get().text)
    assert text == "half ? of it"


def test_take_rows_reports_each_row(sample: Community) -> None:
    rows = [(1, row()), (2, row(text="")), (3, row(community="other")), (4, row(post_id="q2"))]
    outcomes = pushing.take_rows([*rows, (5, row())], by="system")
    assert [o.status for o in outcomes] == [
        "created",
        "refused",
        "refused",
        "created",
        "unchanged",
    ]
    assert Post.objects.count() == 2


@pytest.fixture
def token() -> str:
    return create_token(by=cases.person(Role.ADMIN), name="forum bridge")


def push(client: Any, body: Any, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post(
        "/api/v1/posts/", json.dumps(body), content_type="application/json", headers=headers
    )


def test_push_a_batch_reports_each_row(client: Any, token: str, sample: Community) -> None:
    answer = push(client, [row(), row(text=""), row(post_id="q2")], token)
    assert answer.status_code == 200
    assert [r["status"] for r in answer.json()["results"]] == ["created", "refused", "created"]


def test_push_twice_changes_nothing(client: Any, token: str, sample: Community) -> None:
    assert push(client, row(), token).json()["status"] == "created"
    assert push(client, row(), token).json()["status"] == "unchanged"
    assert Post.objects.count() == 1


@pytest.mark.parametrize(("body", "status"), [(row(text=""), 400), ("text", 400), (7, 400)])
def test_push_of_something_bad_is_refused(
    client: Any, token: str, sample: Community, body: Any, status: int
) -> None:
    assert push(client, body, token).status_code == status


@pytest.mark.parametrize("token", ["", "cs_wrong"])
def test_push_without_a_token_is_refused(client: Any, token: str, sample: Community) -> None:
    assert push(client, row(), token).status_code in (401, 403)
    assert Post.objects.count() == 0


def test_push_by_a_clinician_is_refused(client: Any, sample: Community) -> None:
    client.force_login(cases.person(Role.CLINICIAN))
    assert push(client, row()).status_code == 403


def test_token_is_stored_as_a_digest_only(token: str) -> None:
    from reviews.models import ApiToken

    assert token not in str(ApiToken.objects.values_list().get())


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n")
    return path


def import_posts(path: Path) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_posts", str(path), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_import_scans_everything_and_reports_bad_lines(tmp_path: Path) -> None:
    rows = [row(), "{not json", row(post_id="q2", text=""), "", row(post_id="q3"), "[1]"]
    out, err = import_posts(lines(tmp_path / "posts.jsonl", rows))
    assert "2 created" in out and "3 refused" in out
    assert [line.split(":")[0] for line in err.splitlines()] == ["line 2", "line 3", "line 6"]
    assert set(PostRevision.objects.values_list("text__scan_state", flat=True)) == {
        ScanState.SCANNED
    }


def test_import_again_changes_nothing(tmp_path: Path) -> None:
    path = lines(tmp_path / "posts.jsonl", [row(), row(post_id="q2")])
    import_posts(path)
    out, _ = import_posts(path)
    assert "2 unchanged" in out and "scanned 0" in out
    assert Post.objects.count() == 2


def test_import_of_a_missing_file_says_so() -> None:
    with pytest.raises(CommandError, match="can't be read"):
        import_posts(Path("nowhere.jsonl"))


def test_status_prints_counts(tmp_path: Path) -> None:
    import_posts(lines(tmp_path / "posts.jsonl", [row()]))
    out = StringIO()
    call_command("status", stdout=out)
    assert ["posts", "1"] in [line.split() for line in out.getvalue().splitlines()]


@pytest.mark.processes
def test_import_killed_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    """kill -9 while it imports and while it scans; running it again finishes the work."""
    count = 600
    path = lines(
        tmp_path / "posts.jsonl",
        [row(post_id=f"q{n}", text=f"Hello {n}, a question.") for n in range(count)],
    )
    environment = {
        **os.environ,
        "COUNTERSIGN_DATA": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'import.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }

    def manage(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    migrate = manage("migrate", "--verbosity=0")
    migrate.communicate()
    assert migrate.returncode == 0
    for seconds in (2.0, 2.5, 3.0):
        killed = manage("import_posts", str(path))
        time.sleep(seconds)
        killed.kill()
        killed.communicate()
    # Texts that a killed run had claimed are free again once their lease is over.
    manage(
        "shell",
        "-c",
        "from compliance.models import VaultText; from django.utils import "
        "timezone; VaultText.objects.exclude(scan_due_at=None).update("
        "scan_due_at=timezone.now())",
    ).communicate()
    manage("import_posts", str(path)).communicate()
    status, _ = manage("status").communicate()
    counts = dict(line.rsplit(maxsplit=1) for line in status.splitlines())
    counts = {name.strip(): value for name, value in counts.items()}
    assert (counts["posts"], counts["scanned"], counts["pending"]) == (str(count), str(count), "0")
