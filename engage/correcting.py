"""Correcting: a new text takes the place of a live one, if nobody changed that meanwhile.

Here the request that is frozen says which reply it replaces. What was signed is compared with what
is live at the moment of sending: a text that somebody else changed is never overwritten, and one
that was taken down never comes back.
"""

from __future__ import annotations

from uuid import UUID

from compliance import vault
from engage import publications
from engage.connectors.base import (
    Ambiguous,
    Conflict,
    Connector,
    ConnectorError,
    Found,
    Intent,
    LiveState,
    Lookup,
    NotFound,
    Outcome,
    Posted,
    Prepared,
    Refused,
    RetryAfter,
    Unknown,
)
from engage.enums import PublicationState
from engage.models import Draft, Publication

LOOK_AGAIN = 60.0  # seconds


def prepared_for(draft: Draft, intent: Intent, connector: Connector) -> Prepared:
    """The request to freeze: that of the connector, or that of a correction.

    Raises:
        ValueError: the platform does not take the text.
    """
    asked = connector.prepare(intent)
    if draft.corrects_id is None:
        return asked
    return Prepared({"corrects": str(draft.corrects_id), "text": intent.text, "tag": intent.tag})


def is_standing(draft: Draft) -> bool:
    """Whether the reply that a draft corrects is still live; true for what corrects none."""
    return draft.corrects is None or draft.corrects.state == PublicationState.LIVE


def send(connector: Connector, prepared: Prepared) -> Outcome:
    """Replaces the live text once; never raises for what the network or the platform does."""
    corrected, text = _corrected(prepared), str(prepared.body["text"])
    reference = publications.reference_of(corrected)
    live = connector.fetch_published(reference["ref"])
    if live.state is LiveState.UNREADABLE:
        return RetryAfter(LOOK_AGAIN)  # nothing was sent
    if live.state is not LiveState.LIVE or live.text is None:
        return Refused("not_live_any_more")
    if live.text != text:
        if vault.digest(corrected.request.key, live.text) != corrected.text_digest:
            return Refused("changed_by_others")
        try:
            after = connector.edit(reference["ref"], text, live.version)
        except Conflict:
            return Refused("changed_by_others")
        except ConnectorError as error:
            return Unknown(error.code) if error.retry else Refused(error.code)
        if after.text != text:
            return Unknown("not_what_was_sent")
    return Posted(reference["ref"], reference["url"])


def find(connector: Connector, prepared: Prepared) -> Lookup:
    """Whether an earlier sending of a correction went through. Raises ConnectorError."""
    corrected, text = _corrected(prepared), str(prepared.body["text"])
    reference = publications.reference_of(corrected)
    live = connector.fetch_published(reference["ref"])
    if live.state is LiveState.UNREADABLE:
        raise ConnectorError("unreadable")
    if live.state is LiveState.GONE or live.text is None:
        return NotFound()
    if live.text == text:
        return Found(reference["ref"], reference["url"])
    if vault.digest(corrected.request.key, live.text) == corrected.text_digest:
        return NotFound()
    return Ambiguous(1)


def is_correction(prepared: Prepared) -> bool:
    """Whether a request replaces a live text."""
    return "corrects" in prepared.body


def _corrected(prepared: Prepared) -> Publication:
    return publications.read(UUID(prepared.body["corrects"]))
