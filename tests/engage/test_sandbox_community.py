"""The sandbox community itself: its API's refusals, its pages, and the faults it plays."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engage.sandbox_server import ROOT, SandboxServer, sandbox, start_sandbox

__all__ = ["sandbox"]  # a fixture


@pytest.fixture
def question(sandbox: SandboxServer) -> Any:
    return sandbox.new_thread(sandbox.new_board())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/boards/"),
        ("PATCH", "/api/boards/{board}/"),
        ("POST", "/api/boards/{board}/threads/"),
        ("GET", "/api/boards/{board}/posts/?tag=x"),
        ("PATCH", "/api/threads/{thread}/"),
        ("POST", "/api/threads/{thread}/posts/"),
        ("PATCH", "/api/posts/{post}/"),
        ("DELETE", "/api/posts/{post}/"),
        ("POST", "/api/posts/{post}/approve/"),
        ("POST", "/api/posts/{post}/hide/"),
        ("GET", "/api/faults/"),
        ("POST", "/api/faults/"),
        ("DELETE", "/api/faults/"),
    ],
)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_api_without_the_token_is_refused(
    sandbox: SandboxServer, method: str, path: str, token: str
) -> None:
    board = sandbox.new_board()
    post = sandbox.new_thread(board)
    path = path.format(board=board, thread=post["thread_id"], post=post["id"])
    answer = sandbox.raw(method, path, {}, token=token)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": "x" * 10_000}, 201, None),
        ({"text": "x" * 10_001}, 400, "too_long"),
        ({"text": "  \n"}, 400, "empty"),
        ({"text": "a\x00b"}, 400, "bad_text"),
        ({"text": 7}, 400, "bad_field"),
        ({"author": ""}, 400, "bad_field"),
        ({"author": "x" * 81}, 400, "bad_field"),
        ({"tag": "x" * 201}, 400, "bad_field"),
        ({"parent_id": "999999999"}, 404, "no_such_parent"),
        ({"parent_id": "x"}, 400, "bad_field"),
        ({"created_at": "yesterday"}, 400, "bad_field"),
        ({"created_at": "2026-03-01T08:00:00Z"}, 201, None),
    ],
)
def test_reply_with_good_and_bad_fields(
    sandbox: SandboxServer, question: Any, body: Any, status: int, code: str | None
) -> None:
    good = {"parent_id": question["id"], "author": "fern", "text": "Hello."}
    answer = sandbox.raw("POST", f"/api/threads/{question['thread_id']}/posts/", good | body)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_reading_with_a_wrong_token_is_refused_and_without_one_is_not(
    sandbox: SandboxServer, question: Any
) -> None:
    path = f"/api/posts/{question['id']}/"
    assert sandbox.raw("GET", path, token="wrong").status_code == 401
    assert sandbox.raw("GET", path, token="").status_code == 200


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"text": "\\ud800"}', b"[" * 9999]
)
def test_reply_with_a_body_that_is_no_object_is_refused(
    sandbox: SandboxServer, question: Any, content: bytes
) -> None:
    answer = httpx.post(
        f"{sandbox.base_url}/api/threads/{question['thread_id']}/posts/",
        content=content,
        headers={"Authorization": "Bearer sandbox-test-token"},
        trust_env=False,
    )
    assert answer.status_code == 400


def test_text_is_stored_and_returned_unchanged(sandbox: SandboxServer, question: Any) -> None:
    text = "  café\u0301 \r\n\t“quotes” -- <script>alert(1)</script> &amp; 🌿\u200d \n\n"
    reply = sandbox.new_reply(question, text)
    assert sandbox.call("GET", f"/api/posts/{reply['id']}/")["text"] == text
    assert "<script>" not in sandbox.page(f"/t/{question['thread_id']}/")


def test_held_post_is_for_the_token_only(sandbox: SandboxServer) -> None:
    board = sandbox.new_board(holds_posts=True)
    question = sandbox.new_thread(board)
    held = sandbox.new_reply(question, "Wait for me.")
    assert held["state"] == "pending"
    assert sandbox.raw("GET", f"/api/posts/{held['id']}/", token="").status_code == 404
    assert sandbox.raw("GET", f"/api/posts/{held['id']}/", token="wrong").status_code == 401
    assert sandbox.call("GET", f"/api/posts/{held['id']}/")["text"] == "Wait for me."
    seen = sandbox.raw("GET", f"/api/boards/{board}/changes/", token="").json()["items"]
    assert [item["id"] for item in seen] == [question["id"]] and "tag" not in seen[0]
    assert "Wait for me." not in sandbox.page(f"/t/{question['thread_id']}/")
    assert "Wait for me." not in sandbox.page(f"/b/{board}/feed.atom")


def test_hidden_text_is_not_in_the_open_changes(sandbox: SandboxServer, question: Any) -> None:
    board = sandbox.new_board()
    post = sandbox.new_thread(board, "Hide me.")
    sandbox.call("POST", f"/api/posts/{post['id']}/hide/")
    (item,) = sandbox.raw("GET", f"/api/boards/{board}/changes/", token="").json()["items"]
    assert (item["state"], item["text"]) == ("hidden", "")


def test_removed_post_leaves_a_mark_and_its_replies(sandbox: SandboxServer, question: Any) -> None:
    first = sandbox.new_reply(question, "This goes.")
    sandbox.new_reply(first, "This stays.", author="moss")
    sandbox.call("DELETE", f"/api/posts/{first['id']}/")
    page = sandbox.page(f"/t/{question['thread_id']}/")
    assert "This goes." not in page and "[removed]" in page and "This stays." in page


def test_pages_are_labelled_and_strict(sandbox: SandboxServer, question: Any) -> None:
    sandbox.new_reply(question, "From the care team.", tag="opaque")
    for path in ("/", f"/t/{question['thread_id']}/"):
        answer = sandbox.raw("GET", path, token="")
        assert "Sandbox community:" in answer.text and "nobody real writes here" in answer.text
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        for inline in ("<script", "<style", "style=", "onclick="):
            assert inline not in answer.text
    assert "Posted through the API" in sandbox.page(f"/t/{question['thread_id']}/")
    assert sandbox.raw("GET", "/static/sandbox/sandbox.css").status_code == 200


@pytest.mark.parametrize(
    "path", ["/t/999999999/", "/b/nowhere/", "/nothing", "/b/nowhere/feed.rss"]
)
def test_page_that_is_not_there_says_so(sandbox: SandboxServer, path: str) -> None:
    answer = sandbox.raw("GET", path, token="")
    assert answer.status_code == 404 and "Nothing here" in answer.text


def test_fault_plays_n_times_on_its_board_and_is_counted(sandbox: SandboxServer) -> None:
    board, other = sandbox.new_board(), sandbox.new_board()
    question, elsewhere = sandbox.new_thread(board), sandbox.new_thread(other)
    sandbox.fault(board, "refuse", remaining=2)
    path = f"/api/threads/{question['thread_id']}/posts/"
    body = {"parent_id": question["id"], "author": "fern", "text": "Hello."}
    assert sandbox.new_reply(elsewhere)["state"] == "live"
    assert [sandbox.raw("POST", path, body).status_code for _ in range(4)] == [403, 403, 201, 201]
    (fault,) = [f for f in sandbox.call("GET", "/api/faults/")["faults"] if f["board"] == board]
    assert (fault["hits"], fault["remaining"]) == (2, 0)


def test_fault_by_probability_repeats_with_its_seed(sandbox: SandboxServer) -> None:
    runs = []
    for seed in ("one", "one", "two"):
        board = sandbox.new_board()
        question = sandbox.new_thread(board)
        sandbox.fault(board, "error_before", probability=0.5, seed=seed)
        path = f"/api/threads/{question['thread_id']}/posts/"
        body = {"parent_id": question["id"], "author": "fern", "text": "Hello."}
        runs.append([sandbox.raw("POST", path, body).status_code for _ in range(16)])
        sandbox.call("DELETE", f"/api/faults/?board={board}")
        assert sandbox.raw("POST", path, body).status_code == 201
    assert runs[0] == runs[1] != runs[2] and set(runs[0]) == {201, 500}


@pytest.mark.parametrize(
    "fault", [{"kind": "earthquake"}, {"kind": "slow", "operation": "think"}, {"remaining": 0}]
)
def test_fault_that_is_unknown_is_refused(sandbox: SandboxServer, fault: Any) -> None:
    answer = sandbox.raw("POST", "/api/faults/", {"kind": "refuse"} | fault)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_fault")


def test_restart_on_the_same_data_keeps_everything(tmp_path: Path) -> None:
    server = start_sandbox(tmp_path)
    try:
        question = server.new_thread(server.new_board(), "Will this last?")
        server.process.kill()
        server.process.wait()
        server = start_sandbox(tmp_path)
        assert "Will this last?" in server.page(f"/t/{question['thread_id']}/")
    finally:
        server.stop()
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_without_a_token_nothing_can_be_written(tmp_path: Path) -> None:
    server = start_sandbox(tmp_path, SANDBOX_TOKEN="")
    try:
        for token in ("", "anything"):
            answer = server.raw("POST", "/api/boards/", {"slug": "a", "name": "A"}, token=token)
            assert answer.status_code == 401
    finally:
        server.stop()


def test_migrations_match_the_models_and_nothing_of_the_product_is_imported(tmp_path: Path) -> None:
    check = (
        "import sys, django; from django.core.management import call_command; django.setup();"
        "call_command('makemigrations', check=True, dry_run=True, verbosity=0);"
        "import engage.sandbox.urls;"
        "ours = [m for m in sys.modules if m.split('.')[0] in ('compliance', 'reviews', 'config')"
        " or m.startswith('engage.') and not m.startswith('engage.sandbox')];"
        "assert not ours, ours"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "engage.sandbox.settings",
        "SANDBOX_DATA": str(tmp_path),
    }
    subprocess.run([sys.executable, "-c", check], cwd=ROOT, env=environment, check=True)
