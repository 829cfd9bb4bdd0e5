"""Communities: adding one, changing how it is reached, and testing the connection."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, cast

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance.exceptions import BadInput, NotAllowed, Refusal
from engage import catching_up, communities, signed_push
from engage.connectors.fields import FIELDS, Field, Kind
from engage.enums import PUSHED, ConnectorKind
from engage.models import Community
from engage.views import readings
from reviews import permissions
from reviews.models import User
from reviews.permissions import Permission

ABOUT = ("name", "slug", "about", "disclosure_line")
WHAT = {
    ConnectorKind.WORDPRESS: "Comments under the posts of a site: read, answered and watched.",
    ConnectorKind.MATRIX: "One room: read, answered in threads and watched.",
    ConnectorKind.BLUESKY: "What people post, found by handles and searches: read and answered.",
    ConnectorKind.DISCOURSE: "A forum, or one category of it: read, answered and watched.",
    ConnectorKind.MASTODON: "Posts under hashtags, of accounts and to ours: read and answered.",
    ConnectorKind.REDDIT: "One subreddit, for those whom Reddit permits it: read and answered.",
    ConnectorKind.FEED: "RSS or Atom: read only.",
    ConnectorKind.ASSISTED: "A group or site without an API for us: people post the replies.",
    ConnectorKind.PUSH: "Posts that you push to the API or import from a file: read only.",
    ConnectorKind.SANDBOX: "The made-up community of the demo.",
}


@dataclass(frozen=True, slots=True)
class ShownField:
    """A setting with what stands in its field: of a secret only whether there is one."""

    field: Field
    value: str
    kept: bool

    @property
    def type(self) -> str:
        """Of the input."""
        typed = (Kind.ADDRESS, Kind.SECRET, Kind.NUMBER)
        return self.field.kind.value if self.field.kind in typed else "text"

    @property
    def needed(self) -> bool:
        """Whether the field may not be left empty."""
        return not self.field.fallback and not self.kept


def _by(request: HttpRequest) -> User:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.MANAGE)
    return user


@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """What there is, and which kinds can be added."""
    _by(request)
    context = {
        "communities": Community.objects.annotate(newest=Max("posts__arrived_at")),
        "pushed": PUSHED,
        "kinds": [(kind, WHAT[kind]) for kind in WHAT],
    }
    return render(request, "engage/communities.html", context)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """The form for a new one, and what it sends."""
    by = _by(request)
    if kind not in ConnectorKind.values:
        raise Http404
    connector = ConnectorKind(kind)
    if request.method == "GET":
        return _form(request, connector, {})
    try:
        settings = communities.checked_settings(connector, request.POST, {})
        name, slug, about, line = (request.POST.get(n, "").strip() for n in ABOUT)
        community = communities.add_community(
            by=by.actor,
            slug=slug,
            name=name,
            connector=connector,
            settings=settings,
            about=about,
            disclosure_line=line,
        )
    except NotAllowed:
        raise
    except Refusal as refusal:
        return _form(request, connector, {}, status=refusal.status, refused=str(refusal))
    messages.success(request, f"{community.name} is added. Test the connection next.")
    return redirect("community", community.slug)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """How one is reached, and what the form sends."""
    by = _by(request)
    community = get_object_or_404(Community.objects.select_related("key"), slug=slug)
    if request.method == "GET":
        return _page(request, community)
    try:
        communities.change_settings(by=by, community_id=community.pk, written=request.POST)
    except NotAllowed:
        raise
    except Refusal as refusal:
        return _page(request, community, status=refusal.status, refused=str(refusal))
    messages.success(request, "Saved. Test the connection next.")
    return redirect("community", slug)


@require_POST
def test(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks the platform whether everything is there; says what is not, in words."""
    _by(request)
    community = get_object_or_404(Community.objects.select_related("key"), slug=slug)
    if community.connector == ConnectorKind.PUSH:
        return _page(request, community, tested=["Nothing is asked there: posts are pushed to us."])
    return _page(request, community, tested=communities.in_the_way(community))


@require_POST
def new_secret(request: HttpRequest, slug: str) -> HttpResponse:
    """Makes a secret for what is pushed, and shows it this once."""
    by = _by(request)
    community = get_object_or_404(Community, slug=slug)
    secret = signed_push.new_secret(by=by, community_id=community.pk)
    community = Community.objects.select_related("key").get(pk=community.pk)
    return _page(request, community, secret=secret)


@require_POST
def read_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Has read what was said before."""
    by = _by(request)
    community = get_object_or_404(Community.objects.select_related("key"), slug=slug)
    try:
        written = request.POST.get("since", "")
        day = parse_date(written) if re.fullmatch(r"\d{4}-\d\d-\d\d", written) else None
        if day is None:
            raise BadInput("Give the day as 2026-03-01.")
        since = timezone.make_aware(datetime.combine(day, time.min))
        catching_up.read_back(by=by, community_id=community.pk, since=since)
    except (Refusal, ValueError) as refusal:
        sentence = str(refusal) if isinstance(refusal, Refusal) else "There is no such day."
        return _page(request, community, status=400, back_refused=sentence)
    messages.success(request, "It is being read back. How far it is, is shown below.")
    return redirect("community", slug)


def _page(request: HttpRequest, community: Community, **extra: Any) -> HttpResponse:
    kind = ConnectorKind(community.connector)
    extra["back"] = readings.shown_back(community, cast(User, request.user))
    return _form(request, kind, communities.settings_of(community), community=community, **extra)


def _form(
    request: HttpRequest,
    kind: ConnectorKind,
    settings: Mapping[str, Any],
    *,
    community: Community | None = None,
    status: int = 200,
    refused: str = "",
    tested: list[str] | None = None,
    secret: str = "",
    back: Sequence[readings.Shown] = (),
    back_refused: str = "",
) -> HttpResponse:
    typed = request.POST if refused else {}
    context = {
        "kind": kind,
        "what": WHAT[kind],
        "community": community,
        "fields": [_shown(field, settings, typed) for field in FIELDS[kind]],
        "typed": {name: typed.get(name, "") for name in ABOUT},
        "refused": refused,
        "tested": tested,
        "secret": secret,
        "pushed": kind in PUSHED,
        "can_read_back": community is not None and catching_up.can_read_back(community),
        "back": back,
        "back_refused": back_refused,
        "secrets": len(settings.get("secrets", [])),
    }
    return render(request, "engage/community.html", context, status=status)


def _shown(field: Field, settings: Mapping[str, Any], typed: Mapping[str, str]) -> ShownField:
    kept = settings.get(field.name, "")
    if field.kind is Kind.SECRET:
        return ShownField(field, "", bool(kept))
    stored = "\n".join(kept) if field.kind is Kind.LINES else str(kept)
    return ShownField(field, typed.get(field.name, stored), False)
