"""`manage.py up`: everything that one machine needs, as supervised processes."""

from __future__ import annotations

import argparse
import http.client
import io
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, connections

from compliance.scanners.identifiers import choice
from config import valkey
from config.console import LogWatch, say
from config.supervisor import AlreadyRunning, Child, Supervisor


class Command(BaseCommand):
    help = (
        "Starts the pages, the background worker, its clock and, unless REDIS_URL is set, the "
        "message broker; brings back what dies; stops everything on Ctrl-C."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        yes_or_no = argparse.BooleanOptionalAction
        parser.add_argument("--port", type=int, default=8000, help="of the pages")
        parser.add_argument("--migrate", action=yes_or_no, default=True, help="bring tables up")
        parser.add_argument("--sandbox", action=yes_or_no, default=False, help="sandbox community")
        parser.add_argument("--sandbox-port", type=int, default=8100, help="of the sandbox")
        parser.add_argument("--demo", action="store_true", help="load the demo into both")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        port = options["port"]
        sandbox_port = options["sandbox_port"] if options["sandbox"] else None
        if sandbox_port:
            if not os.environ.get("SANDBOX_TOKEN"):
                raise CommandError("SANDBOX_TOKEN is not set. `./scripts/secrets` prints one.")
            os.environ["SANDBOX_URL"] = f"http://127.0.0.1:{sandbox_port}"
            # For this process, which loads the demo, and for its children.
            settings.COMMUNITY_HOSTS_INSIDE = [*settings.COMMUNITY_HOSTS_INSIDE, "127.0.0.1"]
            os.environ["COMMUNITY_HOSTS_INSIDE"] = ",".join(settings.COMMUNITY_HOSTS_INSIDE)
        data_dir = Path(settings.DATA_DIR).resolve()
        supervisor = Supervisor(_children(data_dir, port, sandbox_port), data_dir, say)
        try:
            supervisor.claim()
            _check_ports(port, sandbox_port)
            self._prepare(migrate=options["migrate"])
            self._print_what_runs_where(data_dir, port, sandbox_port)
            self._run(supervisor, started, demo=options["demo"], port=port)
        except (AlreadyRunning, TimeoutError) as error:
            raise CommandError(str(error)) from None
        finally:
            supervisor.stop()

    def _prepare(self, *, migrate: bool) -> None:
        try:
            if migrate:
                call_command("migrate", interactive=False, verbosity=0)
            call_command(
                "check", databases=["default"], stdout=io.StringIO()
            )  # the law triggers stand
        except OperationalError:
            raise CommandError(
                f"The database can't be reached or written: {_database()}. Check DATABASE_URL."
            ) from None

    def _run(self, supervisor: Supervisor, started: float, *, demo: bool, port: int) -> None:
        done = _stop_on_signals(supervisor)
        watch = LogWatch(supervisor.logs())
        watch.start()
        try:
            supervisor.start()
            if demo and not done.is_set():
                call_command("load_demo", stdout=self.stdout)
            connections.close_all()
            if not done.is_set():
                seconds = time.monotonic() - started
                say(f"Ready in {seconds:.1f} s: http://127.0.0.1:{port}/ (Ctrl-C stops everything)")
            while not done.wait(3600):
                pass
            say("Stopping.")
            supervisor.stop()
            say("Stopped. Nothing is lost: the next start goes on from here.")
        finally:
            watch.stop()

    def _print_what_runs_where(self, data_dir: Path, port: int, sandbox_port: int | None) -> None:
        lines = [("Pages", f"http://127.0.0.1:{port}/")]
        if sandbox_port:
            lines.append(
                ("Sandbox", f"http://127.0.0.1:{sandbox_port}/ (a make-believe community)")
            )
        if connection.vendor == "sqlite":
            lines.append(("Database", f"embedded: {_database()}"))
            lines.append(
                ("", "a committed change survives kill -9 and a power cut (WAL, full sync)")
            )
        else:
            lines.append(("Database", _database()))
        if _own_broker():
            lines.append(
                ("Broker", f"embedded: Valkey on 127.0.0.1:{settings.EMBEDDED_VALKEY_PORT}")
            )
            lines.append(("", "a power cut may lose 1 s of messages: that costs time, never work,"))
            lines.append(("", "because a sweep finds in the database whatever is due"))
        else:
            lines.append(("Broker", "REDIS_URL is set, so none is started here"))
        for language, chosen in choice.chosen().items():
            told = chosen.trouble or f"the model in {chosen.model}"
            if chosen.engine is not choice.Engine.COUNTERSIGN and not chosen.trouble:
                told = chosen.covers
            lines.append((f"Identifiers, {language}", told))
        lines.append(("Data", f"{data_dir} (logs in logs/)"))
        width = max(len(name) for name, _ in lines)
        for name, text in lines:
            self.stdout.write(f"  {name:<{width}}  {text}")
        self.stdout.write("")
        self.stdout.flush()


def _own_broker() -> bool:
    return not os.environ.get("REDIS_URL")


def _database() -> str:
    database = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        return f"SQLite, {database['NAME']}"
    host = database.get("HOST") or database.get("OPTIONS", {}).get("host") or "local socket"
    return f"{connection.display_name} database {database['NAME']} on {host}"


def _children(data_dir: Path, port: int, sandbox_port: int | None) -> list[Child]:
    python = sys.executable
    root = {"PYTHONPATH": os.pathsep.join([str(settings.BASE_DIR), *_python_path()])}
    celery = [python, "-m", "celery", "--quiet", "-A", os.environ.get("CELERY_APP", "config")]
    children = []
    if _own_broker():
        broker_port = settings.EMBEDDED_VALKEY_PORT
        children.append(
            Child(
                "valkey",
                valkey.command(data_dir / "valkey", broker_port),
                stop_seconds=5,
                answers=lambda: valkey.answers(broker_port),
            )
        )
    if sandbox_port:
        serve = [python, "-m", "engage.sandbox", "--port", str(sandbox_port)]
        serve += ["--data", str(data_dir / "sandbox")]
        children.append(
            Child(
                "sandbox",
                serve,
                root,
                stop_seconds=5,
                answers=lambda: _page_answers(sandbox_port),
            )
        )
    quiet = ["--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    worker = [*celery, "worker", *quiet, "-n", "worker@%h", "-Q", "countersign", "-c", "2"]
    # It waits for communities: many threads, so that a slow one keeps nobody waiting.
    courier = [*celery, "worker", *quiet, "-n", "courier@%h", "-Q", "network"]
    courier += ["--pool", "threads", "-c", "16"]
    (data_dir / "beat").mkdir(mode=0o700, parents=True, exist_ok=True)
    beat = [*celery, "beat", "--schedule", str(data_dir / "beat" / "schedule"), "--pidfile="]
    web = [python, "-m", "gunicorn", "--config", "python:config.gunicorn_conf"]
    web += ["--bind", f"127.0.0.1:{port}", "config.wsgi:application"]
    return [
        *children,
        Child("worker", worker, root, stop_seconds=20),
        Child("courier", courier, root, stop_seconds=20),
        Child("beat", beat, root, stop_seconds=5),
        Child("web", web, root, answers=lambda: _page_answers(port), start_seconds=60),
    ]


def _python_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]


def _page_answers(port: int) -> bool:
    # Any answer but a crash: a redirect to HTTPS or a refused host name is an answer too.
    http_connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        http_connection.request("GET", "/health/")
        return http_connection.getresponse().status != 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        http_connection.close()


def _check_ports(port: int, sandbox_port: int | None) -> None:
    wanted = [(port, "manage.py up --port {free}")]
    if sandbox_port:
        wanted.append((sandbox_port, "manage.py up --sandbox-port {free}"))
    if _own_broker():
        wanted.append((settings.EMBEDDED_VALKEY_PORT, "EMBEDDED_VALKEY_PORT={free} in .env"))
    for number, instead in wanted:
        if not _is_free(number):
            free = next((n for n in range(number + 1, number + 50) if _is_free(n)), number + 50)
            raise CommandError(
                f"Port {number} is taken by another program. Use {instead.format(free=free)} "
                "instead, or stop that program."
            )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _stop_on_signals(supervisor: Supervisor) -> threading.Event:
    """Set by the first Ctrl-C, SIGTERM or hang-up; the second one kills."""
    done = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if done.is_set():
            supervisor.kill()
        done.set()
        supervisor.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    return done
