"""The sandbox community, over its HTTP API.

The platform knows no idempotency: the same request twice makes two posts. It stores our tag with
each post and finds it again, in held, hidden and removed posts too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.connectors.base import (
    Ambiguous,
    Caps,
    Conflict,
    ConnectorError,
    Found,
    Idempotency,
    Intent,
    Item,
    Live,
    LiveState,
    Lookup,
    NotFound,
    Outcome,
    Page,
    Pending,
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
    check_length,
)
from engage.connectors.calls import Answer, call
from engage.connectors.waits import wait_of

OVERLAP = 50  # change numbers that are asked for again, in case an answer got lost half-way
PAGES = 25  # of changes in one fetch; the rest comes next time
REFUSALS = {
    "bad_text",
    "empty",
    "no_such_parent",
    "no_such_thread",
    "not_permitted",
    "parent_gone",
    "thread_locked",
    "too_long",
    "unauthorised",
}
STATES = {
    "live": LiveState.LIVE,
    "pending": LiveState.PENDING,
    "hidden": LiveState.HIDDEN,
    "gone": LiveState.GONE,
}


class SandboxConnector:
    """One board of a sandbox community.

    Settings:
        base_url: such as http://127.0.0.1:8100
        board: the board's slug.
        token: the API token.
        author: the handle that replies are posted under (default "care-team").
        quiet_seconds: after this a request that was cut off can no longer land (default 5).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        missing = [name for name in ("base_url", "board", "token") if not settings.get(name)]
        if missing:
            raise ValueError(f"The sandbox connector needs the setting {missing[0]!r}.")
        self._base = str(settings["base_url"]).rstrip("/")
        self._board = str(settings["board"])
        self._author = str(settings.get("author") or "care-team")
        token = str(settings["token"])
        if not self._base.startswith(("http://", "https://")):
            raise ValueError("The setting 'base_url' must start with http:// or https://.")
        if not self._board.replace("-", "").replace("_", "").isalnum():
            raise ValueError("The setting 'board' must be a board's short name (slug).")
        if not (token.isascii() and token.isprintable()):
            raise ValueError("The setting 'token' must be printable ASCII.")
        self._headers = {"Authorization": f"Bearer {token}"}
        self.caps = Caps(
            idempotency=Idempotency.LOOKUP,
            client_timeout_seconds=5.0,
            quiet_seconds=float(settings.get("quiet_seconds", 5)),
        )

    def prepare(self, intent: Intent) -> Prepared:
        """The request's fields, and nothing else that could change until it is sent."""
        check_length(intent.text, self.caps)
        if not (_is_id(intent.thread_id) and _is_id(intent.parent_id)):
            raise ValueError("The thread or the post to answer is not one of this community.")
        return Prepared(
            body={
                "thread_id": intent.thread_id,
                "parent_id": intent.parent_id,
                "author": self._author,
                "text": intent.text,
                "tag": intent.tag,
            }
        )

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """Items in the order of their changes. The cursor remembers what the overlap held."""
        after = int(cursor.get("after", 0))
        seen: dict[str, int] = {str(key): int(n) for key, n in cursor.get("seen", {}).items()}
        since = max(0, after - OVERLAP)
        items: list[Item] = []
        for _ in range(PAGES):
            answer = self._ask(
                "GET", f"/api/boards/{self._board}/changes/", params={"since": since}
            )
            try:
                if int(answer["head"]) < after:
                    # The community was set up anew: its change numbers began again.
                    after, since, seen, items = 0, 0, {}, []
                    continue
                for row in answer["items"]:
                    since = int(row["change"])
                    if seen.get(row["id"]) != since:
                        items.append(_item(row))
                    seen[row["id"]] = since
            except (KeyError, TypeError, ValueError):
                raise ConnectorError("unreadable_answer") from None
            after = max(after, since)
            if not answer.get("more"):
                break
        seen = {key: change for key, change in seen.items() if change > after - OVERLAP}
        return Page(tuple(items), {"after": after, "seen": seen})

    def publish(self, prepared: Prepared) -> Outcome:
        """Sends once. Whatever is neither a readable success nor a refusal is Unknown."""
        body = dict(prepared.body)
        path = f"/api/threads/{body.pop('thread_id')}/posts/"
        try:
            answer = self._send("POST", path, json=body)
        except ConnectorError as error:
            return Unknown(error.code)
        status = answer.status
        if status in (201, 202):
            row = _json(answer)
            if row is None or not _is_id(row.get("id")) or row.get("state") not in STATES:
                return Unknown("unreadable_answer")
            if row["state"] == "pending":
                return Pending({"post_id": row["id"]}, self._url(row))
            return Posted({"post_id": row["id"]}, self._url(row))
        if status == 429:
            return RetryAfter(wait_of(answer.headers.get("Retry-After")))
        # Only its own words are proof. 408 and 425 say nothing about whether the work was done.
        if (_json(answer) or {}).get("code") and 400 <= status < 500 and status not in (408, 425):
            return Refused(_code(answer))
        return Unknown(f"http_{status}")

    def find_published(self, prepared: Prepared) -> Lookup:
        """Looks for the tag, in held, hidden and removed posts too."""
        tag = str(prepared.body["tag"])
        answer = self._ask("GET", f"/api/boards/{self._board}/posts/", params={"tag": tag})
        rows = answer.get("posts")
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and _is_id(row.get("id")) for row in rows
        ):
            raise ConnectorError("unreadable_answer")
        if len(rows) > 1:
            return Ambiguous(len(rows))
        if not rows:
            return NotFound()
        row = rows[0]
        return Found({"post_id": row["id"]}, self._url(row), row.get("state") == "pending")

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """The copy as the platform stores it, raw."""
        try:
            return _live(self._ask("GET", self._post_path(ref)))
        except ConnectorError as error:
            if error.code == "no_such_post":
                return Live(LiveState.GONE)
            return Live(LiveState.UNREADABLE)

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Replaces the text if the live copy is still `expected_version`."""
        sent = {"text": text, "expected_version": expected_version}
        try:
            return _live(self._ask("PATCH", self._post_path(ref), json=sent))
        except ConnectorError as error:
            if error.code == "version_conflict":
                raise Conflict from None
            raise

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """Removes the reply; the platform keeps a tombstone with our tag."""
        try:
            removed = self._ask("DELETE", self._post_path(ref))
        except ConnectorError as error:
            if error.code not in ("no_such_post", "gone"):
                raise
            return
        if _live(removed).state is not LiveState.GONE:
            raise ConnectorError("unreadable_answer")

    def missing(self) -> list[str]:
        """Whether the board answers to the token."""
        try:
            self.fetch_since({})
        except ConnectorError as error:
            return [f"The sandbox community does not let us read the board ({error.code})."]
        return []

    def _send(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> Answer:
        return call(
            method,
            self._base + path,
            seconds=self.caps.client_timeout_seconds,
            headers=self._headers,
            json=json,
            params=params,
        )

    def _ask(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer's JSON object. Raises ConnectorError with a code for everything else."""
        answer = self._send(method, path, json=json, params=params)
        if 200 <= answer.status < 300:
            found = _json(answer)
            if found is None:
                raise ConnectorError("unreadable_answer")
            return found
        status = answer.status
        raise ConnectorError(_code(answer), retry=status >= 500 or status in (408, 425, 429))

    def _post_path(self, ref: Mapping[str, Any]) -> str:
        if not _is_id(ref.get("post_id")):
            raise ConnectorError("bad_reference", retry=False)
        return f"/api/posts/{ref['post_id']}/"

    def _url(self, row: Mapping[str, Any]) -> str:
        thread = row.get("thread_id")
        return f"{self._base}/t/{thread}/#p{row['id']}" if _is_id(thread) else ""


def _item(row: Mapping[str, Any]) -> Item:
    parent = row["parent_id"]
    return Item(
        post_id=str(row["id"]),
        thread_id=str(row["thread_id"]),
        thread_url=str(row["thread_url"]),
        thread_title=str(row["thread_title"]),
        parent_id=None if parent is None else str(parent),
        author=str(row["author"]),
        published_at=datetime.fromisoformat(row["created_at"]),
        text=str(row["text"]),
        # A hidden post can't be read in the community any more, so it can't be answered either.
        deleted=row["state"] != "live",
        locked=bool(row["locked"]),
    )


def _live(row: Mapping[str, Any]) -> Live:
    state = STATES.get(str(row.get("state")))
    text, version = row.get("text"), row.get("version")
    if state is None or not isinstance(text, str) or not isinstance(version, str):
        raise ConnectorError("unreadable_answer")
    return Live(state, None if state is LiveState.GONE else text, version)


def _json(answer: Answer) -> dict[str, Any] | None:
    found = answer.json
    return found if isinstance(found, dict) else None


def _code(answer: Answer) -> str:
    """A code from our own list: whatever else the platform says is not passed on."""
    code = (_json(answer) or {}).get("code")
    known = REFUSALS | {"gone", "no_such_post", "version_conflict"}
    return code if isinstance(code, str) and code in known else f"http_{answer.status}"


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18
