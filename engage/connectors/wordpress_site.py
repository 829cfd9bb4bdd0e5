"""The REST API of a WordPress site: requests bounded in time and size, answered in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from engage.connectors.base import ConnectorError, Declined
from engage.connectors.calls import call
from engage.connectors.waits import wait_of

FLOOD_WAIT = 15.0  # seconds between two comments
A_PAGE = 100  # the most that WordPress gives at once
FIELDS = "id,post,parent,author_name,date_gmt,link,status,author_user_agent,content"
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


class Site:
    """A site and the account that we use there.

    Args:
        base: its address, without a slash at the end.
        auth: user name and application password.
        seconds: the longest that a request may take, all in all.
    """

    def __init__(self, base: str, auth: tuple[str, str], seconds: float) -> None:
        self.base, self._auth, self._seconds = base, auth, seconds

    def comments(self, asked: Mapping[str, str], pages: int) -> Iterator[dict[str, Any]]:
        """Comments in full, and at most so many pages of them."""
        fixed = {"context": "edit", "per_page": str(A_PAGE), "_fields": FIELDS}
        for page in range(1, pages + 1):
            rows, headers = self.ask(
                "GET", "comments", params={**fixed, **asked, "page": str(page)}
            )
            try:
                if not isinstance(rows, list):
                    raise TypeError("no list")
                yield from (_checked(row) for row in rows)
                # WordPress always says it: a list without it is somebody else's.
                if page >= int(headers["x-wp-totalpages"]):
                    return
            except (KeyError, TypeError, ValueError):
                raise ConnectorError("unreadable_answer") from None

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        root: bool = False,
    ) -> tuple[Any, Mapping[str, str]]:
        """The answer's JSON and headers. Raises ConnectorError with a code for everything else."""
        address = f"{self.base}/wp-json/" + ("" if root else f"wp/v2/{path}")
        given = call(
            method, address, seconds=self._seconds, auth=self._auth, json=json, params=params
        )
        status, headers, answer = given.status, given.headers, given.json
        if 200 <= status < 300:
            if not isinstance(answer, dict | list):
                raise ConnectorError("unreadable_answer")
            return answer, headers
        said = answer.get("code") if isinstance(answer, dict) else None
        said = said if isinstance(said, str) else ""
        if status == 429 or (said and 400 <= status < 500 and status not in (408, 425)):
            code = "unauthorised" if status == 401 else CODES.get(said, f"http_{status}")
            wait = wait_of(headers.get("retry-after"), FLOOD_WAIT)
            raise Declined(code, wait if status == 429 or code == "too_fast" else 0.0)
        raise ConnectorError(f"http_{status}")


def moment(value: Any) -> datetime:
    """A time of WordPress, which leaves out that it is UTC. Raises ValueError."""
    at = datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _checked(row: Any) -> dict[str, Any]:
    """A comment with everything in it that is used; raises KeyError, TypeError or ValueError."""
    return {
        "id": int(row["id"]),
        "post": int(row["post"]),
        "parent": int(row["parent"]),
        "author_name": str(row["author_name"]),
        "date_gmt": moment(row["date_gmt"]).isoformat(),
        "link": str(row["link"]),
        "status": str(row["status"]),
        "author_user_agent": str(row["author_user_agent"]),
        "raw": str(row["content"]["raw"]),
    }
