"""One safety signal: whose it is, with its clocks and facts, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from compliance import vault
from compliance.exceptions import BadInput, Refusal, TextErased
from compliance.scanners.case_facts import FactKind
from reviews import case_exports, case_summary, clocks, duplicates, permissions
from reviews import safety as verbs
from reviews.clocks import Deed
from reviews.enums import Role, SafetyOutcome
from reviews.models import CaseFacts, SafetyCase, User
from reviews.permissions import Permission

TYPED = (
    "recipient", "reference", "reason", "outcome", "how", "duplicate_of", "other", "serious",
)  # fmt: skip


@require_GET
def show(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case: the post, what was found, the deadlines, and what to do."""
    return _page(request, case_id)


def _page(
    request: HttpRequest, case_id: UUID, status: int = 200, refused: dict[str, Any] | None = None
) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_SAFETY)
    case = _case(case_id)
    summary = case_summary.summary_of(case)
    can_dispose = permissions.can_may(user, Permission.DISPOSE_SAFETY) and not case.disposed_at
    refused = refused or {"form": "", "typed": dict.fromkeys(TYPED, "")}
    corrected = refused["typed"] if refused["form"] == "correct" else None
    context = {
        "s": summary,
        "facts": [
            (
                told,
                *_words(told.struck.reason if told.struck else None),
                str(place) in corrected["struck"] if corrected else told.struck is not None,
            )
            for place, told in enumerate(summary.known)
        ],
        "serious": corrected["serious"] == "yes" if corrected else summary.serious,
        "changes": [
            (change, *_words(change.row.reason)) for change in case_summary.changes_of(summary)
        ],
        "hand_offs": [(row, *_words(row.recipient, row.reference)) for row in case.hand_offs.all()],
        "help_given": [(row, *_words(row.how)) for row in case.help_given.all()],
        "outcomes": SafetyOutcome.choices,
        "others": case_summary.lines_of(duplicates.candidates(case)) if can_dispose else [],
        "known_under": case_summary.lines_of(SafetyCase.objects.filter(duplicates=case.pk)),
        "duplicates": case_summary.lines_of(case.duplicates.order_by("opened_at")),
        "colleagues": User.objects.filter(role_grants__role=Role.SAFETY, is_active=True).exclude(
            pk=user.pk
        ),
        "can_dispose": can_dispose,
        "can_help": can_dispose and clocks.needs(case.rule_id, Deed.HELP),
        "can_reveal": permissions.can_may(user, Permission.REVEAL),
        "now": timezone.now(),
        "refused": refused,
    }
    return render(request, "reviews/safety_case.html", context, status=status)


def _case(case_id: UUID) -> SafetyCase:
    facts = CaseFacts.objects.select_related("by", "reason__key")
    cases = SafetyCase.objects.select_related(
        "text__key", "text__scan", "reason__key", "disposed_by", "owner"
    ).prefetch_related(
        Prefetch("facts", facts),
        "hand_offs__by",
        "hand_offs__recipient__key",
        "hand_offs__reference__key",
        "help_given__by",
        "help_given__how__key",
    )
    return get_object_or_404(cases, pk=case_id)


def _words(*texts: Any) -> list[str]:
    try:
        return [vault.unseal(text) if text else "" for text in texts]
    except TextErased:
        return ["Erased" for _ in texts]


@require_POST
def print_out(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case on paper, in the parts of a CIOMS form, masked."""
    case = _case(case_id)
    summary = case_exports.printed(by=cast(User, request.user), case=case)
    context = {
        "s": summary,
        "patients": summary.told(FactKind.PATIENT),
        "events": summary.told(FactKind.EVENT),
        "serious": summary.told(FactKind.SERIOUS),
        "special": summary.told(FactKind.SPECIAL),
        "products": summary.told(FactKind.PRODUCT, FactKind.DEVICE),
        "reporters": summary.told(FactKind.REPORTER),
        "duplicates": case_summary.lines_of(case.duplicates.order_by("opened_at")),
        "now": timezone.now(),
        "can_reveal": False,
    }
    return render(request, "reviews/safety_print.html", context)


@require_POST
def as_json(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case for another system."""
    values = case_exports.as_values(by=cast(User, request.user), case=_case(case_id))
    response = JsonResponse(values, json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="case-{case_id}.json"'
    return response


@require_POST
def own(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Takes a case, hands it to a colleague, or releases it."""
    to = request.POST.get("to", "")

    def act(user: User) -> str:
        if to == "me":
            verbs.take(by=user, case_id=case_id)
            return "The case is yours."
        if to == "nobody":
            verbs.hand_over(by=user, case_id=case_id, to=None)
            return "Released. It waits for somebody to take it."
        case = verbs.hand_over(by=user, case_id=case_id, to=_uuid(to))
        return f"Handed to {case.owner.printed_name if case.owner else 'nobody'}."

    return _done(request, case_id, "own", act)


@require_POST
def correct(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Corrects what the machine found."""

    def act(user: User) -> str:
        verbs.correct(
            by=user,
            case_id=case_id,
            seen=int(seen) if (seen := request.POST.get("seen", "")).isdecimal() else 0,
            serious=request.POST.get("serious") == "yes",
            struck=[int(n) for n in request.POST.getlist("struck") if n.isdecimal()],
            reason=request.POST.get("reason", ""),
        )
        return "Corrected. What was struck stays on the page, and can be taken back."

    return _done(request, case_id, "correct", act)


@require_POST
def hand_off(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Records that a team or a system outside has the case now."""

    def act(user: User) -> str:
        verbs.hand_off(
            by=user,
            case_id=case_id,
            recipient=request.POST.get("recipient", ""),
            reference=request.POST.get("reference", ""),
        )
        return "Recorded. Dispose of the signal once nothing is left to do here."

    return _done(request, case_id, "hand_off", act)


@require_POST
def give_help(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Records that the person was told where help is."""

    def act(user: User) -> str:
        verbs.record_help(by=user, case_id=case_id, how=request.POST.get("how", ""))
        return "Recorded: help was offered. The signal stays open until you dispose of it."

    return _done(request, case_id, "help", act)


@require_POST
def dispose(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Records what became of one signal."""

    def act(user: User) -> str:
        outcome = request.POST.get("outcome", "")
        if outcome not in SafetyOutcome.values:
            raise BadInput("Choose what became of the signal.")
        verbs.dispose(
            by=user,
            case_id=case_id,
            outcome=SafetyOutcome(outcome),
            reason=request.POST.get("reason", ""),
            duplicate_of=_other(request) if outcome == SafetyOutcome.DUPLICATE else None,
        )
        return "Recorded. The thread takes replies again once no signal is open."

    return _done(request, case_id, "dispose", act)


def _done(
    request: HttpRequest, case_id: UUID, form: str, act: Callable[[User], str]
) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.DISPOSE_SAFETY)
    try:
        message = act(user)
    except Refusal as refusal:
        typed: dict[str, Any] = {field: request.POST.get(field, "") for field in TYPED}
        typed["struck"] = request.POST.getlist("struck")
        refused = {"form": form, "sentence": str(refusal), "typed": typed}
        return _page(request, case_id, status=refusal.status, refused=refused)
    messages.success(request, message)
    return redirect("safety_case", case_id)


def _other(request: HttpRequest) -> UUID | None:
    pasted, chosen = request.POST.get("other", ""), request.POST.get("duplicate_of", "")
    if pasted.strip() and duplicates.id_in(pasted) is None:
        raise BadInput("That is no address of a signal: copy it from the page of the other one.")
    return duplicates.id_in(pasted) or duplicates.id_in(chosen)


def _uuid(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise BadInput("Choose a safety officer; others can't take cases.") from None
