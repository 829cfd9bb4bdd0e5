"""Safety signals in a list: whose they are, by their next deadline, and what became of others."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from reviews import case_exports, case_summary, permissions
from reviews.models import SafetyCase, User
from reviews.permissions import Permission
from reviews.views.paging import moment, page_of

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
    """The queue: cases by their next deadline, or those disposed of, the last one first."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_SAFETY)
    tab, cases = _chosen(request, user)
    done = tab == "done"
    order = [moment("disposed_at", down=True) if done else moment("due_at")]
    page = page_of(cases, request, order=order, size=PAGE)
    context = {
        "tab": tab,
        "tabs": TABS,
        "kinds": KINDS,
        "kind": request.GET.get("kind", ""),
        "community": request.GET.get("community", ""),
        "communities": sorted(
            SafetyCase.objects.order_by().values_list("community_name", flat=True).distinct()
        ),
        "signals": [case_summary.summary_of(case) for case in page.rows],
        "page": page,
        "count": cases.count(),
        "can_reveal": False,
    }
    return render(request, "reviews/safety.html", context)


def _chosen(request: HttpRequest, user: User) -> tuple[str, QuerySet[SafetyCase]]:
    tab = request.GET.get("tab", "open")
    tab = tab if tab in dict(TABS) else "open"
    cases = (
        SafetyCase.objects.filter(disposed_at__isnull=tab != "done")
        .select_related("text__key", "text__scan", "reason__key", "disposed_by", "owner")
        .prefetch_related("text__scan__findings", "facts", "hand_offs__by", "help_given__by")
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
    """The chosen cases, of every page, as CSV."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_SAFETY)
    tab, cases = _chosen(request, user)
    rows = cases.order_by("-disposed_at" if tab == "done" else "due_at", "pk")
    table = case_exports.as_table(by=user, cases=rows)
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="safety-signals.csv"'
    return response
