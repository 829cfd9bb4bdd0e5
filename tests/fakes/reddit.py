"""A fake of Reddit, for the contract that https://www.reddit.com/dev/api describes: Reddit gives no
server to try, and what its documentation leaves open is a guess."""

from __future__ import annotations

import base64
import itertools
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engage.enums import ConnectorKind
from tests.fakes.server import Answer, FakePeer, Request

REFRESH = {"refresh-of-expert": "expert"}
CLIENT = base64.b64encode(b"client:client-secret").decode()
UNAUTHORISED = Answer(401, {"message": "Unauthorized", "error": 401})
NOT_FOUND = Answer(404, {"message": "Not Found", "error": 404})
FORBIDDEN = Answer(403, {"message": "Forbidden", "error": 403})


class FakeReddit(FakePeer):
    """Reddit, with one subreddit."""

    name = "fake-reddit"
    kind = ConnectorKind.REDDIT
    missing_path = NOT_FOUND
    sends = b"POST /api/comment"
    locks = True

    def start(self, folder: Path) -> None:
        """Listens."""
        self.things: dict[str, dict[str, Any]] = {}
        self.ids = itertools.count(1)
        self.tokens: dict[str, str] = {}
        here = self.listen()
        self.settings = {
            "subreddit": "contraception",
            "client_id": "client",
            "client_secret": "client-secret",
            "refresh_token": "refresh-of-expert",
            "login_url": here,
            "api_url": here,
            "quiet_seconds": 1,
        }

    # What people do without our connector

    def via(self, url: str) -> dict[str, Any]:
        """The settings with another address."""
        return {**self.settings, "login_url": url, "api_url": url}

    def without_right(self) -> dict[str, Any]:
        """An application that was revoked."""
        return {**self.settings, "refresh_token": "refresh-of-nobody"}

    def say(
        self,
        text: str,
        *,
        thread: str | None = None,
        parent: str | None = None,
        by: str = "patient",
    ) -> str:
        """A comment; without a thread a post."""
        if thread is None:
            return str(self._post(by, text)["name"])
        return str(self._comment(by, text, parent or thread)["name"])

    def change(self, post_id: str, text: str) -> None:
        """By its author."""
        thing = self.things[post_id]
        thing["selftext" if post_id.startswith("t3_") else "body"] = text

    def delete(self, post_id: str) -> None:
        """By its author."""
        self.change(post_id, "[deleted]")
        self.things[post_id]["author"] = "[deleted]"

    def lock(self, thread: str) -> None:
        """By a moderator."""
        self.things[thread]["locked"] = True

    def change_ours(self, ref: Mapping[str, Any], text: str) -> None:
        """By somebody else who has the account."""
        self.change(ref["post_id"], text)

    def remove_ours(self, ref: Mapping[str, Any]) -> None:
        """By somebody else who has the account."""
        self.delete(ref["post_id"])

    def texts(self, thread: str) -> list[str]:
        """What the post and its comments say."""
        said = [
            row.get("selftext", row.get("body"))
            for row in self.things.values()
            if thread in (row["name"], row.get("link_id"))
        ]
        return [text for text in said if text != "[deleted]"]

    # The API

    def answer(self, request: Request) -> Answer:
        """What it says to a request."""
        if request.path == "/api/v1/access_token":
            return self._grant(request)
        token = request.headers.get("Authorization", "").removeprefix("bearer ")
        name = self.tokens.get(token)
        if name is None:
            return UNAUTHORISED
        routes = (
            ("GET", r"/api/v1/me", self._me),
            ("GET", r"/r/(\w+)/new", self._new),
            ("GET", r"/r/(\w+)/comments", self._comments),
            ("GET", r"/comments/(\w+)", self._tree),
            ("GET", r"/user/(\w+)/comments", self._of_account),
            ("GET", r"/api/info", self._info),
            ("POST", r"/api/comment", self._create),
            ("POST", r"/api/editusertext", self._update),
            ("POST", r"/api/del", self._remove),
        )
        return self.routed(request, routes, name)

    def _grant(self, request: Request) -> Answer:
        name = REFRESH.get(request.body.get("refresh_token", ""))
        if request.headers.get("Authorization") != f"Basic {CLIENT}":
            return UNAUTHORISED
        if name is None:
            return Answer(400, {"message": "Bad Request", "error": 400})
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = name
        return Answer(200, {"access_token": token, "token_type": "bearer", "expires_in": 3600})

    def _me(self, request: Request, name: str) -> Answer:
        return Answer(200, {"name": name})

    def _new(self, request: Request, name: str, subreddit: str) -> Answer:
        if subreddit != "contraception":
            return FORBIDDEN
        return self._list(request, [r for n, r in self.things.items() if n.startswith("t3_")])

    def _comments(self, request: Request, name: str, subreddit: str) -> Answer:
        return self._list(request, [r for n, r in self.things.items() if n.startswith("t1_")])

    def _of_account(self, request: Request, name: str, account: str) -> Answer:
        rows = [row for n, row in self.things.items() if n.startswith("t1_")]
        return self._list(request, [row for row in rows if row["author"] == account])

    def _tree(self, request: Request, name: str, number: str) -> Answer:
        post = self.things.get(f"t3_{number}")
        if post is None:
            return NOT_FOUND
        first = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": post}]}}
        return Answer(200, [first, self._answers(post["name"])])

    def _answers(self, parent: str, left: int = 2) -> dict[str, Any]:
        """What answers something, with some of what answers that; the rest stands for more."""
        rows = [row for row in self.things.values() if row.get("parent_id") == parent]
        children: list[dict[str, Any]] = [
            {"kind": "t1", "data": {**row, "replies": self._answers(row["name"]) or ""}}
            for row in rows[:left]
        ]
        if rows[left:]:
            names = [row["name"][3:] for row in rows[left:]]
            children.append({"kind": "more", "data": {"count": len(names), "children": names}})
        return {"kind": "Listing", "data": {"children": children}}

    def _info(self, request: Request, name: str) -> Answer:
        wanted = request.one("id").split(",")
        return self._listed([self.things[n] for n in wanted if n in self.things], "")

    def _create(self, request: Request, name: str) -> Answer:
        if self.fails:
            return self.fails.pop(0)
        parent = self.things.get(request.body["thing_id"])
        if parent is None or parent["author"] == "[deleted]":
            return _errors("DELETED_COMMENT")
        if self.things[parent.get("link_id", parent["name"])]["locked"]:
            return _errors("THREAD_LOCKED")
        row = self._comment(name, request.body["text"], parent["name"])
        data = {"things": [{"kind": "t1", "data": row}]}
        return Answer(200, {"json": {"errors": [], "data": data}})

    def _update(self, request: Request, name: str) -> Answer:
        thing = self.things[request.body["thing_id"]]
        if thing["author"] != name:
            return _errors("NOT_AUTHOR")
        self.change(thing["name"], request.body["text"])
        return Answer(200, {"json": {"errors": [], "data": {"things": []}}})

    def _remove(self, request: Request, name: str) -> Answer:
        thing = self.things.get(request.body["id"])
        if thing and thing["author"] == name:
            self.delete(thing["name"])
        return Answer(200, {})

    # Its memory

    def _post(self, by: str, text: str) -> dict[str, Any]:
        name = f"t3_{next(self.ids):x}"
        self.things[name] = {
            "name": name,
            "title": "A question",
            "selftext": text,
            "author": by,
            "created_utc": time.time(),
            "permalink": f"/r/contraception/comments/{name[3:]}/a_question/",
            "locked": False,
            "archived": False,
            "removed_by_category": None,
        }
        return self.things[name]

    def _comment(self, by: str, text: str, parent: str) -> dict[str, Any]:
        name, above = f"t1_{next(self.ids):x}", self.things[parent]
        link = self.things[above.get("link_id", parent)]
        self.things[name] = {
            "name": name,
            "body": text,
            "author": by,
            "parent_id": parent,
            "link_id": link["name"],
            "link_title": link["title"],
            "created_utc": time.time(),
            "permalink": f"{link['permalink']}{name[3:]}/",
        }
        return self.things[name]

    def _list(self, request: Request, rows: list[dict[str, Any]]) -> Answer:
        rows = rows[::-1][:1000]  # no list goes further back
        names = [row["name"] for row in rows]
        after, limit = request.one("after"), int(request.one("limit", "25"))
        start = names.index(after) + 1 if after in names else 0
        page = rows[start : start + limit]
        return self._listed(page, page[-1]["name"] if start + limit < len(rows) else "")

    def _listed(self, rows: list[dict[str, Any]], after: str) -> Answer:
        children = [{"kind": row["name"][:2], "data": row} for row in rows]
        return Answer(
            200, {"kind": "Listing", "data": {"children": children, "after": after or None}}
        )


def _errors(code: str, **more: Any) -> Answer:
    return Answer(200, {"json": {"errors": [[code, "In words.", ""]], **more}})
