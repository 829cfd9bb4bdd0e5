"""The JSON API: each view parses, makes one call to `posting`, and answers.

Reading live posts is open. Writing, held posts, tags and faults need the bearer token. A refusal
is `{"code": ..., "detail": ...}`.
"""

from __future__ import annotations

import functools
import hmac
import math
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from engage.sandbox import faults, posting
from engage.sandbox.fields import (
    flag_of,
    id_of,
    moment_of,
    number_of,
    query_number,
    sent_object,
    text_of,
)
from engage.sandbox.models import Board, Fault, FaultKind, Operation, Post, PostState, Thread
from engage.sandbox.posting import Declined

View = Callable[..., HttpResponse]
PAGE = 200  # changes an answer holds at most


def api(*methods: str, open_to_read: bool = False) -> Callable[[View], View]:
    """Checks method and token, parses the body, and turns refusals into JSON."""

    def decorate(view: View) -> View:
        @require_http_methods(methods)
        @functools.wraps(view)
        def wrapped(request: HttpRequest, **ids: Any) -> HttpResponse:
            try:
                # A wrong token is refused even where none is needed: it is never "not there".
                anonymous = "Authorization" not in request.headers
                open_now = open_to_read and request.method == "GET" and anonymous
                if not open_now and not trusted(request):
                    raise Declined(401, "unauthorised", "Send the API token as a bearer token.")
                return view(request, **ids)
            except Declined as refusal:
                answer = {"code": refusal.code, "detail": str(refusal)}
                headers = {"Retry-After": str(math.ceil(refusal.wait))} if refusal.wait else {}
                return JsonResponse(answer, status=refusal.status, headers=headers)
            except (Board.DoesNotExist, Thread.DoesNotExist, Post.DoesNotExist) as missing:
                kind = type(missing).__qualname__.split(".")[0].lower()
                answer = {"code": f"no_such_{kind}", "detail": f"There is no such {kind}."}
                return JsonResponse(answer, status=404)

        return wrapped

    return decorate


def trusted(request: HttpRequest) -> bool:
    """Whether the request carries the API token."""
    sent = request.headers.get("Authorization", "").encode()
    token = settings.SANDBOX_TOKEN
    return bool(token) and hmac.compare_digest(sent, f"Bearer {token}".encode())


@api("GET", "POST", open_to_read=True)
def boards(request: HttpRequest) -> HttpResponse:
    """All boards, or a new one: `slug, name, about, holds_posts, flood_seconds`."""
    if request.method == "GET":
        return JsonResponse({"boards": [_board(board) for board in Board.objects.all()]})
    sent = sent_object(request)
    try:
        board = Board.objects.create(
            slug=text_of(sent, "slug", 50),
            name=text_of(sent, "name", 120),
            about=text_of(sent, "about", 400, required=False),
            holds_posts=flag_of(sent, "holds_posts"),
            flood_seconds=number_of(sent, "flood_seconds", None),
        )
    except IntegrityError:
        raise Declined(409, "board_exists", "There is a board with this slug already.") from None
    return JsonResponse(_board(board), status=201)


@api("GET", "PATCH", open_to_read=True)
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """One board; `holds_posts` and `flood_seconds` can be changed."""
    found = Board.objects.get(slug=slug)
    if request.method == "PATCH":
        sent = sent_object(request)
        found.holds_posts = flag_of(sent, "holds_posts", found.holds_posts)
        found.flood_seconds = number_of(sent, "flood_seconds", found.flood_seconds)
        found.save()
    return JsonResponse(_board(found))


@api("POST")
def threads(request: HttpRequest, slug: str) -> HttpResponse:
    """Opens a thread: `title, author, text`, and `created_at` to backdate it."""
    sent = sent_object(request)
    post = posting.open_thread(
        board=Board.objects.get(slug=slug),
        title=text_of(sent, "title", 300),
        author=text_of(sent, "author", 80),
        text=text_of(sent, "text"),
        at=moment_of(sent),
    )
    return JsonResponse(_post(request, post), status=201)


@api("PATCH")
def thread(request: HttpRequest, thread_id: int) -> HttpResponse:
    """Locks or unlocks a thread: `locked`."""
    found = posting.lock(thread_id=thread_id, locked=flag_of(sent_object(request), "locked"))
    return JsonResponse({"id": str(found.pk), "locked": found.locked})


@api("GET", open_to_read=True)
def changes(request: HttpRequest, slug: str) -> HttpResponse:
    """Posts created, edited, removed, hidden or locked after the change number `since`.

    Held posts come when they are approved, with a new change number, so a cursor misses none.
    `head` is the newest change number of the server; a smaller one than last time means that the
    server was set up anew.
    """
    found = Board.objects.get(slug=slug)
    fault = faults.draw(Operation.READ, found)
    if answer := faults.before(fault, request):
        return answer
    since = query_number(request, "since", 0)
    limit = max(1, min(query_number(request, "limit", PAGE), PAGE))
    head = Post.objects.aggregate(newest=Max("change"))["newest"] or 0
    shown = Post.objects.filter(thread__board=found, was_live=True, change__gt=since)
    rows = list(shown.select_related("thread").order_by("change")[: limit + 1])
    answer = JsonResponse(
        {
            "items": [_post(request, row) for row in rows[:limit]],
            "more": len(rows) > limit,
            "head": head,
        }
    )
    return faults.after(fault, request, answer)


@api("POST")
def replies(request: HttpRequest, thread_id: int) -> HttpResponse:
    """Posts a reply: `parent_id, author, text, tag`. Answers 201, or 202 if it is held."""
    sent = sent_object(request)
    board = Thread.objects.select_related("board").get(pk=thread_id).board
    fault = faults.draw(Operation.PUBLISH, board)
    if answer := faults.before(fault, request):
        return answer
    post = posting.reply(
        thread_id=thread_id,
        parent_id=id_of(sent, "parent_id"),
        author=text_of(sent, "author", 80),
        text=text_of(sent, "text"),
        tag=text_of(sent, "tag", 200, required=False),
        hold=fault is not None and fault.kind == FaultKind.HOLD,
        at=moment_of(sent),
    )
    status = 202 if post.state == PostState.PENDING else 201
    return faults.after(fault, request, JsonResponse(_post(request, post), status=status))


@api("GET")
def posts(request: HttpRequest, slug: str) -> HttpResponse:
    """With `tag`: every post that carries it, held, hidden and removed ones too.

    With `tag_prefix` (may be empty): how often each tag was posted, and how many posts there are.
    """
    found = Board.objects.get(slug=slug)
    everything = Post.objects.filter(thread__board=found)
    if "tag_prefix" in request.GET:
        tagged = everything.exclude(tag="").filter(tag__startswith=request.GET["tag_prefix"])
        counts = tagged.order_by().values_list("tag").annotate(times=Count("pk"))
        return JsonResponse({"tags": dict(counts), "posts": everything.count()})
    tag = request.GET.get("tag", "")
    if not tag:
        raise Declined(400, "no_tag", "Say which tag to look for: ?tag= or ?tag_prefix=.")
    return _read(request, found, everything.filter(tag=tag))


def _read(request: HttpRequest, board: Board, wanted: QuerySet[Post]) -> HttpResponse:
    fault = faults.draw(Operation.READ, board)
    if answer := faults.before(fault, request):
        return answer
    rows = [_post(request, post) for post in wanted.select_related("thread")]
    return faults.after(fault, request, JsonResponse({"posts": rows}))


@api("GET", "PATCH", "DELETE", open_to_read=True)
def post(request: HttpRequest, post_id: int) -> HttpResponse:
    """One post. PATCH `text, expected_version` edits (409 if it drifted); DELETE removes it."""
    found = Post.objects.select_related("thread__board").get(pk=post_id)
    if request.method == "GET":
        if found.state in (PostState.PENDING, PostState.HIDDEN) and not trusted(request):
            raise Post.DoesNotExist
        operation = Operation.READ
    else:
        operation = Operation.EDIT if request.method == "PATCH" else Operation.DELETE
    sent = sent_object(request) if request.method == "PATCH" else {}
    fault = faults.draw(operation, found.thread.board)
    if answer := faults.before(fault, request):
        return answer
    if request.method == "PATCH":
        version = text_of(sent, "expected_version", 80, required=False) or None
        found = posting.edit(post_id=post_id, text=text_of(sent, "text"), expected_version=version)
    elif request.method == "DELETE":
        found = posting.remove(post_id=post_id)
    return faults.after(fault, request, JsonResponse(_post(request, found)))


@api("POST")
def moderation(request: HttpRequest, post_id: int, verdict: str) -> HttpResponse:
    """`approve` (or `show`) puts a post on the page, `hide` takes it off."""
    state = PostState.HIDDEN if verdict == "hide" else PostState.LIVE
    return JsonResponse(_post(request, posting.moderate(post_id=post_id, state=state)))


@api("GET", "POST", "DELETE")
def fault_list(request: HttpRequest) -> HttpResponse:
    """Faults with their counters; a new one (`kind`, see models.Fault); DELETE clears them."""
    if request.method == "DELETE":
        chosen = Fault.objects.all()
        if slug := request.GET.get("board"):
            chosen = chosen.filter(board__slug=slug)
        chosen.delete()
    elif request.method == "POST":
        return JsonResponse(faults.as_json(_new_fault(sent_object(request))), status=201)
    chosen = Fault.objects.select_related("board")
    return JsonResponse({"faults": [faults.as_json(fault) for fault in chosen]})


def _new_fault(sent: dict[str, Any]) -> Fault:
    kind, operation = sent.get("kind"), sent.get("operation", Operation.PUBLISH)
    if kind not in FaultKind.values or operation not in Operation.values:
        raise Declined(
            400,
            "bad_fault",
            f"`kind` is one of {', '.join(FaultKind.values)}; "
            f"`operation` one of {', '.join(Operation.values)}.",
        )
    slug = text_of(sent, "board", 50, required=False)
    remaining = sent.get("remaining", None if "probability" in sent else 1)
    if remaining is not None and (type(remaining) is not int or remaining < 1):
        raise Declined(400, "bad_fault", "`remaining` is a whole number from 1, or null.")
    return Fault.objects.create(
        kind=kind,
        operation=operation,
        board=Board.objects.get(slug=slug) if slug else None,
        remaining=remaining,
        probability=number_of(sent, "probability", 1.0) or 0.0,
        seed=str(sent.get("seed", "0"))[:80],
        seconds=number_of(sent, "seconds", 0.0) or 0.0,
        code=text_of(sent, "code", 50, required=False) or "not_permitted",
    )


def _board(board: Board) -> dict[str, Any]:
    return {
        "slug": board.slug,
        "name": board.name,
        "about": board.about,
        "holds_posts": board.holds_posts,
        "flood_seconds": board.flood_seconds,
    }


def _post(request: HttpRequest, post: Post) -> dict[str, Any]:
    thread = post.thread
    page = request.build_absolute_uri(f"/t/{thread.pk}/")
    # A held or hidden text is for the token only.
    shown = post.state == PostState.LIVE or trusted(request)
    return {
        "id": str(post.pk),
        "thread_id": str(thread.pk),
        "thread_title": thread.title,
        "thread_url": page,
        "url": f"{page}#p{post.pk}",
        "locked": thread.locked,
        "parent_id": str(post.parent_id) if post.parent_id else None,
        "author": post.author,
        "text": post.text if shown else "",
        "state": post.state,
        "version": post.version_token,
        "change": post.change,
        "created_at": post.created_at.isoformat(),
        "updated_at": post.updated_at.isoformat(),
        **({"tag": post.tag} if trusted(request) else {}),
    }
