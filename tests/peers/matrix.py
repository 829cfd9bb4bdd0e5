"""Synapse, the homeserver of Matrix, with one room."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from engage.enums import ConnectorKind
from tests.engage.sandbox_server import free_port
from tests.peers.peer import CACHE

PACKAGE = "matrix-synapse==1.163.2"
NAME = "community.test"
STARTS_WITHIN = 90.0  # seconds
SECRET = "loopback-only"
US, MODERATOR = "care-team", "moderator"
DEVICE = "COUNTERSIGN"
CONFIG = """
listeners:
  - {{port: {port}, bind_addresses: [127.0.0.1], type: http, tls: false,
      resources: [{{names: [client], compress: false}}]}}
registration_shared_secret: {secret}
trusted_key_servers: []
federation_domain_whitelist: []
url_preview_enabled: false
presence: {{enabled: false}}
caches: {{sync_response_cache_duration: 0s}}
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_login:
  address: {{per_second: 1000, burst_count: 1000}}
  account: {{per_second: 1000, burst_count: 1000}}
rc_joins: {{local: {{per_second: 1000, burst_count: 1000}}}}
"""


class Synapse:
    """A homeserver that speaks to no other one, and the people in its room."""

    name = "matrix"
    kind = ConnectorKind.MATRIX
    sends = b"/send/m.room.message/"
    locks = False
    version: str
    port: int
    settings: dict[str, Any]
    folder: Path
    room: str

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._tokens: dict[str, str] = {}
        self._authors: dict[str, str] = {}
        self._numbers = itertools.count()

    def missing(self) -> str:
        """The package, if it isn't there."""
        return "" if (_bin() / "register_new_matrix_user").exists() else f"{PACKAGE} (PyPI)"

    def install(self) -> None:
        """From PyPI, into an environment of its own."""
        subprocess.run([sys.executable, "-m", "venv", _bin().parent], check=True)
        subprocess.run([_bin() / "pip", "install", "--quiet", PACKAGE], check=True)

    def start(self, folder: Path) -> None:
        """With SQLite, and one room in which everybody may post."""
        self.folder, self.port = folder, free_port()
        self._tokens, self._authors = {}, {}
        made = [*self._homeserver(), "--server-name", NAME, "--generate-config"]
        subprocess.run([*made, "--report-stats", "no"], cwd=folder, check=True, capture_output=True)
        (folder / "more.yaml").write_text(CONFIG.format(port=self.port, secret=SECRET))
        self.run()
        for person in (MODERATOR, US):
            self._register(person)
        asked = {"preset": "public_chat", "name": "Community"}
        room = self.call(MODERATOR, "POST", "createRoom", asked)["room_id"]
        self.version = "Synapse " + str(
            self.call(MODERATOR, "GET", "/_synapse/admin/v1/server_version")["server_version"]
        )
        self.settings = {
            "base_url": f"http://127.0.0.1:{self.port}",
            "token": self.sign_in(US, DEVICE),
            "device_id": DEVICE,
            "quiet_seconds": 1,
        }
        self.enter(room)

    def enter(self, room: str) -> None:
        """From now on everything happens in this room."""
        self.room = room
        self.settings = {**self.settings, "room": room}
        for person in self._tokens:
            self._join(person)

    def run(self) -> None:
        """Starts the process on its folder, and waits until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._homeserver(), "-c", "more.yaml"], cwd=self.folder, stdout=log, stderr=log
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if self.raw("GET", "versions").is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(
            "Synapse did not start. Its log:\n" + (self.folder / "server.log").read_text()[-2000:]
        )

    def stop(self) -> None:
        """Ends the process as a supervisor would."""
        process, self._process = self._process, None
        if process and process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def via(self, url: str) -> dict[str, Any]:
        """The same settings through a proxy."""
        return {**self.settings, "base_url": url}

    def without_right(self) -> dict[str, Any]:
        """The settings with the token of a device that was signed out."""
        token = self.sign_in(US, "ANOTHER")
        self.raw("POST", "logout", {}, token).raise_for_status()
        return {**self.settings, "token": token}

    def say(
        self,
        text: str,
        *,
        thread: str | None = None,
        parent: str | None = None,
        by: str = "patient",
    ) -> str:
        """As an app does it: the message that is answered is named within the thread."""
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if thread:
            answered = {"event_id": parent or thread}
            relates = {"rel_type": "m.thread", "event_id": thread, "m.in_reply_to": answered}
            content["m.relates_to"] = {**relates, "is_falling_back": parent is None}
        return self.send(content, by)

    def send(self, content: Mapping[str, Any], by: str = "patient") -> str:
        """Posts any content into the room; returns the event's id."""
        if by not in self._tokens:
            self._register(by)
            self._join(by)
        path = self.at("send", "m.room.message", f"by-hand-{next(self._numbers)}")
        event_id = str(self.call(by, "PUT", path, content)["event_id"])
        self._authors[event_id] = by
        return event_id

    def change(self, post_id: str, text: str) -> None:
        """The author edits a post."""
        self._edit(self._authors[post_id], post_id, text)

    def delete(self, post_id: str) -> None:
        """The author deletes a post."""
        self.redact(post_id, self._authors[post_id])

    def lock(self, thread: str) -> None:
        """There is no such thing."""
        raise NotImplementedError

    def change_ours(self, ref: Mapping[str, Any], text: str) -> None:
        """A colleague edits it with an app: a moderator can't, the server ignores it."""
        self._edit(MODERATOR, ref["post_id"], "This edit doesn't count.")
        self._edit(US, ref["post_id"], text)

    def remove_ours(self, ref: Mapping[str, Any]) -> None:
        """A moderator deletes it."""
        self.redact(ref["post_id"], MODERATOR)

    def texts(self, thread: str) -> list[str]:
        """As an app shows them, and edits of deleted posts: everybody can still read those."""
        events = self.events()
        gone = {e["event_id"] for e in events if not e["content"]}
        texts = []
        for event in events:
            relates = event["content"].get("m.relates_to", {})
            here = thread in (event["event_id"], relates.get("event_id"))
            if relates.get("rel_type") == "m.replace":
                if relates["event_id"] in gone and event["sender"] == _mxid(US):
                    texts.append(event["content"]["body"])
            elif here and event["content"]:
                edit = event["unsigned"].get("m.relations", {}).get("m.replace", {})
                shown = edit.get("content", {}).get("m.new_content") or event["content"]
                texts.append(shown["body"])
        return texts

    def events(self) -> list[dict[str, Any]]:
        """Every message of the room as it is stored, oldest first."""
        params = {"dir": "f", "limit": "1000", "filter": json.dumps({"types": ["m.room.message"]})}
        events: list[dict[str, Any]] = []
        while True:
            page = self.call(MODERATOR, "GET", self.at("messages"), params=params)
            events += page["chunk"]
            if not page.get("end"):
                return events
            params["from"] = page["end"]

    def redact(self, event_id: str, by: str) -> None:
        """Somebody deletes a message."""
        self.call(by, "PUT", self.at("redact", event_id, f"by-hand-{next(self._numbers)}"), {})

    def sign_in(self, person: str, device: str) -> str:
        """The access token of a device."""
        user = {"type": "m.id.user", "user": person}
        body = {"type": "m.login.password", "identifier": user, "password": _password(person)}
        answer = self.raw("POST", "login", {**body, "device_id": device})
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def call(self, by: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The JSON answer to one of the people; fails on a refusal."""
        answer = self.raw(method, path, body, self._tokens[by], **more)
        answer.raise_for_status()
        return answer.json()

    def raw(
        self, method: str, path: str, body: Any = None, token: str = "", **more: Any
    ) -> httpx.Response:
        """The answer as it is. Paths are those of the client API, or whole ones."""
        whole = path if path.startswith("/") else f"/_matrix/client/v3/{path}"
        if path == "versions":
            whole = "/_matrix/client/versions"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with httpx.Client(timeout=30, trust_env=False, headers=headers) as client:
            return client.request(method, f"http://127.0.0.1:{self.port}{whole}", json=body, **more)

    def at(self, *parts: str) -> str:
        """A path within the room."""
        return "rooms/" + "/".join(quote(part, safe="") for part in (self.room, *parts))

    def _homeserver(self) -> list[str | Path]:
        return [_bin() / "python", "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]

    def _register(self, person: str) -> None:
        path = "/_synapse/admin/v1/register"
        nonce = self.raw("GET", path).json()["nonce"]
        role = "admin" if person == MODERATOR else "notadmin"
        signed = "\0".join((nonce, person, _password(person), role)).encode()
        body = {
            "nonce": nonce,
            "username": person,
            "password": _password(person),
            "admin": person == MODERATOR,
            "mac": hmac.new(SECRET.encode(), signed, hashlib.sha1).hexdigest(),
        }
        answer = self.raw("POST", path, body)
        answer.raise_for_status()
        self._tokens[person] = answer.json()["access_token"]

    def _join(self, person: str) -> None:
        self.call(person, "POST", f"join/{quote(self.room, safe='')}", {})

    def _edit(self, by: str, event_id: str, text: str) -> None:
        new = {"msgtype": "m.text", "body": text}
        relates = {"rel_type": "m.replace", "event_id": event_id}
        self.send({**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relates}, by)


def _bin() -> Path:
    return CACHE / "synapse" / "bin"


def _password(person: str) -> str:
    return f"{person}-quiet-harbour"


def _mxid(person: str) -> str:
    return f"@{person}:{NAME}"
