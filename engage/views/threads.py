"""The inbox and one thread: what people ask, and which threads need an expert."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from compliance import scanning, vault
from compliance.enums import ScanState
from compliance.masking import LABELS, Segment
from compliance.models import Finding
from compliance.rules.rule import Rule
from engage import conversation, no_replies
from engage.communities import can_publish
from engage.enums import NoReplyReason
from engage.models import Community, Draft, NoReply, PostRevision, Thread, WatchHit
from engage.views.progress import Progress, progress_of
from reviews import permissions
from reviews.models import SafetyCase, User
from reviews.permissions import Permission

PAGE = 30
TABS = {
    "all": "All",
    "unanswered": "Unanswered",
    "decided": "Decided not to reply",
    "safety": "Safety signals",
    "held": "Held",
    "watched": "Watched",
}
# What the inbox says of a thread, by group of rules.
SIGNALS = {
    "SAFE": "Safety",
    "AE": "Adverse event",
    "PHI": "Identifiers",
    "CLM": "Claims",
    "REL": "Relationship",
}


@dataclass(slots=True)
class Row:
    """One line of the inbox."""

    thread: Thread
    title: Sequence[Segment]
    posts: int
    held: bool
    unsafe: bool
    decided: bool
    signals: list[tuple[str, str, int]]
    progress: list[Progress] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Noted:
    """A rule that fired in a post, and how often."""

    rule: Rule
    times: int


@dataclass(frozen=True, slots=True)
class Decided:
    """That a post gets no reply, with the note in words."""

    decision: NoReply
    note: str


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Threads, the newest first; tab, community and page stay in the address."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_THREADS)
    tab = request.GET.get("tab", "all")
    tab = tab if tab in TABS else "all"
    community = request.GET.get("community", "")
    can_watch = permissions.can_may(user, Permission.WATCH_TOPICS)
    threads = _threads(tab, community, user)
    page = Paginator(threads, PAGE).get_page(request.GET.get("page"))
    context = {
        "tab": tab,
        "tabs": [tab for tab in TABS.items() if can_watch or tab[0] != "watched"],
        "community": community,
        "communities": Community.objects.all(),
        "can_watch": can_watch,
        "can_add": permissions.can_may(user, Permission.ADD_THREADS),
        "page": page,
        "rows": _rows(list(page.object_list)),
    }
    return render(request, "engage/inbox.html", context)


def _threads(tab: str, community: str, user: User) -> QuerySet[Thread]:
    signals = SafetyCase.objects.filter(thread_id=OuterRef("pk"), disposed_at=None)
    closed = PostRevision.objects.filter(post__thread=OuterRef("pk")).exclude(
        text__scan_state=ScanState.SCANNED
    )
    threads = (
        Thread.objects.select_related("community__key", "title__key", "title__scan")
        .prefetch_related("title__scan__findings")
        .annotate(
            count=Count("posts"),
            unsafe=Exists(signals),
            held=Exists(closed),
            decided=no_replies.settles_thread(),
        )
        .order_by("-last_post_at", "-id")
    )
    if community:
        threads = threads.filter(community__slug=community)
    if tab == "unanswered":
        threads = threads.filter(drafts=None, decided=False)
    if tab == "decided":
        threads = threads.filter(decided=True)
    if tab == "safety":
        threads = threads.filter(unsafe=True)
    if tab == "watched":
        mine = WatchHit.objects.filter(watch__owner=user, watch__ended_at=None)
        threads = threads.filter(pk__in=mine.values("thread"))
    if tab == "held":
        threads = threads.filter(Q(held=True) | ~Q(title__scan_state=ScanState.SCANNED))
    return threads


def _rows(threads: list[Thread]) -> list[Row]:
    signals = _signals(threads)
    progress: dict[UUID, list[Progress]] = defaultdict(list)
    for step in progress_of(Draft.objects.filter(thread__in=threads)):
        progress[step.draft.thread_id].append(step)
    return [
        Row(
            thread=thread,
            title=conversation.title_segments(thread),
            posts=thread.count,  # type: ignore[attr-defined]  # annotated
            held=thread.held,  # type: ignore[attr-defined]
            unsafe=thread.unsafe,  # type: ignore[attr-defined]
            decided=thread.decided,  # type: ignore[attr-defined]
            signals=signals[thread.pk],
            progress=progress[thread.pk],
        )
        for thread in threads
    ]


def _signals(threads: list[Thread]) -> dict[UUID, list[tuple[str, str, int]]]:
    thread_of = "scan__texts__post_revision__post__thread"
    counted = (
        Finding.objects.filter(**{f"{thread_of}__in": threads})
        .order_by()
        .values_list(thread_of, "rule_id")
        .annotate(Count("pk"))
    )
    by_group: dict[UUID, Counter[str]] = defaultdict(Counter)
    for thread_id, rule_id, count in counted:
        by_group[thread_id][rule_id.partition("-")[0]] += count
    return defaultdict(
        list,
        {
            thread_id: [(g, label, groups[g]) for g, label in SIGNALS.items() if groups[g]]
            for thread_id, groups in by_group.items()
        },
    )


@require_GET
def show(request: HttpRequest, thread_id: UUID) -> HttpResponse:
    """One thread, masked, with what was found in it and the replies that are being written."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_THREADS)
    thread = get_object_or_404(
        Thread.objects.select_related("community", "title__key", "title__scan"), pk=thread_id
    )
    writable = can_publish(thread.community)
    context = {
        "thread": thread,
        **conversation_context(thread),
        "progress": progress_of(Draft.objects.filter(thread=thread)),
        "can_draft": permissions.can_may(user, Permission.DRAFT) and writable,
        "can_decide": permissions.can_may(user, Permission.NO_REPLY),
        "reasons": NoReplyReason.choices,
        "read_only": not writable,
        "can_read_safety": permissions.can_may(user, Permission.READ_SAFETY),
        "can_reveal": permissions.can_may(user, Permission.REVEAL),
        "can_correct": permissions.can_may(user, Permission.CORRECT),
        "kinds": LABELS.items(),
    }
    return render(request, "engage/thread.html", context)


def conversation_context(thread: Thread) -> dict[str, object]:
    """What a page needs to show the conversation of a thread."""
    shown = conversation.show(thread)
    decisions = no_replies.standing(thread.pk)
    return {
        "title": conversation.title_segments(thread),
        "posts": [
            (post, noted(post.findings), _decided(decisions.get(post.post.pk))) for post in shown
        ],
        "waiting": sum(not post.screened for post in shown),
        "unsafe": SafetyCase.objects.filter(thread_id=thread.pk, disposed_at=None).exists(),
    }


def _decided(decision: NoReply | None) -> Decided | None:
    if decision is None:
        return None
    note = vault.unseal(decision.note) if decision.note else ""
    return Decided(decision, note)


def noted(findings: Sequence[Finding]) -> list[Noted]:
    """The rules behind findings, worst first, each once."""
    times = Counter(f.rule_id for f in findings)
    rules = {f.rule_id: scanning.rule_of(f) for f in findings}
    return [Noted(rules[rule_id], count) for rule_id, count in times.items()]
