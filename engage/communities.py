"""Communities: adding one, its settings in the vault, and the connector to its platform."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.rules.profile import check_line
from engage.connectors import connector_for
from engage.connectors.base import Connector
from engage.enums import ConnectorKind
from engage.models import Community


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
        BadInput: the slug is taken, or the disclosure line names something else.
    """
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
