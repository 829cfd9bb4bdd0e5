"""Bluesky as its makers run it in development: directory (PLC), data server (PDS) and AppView.

The AppView keeps what it shows in a PostgreSQL with pg_trgm, which Debian's package has.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import Any

import httpx

from engage.connectors.bluesky_threads import POST, place_of
from engage.enums import ConnectorKind
from tests.peers.peer import CACHE
from tests.stack import free_port, wait_until

VERSIONS = ("@atproto/dev-env@0.3.215", "@atproto/pds@0.4.217")
MODULES = CACHE / "bluesky" / "node_modules"
COMPILED = MODULES / "better-sqlite3/build/Release/better_sqlite3.node"
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/countersign.conf")
STARTS_WITHIN = 120.0  # seconds
OURS = "clinic"


class Bluesky:
    """A network with one data server, on which everybody has an account."""

    name = "bluesky"
    kind = ConnectorKind.BLUESKY
    sends = b"POST /xrpc/com.atproto.repo.putRecord"
    locks = True

    def missing(self) -> str:
        """What it takes and is not installed, in words; "" if it can start."""
        missing = [program for program in ("node", "npm") if not shutil.which(program)]
        if not _postgres_programs():
            missing.append("PostgreSQL with pg_trgm")
        if not COMPILED.exists() or not (MODULES / "@atproto/dev-env").exists():
            missing.append("the packages @atproto/dev-env and @atproto/pds")
        return ", ".join(missing)

    def install(self) -> None:
        """Gets what is missing: by apt as root, and by npm below CACHE."""
        if not shutil.which("npm"):
            _run("apt-get", "install", "-y", "nodejs", "npm", "libnode-dev", "g++", "make")
        if not _postgres_programs():
            # Only its programs are wanted, no server that runs on this machine.
            _run("apt-get", "install", "-y", "--no-install-recommends", "postgresql-common")
            NO_CLUSTER.parent.mkdir(exist_ok=True)
            NO_CLUSTER.write_text("create_main_cluster = false\n")
            try:
                _run("apt-get", "install", "-y", "--no-install-recommends", "postgresql")
            finally:
                NO_CLUSTER.unlink()
        MODULES.parent.mkdir(parents=True, exist_ok=True)
        # A registry that can't be reached says so within minutes, not in half an hour.
        npm = ("npm", "--prefix", str(MODULES.parent), "--fetch-timeout=60000", "--fetch-retries=1")
        _run(*npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *VERSIONS)
        _run(*npm, "rebuild", "better-sqlite3", "--ignore-scripts=false")

    def start(self, folder: Path) -> None:
        """Starts everything and gives our account an app password."""
        self._stack = ExitStack()
        self._accounts = dict[str, dict[str, str]]()
        address = _start_postgres(self._stack)
        for last_try in (False, False, True):
            # It takes some seconds until the ports are taken: somebody else may be quicker.
            self.port = free_port()
            if ready := self._network(folder, address):
                break
            if last_try:
                log = (folder / "server.log").read_text()
                raise RuntimeError(f"Bluesky did not start:\n{log[-3000:]}")
        self.version = f"PDS {json.loads(ready)['version']}"
        self._client = self._stack.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{self.port}/xrpc/", timeout=20, trust_env=False
            )
        )
        made = self._ask(OURS, "com.atproto.server.createAppPassword", {"name": "countersign"})
        self._account("patient")
        self.settings = {
            "service": f"http://127.0.0.1:{self.port}",
            "identifier": f"{OURS}.test",
            "app_password": made["password"],
            "watch": ["@patient.test"],
            "quiet_seconds": 1,
        }

    def _network(self, folder: Path, address: str) -> str:
        """Starts its processes; returns what they say when all are ready, "" if they ended."""
        with (folder / "server.log").open("w") as log:
            process = subprocess.Popen(
                ["node", str(Path(__file__).with_suffix(".cjs")), str(self.port), str(free_port())],
                env={
                    **os.environ,
                    "NODE_PATH": str(MODULES),
                    "POSTGRES_URL": address,
                    "TMPDIR": str(folder),
                    "LOG_ENABLED": "false",
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._stack.callback(_end, process)
        too_late = Timer(STARTS_WITHIN, process.kill)
        too_late.start()
        assert process.stdout is not None
        ready = process.stdout.readline()
        too_late.cancel()
        return ready

    def stop(self) -> None:
        """Stops the network, then its database."""
        self._stack.close()

    def via(self, url: str) -> dict[str, Any]:
        """The settings with another address of the data server."""
        return {**self.settings, "service": url}

    def without_right(self) -> dict[str, Any]:
        """Settings with an app password that is none."""
        return {**self.settings, "app_password": "none-none-none-none"}

    def say(
        self,
        text: str,
        *,
        thread: str | None = None,
        parent: str | None = None,
        by: str = "patient",
    ) -> str:
        """Posts as somebody else does and returns the address, once everybody sees it."""
        record = {"$type": POST, "text": text, "createdAt": _now()}
        if thread:
            places = {"root": thread, "parent": parent or thread}
            for uri in places.values():
                # People answer what they see; of what it does not know yet, the AppView never says
                # that it was answered.
                self._await_shown(uri)
            record["reply"] = {
                name: {"uri": uri, "cid": self._record(uri)["cid"]} for name, uri in places.items()
            }
        body = {"collection": POST, "record": record}
        address = str(self._write(by, "com.atproto.repo.createRecord", body)["uri"])
        self._await_shown(address)
        return address

    def change(self, post_id: str, text: str) -> None:
        """The author replaces the text of a post."""
        record = {**self._record(post_id)["value"], "text": text}
        self._of(post_id, "com.atproto.repo.putRecord", record=record)

    def delete(self, post_id: str) -> None:
        """The author deletes a post."""
        self._of(post_id, "com.atproto.repo.deleteRecord")

    def lock(self, thread: str) -> None:
        """The author lets nobody reply any more."""
        gate = {"$type": "app.bsky.feed.threadgate", "post": thread, "allow": []}
        gate["createdAt"] = _now()
        self._of(thread, "com.atproto.repo.putRecord", record=gate, collection=str(gate["$type"]))

    def change_ours(self, ref: Mapping[str, Any], text: str) -> None:
        """A colleague changes our reply."""
        self.change(str(ref["post_id"]), text)

    def remove_ours(self, ref: Mapping[str, Any]) -> None:
        """A colleague deletes our reply."""
        self.delete(str(ref["post_id"]))

    def texts(self, thread: str) -> list[str]:
        """What all records say that are or answer this thread."""

        def root(record: Any) -> str:
            reply = record["value"].get("reply")
            return str(reply["root"]["uri"] if reply else record["uri"])

        records = [record for who in self._accounts for record in self._records(who)]
        return [record["value"]["text"] for record in records if root(record) == thread]

    def _account(self, who: str) -> dict[str, str]:
        if who not in self._accounts:
            person = {"handle": f"{who}.test", "email": f"{who}@example.org", "password": "secret"}
            answer = self._client.post("com.atproto.server.createAccount", json=person)
            answer.raise_for_status()
            self._accounts[who] = answer.json()
        return self._accounts[who]

    def _ask(self, who: str, name: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._account(who)['accessJwt']}"}
        answer = self._client.post(name, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def _write(self, who: str, name: str, body: Any) -> Any:
        return self._ask(who, name, {"repo": self._account(who)["did"], **body})

    def _of(self, address: str, name: str, *, collection: str = POST, **body: Any) -> None:
        place = place_of(address)
        who = next(name for name, its in self._accounts.items() if its["did"] == place.did)
        self._write(who, name, {"collection": collection, "rkey": place.rkey, **body})

    def _await_shown(self, address: str) -> None:
        """Waits until everybody sees a post."""
        wait_until(lambda: self._is_shown(address), 30, "showing a post")

    def _is_shown(self, address: str) -> bool:
        headers = {"Authorization": f"Bearer {self._account(OURS)['accessJwt']}"}
        answer = self._client.get(
            "app.bsky.feed.getPosts", params={"uris": [address]}, headers=headers
        )
        return answer.is_success and bool(answer.json()["posts"])

    def _record(self, address: str) -> Any:
        place = place_of(address)
        asked = {"repo": place.did, "collection": POST, "rkey": place.rkey}
        answer = self._client.get("com.atproto.repo.getRecord", params=asked)
        answer.raise_for_status()
        return answer.json()

    def _records(self, who: str) -> list[Any]:
        asked: dict[str, Any] = {"repo": self._account(who)["did"], "collection": POST}
        records: list[Any] = []
        while True:
            answer = self._client.get(
                "com.atproto.repo.listRecords", params={**asked, "limit": 100}
            ).json()
            records += answer["records"]
            if not answer.get("cursor"):
                return records
            asked["cursor"] = answer["cursor"]


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def _postgres_programs() -> Path | None:
    """The folder of Debian's newest PostgreSQL that has pg_trgm."""
    for control in sorted(
        Path("/usr/share/postgresql").glob("*/extension/pg_trgm.control"), reverse=True
    ):
        programs = Path("/usr/lib/postgresql") / control.parts[-3] / "bin"
        if (programs / "postgres").exists():
            return programs
    return None


def _start_postgres(stack: ExitStack) -> str:
    """A database of its own behind a socket; it ends with the stack. Returns its address."""
    programs = _postgres_programs()
    assert programs is not None
    # Not below pytest's folder: that is closed to the user it must run as, and its path too long.
    folder = Path(tempfile.mkdtemp(prefix="countersign-bluesky-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    as_user: tuple[str, ...] = ()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ("runuser", "-u", "postgres", "--")

    def run(program: str, *arguments: str) -> None:
        command = (*as_user, str(programs / program), "-D", str(folder / "data"), *arguments)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run("initdb", "-U", "postgres", "-A", "trust", "--no-sync")
    options = f"-c listen_addresses='' -k {folder} -F"
    run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", options)
    stack.callback(run, "pg_ctl", "stop", "-m", "immediate")
    return f"postgresql://postgres@/postgres?host={folder}"
