"""RSS and Atom of a board: the newest posts, opening posts and replies alike."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.utils.html import linebreaks
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import condition

from engage.sandbox.models import Board, Post, PostState

NEWEST = 100  # posts in a feed
THREADING = "http://purl.org/syndication/thread/1.0"  # RFC 4685: which post an entry answers


class ThreadedAtom(Atom1Feed):
    """Atom with `thr:in-reply-to`."""

    def root_attributes(self) -> dict[str, Any]:
        return {**super().root_attributes(), "xmlns:thr": THREADING}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["answers"]:
            handler.addQuickElement("thr:in-reply-to", None, {"ref": item["answers"]})


class ThreadedRss(Rss201rev2Feed):
    """RSS with `thr:in-reply-to` and the author's handle as `dc:creator`."""

    def rss_attributes(self) -> dict[str, Any]:
        return {**super().rss_attributes(), "xmlns:thr": THREADING}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["answers"]:
            handler.addQuickElement("thr:in-reply-to", None, {"ref": item["answers"]})


def _last_modified(request: HttpRequest, slug: str) -> datetime | None:
    newest: datetime | None = Post.objects.filter(thread__board__slug=slug).aggregate(
        newest=Max("updated_at")
    )["newest"]
    return newest


def _etag(request: HttpRequest, slug: str) -> str:
    change = Post.objects.filter(thread__board__slug=slug).aggregate(newest=Max("change"))["newest"]
    seed = f"{request.get_host()} {request.path} {change}"
    return f'"{hashlib.sha256(seed.encode()).hexdigest()[:24]}"'


@condition(etag_func=_etag, last_modified_func=_last_modified)
def rss(request: HttpRequest, slug: str) -> HttpResponse:
    """The board as RSS 2.0."""
    return _feed(request, slug, ThreadedRss, "application/rss+xml; charset=utf-8")


@condition(etag_func=_etag, last_modified_func=_last_modified)
def atom(request: HttpRequest, slug: str) -> HttpResponse:
    """The board as Atom 1.0."""
    return _feed(request, slug, ThreadedAtom, "application/atom+xml; charset=utf-8")


def _feed(
    request: HttpRequest, slug: str, kind: type[SyndicationFeed], content_type: str
) -> HttpResponse:
    board = get_object_or_404(Board, slug=slug)
    feed = kind(
        title=board.name,
        link=request.build_absolute_uri(f"/b/{slug}/"),
        description=board.about or board.name,
        feed_url=request.build_absolute_uri(),
    )
    live = Post.objects.filter(thread__board=board, state=PostState.LIVE)
    for post in live.select_related("thread").order_by("-created_at", "-pk")[:NEWEST]:
        page = request.build_absolute_uri(f"/t/{post.thread_id}/")
        title = post.thread.title
        feed.add_item(
            title=f"Re: {title}" if post.parent_id else title,
            link=f"{page}#p{post.pk}",
            unique_id=f"{page}#p{post.pk}",
            unique_id_is_permalink=False,
            description=linebreaks(post.text, autoescape=True),
            author_name=post.author,
            pubdate=post.created_at,
            updateddate=post.updated_at,
            answers=f"{page}#p{post.parent_id}" if post.parent_id else "",
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=content_type)
