"""Mastodon, over its API: a thread is a conversation as the account's own server knows it.

A post is plain text. Mastodon takes a key against posting twice and remembers it for an hour; after
that a reply is found again among the account's own posts, by its text and by what it answers, and
one that is older than our request goes to a person.

Written after the documentation (https://docs.joinmastodon.org) and run against a fake that follows
it, `tests/fakes/mastodon.py`, never against a Mastodon.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
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
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
    check_length,
    tagged_at,
)
from engage.connectors.mastodon_reading import (
    checked,
    read_back,
    read_since,
    read_thread,
    url_of,
)
from engage.connectors.mastodon_server import A_PAGE, Server, is_id

CLOCKS = timedelta(minutes=5)  # that the server's may be behind ours
PAGES = 10  # of our own posts in a look-up
NEEDED = ("read", "write:statuses")


class MastodonConnector:
    """The conversations that one account watches.

    Settings:
        base_url: the address of the account's server, such as https://mastodon.example
        access_token: of an application of that account, with the scopes read and write:statuses.
        watch: a list: "#hashtag" or "@account@server"; mentions of the account are always read.
        quiet_seconds: after this a request that was cut off can no longer land (default 60).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        for name in ("base_url", "access_token"):
            if not settings.get(name):
                raise ValueError(f"The Mastodon connector needs the setting {name!r}.")
        base, token = str(settings["base_url"]).rstrip("/"), str(settings["access_token"])
        if not base.startswith(("http://", "https://")):
            raise ValueError("The setting 'base_url' must start with http:// or https://.")
        if not (token.isascii() and token.isprintable()):
            raise ValueError("The setting 'access_token' must be printable ASCII.")
        self._watch = [str(entry) for entry in settings.get("watch") or []]
        if not all(_is_entry(entry) for entry in self._watch):
            raise ValueError("Each entry of 'watch' is like #hashtag or @account@server.example.")
        self.caps = Caps(
            idempotency=Idempotency.WINDOWED,
            window_seconds=3600,
            max_length=500,
            client_timeout_seconds=10.0,
            quiet_seconds=float(settings.get("quiet_seconds", 60)),
        )
        self._server = Server(base, token, self.caps.client_timeout_seconds)

    def prepare(self, intent: Intent) -> Prepared:
        """The post as it will be sent."""
        check_length(intent.text, self.caps)
        if not is_id(intent.parent_id):
            raise ValueError("The post to answer is not one of this community.")
        return Prepared(
            body={"status": intent.text, "in_reply_to_id": intent.parent_id, "tag": intent.tag}
        )

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """New, changed and removed posts, oldest first."""
        return read_since(self._server, self._watch, cursor)

    def fetch_thread(self, address: str, known: Collection[str] = ()) -> tuple[Item, ...]:
        """The conversation that a post is in, on this server or another one."""
        return read_thread(self._server, address, known)

    def fetch_back(self, since: datetime, cursor: Mapping[str, Any]) -> Page:
        """Conversations that older posts lead to, those of five posts at a time."""
        return read_back(self._server, self._watch, since, cursor)

    def publish(self, prepared: Prepared) -> Outcome:
        """Sends once. For an hour, the same request makes no second post."""
        body = {name: value for name, value in prepared.body.items() if name != "tag"}
        key = {"Idempotency-Key": str(prepared.body["tag"])}
        try:
            row = checked(
                self._server.ask(
                    "POST", "v1/statuses", json={**body, "visibility": "public"}, headers=key
                )
            )
            return Posted({"post_id": row["id"]}, url_of(row))
        except Declined as refusal:
            return RetryAfter(refusal.wait) if refusal.wait else Refused(refusal.code)
        except ConnectorError as error:
            return Unknown(error.code)

    def find_published(self, prepared: Prepared) -> Lookup:
        """Looks among our own posts since the request was made, and some minutes before."""
        body = prepared.body
        since = tagged_at(body["tag"]) - CLOCKS
        alike = [
            row
            for row in self._ours()
            if row["in_reply_to_id"] == body["in_reply_to_id"]
            and self._source(row["id"]) == body["status"]
        ]
        if not alike:
            return NotFound()
        if len(alike) > 1 or alike[0]["created_at"] < since:
            return Ambiguous(len(alike))
        return Found({"post_id": alike[0]["id"]}, url_of(alike[0]))

    def _ours(self) -> Iterator[dict[str, Any]]:
        me = self._server.me()
        asked = {"limit": str(A_PAGE), "exclude_reblogs": "true"}
        for _ in range(PAGES):
            rows = self._server.ask("GET", f"v1/accounts/{me}/statuses", params=asked)
            if not isinstance(rows, list):
                raise ConnectorError("unreadable_answer")
            yield from (found := [checked(row) for row in rows])
            if len(found) < A_PAGE:
                return
            asked["max_id"] = found[-1]["id"]

    def _source(self, identifier: str) -> str | None:
        """What was typed; None if the post is gone."""
        try:
            answer = self._server.ask("GET", f"v1/statuses/{identifier}/source")
        except ConnectorError as error:
            if error.code == "gone":
                return None
            raise
        if not isinstance(answer, dict) or not isinstance(answer.get("text"), str):
            raise ConnectorError("unreadable_answer")
        # A content warning that somebody added is no part of what was signed.
        warning = str(answer.get("spoiler_text") or "")
        return f"{warning}\n\n{answer['text']}" if warning else str(answer["text"])

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """What was typed, as the server keeps it."""
        try:
            return self._read(ref)
        except ConnectorError:
            return Live(LiveState.UNREADABLE)

    def _read(self, ref: Mapping[str, Any]) -> Live:
        text = self._source(_id(ref))
        if text is None:
            return Live(LiveState.GONE)
        return Live(LiveState.LIVE, text, hashlib.sha256(text.encode()).hexdigest()[:16])

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Replaces the text. Mastodon can't compare and swap: ours is read just before."""
        live = self._read(ref)
        if live.state is LiveState.GONE:
            raise ConnectorError("gone", retry=False)
        if live.version != expected_version:
            raise Conflict
        self._server.ask("PUT", f"v1/statuses/{_id(ref)}", json={"status": text})
        return self._read(ref)

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """Deletes it; other servers are told, and may keep it all the same."""
        try:
            deleted = self._server.ask("DELETE", f"v1/statuses/{_id(ref)}")
        except ConnectorError as error:
            if error.code != "gone":
                raise
            return
        if not isinstance(deleted, dict) or deleted.get("id") != ref["post_id"]:
            raise ConnectorError("unreadable_answer")

    def missing(self) -> list[str]:
        """The address, the token and its scopes, and what is watched."""
        try:
            app = self._server.ask("GET", "v1/apps/verify_credentials")
            self._server.me()
        except ConnectorError as error:
            if error.code in ("unauthorised", "not_permitted"):
                return [
                    "The access token was not accepted. It must be that of an account, not only of "
                    "an application."
                ]
            return [f"No Mastodon answers at the address in 'base_url' ({error.code})."]
        said = app.get("scopes") if isinstance(app, dict) else None
        scopes = said if isinstance(said, list) else list(NEEDED)  # before 4.3 it did not say
        lacking = [n for n in NEEDED if n not in scopes and n.split(":")[0] not in scopes]
        told = [f"The access token lacks the scope {name!r}." for name in lacking]
        for entry in self._watch:
            try:
                if entry.startswith("@"):
                    asked = {"acct": entry.lstrip("@")}
                    self._server.ask("GET", "v1/accounts/lookup", params=asked)
            except ConnectorError as error:
                told.append(f"The server doesn't know {entry!r} of 'watch' ({error.code}).")
        return told


def _id(ref: Mapping[str, Any]) -> str:
    if not is_id(ref.get("post_id")):
        raise ConnectorError("bad_reference", retry=False)
    return str(ref["post_id"])


def _is_entry(entry: str) -> bool:
    name = entry[1:].replace("@", "", 1).replace(".", "").replace("-", "").replace("_", "")
    return entry[:1] in ("#", "@") and name.isalnum()
