"""A safety case as it leaves the page: for a print, for another system, for a table.

Follows the parts of the CIOMS I form (reaction, suspect products, reporter, assessment).
Identifiers stay masked: who needs them reveals them one by one, and that is recorded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from compliance import ledger, scanning, vault
from compliance.exceptions import TextErased
from compliance.ledger.kinds import EventKind
from compliance.masking import MASKED, Mark, Pseudonyms, Segment, mask
from compliance.models import Finding, VaultText
from compliance.rules import shipped_rules
from compliance.rules.rule import Rule
from compliance.scanners import case_facts
from compliance.scanners.case_facts import Criterion, Fact, FactKind
from reviews import permissions, safety
from reviews.clocks import Clock
from reviews.models import CaseFacts, SafetyCase, User

ERASED = [Segment("Erased", "plain")]
COLUMNS = (
    "case", "rule", "community", "aware_at", "due_at", "next_deadline", "owner", "serious",
    "criteria_met", "outcome", "disposed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A fact in words: what it is, and what the post says, masked."""

    fact: Fact
    words: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A case, ready to be shown."""

    case: SafetyCase
    rule: Rule
    segments: list[Segment]
    identifiers: list[Finding]
    facts: list[Told]
    criteria: dict[Criterion, Told | None]
    assessed: CaseFacts | None
    clocks: list[Clock]
    overdue: bool
    reason: str

    @property
    def serious(self) -> bool:
        """Whether the event counts as serious."""
        return bool(self.assessed and self.assessed.serious)

    def told(self, *kinds: FactKind) -> list[Told]:
        """The facts of these kinds."""
        return [told for told in self.facts if told.fact.kind in kinds]


def summary_of(case: SafetyCase) -> Summary:
    """What is known of a case; its text is masked, or said to be erased."""
    assessed = safety.newest_facts(case)
    facts = safety.facts_in(assessed) if assessed else ()
    segments, identifiers, told, reason = ERASED, [], [], ""
    try:
        findings = scanning.findings_of(case.text)
        words = vault.unseal(case.text)
        identifiers = [f for f in findings if f.entity]
        segments = mask(words, [_mark(f) for f in findings if f.end > f.start], names=Pseudonyms())
        told = [Told(fact, _masked(words, fact, identifiers)) for fact in facts]
        reason = vault.unseal(case.reason) if case.reason else ""
    except TextErased:
        pass
    by_fact = {one.fact: one for one in told}
    clocks = safety.clocks_of(case)
    return Summary(
        case=case,
        rule=shipped_rules().rule(case.rule_id),
        segments=segments,
        identifiers=identifiers,
        facts=told,
        criteria={
            criterion: by_fact.get(fact) if fact else None
            for criterion, fact in case_facts.criteria_of(facts).items()
        },
        assessed=assessed,
        clocks=clocks,
        overdue=case.disposed_at is None and clocks[0].due_at < timezone.now(),
        reason=reason,
    )


def _mark(finding: Finding) -> Mark:
    return Mark(
        finding.start, finding.end, finding.rule_id, finding.severity, finding.entity,
        str(finding.pk),
    )  # fmt: skip


def _masked(words: str, fact: Fact, identifiers: Iterable[Finding]) -> str:
    if any(f.start < fact.end and fact.start < f.end for f in identifiers):
        return "(masked)"
    return words[fact.start : fact.end]


@transaction.atomic
def as_values(*, by: User, case: SafetyCase) -> dict[str, Any]:
    """A case for another system, as JSON values; recorded in the ledger.

    Raises:
        NotAllowed: this person may not see safety signals.
    """
    permissions.check_may(by, permissions.Permission.READ_SAFETY)
    summary = summary_of(case)
    ledger.record(
        EventKind.SAFETY_EXPORTED, by=by.actor, subject=case, case_id=case.thread_id, form="json"
    )
    return {
        "case": str(case.pk),
        "rule": {"id": summary.rule.id, "title": summary.rule.title},
        "community": case.community_name,
        "aware_at": _iso(case.aware_at or case.opened_at),
        "narrative": "".join(
            f"[{s.label}]" if s.kind == MASKED else s.text for s in summary.segments
        ),
        "facts": [
            {"kind": told.fact.kind, "code": told.fact.code, "words": told.words}
            for told in summary.facts
        ],
        "criteria": {str(c): bool(told) for c, told in summary.criteria.items()},
        "serious": summary.serious,
        "deadlines": [
            {"name": c.name, "what": c.label, "source": c.source, "due_at": _iso(c.due_at)}
            for c in summary.clocks
        ],
        "owner": case.owner.printed_name if case.owner else None,
        "hand_offs": [
            {
                "at": _iso(h.at),
                "by": h.by.printed_name,
                "recipient": _words(h.recipient),
                "reference": _words(h.reference) if h.reference else None,
            }
            for h in case.hand_offs.select_related("by", "recipient__key", "reference__key")
        ],
        "outcome": case.outcome or None,
        "disposed_at": _iso(case.disposed_at) if case.disposed_at else None,
    }


@transaction.atomic
def as_table(*, by: User, cases: Iterable[SafetyCase]) -> str:
    """Cases as CSV, a line each, without their texts; recorded in the ledger.

    Raises:
        NotAllowed: this person may not see safety signals.
    """
    permissions.check_may(by, permissions.Permission.READ_SAFETY)
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for case in cases:
        summary = summary_of(case)
        met = sum(told is not None for told in summary.criteria.values())
        table.writerow(
            [
                case.pk, case.rule_id, _cell(case.community_name),
                _iso(case.aware_at or case.opened_at), _iso(case.due_at), summary.clocks[0].label,
                _cell(case.owner.printed_name) if case.owner else "", summary.serious, met,
                case.outcome, _iso(case.disposed_at) if case.disposed_at else "",
            ]
        )  # fmt: skip
        ledger.record(
            EventKind.SAFETY_EXPORTED, by=by.actor, subject=case, case_id=case.thread_id, form="csv"
        )
    return written.getvalue()


def _words(text: VaultText) -> str:
    try:
        return vault.unseal(text)
    except TextErased:
        return "Erased"


def _cell(words: str) -> str:
    """Words that no spreadsheet takes for a formula."""
    return f"'{words}" if words.startswith(("=", "+", "-", "@")) else words


def _iso(moment: Any) -> str:
    return str(moment.isoformat(timespec="seconds"))
