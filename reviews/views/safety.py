"""Safety signals: what is open, with its clock, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from compliance import scanning, vault
from compliance.exceptions import BadInput, Refusal, TextErased
from compliance.masking import Mark, Pseudonyms, Segment, mask
from compliance.models import Finding
from compliance.rules import shipped_rules
from compliance.rules.rule import Rule
from reviews import permissions
from reviews import safety as verbs
from reviews.enums import SafetyOutcome
from reviews.models import SafetyCase, User
from reviews.permissions import Permission

PAGE = 50


@dataclass(frozen=True, slots=True)
class Signal:
    """A case, ready for the page."""

    case: SafetyCase
    rule: Rule
    segments: list[Segment]
    identifiers: list[Finding]
    overdue: bool
    reason: str


@require_GET
def signals(request: HttpRequest) -> HttpResponse:
    """Open cases by due time, and those disposed of."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_SAFETY)
    done = request.GET.get("tab") == "done"
    cases = (
        SafetyCase.objects.filter(disposed_at__isnull=not done)
        .select_related("text__key", "text__scan", "reason__key", "disposed_by")
        .prefetch_related("text__scan__findings")
        .order_by("-disposed_at" if done else "due_at", "pk")
    )
    context = {
        "done": done,
        "signals": [_signal(case) for case in cases[:PAGE]],
        "more": cases.count() > PAGE,
        "outcomes": SafetyOutcome.choices,
        "can_dispose": permissions.can_may(user, Permission.DISPOSE_SAFETY),
        "can_reveal": permissions.can_may(user, Permission.REVEAL),
        "refused": None,
        **extra,
    }
    return render(request, "reviews/safety.html", context, status=status)


def _signal(case: SafetyCase) -> Signal:
    try:
        findings = scanning.findings_of(case.text)
        marks = [
            Mark(f.start, f.end, f.rule_id, f.severity, f.entity, str(f.pk))
            for f in findings
            if f.end > f.start
        ]
        segments = mask(vault.unseal(case.text), marks, names=Pseudonyms())
        reason = vault.unseal(case.reason) if case.reason else ""
    except TextErased:
        findings, segments, reason = [], [Segment("Erased", "plain")], ""
    return Signal(
        case=case,
        rule=shipped_rules().rule(case.rule_id),
        segments=segments,
        identifiers=[f for f in findings if f.entity],
        overdue=case.disposed_at is None and case.due_at < timezone.now(),
        reason=reason,
    )


@require_POST
def dispose(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Records what became of one signal."""
    outcome, reason = request.POST.get("outcome", ""), request.POST.get("reason", "")
    try:
        if outcome not in SafetyOutcome.values:
            raise BadInput("Choose what became of the signal.")
        verbs.dispose(
            by=cast(User, request.user),
            case_id=case_id,
            outcome=SafetyOutcome(outcome),
            reason=reason,
        )
    except Refusal as refusal:
        refused = {"case": case_id, "sentence": str(refusal), "reason": reason, "outcome": outcome}
        return _page(request, status=refusal.status, refused=refused)
    messages.success(request, "Recorded. The thread takes replies again once no signal is open.")
    return redirect("safety")
