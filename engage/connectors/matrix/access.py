"""What an account lacks to read and answer in a room, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engage.connectors.base import ConnectorError
from engage.connectors.matrix.events import MESSAGE, REDACTION, part
from engage.connectors.matrix.server import MatrixServer

STATE = ("m.room.create", "m.room.power_levels", "m.room.encryption", "m.room.tombstone")


def lacking(server: MatrixServer, device: str) -> list[str]:
    """Sentences that the person who set up the community can act on; none if all is well."""
    try:
        me = server.whoami()
    except ConnectorError as error:
        if error.code == "unauthorised":
            return ["The access token isn't valid any more. Sign in again with the same device id."]
        return [f"No Matrix server answers at this address ({error.code})."]
    lacks = []
    if me.get("device_id") != device:
        lacks.append("The token belongs to another device than the setting 'device_id' says.")
    try:
        server.check_joined()
        state = {
            kind: server.found(server.path("state", kind), {"format": "event"}) or {}
            for kind in STATE
        }
    except ConnectorError as error:
        if error.code != "not_in_room":
            return [*lacks, f"The room can't be read ({error.code})."]
        return [*lacks, "The account isn't in the room. Invite it, and accept the invitation."]
    if state["m.room.encryption"]:
        lacks.append("The room is encrypted, so nothing in it can be read. Choose another one.")
    if state["m.room.tombstone"]:
        lacks.append("The room was replaced by a newer one. Give the id of that one.")
    for kind, what in ((MESSAGE, "post"), (REDACTION, "take replies down")):
        if not _may_send(str(me.get("user_id")), kind, state):
            lacks.append(f"The account may not {what} in the room. Ask for a higher power level.")
    return lacks


def _may_send(me: str, kind: str, state: Mapping[str, Mapping[str, Any]]) -> bool:
    create, levels = state["m.room.create"], part(state["m.room.power_levels"], "content")
    created = part(create, "content")
    if created.get("room_version") not in ("1 2 3 4 5 6 7 8 9 10 11".split()) and (
        me == create.get("sender") or me in created.get("additional_creators", ())
    ):
        return True  # from room version 12 on, creators may do everything and are not listed
    ours = part(levels, "users").get(me, levels.get("users_default", 0))
    wanted = part(levels, "events").get(kind, levels.get("events_default", 0))
    return int(ours) >= int(wanted)
