"""Law 5: losing every message costs time, never work; messages carry ids only."""

from __future__ import annotations

import ast
import inspect
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from celery import Task
from django.utils import timezone
from kombu.exceptions import OperationalError

from compliance import nudges
from compliance.enums import ScanState
from compliance.models import VaultText
from engage import intake, screening, tasks
from reviews import tasks as review_tasks
from tests import cases

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def broker_was_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudges._Silence, "until", 0.0)


def test_lost_messages_leave_rows_that_a_sweep_finds() -> None:
    received = intake.receive(cases.community(), [cases.item("Hello.")], by="system")
    assert received[0].post.revisions.get().text.scan_state == ScanState.PENDING
    ids = screening.claim_due(10)  # handed to a worker that never did it
    assert screening.claim_due(10) == []
    VaultText.objects.filter(pk__in=ids).update(scan_due_at=timezone.now() - timedelta(seconds=1))
    cases.scanned()  # the lease ran out
    assert received[0].post.revisions.get().text.scan_state == ScanState.SCANNED


def test_nudge_with_the_broker_away_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(Task, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:  # type: ignore[operator]  # fixture
        received = intake.receive(cases.community(), [cases.item("Hello.")], by="system")
    assert callbacks
    assert received[0].post.revisions.count() == 1


def test_absent_broker_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    tried: list[str] = []

    def away(self: Task, *args: object, **rest: object) -> None:
        tried.append(self.name)
        raise OperationalError("no broker")

    monkeypatch.setattr(Task, "apply_async", away)
    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # fixture
            nudges.nudge(tasks.sweep_scans)
    assert len(tried) == 1


def test_nudge_carries_ids_only(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    sent: list[list[str]] = []
    monkeypatch.setattr(Task, "apply_async", lambda self, args, **rest: sent.extend(args))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # fixture
        nudges.nudge(tasks.scan_posts, screening.claim_due(10) or [UUID(int=1)])
    assert [str(UUID(row)) for batch in sent for row in batch]


@pytest.mark.parametrize("module", [tasks, review_tasks])
def test_tasks_take_ids_or_nothing(module: object) -> None:
    source = ast.parse(Path(inspect.getfile(module)).read_text())  # type: ignore[arg-type]  # a module
    functions = [node for node in source.body if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        arguments = [ast.unparse(a.annotation) for a in function.args.args if a.annotation]
        assert arguments in ([], ["list[str]"]), function.name


def test_claim_due_gives_a_row_to_one_caller() -> None:
    intake.receive(cases.community(), [cases.item("Hello.")], by="system")
    first, second = screening.claim_due(10), screening.claim_due(10)
    assert len(first) == 2 and second == []  # the post and the title
