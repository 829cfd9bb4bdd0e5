"""How the installation stands: counts for `manage.py status` and the administrator's page."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from compliance.enums import Direction, ScanState
from compliance.models import Event, Finding, VaultText
from engage.models import Community, Post, PostRevision, Publication, Thread
from reviews.models import Review, SafetyCase


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts. `posts_by_scan` counts each post by its revisions' scan state; `findings_by_rule`
    counts findings in scanned posts (titles excluded)."""

    communities: int
    threads: int
    posts: int
    posts_by_scan: dict[str, int]
    findings_by_rule: dict[str, int]
    open_safety_cases: int
    reviews: dict[str, int]
    publications: dict[str, int]
    events: int


def overview() -> Overview:
    """The counts as they are now."""
    by_scan = dict.fromkeys((s.value for s in ScanState if s is not ScanState.EXEMPT), 0)
    by_scan |= _counts(PostRevision.objects.all(), "text__scan_state")
    findings = Finding.objects.filter(scan__texts__post_revision__isnull=False)
    return Overview(
        communities=Community.objects.count(),
        threads=Thread.objects.count(),
        posts=Post.objects.count(),
        posts_by_scan=by_scan,
        findings_by_rule=_counts(findings, "rule_id"),
        open_safety_cases=SafetyCase.objects.filter(disposed_at=None).count(),
        reviews=_counts(Review.objects.all(), "state"),
        publications=_counts(Publication.objects.all(), "state"),
        events=Event.objects.count(),
    )


def waiting_texts() -> int:
    """Inbound texts without a complete scan."""
    return (
        VaultText.objects.filter(direction=Direction.INBOUND)
        .exclude(scan_state=ScanState.SCANNED)
        .count()
    )


def _counts(rows: QuerySet, field: str) -> dict[str, int]:  # type: ignore[type-arg]  # any model
    counted = rows.order_by().values_list(field).annotate(Count("pk")).order_by(field)
    return dict(counted)
