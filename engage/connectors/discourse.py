"""Discourse, over its API: a thread is a topic, a post is known by its topic and number in it.

A post is Markdown. The signed text goes out as it is, but for `<` and what would be read as an
entity: HTML would be obeyed, and readers would not see it.

Discourse has no key against posting twice, and no place for our tag: an identical request is
answered with the first one's answer for two minutes, an identical post is refused for some minutes
more. A reply is found again among the account's own posts in the topic, by its text and by what it
answers; one that is older than our request goes to a person.

Written after the documentation (https://docs.discourse.org) and run against a fake that follows it,
`tests/fakes/discourse.py`, never against a Discourse.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from engage.connectors.base import (
    Ambiguous,
    Caps,
    Conflict,
    ConnectorError,
    Declined,
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
    tagged_at,
)
from engage.connectors.discourse_reading import (
    checked,
    is_gone,
    latest,
    posts_in,
    read_back,
    read_since,
    read_thread,
    url_of,
)
from engage.connectors.discourse_site import Forum

CLOCKS = timedelta(minutes=5)  # that the forum's may be behind ours
REPEATS = 330.0  # seconds for which it refuses what the account said elsewhere (by default 300)
ENTITY = re.compile(r"&(?=#?\w{1,40};)")


class DiscourseConnector:
    """One forum, or one category of it.

    Settings:
        base_url: the address of the forum, such as https://forum.example
        username: of the account that replies.
        api_key: made by an administrator for that single user, with the scope "Global".
        category: the number of the only category that is read (all, if it is not given).
        quiet_seconds: after this a request that was cut off can no longer land (default 60).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        for name in ("base_url", "username", "api_key"):
            value = str(settings.get(name) or "")
            if not value:
                raise ValueError(f"The Discourse connector needs the setting {name!r}.")
            if not (value.isascii() and value.isprintable()) and name != "username":
                raise ValueError(f"The setting {name!r} must be printable ASCII.")
        base = str(settings["base_url"]).rstrip("/")
        if not base.startswith(("http://", "https://")):
            raise ValueError("The setting 'base_url' must start with http:// or https://.")
        self._category = str(settings.get("category") or "")
        if self._category and not _is_number(self._category):
            raise ValueError("The setting 'category' must be the number of a category.")
        self.caps = Caps(
            idempotency=Idempotency.LOOKUP,
            max_length=10_000,  # of the 32,000 that a forum takes unless its owner changed that
            markup="markdown",
            client_timeout_seconds=10.0,
            quiet_seconds=float(settings.get("quiet_seconds", 60)),
        )
        self._forum = Forum(
            base,
            str(settings["username"]),
            str(settings["api_key"]),
            self.caps.client_timeout_seconds,
        )

    def prepare(self, intent: Intent) -> Prepared:
        """The post as it will be sent."""
        check_length(intent.text, self.caps)
        topic, _, number = intent.parent_id.partition("/")
        if topic != intent.thread_id or not (_is_number(topic) and _is_number(number)):
            raise ValueError("The thread or the post to answer is not one of this community.")
        return Prepared(
            body={
                "topic_id": int(topic),
                "reply_to_post_number": int(number),
                "raw": _escaped(intent.text),
                "tag": intent.tag,
            }
        )

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """New, changed and removed posts, oldest first."""
        return read_since(self._forum, self._category, cursor)

    def fetch_thread(self, address: str, known: Collection[str] = ()) -> tuple[Item, ...]:
        """The posts of a topic, by its address or that of one of its posts."""
        return tuple(read_thread(self._forum, self._category, address, known))

    def fetch_back(self, since: datetime, cursor: Mapping[str, Any]) -> Page:
        """Older posts, fifty at a time."""
        return read_back(self._forum, self._category, since, cursor)

    def publish(self, prepared: Prepared) -> Outcome:
        """Sends once. A refusal counts only if no such post of ours is there."""
        body = {name: value for name, value in prepared.body.items() if name != "tag"}
        try:
            answer = self._forum.ask("POST", "/posts.json", json={**body, "nested_post": True})
            if answer.get("action") == "enqueued":
                return Pending(self._waiting(prepared, int(answer["pending_post"]["id"])))
            row = checked(answer.get("post", answer))
            return Posted(_ref(row), self._url(row))
        except (KeyError, TypeError, ValueError):
            return Unknown("unreadable_answer")
        except Declined as refusal:
            if refusal.wait:
                return RetryAfter(refusal.wait)
            return self._refused(prepared, refusal.code)
        except ConnectorError as error:
            return Unknown(error.code)

    def _refused(self, prepared: Prepared, code: str) -> Outcome:
        if code != "not_accepted":  # which is what it says of a repetition, too
            return Refused(code)
        try:
            found = self.find_published(prepared)
        except ConnectorError:
            return Unknown(code)
        match found:
            case Found(ref=ref, url=url, pending=pending):
                return Pending(ref, url) if pending else Posted(ref, url)
            case NotFound() if self._said_elsewhere(prepared.body["raw"]):
                return RetryAfter(REPEATS)
            case NotFound():
                return Refused(code)
            case Ambiguous():
                return Unknown(code)

    def _said_elsewhere(self, raw: str) -> bool:
        """Whether we said the same just now in another topic: for some minutes that is refused."""
        try:
            rows = latest(self._forum)
        except ConnectorError:
            return False
        return any(row["raw"] == raw and self._is_ours(row) for row in rows)

    def _is_ours(self, row: Mapping[str, Any]) -> bool:
        return str(row["username"]).casefold() == self._forum.username.casefold()

    def find_published(self, prepared: Prepared) -> Lookup:
        """Looks among our posts in the topic, and among those that wait for its moderators."""
        body = prepared.body
        rows = self._ours(body["topic_id"], body["raw"], body["reply_to_post_number"])
        waiting = self._pending(body["topic_id"], body["raw"])
        since = tagged_at(body["tag"]) - CLOCKS
        if not rows and not waiting:
            return NotFound()
        if len(rows) + len(waiting) > 1 or (rows and rows[0]["created_at"] < since):
            return Ambiguous(len(rows) + len(waiting))
        if waiting:
            return Found(self._waiting(prepared, waiting[0]), pending=True)
        return Found(_ref(rows[0]), self._url(rows[0]))

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """The post as Discourse stores it; one that waited is looked for where it was approved."""
        try:
            if "pending" in ref:
                return self._approved(ref)
            return _live(self._read(ref))
        except ConnectorError as error:
            return Live(LiveState.GONE if error.code == "gone" else LiveState.UNREADABLE)

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Replaces the text, if nobody changed it: Discourse compares it with what it was."""
        row = self._read(ref)
        live = _live(row)
        if live.state is LiveState.GONE:
            raise ConnectorError("gone", retry=False)
        if live.version != expected_version:
            raise Conflict
        post = {"raw": _escaped(text), "original_text": row["raw"]}
        try:
            self._forum.ask("PUT", _path(ref), json={"post": post})
        except Declined as refusal:
            if refusal.code == "conflict":
                raise Conflict from None
            raise
        return _live(self._read(ref))

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """Deletes it; what waits is taken back from the moderators."""
        if "pending" in ref:
            now = self._approved(ref)
            if now.state is LiveState.GONE:
                return
            if now.ref is None:
                self._forum.delete(f"/review/{int(ref['pending'])}.json")
                return
            ref = now.ref
        try:
            if _live(self._read(ref)).state is not LiveState.GONE:
                self._forum.delete(_path(ref))
        except ConnectorError as error:
            if error.code != "gone":
                raise

    def missing(self) -> list[str]:
        """The address, the key, and whether the account may speak."""
        try:
            if not self._forum.is_known():
                return [
                    "The user name or the API key was not accepted. The key must be made for this "
                    "single user, with the scope “Global”: a narrower one can't look up our posts."
                ]
            me = self._forum.ask("GET", "/session/current.json").get("current_user")
            self._forum.ask("GET", "/posts.json")
        except ConnectorError as error:
            return [f"No Discourse answers at the address in 'base_url' ({error.code})."]
        me = me if isinstance(me, dict) else {}
        if me.get("username") != self._forum.username:
            return ["The API key belongs to another account than that in 'username'."]
        if me.get("trust_level") == 0 and not me.get("moderator"):
            return [
                "The account has trust level 0: Discourse holds what new accounts post and limits "
                "it. Ask the forum's owner for a higher one."
            ]
        return []

    def _ours(self, topic: int, raw: str, answered: int) -> list[dict[str, Any]]:
        """Our posts in a topic that say this and answer that."""
        asked = {"username_filters": self._forum.username, "include_raw": "true"}
        answer = self._forum.ask("GET", f"/t/{int(topic)}.json", params=asked)
        # What answers the first post may say that it answers none.
        same = {answered, 0} if answered == 1 else {answered}
        return [
            row
            for row in posts_in(answer)
            if self._is_ours(row)
            and row["raw"] == raw
            and row["reply_to_post_number"] in same
            and not is_gone(row)
        ]

    def _pending(self, topic: int, raw: str) -> list[int]:
        """Numbers of our posts that wait for the forum's moderators."""
        answer = self._forum.ask("GET", f"/posts/{self._forum.username}/pending.json")
        try:
            return [
                int(row["id"])
                for row in answer["pending_posts"]
                if row.get("topic_id") == topic and row.get("raw_text", row.get("raw")) == raw
            ]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ConnectorError("unreadable_answer") from None

    def _waiting(self, prepared: Prepared, pending: int) -> dict[str, Any]:
        # What finds it once it is approved: until then it has no number in its topic.
        body = prepared.body
        return {
            "post_id": f"{body['topic_id']}/pending-{pending}",
            "pending": pending,
            "topic": body["topic_id"],
            "answers": body["reply_to_post_number"],
            "raw": body["raw"],
        }

    def _approved(self, ref: Mapping[str, Any]) -> Live:
        if int(ref["pending"]) in self._pending(ref["topic"], ref["raw"]):
            return Live(LiveState.PENDING, _unescaped(ref["raw"]), _version(ref["raw"]))
        rows = self._ours(ref["topic"], ref["raw"], ref["answers"])
        if not rows:
            return Live(LiveState.GONE)
        return _live(rows[-1], _ref(rows[-1]))

    def _read(self, ref: Mapping[str, Any]) -> dict[str, Any]:
        return checked(self._forum.ask("GET", _path(ref)))

    def _url(self, row: Mapping[str, Any]) -> str:
        return url_of(self._forum, row["topic_id"], row["post_number"])


def _ref(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"post_id": f"{row['topic_id']}/{row['post_number']}", "id": row["id"]}


def _path(ref: Mapping[str, Any]) -> str:
    if not isinstance(ref.get("id"), int):
        raise ConnectorError("bad_reference", retry=False)
    return f"/posts/{ref['id']}.json"


def _live(row: Mapping[str, Any], ref: Mapping[str, Any] | None = None) -> Live:
    version = _version(row["raw"])
    if is_gone(row):
        return Live(LiveState.GONE, None, version, ref)
    state = LiveState.HIDDEN if row.get("hidden") else LiveState.LIVE
    return Live(state, _unescaped(row["raw"]), version, ref)


def _version(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()[:16]


def _escaped(text: str) -> str:
    return ENTITY.sub("&amp;", text).replace("<", "&lt;")


def _unescaped(raw: str) -> str:
    # Real markup is not what was signed, even if its characters are.
    if "<" in raw:
        return f"[HTML] {raw}"
    return re.sub(r"&amp;(?=#?\w{1,40};)", "&", raw.replace("&lt;", "<"))


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 18
