"""A thread as people read it here: masked, with pseudonyms, and as the snapshot that a review
seals. Only scanned texts are ever shown (law 8)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from compliance import scanning, vault
from compliance.enums import ScanState
from compliance.exceptions import TextErased
from compliance.masking import Mark, MaskedPlace, Pseudonyms, Segment, mask, masked_places
from compliance.models import DataKey, Finding, VaultText
from engage import screening
from engage.enums import PostState
from engage.intake import author_digest
from engage.models import Post, PostRevision, Publication, Thread
from reviews.models import SafetyCase

_DECORATION = re.compile(r"^(?:@|/?u/)|['\u2019]s$")  # @marigold, u/marigold, marigold's


@dataclass(frozen=True, slots=True)
class ShownPost:
    """One post, ready for a page. `segments` is empty while the post is held."""

    post: Post
    revision: PostRevision
    author: str
    segments: Sequence[Segment]
    findings: Sequence[Finding]
    screened: bool
    in_other_language: bool  # held because nothing here reads its language
    deleted: bool
    ours: bool  # a reply that was published from here

    @property
    def masked(self) -> list[MaskedPlace]:
        """What is masked in it, to choose from."""
        return masked_places(self.segments)


class Authors:
    """The people of a thread, numbered in the order of their first post.

    Args:
        key: of the thread.
        posts: oldest first.
    """

    def __init__(self, key: DataKey, posts: Sequence[Post]) -> None:
        self._key = key
        self._numbers: dict[str, int] = {}
        for post in posts:
            self._numbers.setdefault(post.author_digest, len(self._numbers) + 1)

    def label(self, post: Post) -> str:
        """Who wrote it: "Author 1", never the handle."""
        return f"Author {self._numbers[post.author_digest]}"

    def named(self, words: str, finding: Finding) -> str:
        """The author whom an identifier names by their handle, as `label` does; "" if none."""
        if finding.entity not in ("HANDLE", "NAME"):
            return ""
        handle = _DECORATION.sub("", words[finding.start : finding.end])
        number = self._numbers.get(author_digest(self._key, handle))
        return f"Author {number}" if number else ""


def title_segments(thread: Thread, names: Pseudonyms | None = None) -> list[Segment]:
    """The masked title of a thread, or nothing while it is held."""
    return _segments(thread.title, names, None)


def show(thread: Thread) -> list[ShownPost]:
    """The posts of a thread, masked, oldest first; the same name is the same number throughout."""
    pairs = screening.newest_revisions(thread)
    names, authors = Pseudonyms(), Authors(thread.key, [post for post, _ in pairs])
    published = Publication.objects.filter(community=thread.community_id, draft__thread=thread)
    ours = set(published.values_list("post_digest", flat=True))
    shown = []
    for post, revision in pairs:
        screened = screening.is_screened(post, revision)
        deleted = post.state == PostState.DELETED
        findings = scanning.findings_of(revision.text) if screened and not deleted else []
        shown.append(
            ShownPost(
                post=post,
                revision=revision,
                author=authors.label(post),
                segments=_segments(revision.text, names, authors)
                if screened and not deleted
                else [],
                findings=findings,
                screened=screened,
                in_other_language=revision.text.held_by == scanning.LANGUAGE,
                deleted=deleted,
                ours=post.external_digest in ours,
            )
        )
    return shown


def snapshot(thread: Thread, answered: UUID) -> str:
    """Canonical JSON of what the thread-moved guard compares (law 3)."""
    pairs = screening.newest_revisions(thread)
    author = next(p.author_digest for p, _ in pairs if p.pk == answered)
    posts = [[str(p.pk), r.number, p.state, p.author_digest == author] for p, r in pairs]
    signals = SafetyCase.objects.filter(thread_id=thread.pk).count()
    return json.dumps(
        {"locked": thread.locked, "answered": str(answered), "posts": posts, "signals": signals}
    )


def moved(before: str, thread: Thread) -> str:
    """Why a reply to this thread must be looked at again, as a code; "" if it need not (law 3).

    Other people's new replies do not count, nor do their edits.
    """
    then = json.loads(before)
    now = json.loads(snapshot(thread, UUID(then["answered"])))
    revisions_then = {post: revision for post, revision, _, _ in then["posts"]}
    _, answered_revision, answered_state, _ = next(
        post for post in now["posts"] if post[0] == then["answered"]
    )
    still_open = SafetyCase.objects.filter(thread_id=thread.pk, disposed_at=None).exists()
    if still_open or now["signals"] > then["signals"]:
        return "safety_signal"
    if now["locked"] and not then["locked"]:
        return "thread_locked"
    if answered_state == PostState.DELETED:
        return "answered_post_deleted"
    if answered_revision != revisions_then[then["answered"]]:
        return "answered_post_edited"
    if any(
        by_author and revision > revisions_then.get(post, 0)
        for post, revision, _, by_author in now["posts"]
    ):
        return "author_wrote_again"
    return ""


def closed(thread: Thread, answered: Post) -> str:
    """Why this post can't be answered any more, as a code; "" if it can.

    All that matters to a signpost: it answers the very danger that keeps ordinary replies away.
    """
    if thread.locked:
        return "thread_locked"
    return "answered_post_deleted" if answered.state == PostState.DELETED else ""


def digest_of(snapshot_json: str) -> str:
    """Short code of a snapshot, for the ledger."""
    return hashlib.sha256(snapshot_json.encode()).hexdigest()[:16]


def source_of(post_or_thread: Post | Thread) -> dict[str, Any]:
    """Ids and addresses on the platform, from the vault; for connectors, never for pages."""
    if isinstance(post_or_thread, Thread):
        key, about = post_or_thread.key, "thread.source"
    else:
        key, about = post_or_thread.thread.key, "post.source"
    value: dict[str, Any] = vault.unlock(key, bytes(post_or_thread.source), about=about)
    return value


def _segments(text: VaultText, names: Pseudonyms | None, authors: Authors | None) -> list[Segment]:
    if text.scan_state != ScanState.SCANNED:
        return []
    findings = scanning.findings_of(text)
    try:
        words = vault.unseal(text)
    except TextErased:
        return [Segment("Erased", "plain")]
    marks = [
        Mark(
            start=f.start,
            end=f.end,
            rule_id=f.rule_id,
            severity=f.severity,
            entity=f.entity,
            id=str(f.pk),
            label=authors.named(words, f) if authors else "",
        )
        for f in findings
        if f.end > f.start
    ]
    return mask(words, marks, names=names or Pseudonyms())
