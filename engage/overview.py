"""How the installation stands: counts for `manage.py status` and the administrator's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet

from compliance.enums import Direction, ScanState
from compliance.models import Event, Finding, VaultText
from engage.enums import NoReplyReason
from engage.models import Community, NoReply, PostRevision, Publication, Thread
from reviews.models import Review, SafetyCase


@dataclass(frozen=True, slots=True)
class NoReplies:
    """Standing decisions not to reply: by reason, the share of the threads that have one, and the
    median hours from the arrival of a post to the decision (None without any)."""

    by_reason: dict[str, int]
    percent: int
    hours: float | None


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
    no_replies: NoReplies
    events: int


def overview() -> Overview:
    """The counts as they are now."""
    by_scan = dict.fromkeys((s.value for s in ScanState if s is not ScanState.EXEMPT), 0)
    by_scan |= _counts(PostRevision.objects.all(), "text__scan_state")
    held = Thread.objects.aggregate(threads=Count("pk", distinct=True), posts=Count("posts"))
    findings = Finding.objects.filter(scan__texts__post_revision__isnull=False)
    return Overview(
        communities=Community.objects.count(),
        threads=held["threads"],
        posts=held["posts"],
        posts_by_scan=by_scan,
        findings_by_rule=_counts(findings, "rule_id"),
        open_safety_cases=SafetyCase.objects.filter(disposed_at=None).count(),
        reviews=_counts(Review.objects.all(), "state"),
        publications=_counts(Publication.objects.all(), "state"),
        no_replies=_no_replies(held["threads"]),
        events=Event.objects.count(),
    )


def _no_replies(threads: int) -> NoReplies:
    standing = NoReply.objects.filter(reversed_at=None)
    of_reason = {r.value: Count("pk", filter=Q(reason=r)) for r in NoReplyReason}
    counts = standing.aggregate(threads=Count("post__thread", distinct=True), **of_reason)
    decided = counts.pop("threads")
    reasons = {reason: count for reason, count in counts.items() if count}
    total = sum(reasons.values())
    if not total:
        return NoReplies(reasons, 0, None)
    took = ExpressionWrapper(F("at") - F("post__arrived_at"), DurationField())
    in_order = standing.annotate(took=took).order_by("took").values_list("took", flat=True)
    middle = median(t / timedelta(hours=1) for t in in_order[(total - 1) // 2 : total // 2 + 1])
    return NoReplies(reasons, round(100 * decided / threads), round(float(middle), 1))


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
