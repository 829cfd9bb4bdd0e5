"""The review page: everything that a signature covers, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from compliance import profiles, vault
from compliance.enums import Basis, Severity
from compliance.exceptions import BadInput, Refusal
from compliance.masking import (
    LABELS,
    Mark,
    Pseudonyms,
    Segment,
    masked_places,
    masked_text,
)
from compliance.models import Finding
from reviews import claims, clearance, gates, permissions, presence, workflow
from reviews.enums import Action, RemarkKind, ReviewState, Role, Verdict
from reviews.models import Disposition, Remark, Review, User
from reviews.packet import Packet, PacketMark, PacketPost, packet_of
from reviews.permissions import Permission
from reviews.reveal import reveal
from reviews.views.claim_panel import panel_of
from reviews.views.next_review import after_decision, queue_query, tail_of
from reviews.views.showing import ShownFinding, reply_segments, shown_segments


@dataclass(frozen=True, slots=True)
class ShownPost:
    """A post of the packet, masked."""

    post: PacketPost
    published_at: datetime
    segments: list[Segment]


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with what the author and the reviewers said of it."""

    finding: ShownFinding
    answer: str
    disposition: Disposition | None
    reason: str
    wanted: bool


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
    return _page(request, review)


def _page(request: HttpRequest, review: Review, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may_read(user, review)
    packet = packet_of(review)
    names = Pseudonyms()
    judged = _judged(review, packet)
    remarks = list(review.remarks.select_related("by", "body__key").exclude(kind="response"))
    title = shown_segments(packet.title, packet.title_marks, names)
    posts = [_shown_post(post, names) for post in packet.posts]
    reply = reply_segments(review, packet, names)
    context = {
        "review": review,
        "packet": packet,
        "title": title,
        "posts": posts,
        "reply": reply,
        "masked": masked_places(reply),
        "judged": judged,
        "remarks": [(remark, vault.unseal(remark.body)) for remark in remarks],
        "signatures": review.signatures,
        "signing_role": permissions.signing_role(user, review),
        "why_not_sign": _why_not_sign(user, review),
        "gate": _gate(review),
        "seal": clearance.seal_digest(review),
        "can_dispose": permissions.can_dispose(user, review),
        "can_decide": permissions.can_decide(user, review),
        "can_withdraw": permissions.can_withdraw(user, review),
        "can_remark": permissions.can_remark(user, review),
        "can_reveal": permissions.can_may(user, Permission.REVEAL),
        "can_correct": permissions.can_may(user, Permission.CORRECT),
        "kinds": LABELS.items(),
        "is_author": review.authors.filter(user=user).exists(),
        "verdicts": Verdict.choices,
        "can_read_history": permissions.can_may(user, Permission.READ_HISTORY),
        "claims": panel_of(review, user),
        "came_from": queue_query(request),
        "tail": tail_of(request),
        "refused": None,
        **extra,
    }
    return render(request, "reviews/review.html", context, status=status)


def _shown_post(post: PacketPost, names: Pseudonyms) -> ShownPost:
    published_at = datetime.fromisoformat(post.published_at)
    return ShownPost(post, published_at, shown_segments(post.text, post.marks, names))


def _judged(review: Review, packet: Packet) -> list[Judged]:
    rules = profiles.rules_of_version(review.rule_set_id)
    dispositions = gates.newest_dispositions(review)
    answers = {
        remark.finding_id: vault.unseal(remark.body)
        for remark in review.remarks.filter(kind=RemarkKind.RESPONSE).select_related("body__key")
    }
    findings = {f.pk: f for f in Finding.objects.filter(scan=review.scan)}
    judged = []
    for mark in sorted(packet.marks, key=lambda m: (Severity(m.severity).rank, m.start)):
        finding = findings[UUID(mark.id)]
        disposition = dispositions.get(finding.pk)
        judged.append(
            Judged(
                finding=ShownFinding(
                    id=mark.id,
                    rule=rules.rule(mark.rule_id),
                    severity=Severity(mark.severity),
                    start=mark.start,
                    end=mark.end,
                    confidence=finding.confidence,
                    basis=Basis(finding.basis),
                    entity=mark.entity,
                    quote=_quote(packet, mark),
                ),
                answer=answers.get(finding.pk, ""),
                disposition=disposition,
                reason=vault.unseal(disposition.reason) if disposition else "",
                wanted=mark.severity in gates.DISPOSED_BY_REVIEWERS,
            )
        )
    return judged


def _quote(packet: Packet, mark: PacketMark) -> str:
    """The words of a finding, with the identifiers in them masked."""
    if mark.entity:
        return ""
    inside = [
        Mark(m.start - mark.start, m.end - mark.start, m.rule_id, m.severity, m.entity)
        for m in packet.marks
        if m.entity and m.start < mark.end and mark.start < m.end
    ]
    return masked_text(packet.text[mark.start : mark.end], inside)


def _why_not_sign(user: User, review: Review) -> str:
    if permissions.signing_role(user, review):
        return ""
    try:
        role = next((r for r in (Role.COMPLIANCE, Role.LEGAL) if r in user.roles), Role.LEGAL)
        permissions.check_may_sign(user, review, role)
    except Refusal as refusal:
        return str(refusal)
    return ""


def _gate(review: Review) -> str:
    try:
        findings = list(review.scan.findings.all())
        gates.check_disposed(findings, gates.newest_dispositions(review))
    except Refusal as refusal:
        return str(refusal)
    return ""


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
        typed = {name: request.POST.get(name, "") for name in ("body", "reason", "verdict")}
        return _page(
            request,
            review_of(review_id),
            status=refusal.status,
            refused={"form": form, "sentence": str(refusal), **typed},
        )
    return _done(request, review_id, done)


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
        body = request.POST.get("body", "")
        return workflow.remark(by=cast(User, request.user), review_id=review_id, body=body)

    return _try(request, review_id, "remark", act, "Your comment is in the record.")


@require_POST
def sign(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Signs what was seen."""

    def act() -> None:
        role = request.POST.get("role", "")
        if role not in Role.values:
            raise BadInput("Reload the page and sign again.")
        workflow.sign(
            by=cast(User, request.user),
            review_id=review_id,
            role=Role(role),
            password=request.POST.get("password", ""),
            seen=request.POST.get("seen", ""),
        )

    answer = _try(request, review_id, "sign", act, "Signed.")
    if answer.status_code == 302 and request.POST.get("then") != "next":
        review = review_of(review_id)
        cleared = review.state == ReviewState.CLEARED
        messages.info(
            request,
            "Both signatures are there: the reply is cleared and will be posted."
            if cleared
            else "One more signature is needed, by somebody in the other role.",
        )
    return answer


def _decision(
    request: HttpRequest, review_id: UUID, action: Action, verb: Callable[..., Any], done: str
) -> HttpResponse:
    def act() -> None:
        reason = request.POST.get("reason", "")
        verb(by=cast(User, request.user), review_id=review_id, reason=reason)

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
