"""WordPress, over its REST API: a thread is a post or page of the site, posts in it are comments.

A comment is HTML. What we post is escaped, so that readers see the signed text character by
character; what is read is given back as text, or, where somebody put markup in, marked as HTML.

Comments have no date of their last change, and one that was held and approved later keeps its old
date and number. So each fetch asks for what is new, with an overlap, and reads the last NUMBERS
comment numbers again, those that it has never seen too: the newest hundred each time, the others in
turn. What can't be seen: the text of the article itself, changes further back than that, comments
that are held (until they are approved), and the title and lock of custom post types.

WordPress has no key against posting twice. Our tag is sent as the comment's user agent, where a
look-up finds it again in held, spam and trashed comments; moderators can see it. Whoever changes a
comment over the REST API replaces its user agent, so a comment with our very text and without a tag
goes to a person. An identical comment (same author, parent and text) is refused by WordPress while
the first one stands. A reply to a comment that was just removed is taken all the same.
"""

from __future__ import annotations

import functools
import hashlib
import html
import json
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

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
)
from engage.connectors.plain_text import plain_text

NUMBERS = 1_000  # of the newest comments, which are read again
TAGGED = "countersign/"  # and our tag
A_PAGE = 100  # the most that WordPress gives at once
PAGES = 10  # of new comments in one fetch; the rest comes next time
OVERLAP = timedelta(hours=2)  # more than a change of the site's clocks
LARGEST = 5 * 1024 * 1024  # bytes of an answer
FLOOD_WAIT, DEFAULT_WAIT, LONGEST_WAIT = 15.0, 30.0, 3600.0  # seconds
FIELDS = "id,post,parent,author_name,date_gmt,link,status,author_user_agent,content"
STATES = {
    "approved": LiveState.LIVE,
    "hold": LiveState.PENDING,
    "spam": LiveState.HIDDEN,
    "post-trashed": LiveState.HIDDEN,
    "trash": LiveState.GONE,
}
# WordPress's codes, in our words; what else it says is not passed on.
CODES = {
    "comment_content_column_length": "too_long",
    "comment_duplicate": "duplicate",
    "comment_flood": "too_fast",
    "rest_already_trashed": "gone",
    "rest_comment_closed": "thread_locked",
    "rest_comment_content_invalid": "bad_text",
    "rest_comment_draft_post": "no_such_thread",
    "rest_comment_invalid_id": "gone",
    "rest_comment_invalid_post_id": "no_such_thread",
    "rest_comment_trash_post": "no_such_thread",
    "rest_trash_not_supported": "no_trash",
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
        self._base = str(settings["base_url"]).rstrip("/")
        if not self._base.startswith(("http://", "https://")):
            raise ValueError("The setting 'base_url' must start with http:// or https://.")
        self._auth = (str(settings["username"]), str(settings["application_password"]))
        if ":" in self._auth[0]:
            raise ValueError("The setting 'username' must not hold a colon.")
        self.caps = Caps(
            idempotency=Idempotency.LOOKUP,
            max_length=10_000,  # escaped, at most 50,000 of the 65,525 bytes of the column
            markup="html",
            client_timeout_seconds=10.0,
            quiet_seconds=float(settings.get("quiet_seconds", 60)),
        )
        # The waits add up to the client's timeout.
        self._timeout = httpx.Timeout(6.0, connect=2.0, write=1.9, pool=0.1)

    def prepare(self, intent: Intent) -> Prepared:
        """The comment as it will be sent."""
        if len(intent.text) > self.caps.max_length:
            raise ValueError(
                f"The reply has {len(intent.text)} characters; this community takes at most "
                f"{self.caps.max_length}. Shorten it."
            )
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
        known: dict[str, list[Any]] = {str(k): list(v) for k, v in cursor.get("known", {}).items()}
        newest, more = self._new(cursor)
        rows = {str(row["id"]): row for row in newest}
        last = max((int(key) for key in (*known, *rows)), default=0)
        again, turn = _to_read_again(last, int(cursor.get("turn", 0)))
        rows |= {str(row["id"]): row for row in self._rows([i for i in again if i not in rows])}
        threads = self._threads({str(row["post"]) for row in rows.values()})
        items = []
        for row in sorted(rows.values(), key=lambda row: (row["date_gmt"], row["id"])):
            item = _item(row, threads)
            mark = [_digest(item.text, item.thread_title), item.thread_id, item.locked]
            if known.get(item.post_id) != mark:
                items.append(item)
            known[item.post_id] = mark
        for gone in [key for key in again if key in known and key not in rows]:
            _, thread_id, locked = known.pop(gone)
            items.append(_removed(gone, thread_id, locked))
        latest = max((row["date_gmt"] for row in newest), default="")
        return Page(
            tuple(items),
            {
                "after": max(str(cursor.get("after", "")), latest),
                "more": more,
                "known": {key: mark for key, mark in known.items() if int(key) > last - NUMBERS},
                "turn": turn,
            },
        )

    def _new(self, cursor: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        """Comments since the cursor, and whether there are more than one fetch takes."""
        asked = {"orderby": "date_gmt", "order": "asc"}
        if cursor.get("after"):
            # While there is more, an overlap could keep us from ever getting on.
            step = timedelta(seconds=1) if cursor.get("more") else OVERLAP
            asked["after"] = (_moment(cursor["after"]) - step).isoformat()
        rows = list(self._all(asked, PAGES))
        return rows, len(rows) >= PAGES * A_PAGE

    def _rows(self, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Those of these comments that can be read in the community now."""
        for start in range(0, len(ids), A_PAGE):
            yield from self._all({"include": ",".join(ids[start : start + A_PAGE])}, 1)

    def _all(self, asked: Mapping[str, str], pages: int) -> Iterator[dict[str, Any]]:
        fixed = {"context": "edit", "per_page": str(A_PAGE), "_fields": FIELDS}
        for page in range(1, pages + 1):
            rows, headers = self._ask(
                "GET", "comments", params={**fixed, **asked, "page": str(page)}
            )
            try:
                yield from (_checked(row) for row in rows)
                if page >= int(headers.get("x-wp-totalpages", "1")):
                    return
            except (KeyError, TypeError, ValueError):
                raise ConnectorError("unreadable_answer") from None

    def _threads(self, ids: set[str]) -> dict[str, dict[str, Any]]:
        """Title, address and lock of posts, and of pages."""
        found: dict[str, dict[str, Any]] = {}
        for kind in ("posts", "pages"):
            wanted = sorted(ids - found.keys(), key=int)
            for start in range(0, len(wanted), A_PAGE):
                asked = {
                    "include": ",".join(wanted[start : start + A_PAGE]),
                    "per_page": str(A_PAGE),
                    "_fields": "id,link,title,comment_status",
                }
                rows, _ = self._ask("GET", kind, params=asked)
                found |= {str(row["id"]): row for row in rows if isinstance(row, dict)}
        return found

    def publish(self, prepared: Prepared) -> Outcome:
        """Sends once. Only what WordPress itself refused in its own words counts as refused."""
        body = dict(prepared.body)
        body["author_user_agent"] = TAGGED + body.pop("tag")
        try:
            row, _ = self._ask("POST", "comments", json=body)
            ref, url = {"post_id": str(int(row["id"]))}, str(row["link"])
            return Posted(ref, url) if row["status"] == "approved" else Pending(ref, url)
        except (KeyError, TypeError, ValueError):
            return Unknown("unreadable_answer")
        except _Refusal as refusal:
            if refusal.code == "too_fast" or refusal.status == 429:
                return RetryAfter(refusal.wait or FLOOD_WAIT)
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
        rows = list(self._all({**asked, "orderby": "date_gmt", "order": "desc"}, PAGES))
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
        return self._ask("GET", _path(ref), params=asked)[0]

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Replaces the text. WordPress can't compare and swap: ours is read just before."""
        row = self._read(ref)
        live = _live(row)
        if live.state is LiveState.GONE:
            raise ConnectorError("gone", retry=False)
        if live.version != expected_version:
            raise Conflict
        sent = {"content": _escaped(text), "author_user_agent": row.get("author_user_agent", "")}
        return _live(self._ask("POST", _path(ref), json=sent)[0])

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """To the trash, where its tag still proves that it was posted."""
        try:
            try:
                self._ask("DELETE", _path(ref))
            except _Refusal as refusal:
                if refusal.code != "no_trash":
                    raise
                self._ask("DELETE", _path(ref), params={"force": "true"})
        except ConnectorError as error:
            if error.code != "gone":
                raise

    def missing(self) -> list[str]:
        """The address, the application password, and what the role may not do."""
        try:
            index, _ = self._ask("GET", "", root=True)
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
            me, _ = self._ask(
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

    def _ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        root: bool = False,
    ) -> tuple[Any, Mapping[str, str]]:
        """The answer's JSON and headers. Raises ConnectorError with a code for everything else."""
        address = f"{self._base}/wp-json/" + ("" if root else f"wp/v2/{path}")
        try:
            status, headers, body = self._send(method, address, json, params)
        except httpx.TimeoutException:
            raise ConnectorError("timeout") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise ConnectorError("connection") from None
        answer = _parsed(body)
        if 200 <= status < 300:
            if not isinstance(answer, dict | list):
                raise ConnectorError("unreadable_answer")
            return answer, headers
        said = answer.get("code") if isinstance(answer, dict) else None
        if 400 <= status < 500 and status not in (408, 425) and isinstance(said, str):
            code = "unauthorised" if status == 401 else CODES.get(said, f"http_{status}")
            raise _Refusal(code, status, _wait(headers))
        raise ConnectorError(f"http_{status}")

    def _send(
        self, method: str, address: str, json: Any, params: Mapping[str, str] | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        deadline = time.monotonic() + self.caps.client_timeout_seconds
        chunks, size = [], 0
        # A new connection each time: one that the server has closed meanwhile looks like a reset.
        with (
            httpx.Client(
                timeout=self._timeout, auth=self._auth, verify=_tls(), trust_env=False
            ) as client,
            client.stream(method, address, json=json, params=params) as response,
        ):
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if size > LARGEST:
                    raise ConnectorError("too_large")
                if time.monotonic() > deadline:
                    raise ConnectorError("timeout")
            return response.status_code, response.headers, b"".join(chunks)


class _Refusal(ConnectorError):
    """WordPress said no, in its own words: nothing was done."""

    def __init__(self, code: str, status: int, wait: float) -> None:
        super().__init__(code, retry=status == 429 or code == "too_fast")
        self.status, self.wait = status, wait


@functools.cache
def _tls() -> ssl.SSLContext:
    # Loading the certificates takes longer than a request, so it is done once a process.
    return httpx.create_ssl_context(trust_env=False)


def _checked(row: Any) -> dict[str, Any]:
    """A comment with everything in it that is used; raises KeyError, TypeError or ValueError."""
    return {
        "id": int(row["id"]),
        "post": int(row["post"]),
        "parent": int(row["parent"]),
        "author_name": str(row["author_name"]),
        "date_gmt": _moment(row["date_gmt"]).isoformat(),
        "link": str(row["link"]),
        "status": str(row["status"]),
        "author_user_agent": str(row["author_user_agent"]),
        "raw": str(row["content"]["raw"]),
    }


def _item(row: Mapping[str, Any], threads: Mapping[str, Mapping[str, Any]]) -> Item:
    thread = threads.get(str(row["post"]), {})
    title = thread.get("title")
    rendered = str(title.get("rendered", "")) if isinstance(title, dict) else ""
    raw = str(row["raw"])
    return Item(
        post_id=str(row["id"]),
        thread_id=str(row["post"]),
        thread_url=str(thread.get("link") or row["link"]).split("#")[0],
        thread_title=" ".join(plain_text(rendered).split()),
        parent_id=str(row["parent"]) if row["parent"] else None,
        author=row["author_name"] or "anonymous",
        published_at=_moment(row["date_gmt"]),
        text=plain_text(raw.replace("\n", "<br>\n")) if "<" in raw else html.unescape(raw),
        locked=thread.get("comment_status") == "closed",
    )


def _removed(post_id: str, thread_id: str, locked: bool) -> Item:
    """A comment that was deleted for good: nothing of it is left but its number."""
    return Item(
        post_id, thread_id, "", "", None, "", datetime.now(UTC), "", deleted=True, locked=locked
    )


def _to_read_again(last: int, turn: int) -> tuple[list[str], int]:
    """Comment numbers: the newest hundred, a hundred of those before in turn; and the next turn."""
    before = last - A_PAGE * (turn + 1)
    numbers = [*range(last, last - A_PAGE, -1), *range(before, before - A_PAGE, -1)]
    return [str(n) for n in numbers if n > 0], (turn + 1) % (NUMBERS // A_PAGE - 1)


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


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _digest(*values: Any) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def _wait(headers: Mapping[str, str]) -> float:
    value = headers.get("retry-after", "")
    return min(max(float(value), 1.0), LONGEST_WAIT) if value.isdigit() else 0.0


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18
