"""A fake of Discourse, for the contract that https://docs.discourse.org describes: no Discourse can
be had here, and what the documentation leaves open is a guess."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engage.enums import ConnectorKind
from tests.fakes.server import Answer, FakePeer, Request

KEYS = {"key-of-expert": "expert", "key-of-novice": "novice"}
SIMILAR = "Body is too similar to what you recently posted"
STUB = "(post deleted by author)"
INVALID = {
    "errors": ["You are not permitted to view the requested resource."],
    "error_type": "invalid_access",
}
MISSING = {"errors": ["The requested URL or resource could not be found."], "error_type": "gone"}
FIRST = 20  # posts of a topic that come with it


class FakeDiscourse(FakePeer):
    """A forum with some people in it."""

    name = "fake-discourse"
    kind = ConnectorKind.DISCOURSE
    missing_path = Answer(404, MISSING)
    sends = b"POST /posts.json"
    locks = True

    def start(self, folder: Path) -> None:
        """Listens."""
        self.topics: dict[int, dict[str, Any]] = {}
        self.posts: dict[int, dict[str, Any]] = {}
        self.queue: dict[int, dict[str, Any]] = {}
        self.memory: list[tuple[Any, Any]] = []  # requests and answers of the last two minutes
        self.forgives = True  # the account is a moderator, who may repeat what it said
        self.holds: set[str] = set()  # whose posts wait for the moderators
        here = self.listen()
        self.settings = {
            "base_url": here,
            "username": "expert",
            "api_key": "key-of-expert",
            "quiet_seconds": 1,
        }

    # What people do without our connector

    def without_right(self) -> dict[str, Any]:
        """A key that was revoked."""
        return {**self.settings, "api_key": "key-of-nobody"}

    def say(
        self,
        text: str,
        *,
        thread: str | None = None,
        parent: str | None = None,
        by: str = "patient",
    ) -> str:
        """A post; without a thread it is the first of a topic."""
        topic = self._topic("A question") if thread is None else int(thread.partition("/")[0])
        answered = int(parent.partition("/")[2]) if parent else None
        row = self._post(topic, by, text, answered)
        return f"{topic}/{row['post_number']}"

    def change(self, post_id: str, text: str) -> None:
        """By its author."""
        self._at(post_id)["raw"] = text

    def delete(self, post_id: str) -> None:
        """By its author, who sees a stub for a day."""
        row = self._at(post_id)
        row["user_deleted"], row["raw"] = True, STUB

    def lock(self, thread: str) -> None:
        """Takes no more replies."""
        self.topics[int(thread.partition("/")[0])]["closed"] = True

    def change_ours(self, ref: Mapping[str, Any], text: str) -> None:
        """By a moderator."""
        self.change(ref["post_id"], text)

    def remove_ours(self, ref: Mapping[str, Any]) -> None:
        """By a moderator: it is not there any more for others."""
        self._at(ref["post_id"])["removed"] = True

    def hide(self, post_id: str) -> None:
        """Flagged by so many that it is hidden."""
        self._at(post_id)["hidden"] = True

    def approve(self, pending: int) -> str:
        """A moderator lets a post through."""
        held = self.queue.pop(pending)
        row = self._post(held["topic_id"], held["username"], held["raw"], held["answered"])
        return f"{row['topic_id']}/{row['post_number']}"

    def texts(self, thread: str) -> list[str]:
        """What the topic says, with what a browser makes of entities."""
        rows = self._of(int(thread.partition("/")[0]))
        said = [row["raw"] for row in rows if not row["user_deleted"]]
        return [re.sub(r"&amp;(?=#?\w+;)", "&", raw.replace("&lt;", "<")) for raw in said]

    # The API

    def answer(self, request: Request) -> Answer:
        """What it says to a request."""
        key, name = request.headers.get("Api-Key", ""), request.headers.get("Api-Username", "")
        if KEYS.get(key) != name:
            return Answer(403, INVALID)
        routes = (
            ("GET", r"/session/current\.json", self._session),
            ("GET", r"/posts\.json", self._latest),
            ("POST", r"/posts\.json", self._create),
            ("GET", r"/posts/(\d+)\.json", self._show),
            ("PUT", r"/posts/(\d+)\.json", self._update),
            ("DELETE", r"/posts/(\d+)\.json", self._delete),
            ("GET", r"/posts/(\w+)/pending\.json", self._pending),
            ("DELETE", r"/review/(\d+)\.json", self._take_back),
            ("GET", r"/t/(\d+)\.json", self._show_topic),
            ("GET", r"/t/(\d+)/posts\.json", self._some),
        )
        return self.routed(request, routes)

    def _session(self, request: Request) -> Answer:
        name = request.headers["Api-Username"]
        user = {"username": name, "trust_level": 0 if name == "novice" else 2, "moderator": False}
        return Answer(200, {"current_user": user})

    def _latest(self, request: Request) -> Answer:
        before = int(request.one("before", "0")) or 10**9
        rows = [
            row
            for row in self.posts.values()
            if row["id"] < before and row["topic_id"] in self.topics and not row["removed"]
        ]
        rows = sorted(rows, key=lambda row: -row["id"])[:50]
        titled = [
            {**self._shown(row), "topic_title": self.topics[row["topic_id"]]["title"]}
            for row in rows
        ]
        return Answer(200, {"latest_posts": titled})

    def _create(self, request: Request) -> Answer:
        name, body = request.headers["Api-Username"], request.body
        if self.fails:
            return self.fails.pop(0)
        for before, said in self.memory:
            if before == (name, body):
                return Answer(200, said)
        topic = self.topics.get(body["topic_id"])
        if topic is None or topic["closed"]:
            return Answer(403, INVALID) if topic else Answer(404, MISSING)
        said_before = [r["raw"] for r in self.posts.values() if r["username"] == name]
        if body["raw"] in said_before and not self.forgives:
            return Answer(422, {"action": "create_post", "errors": [SIMILAR]})
        answered = body.get("reply_to_post_number")
        if name in self.holds:
            number = len(self.queue) + 900
            self.queue[number] = {
                "topic_id": body["topic_id"],
                "username": name,
                "raw": body["raw"],
                "answered": answered,
            }
            held = {"id": number, "raw": body["raw"], "topic_id": body["topic_id"]}
            return Answer(200, {"success": True, "action": "enqueued", "pending_post": held})
        row = self._post(body["topic_id"], name, body["raw"].strip(), answered)
        said = {"success": True, "action": "create_post", "post": self._shown(row)}
        self.memory.append(((name, body), said))
        return Answer(200, said)

    def _show(self, request: Request, number: str) -> Answer:
        row = self.posts.get(int(number))
        return Answer(200, self._shown(row)) if row and not row["removed"] else Answer(404, MISSING)

    def _update(self, request: Request, number: str) -> Answer:
        row, asked = self.posts[int(number)], request.body["post"]
        if row["removed"]:
            return Answer(404, MISSING)
        if row["user_deleted"] or row["username"] != request.headers["Api-Username"]:
            return Answer(403, INVALID)
        if asked.get("original_text", row["raw"]) != row["raw"]:
            return Answer(409, {"errors": ["Somebody edited it meanwhile."]})
        row["raw"] = asked["raw"].strip()
        return Answer(200, {"post": self._shown(row)})

    def _delete(self, request: Request, number: str) -> Answer:
        row = self.posts[int(number)]
        if row["removed"]:
            return Answer(404, MISSING)
        if row["user_deleted"] or row["username"] != request.headers["Api-Username"]:
            return Answer(403, INVALID)
        row["user_deleted"], row["raw"] = True, STUB
        return Answer(200)

    def _pending(self, request: Request, name: str) -> Answer:
        held = [
            {"id": number, "topic_id": row["topic_id"], "raw_text": row["raw"]}
            for number, row in self.queue.items()
            if row["username"] == name
        ]
        return Answer(200, {"pending_posts": held})

    def _take_back(self, request: Request, number: str) -> Answer:
        return Answer(200) if self.queue.pop(int(number), None) else Answer(404, MISSING)

    def _show_topic(self, request: Request, number: str) -> Answer:
        topic = self.topics.get(int(number))
        if topic is None:
            return Answer(404, MISSING)
        name = request.one("username_filters")
        rows = [r for r in self._of(int(number)) if not name or r["username"] == name]
        stream = {
            "posts": [self._shown(r) for r in rows[:FIRST]],
            "stream": [r["id"] for r in rows],
        }
        shown = {name: topic[name] for name in ("title", "closed", "archived", "category_id")}
        return Answer(200, {"id": int(number), **shown, "post_stream": stream})

    def _some(self, request: Request, number: str) -> Answer:
        wanted = {int(i) for i in request.query["post_ids[]"]}
        rows = [self._shown(row) for row in self._of(int(number)) if row["id"] in wanted]
        return Answer(200, {"post_stream": {"posts": rows}})

    # Its memory

    def _topic(self, title: str) -> int:
        number = len(self.topics) + 1
        self.topics[number] = {"title": title, "closed": False, "archived": False, "category_id": 5}
        return number

    def _post(self, topic: int, by: str, text: str, answered: int | None) -> dict[str, Any]:
        count = sum(row["topic_id"] == topic for row in self.posts.values())
        row = {
            "id": len(self.posts) + 1,
            "topic_id": topic,
            "category_id": 5,
            "post_number": count + 1,
            "reply_to_post_number": answered,
            "username": by,
            "created_at": datetime.now(UTC).isoformat(),
            "raw": text,
            "post_type": 1,
            "hidden": False,
            "user_deleted": False,
            "removed": False,
        }
        self.posts[row["id"]] = row
        return row

    def _of(self, topic: int) -> list[dict[str, Any]]:
        rows = (row for row in self.posts.values() if row["topic_id"] == topic)
        return [row for row in rows if not row["removed"]]

    def _at(self, post_id: str) -> dict[str, Any]:
        topic, _, number = post_id.partition("/")
        place = (int(topic), int(number))
        return next(r for r in self.posts.values() if (r["topic_id"], r["post_number"]) == place)

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name != "removed"}
