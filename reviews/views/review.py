"""The review page: everything that a signature covers, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from compliance.exceptions import BadInput, Refusal
from compliance.masking import LABELS, Pseudonyms, masked_places
from reviews import (
    absences,
    claims,
    clearance,
    golden_cases,
    permissions,
    presence,
    reasons,
    required_changes,
    workflow,
)
from reviews.enums import Action, Seat, Stage, Verdict
from reviews.models import Remark, Review, User
from reviews.packet import Packet, packet_of
from reviews.permissions import Permission
from reviews.reveal import reveal
from reviews.views.as_it_was import shown_post
from reviews.views.claim_panel import panel_of
from reviews.views.comments import notes_of, parts_of, passage_from, passages_of
from reviews.views.judged import judged
from reviews.views.next_review import after_decision, queue_query, tail_of
from reviews.views.proving import proof_of, remember
from reviews.views.seats import after_signing, shown_seats, why_closed, why_not_sign
from reviews.views.showing import reply_segments, shown_recalls, shown_segments
from reviews.views.story import story_of
from reviews.views.versions import compared, earlier_of, note_sight

TYPED = ("body", "about", "reason", "verdict", "seat", "code")  # what a refused form gives back


def review_of(review_id: UUID) -> Review:
    """The review with its packet's key."""
    return get_object_or_404(
        Review.objects.select_related("packet__key", "submitted_by", "scan", "signpost"),
        pk=review_id,
    )


@require_GET
def show(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """The whole page. Whoever opens it is seen to look at it, and keeps their claim."""
    user, review = cast(User, request.user), review_of(review_id)
    permissions.check_may_read(user, review)
    presence.note(by=user, review=review)
    claims.keep(by=user, review=review)
    seen_at = note_sight(by=user, review=review)
    return _page(request, review, seen_at=seen_at)


def _page(request: HttpRequest, review: Review, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may_read(user, review)
    packet = packet_of(review)
    names = Pseudonyms()
    title = shown_segments(packet.title, packet.title_marks, names)
    posts = [shown_post(post, names) for post in packet.posts]
    reply = reply_segments(review, packet, names)
    earlier = earlier_of(review)
    context = {
        **_said(review, packet, earlier, names),
        "earlier": earlier,
        "compared": compared(review, packet, earlier, user, request.GET.get("with", "")),
        "seen_at": None,
        "passages": passages_of(review, packet, names),
        "review": review,
        "packet": packet,
        "title": title,
        "posts": posts,
        "reply": reply,
        "masked": masked_places(reply),
        "judged": judged(review, packet),
        "asked_before": required_changes.before(review),
        "reasons": reasons.choices_for(review),
        "signatures": review.signatures,
        "seats": shown_seats(review),
        "signing_seats": permissions.signing_seats(user, review),
        "why_not_sign": why_not_sign(user, review),
        "recalled": [] if review.signpost else shown_recalls(review.text_id, review.scan_id),
        "can_read_queue": permissions.can_may(user, Permission.READ_QUEUE),
        "can_read_recalls": permissions.can_may(user, Permission.READ_RECALLS),
        "escalated": review.reminders.filter(stage=Stage.ESCALATED).first(),
        "stands_in_for": absences.stood_in_for(user, review, absences.stands_in_for(user)),
        "gate": why_closed(review),
        "seal": clearance.seal_digest(review),
        "can_dispose": permissions.can_dispose(user, review),
        "can_send_back": permissions.can_decide(user, review, Action.SEND_BACK),
        "can_refuse": permissions.can_decide(user, review, Action.REFUSE),
        "can_withdraw": permissions.can_withdraw(user, review),
        "can_remark": permissions.can_remark(user, review),
        "can_reveal": permissions.can_may(user, Permission.REVEAL),
        "can_correct": permissions.can_may(user, Permission.CORRECT),
        "kinds": LABELS.items(),
        "is_author": review.authors.filter(user=user).exists(),
        "verdicts": Verdict.choices,
        "can_read_history": permissions.can_may(user, Permission.READ_HISTORY),
        "can_be_golden": golden_cases.can_be_golden(user, review),
        "claims": panel_of(review, user),
        "came_from": queue_query(request),
        "tail": tail_of(request),
        "refused": None,
        **extra,
    }
    return render(request, "reviews/review.html", context, status=status)


def _said(
    review: Review, packet: Packet, earlier: Sequence[Review], names: Pseudonyms
) -> dict[str, Any]:
    """The reply with the places that were commented on, and all that was said and done."""
    versions = [review, *earlier]
    remarks = list(
        Remark.objects.filter(review__in=versions).select_related("by", "body__key").order_by("at")
    )
    packets = {review: packet}
    for one in {remark.review_id for remark in remarks if remark.anchor_start is not None}:
        version = next(v for v in versions if v.pk == one)
        packets.setdefault(version, packet_of(version))
    notes = notes_of(review, packets, remarks, names)
    return {
        "parts": parts_of(review, packet, names, notes.values()),
        "story": story_of(versions, remarks, notes),
    }


def _done(request: HttpRequest, review_id: UUID, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return after_decision(request, review_id)


def _try(
    request: HttpRequest, review_id: UUID, form: str, act: Callable[[], Any], done: str
) -> HttpResponse:
    """One verb; if it refuses, the page comes back with the sentence and what was typed."""
    try:
        act()
    except Refusal as refusal:
        return refused_page(request, review_id, form, refusal)
    return _done(request, review_id, done)


def refused_page(
    request: HttpRequest, review_id: UUID, form: str, refusal: Refusal
) -> HttpResponse:
    """The page with the sentence of a refusal in one of its forms, and what was typed there."""
    typed = {name: request.POST.get(name, "") for name in TYPED}
    return _page(
        request,
        review_of(review_id),
        status=refusal.status,
        refused={"form": form, "sentence": str(refusal), **typed},
    )


@require_POST
def dispose(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Says what a finding is worth."""
    finding_id = _finding_id(request.POST.get("finding", ""))
    verdict = request.POST.get("verdict", "")

    def act() -> None:
        if verdict not in Verdict.values:
            raise BadInput("Choose what you make of the finding.")
        workflow.dispose(
            by=cast(User, request.user),
            review_id=review_id,
            finding_id=finding_id,
            verdict=Verdict(verdict),
            reason=request.POST.get("reason", ""),
        )

    return _try(request, review_id, str(finding_id), act, "Your disposition is recorded.")


def _finding_id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise BadInput("Reload the page and choose the finding again.") from None


@require_POST
def remark(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Comments."""

    def act() -> Remark:
        return workflow.remark(
            by=cast(User, request.user),
            review_id=review_id,
            body=request.POST.get("body", ""),
            about=passage_from(request.POST.get("about", "")),
        )

    return _try(request, review_id, "remark", act, "Your comment is in the record.")


@require_POST
def sign(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Signs what was seen."""

    def act() -> None:
        seat = request.POST.get("seat", "")
        if seat not in Seat.values:
            raise BadInput("Reload the page and sign again.")
        workflow.sign(
            by=cast(User, request.user),
            review_id=review_id,
            seat=Seat(seat),
            proof=proof_of(request),
            seen=request.POST.get("seen", ""),
        )
        remember(request)

    answer = _try(request, review_id, "sign", act, "Signed.")
    if answer.status_code == 302 and request.POST.get("then") != "next":
        messages.info(request, after_signing(review_of(review_id)))
    return answer


def _decision(
    request: HttpRequest, review_id: UUID, action: Action, verb: Callable[..., Any], done: str
) -> HttpResponse:
    def act() -> None:
        verb(
            by=cast(User, request.user),
            review_id=review_id,
            code=request.POST.get("code", ""),
            reason=request.POST.get("reason", ""),
        )

    return _try(request, review_id, action.value, act, done)


@require_POST
def send_back(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Gives it back to the author."""
    done = "Sent back. The author sees what must change."
    return _decision(request, review_id, Action.SEND_BACK, workflow.send_back, done)


@require_POST
def refuse(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Decides against posting."""
    done = "Refused. This reply will not be posted."
    return _decision(request, review_id, Action.REFUSE, workflow.refuse, done)


@require_POST
def withdraw(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Takes it out, wherever it stands."""
    done = "Withdrawn. If it was posted, it is being taken down now."
    return _decision(request, review_id, Action.WITHDRAW, workflow.withdraw, done)


@require_POST
def reveal_one(request: HttpRequest, text_id: UUID, finding_id: UUID) -> HttpResponse:
    """Shows one identifier, once, in place of its form (htmx)."""
    revealed = reveal(
        by=cast(User, request.user),
        text_id=text_id,
        finding_id=finding_id,
        reason=request.POST.get("reason", ""),
    )
    # Without scripts the form posts itself, and a whole page answers.
    template = "revealed.html" if request.headers.get("HX-Request") else "revealed_page.html"
    return render(request, f"reviews/{template}", {"revealed": revealed})
