"""The settings of each connector as a form asks for them. Secret ones are never shown again."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engage.enums import ConnectorKind
from engage.quiet_hours import checked_hours, checked_zone


class Kind(enum.Enum):
    """How a setting is typed."""

    TEXT = "text"
    ADDRESS = "url"
    SECRET = "password"  # noqa: S105  # the type of a field
    LINES = "lines"  # one entry a line
    NUMBER = "number"
    HOURS = "hours"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting.

    Attributes:
        name: as the connector's docstring has it.
        fallback: what holds if it is left empty, in words; "" for what is needed.
        most: of a number.
    """

    name: str
    label: str
    help: str
    kind: Kind = Kind.TEXT
    fallback: str = ""
    most: int = 3600


def _quiet(seconds: int) -> Field:
    what = "Seconds after which a request that was cut off can no longer land"
    return Field("quiet_seconds", "Quiet window", what, Kind.NUMBER, str(seconds))


_WHEN = (
    Field("quiet_hours", "Quiet hours", "When nothing is posted there, such as 22:00-07:00; "
          "signposts are", Kind.HOURS, "none"),
    Field("time_zone", "Time zone", "Of the quiet hours, such as America/Chicago", Kind.ZONE,
          "that of the installation"),
)  # fmt: skip
FIELDS: Mapping[ConnectorKind, tuple[Field, ...]] = {
    ConnectorKind.WORDPRESS: (
        Field("base_url", "Address", "As the site itself uses it; permalinks on", Kind.ADDRESS),
        Field("username", "User name", "Of an account whose role may read, moderate_comments and "
              "edit_posts, and nothing else"),
        Field("application_password", "Application password", "Made in that account’s profile",
              Kind.SECRET),
        _quiet(60),
        *_WHEN,
    ),
    ConnectorKind.MATRIX: (
        Field("base_url", "Homeserver", "Its address, not that of the app", Kind.ADDRESS),
        Field("room", "Room", "Its internal id, which begins with “!”: Element shows it in the "
              "advanced settings of the room"),
        Field("device_id", "Device", "The one under which the account signed in: keep it when the "
              "token changes, or a repeated request is a second message"),
        Field("token", "Access token", "Of that account, from that device", Kind.SECRET),
        _quiet(15),
        *_WHEN,
    ),
    ConnectorKind.BLUESKY: (
        Field("identifier", "Handle or DID", "Of the account that reads and replies"),
        Field("app_password", "App password", "Made under Settings, Privacy and security, App "
              "passwords; never the account’s own", Kind.SECRET),
        Field("watch", "What to read", "“@handle” for somebody’s posts, anything else is searched "
              "for; one a line", Kind.LINES, "posts that answer or name the account"),
        Field("service", "Server", "That of the account", Kind.ADDRESS, "https://bsky.social"),
        _quiet(15),
        *_WHEN,
    ),
    ConnectorKind.DISCOURSE: (
        Field("base_url", "Address", "Of the forum", Kind.ADDRESS),
        Field("username", "User name", "Of the account that replies; a moderator’s may repeat what "
              "it said a moment ago, others may not"),
        Field("api_key", "API key", "Made by an administrator of the forum for that single user, "
              "with the scope “Global”", Kind.SECRET),
        Field("category", "Category", "The number of the only one that is read; it stands in the "
              "category’s address", Kind.TEXT, "all that the account can see"),
        _quiet(60),
        *_WHEN,
    ),
    ConnectorKind.MASTODON: (
        Field("base_url", "Server", "That of the account", Kind.ADDRESS),
        Field("access_token", "Access token", "Of an application under Preferences, Development, "
              "with the scopes read and write:statuses", Kind.SECRET),
        Field("watch", "What to read", "“#hashtag” or “@account@server”; one a line", Kind.LINES,
              "posts that answer or mention the account"),
        _quiet(60),
        *_WHEN,
    ),
    ConnectorKind.REDDIT: (
        Field("subreddit", "Subreddit", "Its name, without r/"),
        Field("client_id", "Client id", "Of the application that Reddit approved"),
        Field("client_secret", "Client secret", "Of that application", Kind.SECRET),
        Field("refresh_token", "Refresh token", "Of the account that replies, permanent, with the "
              "scopes identity, read, submit, edit and history", Kind.SECRET),
        _quiet(60),
        *_WHEN,
    ),
    ConnectorKind.ASSISTED: (
        Field("base_url", "Address", "What the address of everything in it begins with, such as "
              "https://www.facebook.com/groups/1234", Kind.ADDRESS),
        Field("max_length", "Longest reply", "Characters that the platform takes", Kind.NUMBER,
              "10,000", most=10_000),
        *_WHEN,
    ),
    ConnectorKind.FEED: (
        Field("feed_url", "Feed", "The address of an RSS or Atom feed", Kind.ADDRESS),
    ),
    ConnectorKind.SANDBOX: (
        Field("base_url", "Address", "Such as http://127.0.0.1:8100", Kind.ADDRESS),
        Field("board", "Board", "Its short name there"),
        Field("token", "Token", "Of the API there", Kind.SECRET),
        Field("author", "Author", "The handle that replies are under", Kind.TEXT, "care-team"),
        _quiet(5),
        *_WHEN,
    ),
    ConnectorKind.PUSH: (),
}  # fmt: skip


def settings_from(
    kind: ConnectorKind, written: Mapping[str, str], before: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings that a form asks for.

    Args:
        written: by name of the setting; a secret that is left empty stays as it was.
        before: what holds now; empty for a new community.
    Raises:
        ValueError: something that is needed is missing, or not a number; names the setting's label.
    """
    known = {field.name for field in FIELDS[kind]}
    settings: dict[str, Any] = {n: value for n, value in before.items() if n not in known}
    for field in FIELDS[kind]:
        value = written.get(field.name, "").strip()
        if field.kind is Kind.SECRET and not value:
            value = str(before.get(field.name, ""))
        if not value:
            if not field.fallback:
                raise ValueError(f"Fill in: {field.label.lower()}.")
            continue
        settings[field.name] = _typed(field, value)
    return settings


def _typed(field: Field, value: str) -> Any:
    if field.kind is Kind.LINES:
        return [line.strip() for line in value.splitlines() if line.strip()]
    if field.kind is Kind.HOURS:
        return checked_hours(value)
    if field.kind is Kind.ZONE:
        return checked_zone(value)
    if field.kind is Kind.NUMBER:
        if not (value.isascii() and value.isdecimal() and 0 < int(value) <= field.most):
            raise ValueError(f"{field.label}: give a whole number from 1 to {field.most:,}.")
        return int(value)
    return value
