"""The rules: what each of them says, what is true of products, and how the rules do."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from compliance.rules import product_facts, shipped_rules
from reviews import calibration
from reviews.models import User

PERIODS = (("", "since the beginning"), ("365", "a year"), ("90", "90 days"), ("30", "30 days"))


@require_GET
def how_they_do(request: HttpRequest) -> HttpResponse:
    """How often each rule was upheld and overridden; as CSV with `?form=csv`."""
    period = request.GET.get("days", "")
    period = period if period in dict(PERIODS) else ""
    since = timezone.now() - timedelta(days=int(period)) if period else None
    records = calibration.records(by=cast(User, request.user), since=since)
    if request.GET.get("form") == "csv":
        table = calibration.as_table(records)
        response = HttpResponse(table, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="rules.csv"'
        return response
    today = timezone.localdate()
    context = {
        "records": records,
        "periods": PERIODS,
        "period": period,
        "few": calibration.FEW,
        "rules": list(shipped_rules().rules.values()),
        "version": shipped_rules().version,
        "facts": [(fact, fact.holds(today)) for fact in product_facts()],
    }
    return render(request, "reviews/rules.html", context)
