"""A fake of Mastodon, for the contract that https://docs.joinmastodon.org describes: no Mastodon
can be had here, and what the documentation leaves open is a guess."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engage.enums import ConnectorKind
from tests.fakes.server import Answer, FakePeer, Request

TOKENS = {"token-of-expert": "expert", "token-of-reader": "reader"}
TAG = re.compile(r"#(\w+)")
LONGEST = 500
NO_TOKEN = Answer(401, {"error": "The access token is invalid"})
NOT_FOUND = Answer(404, {"error": "Record not found"})
FORBIDDEN = Answer(403, {"error": "This action is outside the authorized scopes"})


class FakeMastodon(FakePeer):
    """A server with some people on it."""

    name = "fake-mastodon"
    kind = ConnectorKind.MASTODON
    missing_path = NOT_FOUND
    sends = b"POST /api/v1/statuses"
    locks = False

    def start(self, folder: Path) -> None:
        """Listens."""
        self.posts: dict[str, dict[str, Any]] = {}
        self.ids = itertools.count(110_000_000_000_000_000)
        self.tags: dict[str, set[str]] = {}
        self.people: dict[str, str] = {}
        self.keys: dict[str, str] = {}  # for an hour
        here = self.listen()
        self.settings = {
            "base_url": here,
            "access_token": "token-of-expert",
            "watch": ["#question"],
            "quiet_seconds": 1,
        }

    # What people do without our connector

    def without_right(self) -> dict[str, Any]:
        """A token that was revoked."""
        return {**self.settings, "access_token": "token-of-nobody"}

    def say(
        self,
        text: str,
        *,
        thread: str | None = None,
        parent: str | None = None,
        by: str = "patient",
        under: str = "question",
    ) -> str:
        """A post; without a thread it is under a hashtag, as if its text named it."""
        row = self._post(by, text, parent or thread)
        if thread is None:
            self.tags.setdefault(under, set()).add(row["id"])
        return str(row["id"])

    def change(self, post_id: str, text: str) -> None:
        """By its author."""
        self.posts[post_id]["text"] = text

    def delete(self, post_id: str) -> None:
        """By its author."""
        self.posts.pop(post_id)

    def lock(self, thread: str) -> None:
        """There is no such thing."""
        raise NotImplementedError

    def change_ours(self, ref: Mapping[str, Any], text: str) -> None:
        """By somebody else who has the account."""
        self.change(ref["post_id"], text)

    def remove_ours(self, ref: Mapping[str, Any]) -> None:
        """By a moderator of the server."""
        self.delete(ref["post_id"])

    def texts(self, thread: str) -> list[str]:
        """What the conversation says."""
        rows = [self.posts[thread]] if thread in self.posts else []
        return [row["text"] for row in rows + self._below(thread)]

    # The API

    def answer(self, request: Request) -> Answer:
        """What it says to a request."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        name = TOKENS.get(token)
        if name is None:
            return NO_TOKEN
        routes = (
            ("GET", r"/api/v1/apps/verify_credentials", self._app),
            ("GET", r"/api/v1/accounts/verify_credentials", self._me),
            ("GET", r"/api/v1/accounts/lookup", self._lookup),
            ("GET", r"/api/v1/accounts/(\w+)/statuses", self._of_account),
            ("GET", r"/api/v2/search", self._search),
            ("GET", r"/api/v1/timelines/tag/(\w+)", self._under),
            ("GET", r"/api/v1/notifications", self._mentions),
            ("POST", r"/api/v1/statuses", self._create),
            ("GET", r"/api/v1/statuses/(\w+)", self._show),
            ("PUT", r"/api/v1/statuses/(\w+)", self._update),
            ("DELETE", r"/api/v1/statuses/(\w+)", self._remove),
            ("GET", r"/api/v1/statuses/(\w+)/source", self._source),
            ("GET", r"/api/v1/statuses/(\w+)/context", self._context),
        )
        return self.routed(request, routes, name)

    def _app(self, request: Request, name: str) -> Answer:
        scopes = ["read", "write:statuses"] if name == "expert" else ["read"]
        return Answer(200, {"name": "Countersign", "scopes": scopes})

    def _me(self, request: Request, name: str) -> Answer:
        return Answer(200, self._account(name))

    def _lookup(self, request: Request, name: str) -> Answer:
        asked = request.one("acct").partition("@")[0]
        return Answer(200, self._account(asked)) if asked in self.people else NOT_FOUND

    def _of_account(self, request: Request, name: str, account: str) -> Answer:
        rows = [row for row in self.posts.values() if self._account(row["by"])["id"] == account]
        return Answer(200, [self._shown(row) for row in self._cut(request, rows)])

    def _search(self, request: Request, name: str) -> Answer:
        rows = [self._shown(row) for row in self.posts.values()]
        found = [row for row in rows if row["url"] == request.one("q")]
        return Answer(200, {"accounts": [], "statuses": found, "hashtags": []})

    def _under(self, request: Request, name: str, tag: str) -> Answer:
        rows = [self.posts[i] for i in self.tags.get(tag, ()) if i in self.posts]
        return Answer(200, [self._shown(row) for row in self._cut(request, rows)])

    def _mentions(self, request: Request, name: str) -> Answer:
        rows = [row for row in self.posts.values() if f"@{name}" in row["text"].split()]
        told = [
            {"id": row["id"], "type": "mention", "status": self._shown(row)}
            for row in self._cut(request, rows)
        ]
        return Answer(200, told)

    def _create(self, request: Request, name: str) -> Answer:
        if self.fails:
            return self.fails.pop(0)
        if name != "expert":
            return FORBIDDEN
        key, body = request.headers.get("Idempotency-Key", ""), request.body
        if key in self.keys and self.keys[key] in self.posts:
            return Answer(200, self._shown(self.posts[self.keys[key]]))
        if body["in_reply_to_id"] not in self.posts:
            return NOT_FOUND
        if len(body["status"]) > LONGEST:
            error = f"Validation failed: Text character limit of {LONGEST} exceeded"
            return Answer(422, {"error": error})
        row = self._post(name, body["status"], body["in_reply_to_id"])
        self.keys[key] = row["id"]
        return Answer(200, self._shown(row))

    def _show(self, request: Request, name: str, identifier: str) -> Answer:
        row = self.posts.get(identifier)
        return Answer(200, self._shown(row)) if row else NOT_FOUND

    def _update(self, request: Request, name: str, identifier: str) -> Answer:
        row = self.posts.get(identifier)
        if not row or row["by"] != name:
            return NOT_FOUND
        row["text"] = request.body["status"]
        return Answer(200, self._shown(row))

    def _remove(self, request: Request, name: str, identifier: str) -> Answer:
        row = self.posts.get(identifier)
        if not row or row["by"] != name:
            return NOT_FOUND
        return Answer(200, {**self._shown(self.posts.pop(identifier)), "text": row["text"]})

    def _source(self, request: Request, name: str, identifier: str) -> Answer:
        row = self.posts.get(identifier)
        if not row:
            return NOT_FOUND
        said = {"id": identifier, "text": row["text"], "spoiler_text": row["warning"]}
        return Answer(200, said)

    def _context(self, request: Request, name: str, identifier: str) -> Answer:
        if identifier not in self.posts:
            return NOT_FOUND
        above = []
        row = self.posts[identifier]
        while row["parent"] in self.posts:
            row = self.posts[row["parent"]]
            above.insert(0, row)
        below = self._below(identifier)
        shown = {"ancestors": above, "descendants": below}
        return Answer(200, {side: [self._shown(r) for r in rows] for side, rows in shown.items()})

    # Its memory

    def _post(self, by: str, text: str, parent: str | None) -> dict[str, Any]:
        row = {
            "id": str(next(self.ids)),
            "by": by,
            "text": text,
            "warning": "",
            "visibility": "public",
            "parent": parent,
            "at": datetime.now(UTC),
        }
        self._account(by)
        self.posts[row["id"]] = row
        return row

    def _account(self, name: str) -> dict[str, Any]:
        number = self.people.setdefault(name, str(1000 + len(self.people)))
        return {"id": number, "username": name, "acct": name}

    def _below(self, identifier: str) -> list[dict[str, Any]]:
        # As with the real one, what answers a post that is gone hangs on nothing.
        rows: list[dict[str, Any]] = []
        for row in self.posts.values():
            if row["parent"] == identifier or any(row["parent"] == above["id"] for above in rows):
                rows.append(row)
        return rows

    def _cut(self, request: Request, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows = sorted(rows, key=lambda row: int(row["id"]))
        limit = min(int(request.one("limit", "20")), 40)
        if after := request.one("min_id"):
            return [row for row in rows if int(row["id"]) > int(after)][:limit][::-1]
        if before := request.one("max_id"):
            rows = [row for row in rows if int(row["id"]) < int(before)]
        return rows[::-1][:limit]

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        said = "".join(
            f"<p>{html.escape(part, quote=False)}</p>".replace("\n", "<br>")
            for part in row["text"].split("\n\n")
        )
        return {
            "id": row["id"],
            "url": f"https://mastodon.example/@{row['by']}/{row['id']}",
            "in_reply_to_id": row["parent"],
            "created_at": row["at"].isoformat().replace("+00:00", "Z"),
            "spoiler_text": row["warning"],
            "visibility": row["visibility"],
            "content": said,
            "reblog": None,
            "media_attachments": [],
            "account": self._account(row["by"]),
        }
