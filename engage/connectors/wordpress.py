"""WordPress, over its REST API: a thread is a post or page of the site, posts in it are comments.

A comment is HTML. What we post is escaped, so that readers see the signed text character by
character; what is read is given back as text, or, where somebody put markup in, marked as HTML.

What can't be seen: the text of the article itself, changes of comments further back than
`wordpress_reading.NUMBERS`, comments that are held (until they are approved), and the title and
lock of custom post types.

WordPress has no key against posting twice. Our tag is sent as the comment's user agent, where a
look-up finds it again in held, spam and trashed comments; moderators can see it. Whoever changes a
comment over the REST API replaces its user agent, so a comment with our very text and without a tag
goes to a person. An identical comment (same author, parent and text) is refused by WordPress while
the first one stands. A reply to a comment that was just removed is taken all the same.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Collection, Mapping
from datetime import datetime
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
)
from engage.connectors.wordpress_reading import read_back, read_since, read_thread
from engage.connectors.wordpress_site import A_PAGE, FIELDS, Site

TAGGED = "countersign/"  # and our tag
PAGES = 10  # of replies to one comment in a look-up
STATES = {
    "approved": LiveState.LIVE,
    "hold": LiveState.PENDING,
    "spam": LiveState.HIDDEN,
    "post-trashed": LiveState.HIDDEN,
    "trash": LiveState.GONE,
}


class WordPressConnector:
    """The comments of one site.

    Settings:
        base_url: the address of the site, such as https://community.example
        username: of an account whose role has `read`, `moderate_comments` and `edit_posts`.
        application_password: made in that account's profile.
        quiet_seconds: after this a request that was cut off can no longer land (default 60).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        for name in ("base_url", "username", "application_password"):
            if not settings.get(name):
                raise ValueError(f"The WordPress connector needs the setting {name!r}.")
        base = str(settings["base_url"]).rstrip("/")
        if not base.startswith(("http://", "https://")):
            raise ValueError("The setting 'base_url' must start with http:// or https://.")
        auth = (str(settings["username"]), str(settings["application_password"]))
        if ":" in auth[0]:
            raise ValueError("The setting 'username' must not hold a colon.")
        self.caps = Caps(
            idempotency=Idempotency.LOOKUP,
            max_length=10_000,  # escaped, at most 50,000 of the 65,525 bytes of the column
            markup="html",
            client_timeout_seconds=10.0,
            quiet_seconds=float(settings.get("quiet_seconds", 60)),
        )
        self._site = Site(base, auth, self.caps.client_timeout_seconds)

    def prepare(self, intent: Intent) -> Prepared:
        """The comment as it will be sent."""
        check_length(intent.text, self.caps)
        if not (_is_id(intent.thread_id) and _is_id(intent.parent_id)):
            raise ValueError("The thread or the post to answer is not one of this community.")
        return Prepared(
            body={
                "post": int(intent.thread_id),
                "parent": int(intent.parent_id),
                "content": _escaped(intent.text),
                "tag": intent.tag,
            }
        )

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """New, changed, approved and removed comments, oldest first."""
        return read_since(self._site, cursor)

    def fetch_thread(self, address: str, known: Collection[str] = ()) -> tuple[Item, ...]:
        """The comments of a post or page, by its permalink or number (?p=)."""
        return read_thread(self._site, address, {key for key in known if _is_id(key)})

    def fetch_back(self, since: datetime, cursor: Mapping[str, Any]) -> Page:
        """Older comments, a hundred at a time."""
        return read_back(self._site, since, cursor)

    def publish(self, prepared: Prepared) -> Outcome:
        """Sends once. Only what WordPress itself refused in its own words counts as refused."""
        body = dict(prepared.body)
        body["author_user_agent"] = TAGGED + body.pop("tag")
        try:
            row, _ = self._site.ask("POST", "comments", json=body)
            ref, url = {"post_id": str(int(row["id"]))}, str(row["link"])
            return Posted(ref, url) if row["status"] == "approved" else Pending(ref, url)
        except (KeyError, TypeError, ValueError):
            return Unknown("unreadable_answer")
        except Declined as refusal:
            if refusal.wait:
                return RetryAfter(refusal.wait)
            if refusal.code == "duplicate":
                return self._duplicate(prepared)
            return Refused(refusal.code)
        except ConnectorError as error:
            return Unknown(error.code)

    def _duplicate(self, prepared: Prepared) -> Outcome:
        """The same text stands there already: by this request, or by an earlier one of ours."""
        try:
            found = self.find_published(prepared)
        except ConnectorError:
            return Unknown("duplicate")
        match found:
            case Found(ref=ref, url=url, pending=pending):
                return Pending(ref, url) if pending else Posted(ref, url)
            case NotFound():
                return Refused("duplicate")
            case Ambiguous():
                return Unknown("duplicate")

    def find_published(self, prepared: Prepared) -> Lookup:
        """Looks for the tag below the answered comment, whatever became of ours."""
        body = prepared.body
        asked = {"post": str(body["post"]), "parent": str(body["parent"]), "status": "any"}
        rows = list(self._site.comments({**asked, "orderby": "date_gmt", "order": "desc"}, PAGES))
        ours = [row for row in rows if row["author_user_agent"] == TAGGED + body["tag"]]
        alike = [
            row
            for row in rows
            if row["raw"] == body["content"] and not row["author_user_agent"].startswith(TAGGED)
        ]
        if not ours and not alike and len(rows) < PAGES * A_PAGE:
            return NotFound()
        if len(ours) != 1:
            return Ambiguous(len(ours) or len(alike))
        ref = {"post_id": str(ours[0]["id"])}
        return Found(ref, str(ours[0]["link"]), pending=ours[0]["status"] in ("hold", "spam"))

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """The copy as WordPress stores it."""
        try:
            return _live(self._read(ref))
        except ConnectorError as error:
            return Live(LiveState.GONE if error.code == "gone" else LiveState.UNREADABLE)

    def _read(self, ref: Mapping[str, Any]) -> Any:
        asked = {"context": "edit", "_fields": FIELDS}
        return self._site.ask("GET", _path(ref), params=asked)[0]

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Replaces the text. WordPress can't compare and swap: ours is read just before."""
        row = self._read(ref)
        live = _live(row)
        if live.state is LiveState.GONE:
            raise ConnectorError("gone", retry=False)
        if live.version != expected_version:
            raise Conflict
        sent = {"content": _escaped(text), "author_user_agent": row.get("author_user_agent", "")}
        return _live(self._site.ask("POST", _path(ref), json=sent)[0])

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """To the trash, where its tag still proves that it was posted."""
        try:
            try:
                done, _ = self._site.ask("DELETE", _path(ref))
            except Declined as refusal:
                if refusal.code != "no_trash":
                    raise
                done, _ = self._site.ask("DELETE", _path(ref), params={"force": "true"})
        except ConnectorError as error:
            if error.code != "gone":
                raise
            return
        if not isinstance(done, dict) or not (done.get("deleted") or done.get("status") == "trash"):
            raise ConnectorError("unreadable_answer")

    def missing(self) -> list[str]:
        """The address, the application password, and what the role may not do."""
        try:
            index, _ = self._site.ask("GET", "", root=True)
        except ConnectorError as error:
            return [
                f"No WordPress answers at the address in 'base_url' ({error.code}). It must be the "
                "one that the site itself uses, with permalinks switched on."
            ]
        offered = index.get("authentication") if isinstance(index, dict) else None
        if not isinstance(offered, dict) or "application-passwords" not in offered:
            return [
                "The site offers no application passwords. They need https, and a plug-in may have "
                "switched them off."
            ]
        try:
            me, _ = self._site.ask(
                "GET", "users/me", params={"context": "edit", "_fields": "capabilities"}
            )
            may = {name for name, given in me["capabilities"].items() if given}
        except ConnectorError as error:
            return [f"The user name or the application password was not accepted ({error.code})."]
        except (KeyError, TypeError, AttributeError):
            return ["The site's answer about the account could not be read."]
        needed = {
            "moderate_comments": "read the stored text, edit and take down its own replies",
            "edit_posts": "look up a reply whose answer was lost",
        }
        return [
            f"The account's role lacks the capability {name!r}: without it, it can't {what}."
            for name, what in needed.items()
            if name not in may
        ]


def _live(row: Any) -> Live:
    try:
        state, raw = STATES[row["status"]], str(row["content"]["raw"])
    except (KeyError, TypeError):
        raise ConnectorError("unreadable_answer") from None
    version = hashlib.sha256(raw.encode()).hexdigest()[:16]
    if state is LiveState.GONE:
        return Live(state, None, version)
    # Real markup is not what was signed, even if its characters are.
    return Live(state, f"[HTML] {raw}" if "<" in raw else html.unescape(raw), version)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _path(ref: Mapping[str, Any]) -> str:
    if not _is_id(ref.get("post_id")):
        raise ConnectorError("bad_reference", retry=False)
    return f"comments/{ref['post_id']}"


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18
