"""Screening what arrived: scanning it in batches, and opening safety cases for what was found.

Rows say what is due; tasks only nudge (law 5). A text that can't be scanned is held (law 8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Prefetch
from django.utils import timezone

from compliance import scanning
from compliance.enums import Direction, ScanState
from compliance.exceptions import TextErased
from compliance.findings import INBOUND
from compliance.models import VaultText
from compliance.scanning import ScanReport
from engage import topic_watches
from engage.models import Post, PostRevision, Publication, Thread
from engage.topic_watches import Standing
from reviews import safety

BATCH = 100  # posts a task: 2.7 times the throughput of one a task
LEASE = timedelta(seconds=60)  # a worker that died gives its batch back after this
UNSCANNED = (ScanState.PENDING, ScanState.HELD)


@transaction.atomic
def claim_due(limit: int) -> list[UUID]:
    """Takes texts whose scan is due, for one lease; nobody else gets them meanwhile."""
    due = VaultText.objects.filter(
        scan_state__in=UNSCANNED, scan_due_at__lte=timezone.now(), direction=Direction.INBOUND
    ).order_by("scan_due_at")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    ids = list(due.values_list("pk", flat=True)[:limit])
    VaultText.objects.filter(pk__in=ids).update(scan_due_at=timezone.now() + LEASE)
    return ids


def scan_inbound(ids: Sequence[UUID]) -> ScanReport:
    """Scans claimed texts of posts and titles, then triages them."""
    texts = list(
        VaultText.objects.select_related("key").filter(
            pk__in=ids, scan_state__in=UNSCANNED, key__destroyed_at=None
        )
    )
    of_community: dict[UUID, list[VaultText]] = defaultdict(list)
    for text, community_id in zip(texts, _communities(texts), strict=True):
        of_community[community_id].append(text)
    reports = [
        scanning.scan_texts(part, [INBOUND] * len(part), community_id=community_id)
        for community_id, part in of_community.items()
    ]
    triage()
    return ScanReport(sum(r.scanned for r in reports), sum(r.held for r in reports))


def _communities(texts: Sequence[VaultText]) -> list[UUID]:
    """The community of each text: of its post, or of the thread whose title it is."""
    ids = [text.pk for text in texts]
    of_posts = PostRevision.objects.filter(text__in=ids).values_list("text", "post__community")
    of_titles = Thread.objects.filter(title__in=ids).values_list("title", "community")
    found = dict([*of_posts, *of_titles])
    return [found[pk] for pk in ids]


def triage() -> int:
    """Opens a safety case for each safety signal in newly scanned posts (law 9), and tells those
    who watch for what they say.

    Returns how many posts it looked at. A post counts as triaged in the transaction that opens
    its cases, so that none is lost.
    """
    looked = 0
    while now := _triage_what_waits():
        looked += now
    return looked


def _triage_what_waits() -> int:
    looked = 0
    watches = topic_watches.standing()
    scanned = PostRevision.objects.filter(
        number=F("post__triaged_revision") + 1, text__scan_state=ScanState.SCANNED
    )
    for revision_id in scanned.values_list("pk", flat=True)[:1000]:
        with transaction.atomic():
            looked += _triage(revision_id, watches)
    titles = Thread.objects.filter(title_triaged=False, title__scan_state=ScanState.SCANNED)
    for thread_id in titles.values_list("pk", flat=True)[:1000]:
        with transaction.atomic():
            looked += _triage_title(thread_id, watches)
    return looked


def _triage_title(thread_id: UUID, watches: Sequence[Standing]) -> bool:
    thread = Thread.objects.select_for_update(of=("self",)).get(pk=thread_id)
    if thread.title_triaged:
        return False  # somebody was quicker
    _open_cases(thread, thread.title, aware_at=thread.title.created_at)
    topic_watches.look(watches, thread, thread.title)
    thread.title_triaged = True
    thread.save(update_fields=["title_triaged"])
    return True


def _open_cases(thread: Thread, text: VaultText, *, aware_at: datetime) -> None:
    try:
        findings = scanning.findings_of(text)
    except TextErased:
        return
    if signals := [f.rule_id for f in findings if safety.is_safety_rule(f.rule_id)]:
        safety.open_cases(
            thread_id=thread.pk,
            community_name=thread.community.name,
            text=text,
            rule_ids=signals,
            aware_at=aware_at,
        )


def _triage(revision_id: UUID, watches: Sequence[Standing]) -> bool:
    revision = PostRevision.objects.select_related(
        "post__thread", "post__community", "text__scan", "text__key"
    ).get(pk=revision_id)
    post = Post.objects.select_for_update().get(pk=revision.post_id)
    if post.triaged_revision + 1 != revision.number:
        return False  # somebody was quicker, or an earlier revision still waits for its scan
    if not is_ours(revision.post):
        _open_cases(revision.post.thread, revision.text, aware_at=revision.seen_at)
        topic_watches.look(watches, revision.post.thread, revision.text)
    post.triaged_revision = revision.number
    post.save(update_fields=["triaged_revision"])
    return True


def is_ours(post: Post) -> bool:
    """Whether this post is a reply that we published, read back from its community."""
    return Publication.objects.filter(
        community=post.community_id, post_digest=post.external_digest
    ).exists()


def is_screened(post: Post, newest: PostRevision) -> bool:
    """Whether the newest revision of a post was scanned and triaged."""
    return newest.text.scan_state == ScanState.SCANNED and post.triaged_revision >= newest.number


def is_thread_screened(thread: Thread) -> bool:
    """Whether everything that the thread says now, title included, was scanned and triaged."""
    if not Thread.objects.filter(pk=thread.pk, title_triaged=True).exists():
        return False
    return all(is_screened(post, revision) for post, revision in newest_revisions(thread))


def newest_revisions(thread: Thread) -> list[tuple[Post, PostRevision]]:
    """Each post of a thread with what it says now, oldest first."""
    revisions = PostRevision.objects.select_related("text__key", "text__scan").prefetch_related(
        "text__scan__findings"
    )
    posts = thread.posts.prefetch_related(Prefetch("revisions", queryset=revisions))
    return [(post, list(post.revisions.all())[-1]) for post in posts]
