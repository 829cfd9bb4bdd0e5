"""Reddit, over its API, for those whom Reddit permits it: a thread is a post of one subreddit.

Text is Markdown, and goes out as it was signed. Reddit has no key against posting twice and no
place for our tag: a reply is found again among the account's own comments, by its text and by what
it answers; one that is older than our request goes to a person.

Written after the documentation (https://www.reddit.com/dev/api) and run against a fake that follows
it, `tests/fakes/reddit.py`, never against Reddit. Self-service access is closed and commercial use
takes a contract: without one, post by hand (the connector "assisted").
"""

from __future__ import annotations

import hashlib
import re
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
from engage.connectors.reddit_reading import (
    NAME,
    checked,
    read_back,
    read_since,
    read_thread,
    url_of,
)
from engage.connectors.reddit_site import A_PAGE, API, LOGIN, Account

CLOCKS = timedelta(minutes=5)  # that Reddit's may be behind ours
PAGES = 10  # of our own comments in a look-up: as far back as Reddit goes
SUBREDDIT = re.compile(r"[A-Za-z0-9_]{2,21}")


class RedditConnector:
    """One subreddit.

    Settings:
        subreddit: its name, without r/.
        client_id, client_secret: of the application that Reddit approved.
        refresh_token: of the account that replies, permanent, with the scopes identity, read,
            submit, edit and history.
        login_url, api_url: other addresses of Reddit's servers, for tests.
        quiet_seconds: after this a request that was cut off can no longer land (default 60).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        for name in ("subreddit", "client_id", "client_secret", "refresh_token"):
            value = str(settings.get(name) or "")
            if not value:
                raise ValueError(f"The Reddit connector needs the setting {name!r}.")
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"The setting {name!r} must be printable ASCII.")
        self._subreddit = str(settings["subreddit"]).removeprefix("r/")
        if not SUBREDDIT.fullmatch(self._subreddit):
            raise ValueError("The setting 'subreddit' must be a name such as birthcontrol.")
        if ":" in str(settings["client_id"]):
            raise ValueError("The setting 'client_id' must not hold a colon.")
        self.caps = Caps(
            idempotency=Idempotency.LOOKUP,
            max_length=10_000,
            markup="markdown",
            client_timeout_seconds=10.0,
            quiet_seconds=float(settings.get("quiet_seconds", 60)),
        )
        self._account = Account(
            (str(settings["client_id"]), str(settings["client_secret"])),
            str(settings["refresh_token"]),
            self.caps.client_timeout_seconds / 2,  # a login and a request
            str(settings.get("login_url") or LOGIN).rstrip("/"),
            str(settings.get("api_url") or API).rstrip("/"),
        )

    def prepare(self, intent: Intent) -> Prepared:
        """The comment as it will be sent."""
        check_length(intent.text, self.caps)
        if not NAME.fullmatch(intent.parent_id):
            raise ValueError("The post to answer is not one of this community.")
        return Prepared(body={"thing_id": intent.parent_id, "text": intent.text, "tag": intent.tag})

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """New, changed and removed posts and comments, oldest first."""
        return read_since(self._account, self._subreddit, cursor)

    def fetch_thread(self, address: str, known: Collection[str] = ()) -> tuple[Item, ...]:
        """A post of the subreddit with its comments."""
        return read_thread(self._account, self._subreddit, address, known)

    def fetch_back(self, since: datetime, cursor: Mapping[str, Any]) -> Page:
        """Older posts, then older comments, a hundred at a time, as far back as Reddit goes."""
        return read_back(self._account, self._subreddit, since, cursor)

    def publish(self, prepared: Prepared) -> Outcome:
        """Sends once. Only what Reddit itself refused in its own words counts as refused."""
        form = {"thing_id": prepared.body["thing_id"], "text": prepared.body["text"]}
        try:
            data = self._account.submit("/api/comment", form)
            row = checked(data["things"][0]["data"])
            return Posted({"post_id": row["name"]}, url_of(row))
        except (KeyError, TypeError, IndexError):
            return Unknown("unreadable_answer")
        except Declined as refusal:
            return RetryAfter(refusal.wait) if refusal.wait else Refused(refusal.code)
        except ConnectorError as error:
            return Unknown(error.code)

    def find_published(self, prepared: Prepared) -> Lookup:
        """Looks among our own comments since the request was made, and all before."""
        body = prepared.body
        since = tagged_at(body["tag"]) - CLOCKS
        alike = [
            row
            for row in self._ours()
            if row["parent"] == body["thing_id"] and row["text"] == body["text"]
        ]
        if not alike:
            return NotFound()
        if len(alike) > 1 or alike[0]["at"] < since:
            return Ambiguous(len(alike))
        return Found({"post_id": alike[0]["name"]}, url_of(alike[0]))

    def _ours(self) -> Iterator[dict[str, Any]]:
        path, after = f"/user/{self._account.me()}/comments", ""
        for _ in range(PAGES):
            more = {"after": after} if after else {}
            things, after = self._account.listing(path, sort="new", limit=str(A_PAGE), **more)
            yield from map(checked, things)
            if not after:
                return

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """The comment as Reddit stores it."""
        try:
            return self._read(ref)
        except ConnectorError:
            return Live(LiveState.UNREADABLE)

    def _read(self, ref: Mapping[str, Any]) -> Live:
        rows = [checked(row) for row in self._account.info([_name(ref)])]
        if not rows or rows[0]["gone"]:
            return Live(LiveState.GONE)
        text = rows[0]["text"]
        return Live(LiveState.LIVE, text, hashlib.sha256(text.encode()).hexdigest()[:16])

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Replaces the text. Reddit can't compare and swap: ours is read just before."""
        live = self._read(ref)
        if live.state is LiveState.GONE:
            raise ConnectorError("gone", retry=False)
        if live.version != expected_version:
            raise Conflict
        self._account.submit("/api/editusertext", {"thing_id": _name(ref), "text": text})
        return self._read(ref)

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """Deletes it; Reddit says yes to what is gone already, too."""
        self._account.ask("POST", "/api/del", form={"id": _name(ref)})

    def missing(self) -> list[str]:
        """The application, the account, and what may be read."""
        try:
            self._account.me()
            self._account.listing(f"/r/{self._subreddit}/new", limit="1")
            for _ in self._ours():
                break
        except ConnectorError as error:
            if error.code == "unauthorised":
                return [
                    "Reddit did not accept the application or the refresh token. The application "
                    "must be one that Reddit approved, and the token permanent."
                ]
            if error.code in ("not_permitted", "gone"):
                return [
                    f"The account may not read r/{self._subreddit} or its own comments "
                    f"({error.code}): the token needs the scopes identity, read, submit, edit and "
                    "history, and the subreddit must be open to the account."
                ]
            return [f"Reddit does not answer at its address ({error.code})."]
        return []


def _name(ref: Mapping[str, Any]) -> str:
    name = ref.get("post_id")
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise ConnectorError("bad_reference", retry=False)
    return name
