"""Safety signals: whose they are, with their clocks, and what became of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from compliance import vault
from compliance.exceptions import BadInput, Refusal, TextErased
from compliance.scanners.case_facts import FactKind
from reviews import case_summary, permissions
from reviews import safety as verbs
from reviews.enums import Role, SafetyOutcome
from reviews.models import SafetyCase, User
from reviews.permissions import Permission

PAGE = 50
TABS = (
    ("open", "Open"),
    ("mine", "Mine"),
    ("unowned", "Nobody's"),
    ("overdue", "Overdue"),
    ("done", "Disposed of"),
)
KINDS = (("", "every kind"), ("SAFE-", "people in danger"), ("AE-", "adverse events"))


@require_GET
def signals(request: HttpRequest) -> HttpResponse:
    """The queue: cases by their next deadline, or those disposed of."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_SAFETY)
    tab, cases = _chosen(request, user)
    context = {
        "tab": tab,
        "tabs": TABS,
        "kinds": KINDS,
        "kind": request.GET.get("kind", ""),
        "community": request.GET.get("community", ""),
        "communities": sorted(
            SafetyCase.objects.values_list("community_name", flat=True).distinct()
        ),
        "signals": [case_summary.summary_of(case) for case in cases[:PAGE]],
        "more": cases.count() > PAGE,
        "can_reveal": False,
    }
    return render(request, "reviews/safety.html", context)


def _chosen(request: HttpRequest, user: User) -> tuple[str, QuerySet[SafetyCase]]:
    tab = request.GET.get("tab", "open")
    tab = tab if tab in dict(TABS) else "open"
    cases = (
        SafetyCase.objects.filter(disposed_at__isnull=tab != "done")
        .select_related("text__key", "text__scan", "reason__key", "disposed_by", "owner")
        .prefetch_related("text__scan__findings", "facts")
        .order_by("-disposed_at" if tab == "done" else "due_at", "pk")
    )
    if tab == "mine":
        cases = cases.filter(owner=user)
    elif tab == "unowned":
        cases = cases.filter(owner=None)
    elif tab == "overdue":
        cases = cases.filter(due_at__lt=timezone.now())
    if kind := request.GET.get("kind", ""):
        cases = cases.filter(rule_id__startswith=kind)
    if community := request.GET.get("community", ""):
        cases = cases.filter(community_name=community)
    return tab, cases


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """The chosen cases as CSV."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_SAFETY)
    _, cases = _chosen(request, user)
    table = case_summary.as_table(by=user, cases=cases)
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="safety-signals.csv"'
    return response


@require_GET
def show(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case: the post, what was found, the deadlines, and what to do."""
    return _page(request, case_id)


def _page(request: HttpRequest, case_id: UUID, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_SAFETY)
    case = _case(case_id)
    context = {
        "s": case_summary.summary_of(case),
        "hand_offs": [
            (row, *_words(row.recipient, row.reference))
            for row in case.hand_offs.select_related("by", "recipient__key", "reference__key")
        ],
        "corrections": [
            (row, *_words(row.reason))
            for row in case.facts.filter(by__isnull=False).select_related("by", "reason__key")
        ],
        "outcomes": SafetyOutcome.choices,
        "colleagues": User.objects.filter(role_grants__role=Role.SAFETY, is_active=True).exclude(
            pk=user.pk
        ),
        "can_dispose": permissions.can_may(user, Permission.DISPOSE_SAFETY)
        and case.disposed_at is None,
        "can_reveal": permissions.can_may(user, Permission.REVEAL),
        "now": timezone.now(),
        "refused": {"form": "", "typed": {"recipient": "", "reference": ""}},
        **extra,
    }
    return render(request, "reviews/safety_case.html", context, status=status)


def _case(case_id: UUID) -> SafetyCase:
    cases = SafetyCase.objects.select_related(
        "text__key", "text__scan", "reason__key", "disposed_by", "owner"
    )
    return get_object_or_404(cases, pk=case_id)


def _words(*texts: Any) -> list[str]:
    try:
        return [vault.unseal(text) if text else "" for text in texts]
    except TextErased:
        return ["Erased" for _ in texts]


@require_GET
def print_out(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case on paper, in the parts of a CIOMS form, masked."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_SAFETY)
    summary = case_summary.summary_of(_case(case_id))
    context = {
        "s": summary,
        "patients": summary.told(FactKind.PATIENT),
        "events": summary.told(FactKind.EVENT),
        "serious": summary.told(FactKind.SERIOUS),
        "special": summary.told(FactKind.SPECIAL),
        "products": summary.told(FactKind.PRODUCT, FactKind.DEVICE),
        "reporters": summary.told(FactKind.REPORTER),
        "now": timezone.now(),
        "can_reveal": False,
    }
    return render(request, "reviews/safety_print.html", context)


@require_POST
def as_json(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case for another system."""
    values = case_summary.as_values(by=cast(User, request.user), case=_case(case_id))
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
        return "Corrected. What the machine found stays in the record."

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
        fields = ("recipient", "reference", "reason", "outcome")
        typed = {field: request.POST.get(field, "") for field in fields}
        refused = {"form": form, "sentence": str(refusal), "typed": typed}
        return _page(request, case_id, status=refusal.status, refused=refused)
    messages.success(request, message)
    return redirect("safety_case", case_id)


def _uuid(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise BadInput("Choose a safety officer; others can't take cases.") from None
