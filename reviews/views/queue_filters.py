"""The filters of the queue: read from an address, applied, and shown as chips that take one off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from compliance.enums import Direction, Severity
from compliance.models import Finding
from compliance.rules import shipped_rules
from reviews import risk, worklist
from reviews.models import Review, ReviewAuthor, User

CLAIMS = {"mine": "Claimed by me", "free": "Unclaimed"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; "" for everything. Names are those of the address."""

    claim: str = ""
    overdue: str = ""
    safety: str = ""
    community: str = ""
    severity: str = ""
    rule: str = ""
    author: str = ""

    @staticmethod
    def of(query: QueryDict) -> Filters:
        """The filters in an address; what makes no sense there is left out."""
        # PostgreSQL takes no NUL in a text.
        given = {f.name: query.get(f.name, "").replace("\0", "").strip() for f in fields(Filters)}
        asked = Filters(**given)
        return replace(
            asked,
            claim=asked.claim if asked.claim in CLAIMS else "",
            severity=asked.severity if asked.severity in Severity.values else "",
            author=asked.author if _is_id(asked.author) else "",
        )

    def applied(self, reviews: QuerySet[Review], user: User, now: datetime) -> QuerySet[Review]:
        """The reviews that all of these hold for."""
        holds = Q()
        if self.claim:
            claimed = worklist.claimed_by if self.claim == "mine" else worklist.free_for
            holds &= claimed(user, now)
        if self.overdue:
            holds &= Q(state__in=worklist.OPEN, due_at__lt=now)
        if self.safety:
            holds &= worklist.with_open_signal()
        if self.community:
            holds &= Q(community_name=self.community)
        if self.severity:
            holds &= Q(risk__range=risk.span_of(Severity(self.severity)))
        if self.rule:
            found = Finding.objects.filter(scan=OuterRef("scan"), rule_id=self.rule)
            holds &= Q(Exists(found))
        if self.author:
            wrote = ReviewAuthor.objects.filter(review=OuterRef("pk"), user=UUID(self.author))
            holds &= Q(Exists(wrote))
        return reviews.filter(holds)

    def query(self, tab: str, without: str = "") -> str:
        """The query of the address that asks for this; `without` leaves one filter out."""
        query = QueryDict(mutable=True)
        query["tab"] = tab
        for name, value in self._set().items():
            if name != without:
                query[name] = value
        return query.urlencode()

    def chips(self, tab: str, authors: Mapping[str, str]) -> list[dict[str, str]]:
        """One for each filter that is set: what it says, and the query without it."""
        words = {
            "claim": CLAIMS.get(self.claim, ""),
            "overdue": "Overdue",
            "safety": "Open safety signal",
            "community": self.community,
            "severity": f"Worst finding: {dict(Severity.choices).get(self.severity, '')}",
            "rule": self.rule,
            "author": f"Written by {authors.get(self.author, 'somebody')}",
        }
        return [
            {"words": words[name], "query": self.query(tab, without=name)} for name in self._set()
        ]

    def _set(self) -> dict[str, str]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value}


def choices(
    asked: Filters, communities: set[str], authors: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The fields of the form with what can be chosen in each."""
    rules = [r for r in shipped_rules().rules.values() if r.applies_to(Direction.OUTBOUND)]
    by_name = sorted(authors.items(), key=lambda one: one[1].lower())
    options: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "claim": ("Claim", list(CLAIMS.items())),
        "community": ("Community", [(name, name) for name in sorted(communities)]),
        "severity": ("Worst finding", [(s.value, s.label) for s in Severity]),
        "rule": ("Rule", sorted((rule.id, f"{rule.id} · {rule.title}") for rule in rules)),
        "author": ("Written by", by_name),
    }
    found = []
    for name, (label, listed) in options.items():
        value = getattr(asked, name)
        # A community's own rule, for one, is asked for without being listed.
        each = listed if not value or value in dict(listed) else [*listed, (value, value)]
        found.append({"name": name, "label": label, "value": value, "options": each})
    return found


def _is_id(written: str) -> bool:
    try:
        UUID(written)
    except ValueError:
        return False
    return True
