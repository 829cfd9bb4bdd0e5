"""How a reply will look on its platform: its length there, and where its links lead."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django import template

from engage.models import Draft
from reviews.models import Review
from reviews.packet import Packet

register = template.Library()
_LINK = re.compile(r"https?://[^\s<>\"]+")


@register.filter
def thousands(number: int) -> str:
    """A number with a comma after each thousand."""
    return f"{number:,}"


@register.inclusion_tag("engage/posted_as.html")
def posted_as(review: Review, packet: Packet) -> dict[str, Any]:
    """What a signer should know of the form beside the words. A masked link stays masked."""
    limits = Draft.objects.filter(pk=review.case_id).values_list(
        "thread__community__max_length", flat=True
    )
    masked = [(mark.start, mark.end) for mark in packet.marks if mark.entity]
    links = [
        link.group().rstrip(".,;:)")
        for link in _LINK.finditer(packet.text)
        if not any(start < link.end() and link.start() < end for start, end in masked)
    ]
    limit = limits.first() or 0
    return {
        "platform": packet.platform,
        "length": len(packet.text),
        "limit": limit,
        "over": bool(limit) and len(packet.text) > limit,
        "links": [(urlsplit(link).hostname or "", link) for link in links],
    }
