"""What somebody wrote down, for a page."""

from __future__ import annotations

from compliance import vault
from compliance.exceptions import TextErased
from compliance.models import VaultText


def said_in(text: VaultText | None) -> str:
    """The words, that they were erased, or "" for none."""
    try:
        return vault.unseal(text) if text else ""
    except TextErased as erased:
        return str(erased)
