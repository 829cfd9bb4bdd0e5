"""Publications: what was posted, how, and whether it still says what was signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from compliance import profiles, scanning, vault
from compliance.exceptions import NotAllowed, Refusal, ScannerFailed, TextErased
from compliance.findings import INBOUND
from compliance.masking import Pseudonyms, Segment
from engage import conversation, drafting, incidents, relooks, settling, timing
from engage.enums import PublicationState
from engage.evidence_bundle import bundle_of
from engage.models import (
    FollowUp,
    Incident,
    LiveCopy,
    Publication,
    Relook,
    Statement,
)
from engage.publications import reference_of
from engage.views import settling_form
from engage.views.breach_panel import breaches_of
from engage.views.sealed_words import said_in
from reviews import permissions, reasons, workflow
from reviews.models import User
from reviews.packet import Packet, PacketMark, packet_of
from reviews.permissions import Permission
from reviews.views.differences import Piece, difference
from reviews.views.showing import reply_segments

PAGE = 30
TABS = {
    "all": ("All", ()),
    "live": ("Live", ("live", "pending")),
    "moving": (
        "Under way",
        ("queued", "by_hand", "sending", "unknown", "ambiguous", "taking_down"),
    ),
    "ended": ("Ended", ("refused", "cancelled", "withdrawn", "gone", "replaced")),
}


@dataclass(frozen=True, slots=True)
class Copy:
    """A live copy, masked, and how it differs from what was signed. `pieces` is empty where nothing
    may be shown."""

    copy: LiveCopy
    pieces: Sequence[Piece]
    why_not: str
    differs: bool


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Publications, the newest first."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PUBLICATIONS)
    tab = request.GET.get("tab", "all")
    tab = tab if tab in TABS else "all"
    publications = (
        Publication.objects.select_related(
            "community", "draft__thread__title__key", "draft__thread__title__scan"
        )
        .prefetch_related("draft__thread__title__scan__findings")
        .annotate(incident_count=Count("incidents"))
        .order_by("-queued_at")
    )
    if TABS[tab][1]:
        publications = publications.filter(state__in=TABS[tab][1])
    page = Paginator(publications, PAGE).get_page(request.GET.get("page"))
    context = {
        "can_stop": permissions.can_may(user, Permission.STOP),
        "tab": tab,
        "tabs": [(name, label) for name, (label, _) in TABS.items()],
        "page": page,
        "again": relooks.waiting().count(),
        "incidents": incidents.waiting().count(),
        "rows": [(p, conversation.title_segments(p.draft.thread)) for p in page.object_list],
    }
    return render(request, "engage/publications.html", context)


@require_GET
def show(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    """One publication: the signed text, each attempt, each live copy that differed."""
    return page_of(request, publication_id)


def page_of(
    request: HttpRequest,
    publication_id: UUID,
    *,
    status: int = 200,
    refused: str = "",
    typed: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The page of a publication.

    Args:
        refused: why what was sent from it was not taken; `typed`: what was in the form.
    """
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PUBLICATIONS)
    publication = get_object_or_404(_rows(), pk=publication_id)
    packet = None
    try:
        packet = packet_of(publication.review)
        signed = reply_segments(publication.review, packet)
        url = str(reference_of(publication).get("url", ""))
    except TextErased:
        signed, url = [Segment("Erased", "plain")], ""
    context = {
        "publication": publication,
        "title": conversation.title_segments(publication.draft.thread),
        "signed": signed,
        "url": url,
        "signatures": publication.review.signatures,
        "attempts": list(publication.attempts.order_by("number")),
        "copies": [_copy(c, publication, packet, signed) for c in _copies(publication)],
        "incidents": _incidents(publication),
        "reasons": reasons.choices_for(publication.review),
        "relooks": _relooks(publication),
        "statements": _statements(publication),
        "can_schedule": publication.state in timing.UNSENT
        and permissions.can_may(user, Permission.SCHEDULE),
        "waits_until": timing.waits_until(publication, timezone.now())
        if publication.state in timing.UNSENT
        else None,
        "zone": timing.zone_of_community(publication),
        "can_hand_out": publication.state == PublicationState.BY_HAND
        and permissions.can_may(user, Permission.POST_BY_HAND),
        "handed_to": settling.handed_to(publication),
        "asked": settling_form.asked_of(user, publication),
        "refused": refused,
        "typed": {"address": "", "note": "", "screenshot": "", **(typed or {})},
        "can_be_corrected": permissions.can_may(user, Permission.DRAFT)
        and not drafting.why_not_corrected(publication),
        "corrections": list(publication.corrections.exclude(publications=None)),
        **breaches_of(user, publication),
        "can_take_out": permissions.can_may(user, Permission.REVEAL),
        "can_withdraw": permissions.can_withdraw(user, publication.review),
        "can_read_review": permissions.allowed(
            permissions.check_may_read, user, publication.review
        ),
        "can_read_history": permissions.can_may(user, Permission.READ_HISTORY),
    }
    return render(request, "engage/publication.html", context, status=status)


@require_POST
def schedule(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    """Chooses before when it is not posted; nothing chosen: as soon as it can be."""
    user = cast(User, request.user)
    publication = get_object_or_404(Publication.objects.select_related("community__key"),
                                    pk=publication_id)  # fmt: skip
    try:
        moment = timing.moment_in(publication, request.POST.get("moment", ""))
        timing.schedule(by=user, publication_id=publication_id, moment=moment)
    except NotAllowed:
        raise
    except Refusal as refusal:
        return page_of(request, publication_id, refused=str(refusal), status=refusal.status)
    messages.success(
        request,
        "It is not posted before that." if moment else "It is posted as soon as it can be.",
    )
    return redirect("publication", publication_id)


@require_POST
def take_out(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    """Everything about it as a file, with nothing masked, for those who may reveal and say why."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PUBLICATIONS)
    publication = get_object_or_404(_rows(), pk=publication_id)
    try:
        workflow.note_export(
            by=user, review_id=publication.review_id, reason=request.POST.get("reason", "")
        )
        packed = bundle_of(publication)
    except NotAllowed:
        raise
    except Refusal as refusal:
        return page_of(request, publication_id, refused=str(refusal), status=refusal.status)
    answer = HttpResponse(packed, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="evidence-{publication.pk}.zip"'
    return answer


def _rows() -> QuerySet[Publication]:
    return Publication.objects.select_related(
        "community__key",
        "request__key",
        "review__packet__key",
        "review__signpost",
        "review__submitted_by",
        "draft__thread__title__key",
    )


def _incidents(publication: Publication) -> list[tuple[Incident, FollowUp | None, str]]:
    rows = publication.incidents.select_related(
        "follow_up__owner", "follow_up__closed_by", "follow_up__note__key"
    )
    shown = []
    for row in rows:
        follow_up = getattr(row, "follow_up", None)  # none of before there were any
        shown.append((row, follow_up, said_in(follow_up.note) if follow_up else ""))
    return shown


def _statements(publication: Publication) -> list[tuple[Statement, str]]:
    rows = Statement.objects.filter(attempt__publication=publication)
    return [
        (row, said_in(row.note))
        for row in rows.select_related("by", "note__key", "attempt").order_by("at")
    ]


def _relooks(publication: Publication) -> list[tuple[Relook, str]]:
    rows = publication.relooks.select_related("decided_by", "reason__key")
    return [(row, said_in(row.reason)) for row in rows]


def _copies(publication: Publication) -> list[LiveCopy]:
    return list(publication.live_copies.select_related("text__key").order_by("-seen_at"))


def _copy(
    copy: LiveCopy, publication: Publication, packet: Packet | None, signed: Sequence[Segment]
) -> Copy:
    if copy.text is None or packet is None:
        return Copy(copy, [], "There is no text to see.", False)
    if copy.text.digest == publication.text_digest:
        return Copy(copy, [Piece("same", signed)], "", False)
    # Somebody else may have written it: it is scanned before anybody reads it (laws 7 and 8), and
    # what was signed in the same way, so that what one of them masks is no difference.
    try:
        texts = [packet.text, vault.unseal(copy.text)]
        found = scanning.preview(texts, [INBOUND] * 2, community_id=publication.community_id)
    except (TextErased, ScannerFailed) as refusal:
        return Copy(copy, [], str(refusal), False)
    rules = profiles.rules_for(publication.community_id)
    before, now = (
        [
            PacketMark("", h.start, h.end, h.rule_id, rules.rule(h.rule_id).severity, h.entity)
            for h in hits
        ]
        for hits in found
    )
    marks = [*packet.marks, *before]  # what was masked to the signers stays masked
    return Copy(copy, difference(texts[0], marks, texts[1], now, Pseudonyms()), "", True)
