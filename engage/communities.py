"""Communities: adding one, its settings in the vault, and the connector to its platform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.rules.profile import check_line
from engage.connectors import connector_for
from engage.connectors.base import Connector
from engage.connectors.fields import settings_from
from engage.enums import ConnectorKind
from engage.models import Community
from reviews import permissions
from reviews.models import User
from reviews.permissions import Permission


@transaction.atomic
def add_community(
    *,
    by: str,
    slug: str,
    name: str,
    connector: ConnectorKind,
    settings: dict[str, Any] | None = None,
    about: str = "",
    disclosure_line: str = "",
    max_length: int = 10_000,
) -> Community:
    """Adds a community.

    Args:
        by: the actor for the ledger.
        settings: addresses and credentials for the connector (sealed).
        disclosure_line: may name {author}, {credentials} and {affiliation}.
        max_length: of a reply with its disclosure line; its platform's limit counts too.
    Raises:
        BadInput: the slug is taken or none, there is no name, something is too long, or the
            disclosure line names something else.
    """
    if not name or len(name) > 100 or len(about) > 300 or len(disclosure_line) > 400:
        raise BadInput(
            "A community needs a name of at most 100 characters; at most 300 say what it is about, "
            "and 400 are in its disclosure line."
        )
    if not re.fullmatch(r"[a-z0-9-]{1,80}", slug):
        raise BadInput("The short name is made of small letters, digits and hyphens.")
    if Community.objects.filter(slug=slug).exists():
        raise BadInput("There is a community with this short name already. Choose another one.")
    check_line(disclosure_line)
    key = vault.new_key()
    community = Community.objects.create(
        slug=slug,
        name=name,
        about=about,
        connector=connector,
        key=key,
        settings=vault.lock(key, settings or {}, about="community.settings"),
        disclosure_line=disclosure_line,
        max_length=_longest(connector, settings or {}, max_length),
    )
    ledger.record(
        EventKind.COMMUNITY_ADDED, by=by, subject=community, connector=str(connector), slug=slug
    )
    return community


@transaction.atomic
def change_settings(*, by: User, community_id: UUID, written: Mapping[str, str]) -> Community:
    """Changes how a community is reached. What was cleared or is live stays as it is.

    Args:
        written: as a form has it; secrets that are left empty stay as they are.
    Raises:
        NotAllowed: not this person.
        BadInput: a setting is missing or malformed.
    """
    permissions.check_may(by, Permission.MANAGE)
    community = (
        Community.objects.select_for_update(of=("self",)).select_related("key").get(pk=community_id)
    )
    before = settings_of(community)
    settings = checked_settings(ConnectorKind(community.connector), written, before)
    changed = sorted(n for n in {*before, *settings} if before.get(n) != settings.get(n))
    if not changed:
        return community
    community.settings = vault.lock(community.key, settings, about="community.settings")
    community.next_poll_at, community.poll_failures, community.poll_error = None, 0, ""
    community.save(update_fields=["settings", "next_poll_at", "poll_failures", "poll_error"])
    ledger.record(EventKind.COMMUNITY_CHANGED, by=by.actor, subject=community, settings=changed)
    return community


def checked_settings(
    kind: ConnectorKind, written: Mapping[str, str], before: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings that a form asks for, if the connector takes them.

    Raises:
        BadInput: a setting is missing or malformed; the message says which, never its value.
    """
    try:
        settings = settings_from(kind, written, before)
        if kind != ConnectorKind.PUSH:  # which has none
            connector_for(kind, settings)
    except ValueError as error:
        raise BadInput(str(error)) from None
    return settings


def in_the_way(community: Community) -> list[str]:
    """What keeps a community from being used, a sentence each. Asks the platform."""
    try:
        return connect(community).missing()
    except ValueError as error:
        return [str(error)]


def _longest(connector: ConnectorKind, settings: dict[str, Any], wanted: int) -> int:
    """No more than the platform takes, so that nobody writes what it would refuse."""
    try:
        return min(wanted, connector_for(connector, settings).caps.max_length)
    except ValueError:  # it is pushed or imported, or its settings are incomplete
        return wanted


def connect(community: Community) -> Connector:
    """The connector of a community, with its unlocked settings."""
    return connector_for(community.connector, settings_of(community))


def can_publish(community: Community) -> bool:
    """Whether replies can be posted there from here. Asks nobody: the connector knows.

    A community that is pushed or imported has no connector, and one whose settings are incomplete
    takes nothing either.
    """
    try:
        return connect(community).caps.can_publish
    except ValueError:
        return False


def settings_of(community: Community) -> dict[str, Any]:
    """A community's connector settings, from the vault."""
    value: dict[str, Any] = vault.unlock(
        community.key, bytes(community.settings), about="community.settings"
    )
    return value
