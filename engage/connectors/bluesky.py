"""Bluesky: the account's own server keeps what we post, its AppView shows what others do.

The record key of a reply is made before the first send, and a record is only written where there
is none (`swapRecord: null`): sending twice makes one post. A deleted record could be written again,
so that what we take down leaves a mark of its own behind (a postgate: nobody may quote this post),
and nothing is posted where such a mark is.

What can't be seen: text in pictures, quoted posts and link cards; threads that nothing we watch
leads to; edits and deletions in threads older than the last TRACKED. A post of somebody who blocked
our account or left looks deleted. An edit is in the record at once and in Bluesky's own AppView;
other apps may go on showing the first text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from engage.connectors.base import (
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
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
    tagged_at,
)
from engage.connectors.bluesky_record import LONGEST, facets_of, key_of, too_long
from engage.connectors.bluesky_threads import POST, BlueskyThreads, is_post, moment_of, place_of
from engage.connectors.xrpc import Account

GATE = "app.bsky.feed.postgate"
SHOWN_WITHIN = timedelta(minutes=10)  # a post that the AppView does not show by then is hidden
LOCAL = ("http://127.0.0.1:", "http://localhost:")


class BlueskyConnector:
    """What one account watches on Bluesky, and its replies.

    Settings:
        identifier: the account's handle or DID.
        app_password: made in Bluesky under Settings, Privacy and security, App passwords.
        watch: a list of what to read: "@handle" for somebody's posts, anything else is searched
            for ("#spotting", "birth control"). Posts that answer or name the account are always
            read, and so are the whole threads that any of these are in.
        service: the account's server (default https://bsky.social).
        quiet_seconds: after this a request that was cut off can no longer land (default 15).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        missing = [name for name in ("identifier", "app_password") if not settings.get(name)]
        if missing:
            raise ValueError(f"The Bluesky connector needs the setting {missing[0]!r}.")
        service = str(settings.get("service") or "https://bsky.social").rstrip("/")
        if not service.startswith(("https://", *LOCAL)) or service.count("/") != 2:
            raise ValueError("The setting 'service' must be https:// and a host, without a path.")
        watch = settings.get("watch") or []
        if not isinstance(watch, list) or not all(isinstance(w, str) and w.strip() for w in watch):
            raise ValueError("The setting 'watch' must be a list of texts, none of them empty.")
        self._who = str(settings["identifier"]).removeprefix("@")
        if not re.fullmatch(r"[A-Za-z0-9.:_%-]+", self._who):
            raise ValueError("The setting 'identifier' must be a handle such as name.bsky.social.")
        self.caps = Caps(
            idempotency=Idempotency.EXACT,
            max_length=LONGEST,
            length_unit="graphemes",
            client_timeout_seconds=15.0,
            quiet_seconds=float(settings.get("quiet_seconds", 15)),
        )
        self._account = Account(service, self._who, str(settings["app_password"]))
        self._threads = BlueskyThreads(self._account, [entry.strip() for entry in watch])

    def prepare(self, intent: Intent) -> Prepared:
        """The record, but for the versions of what it answers: those are looked up when it is sent.

        Raises ValueError as the protocol says, and for a thread that is not one of Bluesky.
        """
        if problem := too_long(intent.text):
            raise ValueError(problem)
        if not (is_post(intent.thread_id) and is_post(intent.parent_id)):
            raise ValueError("The thread or the post to answer is not one of Bluesky.")
        made = tagged_at(intent.tag)
        return Prepared(
            body={
                "repo": self._who,
                "rkey": key_of(made, intent.tag),
                "root": intent.thread_id,
                "parent": intent.parent_id,
                "text": intent.text,
                "created_at": made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "tag": intent.tag,
            }
        )

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """New and changed posts of the threads that are watched, oldest first."""
        return self._threads.fetch_since(cursor)

    def fetch_thread(self, address: str, known: Collection[str] = ()) -> tuple[Item, ...]:
        """The thread that a post is in, by its address on bsky.app."""
        return self._threads.fetch_thread(address, known)

    def fetch_back(self, since: datetime, cursor: Mapping[str, Any]) -> Page:
        """The threads that older posts lead to, those of 25 posts at a time."""
        return self._threads.fetch_back(since, cursor)

    def publish(self, prepared: Prepared) -> Outcome:
        """Sends once, if the thread can be answered and the reply was not taken down before."""
        body, until = prepared.body, self._until()
        try:
            if self._record(GATE, body["repo"], body["rkey"], until) is not None:
                return Refused("withdrawn")
            posts = self._threads.posts([body["root"], body["parent"]], until)
            parent = posts.get(body["parent"])
            if parent is None:
                return Refused("parent_gone")
            if any(post.get("viewer", {}).get("replyDisabled") for post in posts.values()):
                return Refused("thread_locked")
            root = parent["record"].get("reply", {}).get("root", parent)
            if root["uri"] != body["root"]:
                return Refused("parent_moved")
            record = {
                "$type": POST,
                "text": body["text"],
                "createdAt": body["created_at"],
                "reply": {
                    place: {"uri": post["uri"], "cid": post["cid"]}
                    for place, post in (("root", root), ("parent", parent))
                },
                **facets_of(body["text"]),
            }
            answer = self._put(POST, body["repo"], body["rkey"], until, record, swapRecord=None)
            return Posted({"post_id": answer["uri"]}, place_of(answer["uri"]).url)
        except ConnectorError as error:
            if error.wait:
                return RetryAfter(error.wait)
            # `invalid_swap`: there is a record of this key with another text or parent version.
            unclear = error.retry or error.code == "invalid_swap"
            return Unknown(error.code) if unclear else Refused(error.code)
        except (KeyError, TypeError, AttributeError, ValueError):
            return Unknown("unreadable_answer")

    def find_published(self, prepared: Prepared) -> Lookup:
        """Looks for the record, and for the mark that it was taken down."""
        body, until = prepared.body, self._until()
        for collection in (POST, GATE):
            record = self._record(collection, body["repo"], body["rkey"], until)
            if record is not None:
                uri = str(record.get("uri")).replace(GATE, POST)
                if not is_post(uri):
                    raise ConnectorError("unreadable_answer")
                return Found({"post_id": uri}, place_of(uri).url)
        return NotFound()

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """The record, raw. HIDDEN if the AppView does not show it or the thread's author hid it."""
        try:
            uri, until = _uri(ref), self._until()
            record = self._record(POST, place_of(uri).did, place_of(uri).rkey, until)
            if record is None:
                return Live(LiveState.GONE)
            value, text, version = record["value"], record["value"]["text"], record["cid"]
            if not isinstance(text, str) or not isinstance(version, str):
                return Live(LiveState.UNREADABLE)
            root = value.get("reply", {}).get("root", {}).get("uri", uri)
            posts = self._threads.posts([uri, root], until)
            gate = posts.get(root, {}).get("threadgate", {}).get("record", {})
            labels = {label.get("val") for label in posts.get(uri, {}).get("labels", [])}
            fresh = datetime.now(UTC) - moment_of({"record": value}) < SHOWN_WITHIN
            hidden = (
                (uri not in posts and not fresh)
                or uri in gate.get("hiddenReplies", [])
                or bool(labels & {"!hide", "!takedown"})
            )
            return Live(LiveState.HIDDEN if hidden else LiveState.LIVE, text, version)
        except (ConnectorError, KeyError, TypeError, AttributeError, ValueError):
            return Live(LiveState.UNREADABLE)

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Replaces the text if the record is still `expected_version`."""
        uri, until = _uri(ref), self._until()
        if too_long(text):
            raise ConnectorError("too_long", retry=False)
        place = place_of(uri)
        record = self._record(POST, place.did, place.rkey, until)
        if record is None:
            raise ConnectorError("gone", retry=False)
        if record.get("cid") != expected_version:
            raise Conflict
        try:
            value = {k: v for k, v in record["value"].items() if k != "facets"}
            value |= {"text": text, **facets_of(text)}
            answer = self._put(
                POST, place.did, place.rkey, until, value, swapRecord=expected_version
            )
            return Live(LiveState.LIVE, text, str(answer["cid"]))
        except (KeyError, AttributeError):
            raise ConnectorError("unreadable_answer") from None
        except ConnectorError as error:
            if error.code == "invalid_swap":
                raise Conflict from None
            raise

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """Deletes the record, then leaves the mark that keeps it from being posted again."""
        uri, until = _uri(ref), self._until()
        place = place_of(uri)
        body = {"repo": place.did, "collection": POST, "rkey": place.rkey}
        self._account.call("POST", "com.atproto.repo.deleteRecord", until, body=body)
        mark = {
            "$type": GATE,
            "post": uri,
            "createdAt": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "embeddingRules": [{"$type": f"{GATE}#disableRule"}],
        }
        self._put(GATE, place.did, place.rkey, until, mark)

    def missing(self) -> list[str]:
        """Whether the account can log in, and whether everything that is watched is there."""
        until = self._until()
        try:
            self._account.session(until)
        except ConnectorError as error:
            return [SENTENCES.get(error.code, f"The server does not let us log in: {error.code}.")]
        return self._threads.missing(until)

    def _until(self) -> float:
        return time.monotonic() + self.caps.client_timeout_seconds

    def _record(self, collection: str, repo: str, rkey: str, until: float) -> dict[str, Any] | None:
        try:
            return self._account.get(
                "com.atproto.repo.getRecord", until, repo=repo, collection=collection, rkey=rkey
            )
        except ConnectorError as error:
            if error.code == "no_such_record":
                return None
            raise

    def _put(
        self,
        collection: str,
        repo: str,
        rkey: str,
        until: float,
        record: Mapping[str, Any],
        **swap: str | None,
    ) -> dict[str, Any]:
        body = {"repo": repo, "collection": collection, "rkey": rkey, "record": record, **swap}
        return self._account.call("POST", "com.atproto.repo.putRecord", until, body=body)


SENTENCES = {
    "connection": "Nothing answers at this address. Check the setting 'service'.",
    "timeout": "Nothing answers at this address in time. Check the setting 'service'.",
    "unreadable_answer": "What answers at this address is no Bluesky server. Check 'service'.",
    "http_404": "What answers at this address is no Bluesky server. Check 'service'.",
    "unauthorised": "The handle or the app password is wrong. Make a new app password, enter it.",
    "second_factor": "This is the account's own password. Make an app password and enter that.",
    "account_deactivated": "The account is deactivated. Reactivate it in Bluesky.",
    "account_taken_down": "The account was taken down by its server.",
    "rate_limited": "The server asks to wait: too many logins. Try again later.",
}


def _uri(ref: Mapping[str, Any]) -> str:
    uri = ref.get("post_id")
    if not isinstance(uri, str) or not is_post(uri):
        raise ConnectorError("bad_reference", retry=False)
    return uri
