"""The panel of signposts, for every page that shows an open safety signal."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import template

from compliance.models import VaultText
from engage import signposting
from engage.models import Thread
from reviews.models import User
from reviews.permissions import Permission, can_may

register = template.Library()


@register.inclusion_tag("engage/signpost_panel.html", takes_context=True)
def signpost_panel(
    context: template.Context, thread_id: UUID, text: VaultText | None = None
) -> dict[str, Any]:
    """What can be sent to a thread with open signals.

    Args:
        text: that of the one signal that the page is about; all of the thread, if not given.
    """
    user = cast(User, context["user"])
    thread = Thread.objects.select_related("community", "key").filter(pk=thread_id).first()
    if thread is None:
        return {"offers": (), "lacking": False, "of_a_signal": False, "can_read": False}
    found = signposting.offered(user, thread, text)
    return {
        "offers": found.offers,
        "lacking": found.lacking,
        "of_a_signal": text is not None,
        "can_read": can_may(user, Permission.READ_SIGNPOSTS),
    }
