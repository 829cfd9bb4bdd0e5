"""What went wrong when a community was read, in words with what to do."""

from __future__ import annotations

WORDS = {
    "asked_to_wait": "it asks to be read less often; that happens by itself",
    "connection": "it does not answer",
    "feed_unreadable": "what it sends is no feed: open its address in a browser",
    "gone": "what is read there does not exist any more",
    "incomplete_settings": "its settings are incomplete: an administrator completes them",
    "leads_inside": "its address leads into our own network: if it is there, list its host in "
    "COMMUNITY_HOSTS_INSIDE",
    "no_thread_here": "this address leads to no thread of this community",
    "not_in_room": "the account is not in the room",
    "not_permitted": "the account may not read there: test the connection",
    "rate_limited": "it asks to be read less often; that happens by itself",
    "redirected": "it leads to another address: give that one",
    "timeout": "it takes too long to answer",
    "too_fast": "it asks to be read less often; that happens by itself",
    "too_large": "its answer is too large",
    "unauthorised": "it does not accept the account: enter its password or key anew",
    "unknown_host": "its address has no host: look for a slip in it",
    "unreadable_answer": "its answer can't be read: it may have changed, or something stands "
    "between",
}


def in_words(code: str) -> str:
    """A sentence's second half for a code of `ConnectorError`; the code itself if none is known."""
    if code.startswith("http_"):
        return f"it answers with an error ({code.removeprefix('http_')})"
    return WORDS.get(code, f"it can't be read ({code})")
