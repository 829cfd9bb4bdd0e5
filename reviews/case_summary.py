"""A safety case as it is shown: its post, masked, what was found in it, and its deadlines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from compliance import scanning, vault
from compliance.exceptions import TextErased
from compliance.masking import MASKED, Mark, Pseudonyms, Segment, mask
from compliance.models import Finding
from compliance.rules import shipped_rules
from compliance.rules.rule import Rule
from compliance.scanners import case_facts
from compliance.scanners.case_facts import Criterion, Fact, FactKind
from reviews import clocks, deadlines, strikes
from reviews.clocks import Clock
from reviews.models import CaseFacts, SafetyCase
from reviews.strikes import Change

ERASED = [Segment("Erased", "plain")]
EXCERPT = 60  # characters of a post, to tell one signal from another in a list


@dataclass(frozen=True, slots=True)
class Told:
    """A fact in words: what it is, and what the post says, masked.

    Attributes:
        struck: the correction that struck it; None while it holds.
    """

    fact: Fact
    words: str
    struck: CaseFacts | None


@dataclass(frozen=True, slots=True)
class Line:
    """A case in one line, to be told from others."""

    case: SafetyCase
    rule: Rule
    excerpt: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A case, ready to be shown.

    Attributes:
        known: every fact that was ever found, struck ones too.
        criteria: what meets each criterion of a valid report, among the facts that hold.
        struck_criteria: criteria that nothing meets any more since a person struck it.
        assessed: the newest row of facts; None for a case that is older than the facts.
        next: the next deadline that is not met; None if all are.
    """

    case: SafetyCase
    rule: Rule
    segments: list[Segment]
    identifiers: list[Finding]
    known: list[Told]
    criteria: dict[Criterion, Told | None]
    struck_criteria: list[Criterion]
    assessed: CaseFacts | None
    clocks: list[Clock]
    next: Clock | None
    reason: str

    @property
    def serious(self) -> bool:
        """Whether the event counts as serious."""
        return bool(self.assessed and self.assessed.serious)

    @property
    def is_event(self) -> bool:
        """Whether it is of an adverse event, which the criteria of a valid report are about."""
        return self.case.rule_id in clocks.EVENT_RULES

    @property
    def facts(self) -> list[Told]:
        """The facts that hold."""
        return [told for told in self.known if told.struck is None]

    @property
    def struck(self) -> list[Told]:
        """The facts that a person struck."""
        return [told for told in self.known if told.struck is not None]

    @property
    def overdue(self) -> bool:
        """Whether the next deadline is over."""
        return bool(self.next and self.next.overdue)

    def told(self, *kinds: FactKind) -> list[Told]:
        """The facts of these kinds that hold."""
        return [told for told in self.facts if told.fact.kind in kinds]


@dataclass(frozen=True, slots=True)
class ToldChange:
    """What one correction changed, in words."""

    row: CaseFacts
    struck: list[Told]
    restored: list[Told]
    serious: bool | None


def summary_of(case: SafetyCase) -> Summary:
    """What is known of a case; its text is masked, or said to be erased."""
    rows = strikes.rows_of(case)
    known = strikes.known_facts(rows)
    segments, reason = ERASED, ""
    identifiers: list[Finding] = []
    told: list[Told] = []
    try:
        segments, identifiers, words = _shown(case)
        told = [Told(one.fact, _masked(words, one.fact, identifiers), one.struck) for one in known]
        reason = vault.unseal(case.reason) if case.reason else ""
    except TextErased:
        pass
    by_fact = {one.fact: one for one in told}
    ever = case_facts.criteria_of(tuple(one.fact for one in known))
    now = case_facts.criteria_of(tuple(one.fact for one in known if one.struck is None))
    running = deadlines.clocks_of(case)
    return Summary(
        case=case,
        rule=shipped_rules().rule(case.rule_id),
        segments=segments,
        identifiers=identifiers,
        known=told,
        criteria={c: by_fact.get(fact) if fact else None for c, fact in now.items()},
        struck_criteria=[c for c, fact in now.items() if ever[c] and not fact],
        assessed=rows[-1] if rows else None,
        clocks=running,
        next=clocks.next_of(running),
        reason=reason,
    )


def changes_of(summary: Summary) -> list[ToldChange]:
    """What people changed about the facts, the oldest first."""
    by_fact = {told.fact: told for told in summary.known}

    def told(facts: Iterable[Fact]) -> list[Told]:
        return [by_fact[fact] for fact in facts if fact in by_fact]

    return [_told_change(change, told) for change in strikes.changes_of(summary.case.facts.all())]


def _told_change(change: Change, told: Callable[[Iterable[Fact]], list[Told]]) -> ToldChange:
    return ToldChange(change.row, told(change.struck), told(change.restored), change.serious)


def lines_of(cases: QuerySet[SafetyCase]) -> list[Line]:
    """Cases in a line each, with the beginning of their posts, masked."""
    rows = cases.select_related("text__key", "text__scan")
    return [
        Line(case, shipped_rules().rule(case.rule_id), _excerpt(case))
        for case in rows.prefetch_related("text__scan__findings")
    ]


def _excerpt(case: SafetyCase) -> str:
    try:
        words = " ".join(narrative_of(_shown(case)[0]).split())
    except TextErased:
        return ERASED[0].text
    return words if len(words) <= EXCERPT else f"{words[:EXCERPT].rstrip()}…"


def narrative_of(segments: Iterable[Segment]) -> str:
    """A masked text as plain words."""
    return "".join(f"[{s.label}]" if s.kind == MASKED else s.text for s in segments)


def _shown(case: SafetyCase) -> tuple[list[Segment], list[Finding], str]:
    findings = scanning.findings_of(case.text)
    words = vault.unseal(case.text)
    marks = [_mark(f) for f in findings if f.end > f.start]
    return mask(words, marks, names=Pseudonyms()), [f for f in findings if f.entity], words


def _mark(finding: Finding) -> Mark:
    return Mark(
        finding.start, finding.end, finding.rule_id, finding.severity, finding.entity,
        str(finding.pk),
    )  # fmt: skip


def _masked(words: str, fact: Fact, identifiers: Iterable[Finding]) -> str:
    if any(f.start < fact.end and fact.start < f.end for f in identifiers):
        return "(masked)"
    return words[fact.start : fact.end]
