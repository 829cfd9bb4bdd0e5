"""How the installation stands: counts for `manage.py status` and the administrator's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.db.models import Count, DurationField, ExpressionWrapper, F, QuerySet

from compliance.enums import Direction, ScanState
from compliance.models import Event, Finding, VaultText
from engage.models import Community, NoReply, Post, PostRevision, Publication, Thread
from reviews.models import Review, SafetyCase


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts. `posts_by_scan` counts each post by its revisions' scan state; `findings_by_rule`
    counts findings in scanned posts (titles excluded); `no_replies` the standing decisions not to
    reply by reason; `no_reply_percent` the threads with one; `no_reply_hours` the median from the
    arrival of the post to the decision, None without any."""

    communities: int
    threads: int
    posts: int
    posts_by_scan: dict[str, int]
    findings_by_rule: dict[str, int]
    open_safety_cases: int
    reviews: dict[str, int]
    publications: dict[str, int]
    no_replies: dict[str, int]
    no_reply_percent: int
    no_reply_hours: float | None
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
        no_replies=_counts(NoReply.objects.filter(reversed_at=None), "reason"),
        no_reply_percent=_no_reply_percent(),
        no_reply_hours=_no_reply_hours(),
        events=Event.objects.count(),
    )


def _no_reply_percent() -> int:
    threads = Thread.objects.count()
    standing = NoReply.objects.filter(reversed_at=None)
    decided = standing.values("post__thread").distinct().count()
    return round(100 * decided / threads) if threads else 0


def _no_reply_hours() -> float | None:
    took = ExpressionWrapper(F("at") - F("post__arrived_at"), DurationField())
    standing = NoReply.objects.filter(reversed_at=None).annotate(after=took).order_by("after")
    count = standing.count()
    if not count:
        return None
    middle = standing.values_list("after", flat=True)[(count - 1) // 2 : count // 2 + 1]
    return round(float(median(after / timedelta(hours=1) for after in middle)), 1)


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
