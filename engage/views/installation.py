"""The administrator's page: how the installation stands."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from compliance.models import Checkpoint
from compliance.rules import RuleSet, shipped_rules
from engage.enums import NoReplyReason, PublicationState
from engage.models import Community
from engage.overview import overview, waiting_texts
from reviews import deliveries, permissions
from reviews.channels import mail
from reviews.enums import ReviewState, Role
from reviews.models import User
from reviews.permissions import Permission


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Communities, people, and counts of everything."""
    permissions.check_may(cast(User, request.user), Permission.MANAGE)
    counts = overview()
    rules = shipped_rules()
    people = User.objects.prefetch_related("role_grants").order_by("last_name", "username")
    context = {
        "counts": counts,
        "waiting": waiting_texts(),
        "reviews": _labelled(counts.reviews, dict(ReviewState.choices)),
        "publications": _labelled(counts.publications, dict(PublicationState.choices)),
        "no_replies": _labelled(counts.no_replies.by_reason, dict(NoReplyReason.choices)),
        "findings": [(r, _title(rules, r), n) for r, n in counts.findings_by_rule.items()],
        "communities": list(Community.objects.all()),
        "people": [(p, [Role(g.role).label for g in p.role_grants.all()]) for p in people],
        "public_url": settings.PUBLIC_URL,
        "email_works": mail.is_set_up(),
        "troubles": deliveries.troubles(),
        "checkpoint": Checkpoint.objects.order_by("-id").first(),
        "rule_set": rules.version,
    }
    return render(request, "engage/installation.html", context)


def _title(rules: RuleSet, rule_id: str) -> str:
    rule = rules.rules.get(rule_id)
    return rule.title if rule else "House rule of a community, or of an earlier release"


def _labelled(counts: dict[str, int], labels: dict[str, str]) -> list[tuple[str, int]]:
    return [(labels.get(code, code), count) for code, count in counts.items()]
