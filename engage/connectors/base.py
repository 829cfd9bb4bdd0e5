"""The interface that every community platform fits: eight calls, plain values, no database. Two
more are for those that can.

A connector normalises what its platform answers into these types; nothing of a platform's status
codes leaves its file. None of these calls is made inside a database transaction.
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable


class Idempotency(enum.Enum):
    """What the platform itself does when the same post is sent twice."""

    EXACT = "exact"  # one post, for ever
    WINDOWED = "windowed"  # one post, for some seconds
    LOOKUP = "lookup"  # two posts, but ours can be found by a tag or by its text
    NONE = "none"  # two posts, and nothing tells them apart


@dataclass(frozen=True, slots=True)
class Caps:
    """What a platform can do. `window_seconds` only counts for WINDOWED."""

    idempotency: Idempotency
    can_publish: bool = True
    can_edit: bool = True
    can_withdraw: bool = True
    max_length: int = 10_000
    length_unit: str = "characters"
    markup: str = "plain"
    window_seconds: int = 0
    by_hand: bool = False  # nothing is sent: a person posts, and says so
    client_timeout_seconds: float = 10.0
    quiet_seconds: float = 15.0  # after this a request that was cut off can no longer land


@dataclass(frozen=True, slots=True)
class Item:
    """One post as the platform shows it now. Redelivery is allowed."""

    post_id: str
    thread_id: str
    thread_url: str
    thread_title: str
    parent_id: str | None
    author: str
    published_at: datetime  # time-zone aware
    text: str
    deleted: bool = False
    locked: bool | None = False  # the thread takes no more replies; None: not looked at


@dataclass(frozen=True, slots=True)
class Page:
    """A batch of items and the opaque cursor (JSON values) to ask with next time."""

    items: tuple[Item, ...]
    cursor: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be posted, and where.

    `tag` is an opaque id of `new_tag`: nothing about a patient.
    """

    thread_id: str
    thread_url: str
    parent_id: str
    text: str
    tag: str


def new_tag(now: datetime) -> str:
    """A tag: when it was made (a platform may want that in the request), and chance."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_urlsafe(16)}"


def tagged_at(tag: str) -> datetime:
    """When a tag was made, in UTC. Raises ValueError if `new_tag` didn't make it."""
    return datetime.strptime(tag.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The request as it will be sent (JSON values), stored before the first send.

    It follows from the intent alone, whose tag it keeps as "tag".
    """

    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Posted:
    """It is live. `ref` (JSON values) finds it again; `url` is where people see it.

    Its "post_id" is the one under which `fetch_since` brings our own post.
    """

    ref: Mapping[str, Any]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """The platform has it and holds it for its own moderators."""

    ref: Mapping[str, Any]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Proven: the platform did not and will not take it. `reason` is a short code, never text."""

    reason: str


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Proven: nothing was posted, and the platform asks to wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """A timeout, a reset, a 5xx: it may be live. Only looking settles it. `reason` is a code."""

    reason: str


Outcome = Posted | Pending | Refused | RetryAfter | Unknown


@dataclass(frozen=True, slots=True)
class Found:
    """Our post is there."""

    ref: Mapping[str, Any]
    url: str = ""
    pending: bool = False


@dataclass(frozen=True, slots=True)
class NotFound:
    """Looked everywhere it could be (held and trashed too), and it is not there."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """More than one candidate, or a look-up that could not be completed: a person decides."""

    candidates: int


Lookup = Found | NotFound | Ambiguous


class LiveState(enum.Enum):
    """How a published reply stands on its platform."""

    LIVE = "live"
    PENDING = "pending"
    HIDDEN = "hidden"
    GONE = "gone"
    UNREADABLE = "unreadable"  # lost authorisation or no answer: says nothing about the reply


@dataclass(frozen=True, slots=True)
class Live:
    """The raw text as the platform stores it (None unless readable) and its version token."""

    state: LiveState
    text: str | None = None
    version: str = ""
    ref: Mapping[str, Any] | None = None  # where it is now, if that is not where it was


class ConnectorError(Exception):
    """The platform could not be asked. `retry` says whether asking again helps.

    `code` is a short word for logs; the message never holds text of a post. `wait` is how many
    seconds the platform asks to wait, 0 if it does not ask.
    """

    def __init__(self, code: str, *, retry: bool = True, wait: float = 0.0) -> None:
        super().__init__(code)
        self.code = code
        self.retry = retry
        self.wait = wait


class Declined(ConnectorError):
    """The platform said no, in its own words: nothing was done."""

    def __init__(self, code: str, wait: float = 0.0) -> None:
        super().__init__(code, retry=wait > 0, wait=wait)


class NoThreadHere(ConnectorError):
    """An address leads to no thread of this community."""

    def __init__(self) -> None:
        super().__init__("no_thread_here", retry=False)


class Conflict(ConnectorError):
    """The live copy is no longer the version that was to be replaced."""

    def __init__(self) -> None:
        super().__init__("conflict", retry=False)


def check_length(text: str, caps: Caps) -> None:
    """Raises ValueError if a platform that counts characters takes no text so long."""
    if len(text) > caps.max_length:
        raise ValueError(
            f"The reply has {len(text)} characters; this community takes at most "
            f"{caps.max_length}. Shorten it."
        )


class Connector(Protocol):
    """One community on one platform.

    Built as `Kind(settings)` where `settings` is a plain dict of the community's connector
    settings (addresses, credentials).
    """

    caps: Caps

    def prepare(self, intent: Intent) -> Prepared:
        """Pure: what is returned is frozen before the first send. Raises ValueError if too long."""
        ...

    def fetch_since(self, cursor: Mapping[str, Any]) -> Page:
        """Items new or changed since the cursor ({} the first time). Raises ConnectorError."""
        ...

    def publish(self, prepared: Prepared) -> Outcome:
        """Sends once; never raises for what the network or the platform does."""
        ...

    def find_published(self, prepared: Prepared) -> Lookup:
        """Whether an earlier send went through. Raises ConnectorError when it can't be asked."""
        ...

    def fetch_published(self, ref: Mapping[str, Any]) -> Live:
        """The live copy, raw. No answer and lost authorisation are UNREADABLE, never GONE."""
        ...

    def edit(self, ref: Mapping[str, Any], text: str, expected_version: str) -> Live:
        """Replaces the live text. Raises Conflict if it drifted, ConnectorError otherwise."""
        ...

    def withdraw(self, ref: Mapping[str, Any]) -> None:
        """Takes it down; already gone is success. Raises ConnectorError."""
        ...

    def missing(self) -> list[str]:
        """What stands in the way of using this community: a sentence each, [] for nothing.

        Asks the platform, for the button that tests a connection: a wrong address, a role or a
        scope that is missing. Never raises for what the network or the platform does.
        """
        ...


@runtime_checkable
class ReadsThreads(Protocol):
    """What a connector also is that finds a thread by the address which browsers show."""

    def fetch_thread(self, address: str, known: Collection[str] = ()) -> tuple[Item, ...]:
        """Everything that the thread says now, and which of the `known` posts (ids) are gone.

        Raises:
            ConnectorError: as `fetch_since`; NoThreadHere for an address of something else.
        """
        ...


@runtime_checkable
class ReadsBack(Protocol):
    """What a connector also is that reads what was said before its first `fetch_since`."""

    def fetch_back(self, since: datetime, cursor: Mapping[str, Any]) -> Page:
        """A part of it, each list from its newest post backwards; may hold what is known.

        Args:
            since: time-zone aware; a list that comes to something older has ended.
            cursor: {} the first time, then that of the page before.
        Returns:
            A page with the cursor {} once every list has ended.
        Raises:
            ConnectorError: as `fetch_since`.
        """
        ...
