"""The public pages: what people would see in this community."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from zlib import crc32

from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from engage.sandbox.models import Board, Post, PostState, Thread

DEEPEST = 3  # further replies are not indented more
COLOURS = 8  # of avatars; sandbox.css has one class each

LIVE_POSTS = Count("posts", filter=Q(posts__state=PostState.LIVE))
LAST_POST = Max("posts__created_at", filter=Q(posts__state=PostState.LIVE))


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as its page shows it."""

    post: Post
    depth: int
    answers: Post | None

    @property
    def colour(self) -> int:
        return crc32(self.post.author.casefold().encode()) % COLOURS

    @property
    def removed(self) -> bool:
        return self.post.state == PostState.GONE

    @property
    def hidden(self) -> bool:
        return self.post.state == PostState.HIDDEN


def front(request: HttpRequest) -> HttpResponse:
    """All boards with their newest threads."""
    boards = [
        (board, list(_threads(board)[:4]), board.threads.count()) for board in Board.objects.all()
    ]
    return render(request, "sandbox/front.html", {"boards": boards})


def board(request: HttpRequest, slug: str) -> HttpResponse:
    """The threads of a board, the most recently active first."""
    found = get_object_or_404(Board, slug=slug)
    return render(request, "sandbox/board.html", {"board": found, "threads": _threads(found)[:200]})


def thread(request: HttpRequest, thread_id: int) -> HttpResponse:
    """One conversation: held posts are left out, removed ones leave a mark."""
    found = get_object_or_404(Thread.objects.select_related("board"), pk=thread_id)
    shown = in_order(list(found.posts.filter(was_live=True).exclude(state=PostState.PENDING)))
    context = {
        "thread": found,
        "opening": shown[0],
        "asked_by": shown[0].post.author,
        "replies": shown[1:],
        "answered": sum(row.post.state == PostState.LIVE for row in shown[1:]),
    }
    return render(request, "sandbox/thread.html", context)


def health(request: HttpRequest) -> HttpResponse:
    """Answers "ok" once the database can be read."""
    Board.objects.exists()
    return HttpResponse("ok", content_type="text/plain")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing here."""
    return render(request, "sandbox/not_found.html", status=404)


def in_order(posts: list[Post]) -> list[Shown]:
    """Each post followed by its replies, oldest first."""
    by_id = {post.pk: post for post in posts}
    replies: dict[int | None, list[Post]] = defaultdict(list)
    for post in posts:
        replies[post.parent_id if post.parent_id in by_id else None].append(post)
    shown = []
    stack = [(post, 0) for post in reversed(replies[None])]
    while stack:
        post, depth = stack.pop()
        # Replies to the first post stand under it without a mark of their own.
        answered = by_id.get(post.parent_id) if post.parent_id and depth > 1 else None
        shown.append(Shown(post, min(max(depth - 1, 0), DEEPEST), answered))
        stack += [(reply, depth + 1) for reply in reversed(replies[post.pk])]
    return shown


def _threads(board: Board):  # type: ignore[no-untyped-def]  # annotated query set
    return board.threads.annotate(shown=LIVE_POSTS, last=LAST_POST).order_by("-last", "-pk")
