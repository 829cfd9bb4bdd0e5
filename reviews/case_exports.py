"""A safety case as it leaves the page: for a print, for another system, for a table.

Follows the parts of the CIOMS I form (reaction, suspect products, reporter, assessment).
Identifiers stay masked: who needs them reveals them one by one, and that is recorded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from compliance import ledger, vault
from compliance.exceptions import TextErased
from compliance.ledger.kinds import EventKind
from compliance.models import VaultText
from reviews import deadlines, permissions
from reviews.case_summary import Summary, Told, narrative_of, summary_of
from reviews.clocks import Clock
from reviews.models import SafetyCase, User

COLUMNS = (
    "case", "rule", "community", "aware_at", "due_at", "next_deadline", "owner", "serious",
    "criteria_met", "outcome", "disposed_at", "duplicate_of",
)  # fmt: skip


@transaction.atomic
def printed(*, by: User, case: SafetyCase) -> Summary:
    """A case for the page to print; recorded in the ledger.

    Raises:
        NotAllowed: this person may not see safety signals.
    """
    permissions.check_may(by, permissions.Permission.READ_SAFETY)
    ledger.record(
        EventKind.SAFETY_EXPORTED, by=by.actor, subject=case, case_id=case.thread_id, form="print"
    )
    return summary_of(case)


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
        "narrative": narrative_of(summary.segments),
        "facts": [_fact(told) for told in summary.facts],
        "struck_facts": [
            {
                **_fact(told),
                "at": _iso(told.struck.at),
                "by": told.struck.by.printed_name if told.struck.by else None,
            }
            for told in summary.struck
            if told.struck
        ],
        "criteria": {str(c): bool(told) for c, told in summary.criteria.items()},
        "serious": summary.serious,
        "deadlines": [
            {
                "name": c.name,
                "what": c.label,
                "source": c.source,
                "due_at": _iso(c.due_at),
                "state": _state(c),
                "done_at": _iso(c.done.at) if c.done else None,
                "done": str(c.done.deed) if c.done else None,
                "done_by": c.done.by if c.done else None,
            }
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
            for h in case.hand_offs.all()
        ],
        "help": [
            {
                "at": _iso(h.at),
                "by": h.by.printed_name if h.by else deadlines.THE_SERVICE,
                "how": _words(h.how) if h.how else None,
                "publication": str(h.publication_id) if h.publication_id else None,
            }
            for h in case.help_given.all()
        ],
        "outcome": case.outcome or None,
        "disposed_at": _iso(case.disposed_at) if case.disposed_at else None,
        "duplicate_of": str(case.duplicate_of_id) if case.duplicate_of_id else None,
        "duplicates": [str(pk) for pk in case.duplicates.values_list("pk", flat=True)],
    }


def _fact(told: Told) -> dict[str, str]:
    return {"kind": told.fact.kind, "code": told.fact.code, "words": told.words}


def _state(clock: Clock) -> str:
    if clock.done is None:
        return "overdue" if clock.overdue else "open"
    return "met" if clock.met else "ended"


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
                _iso(case.aware_at or case.opened_at),
                _iso(summary.next.due_at) if summary.next else "",
                summary.next.label if summary.next else "",
                _cell(case.owner.printed_name) if case.owner else "", summary.serious, met,
                case.outcome, _iso(case.disposed_at) if case.disposed_at else "",
                case.duplicate_of_id or "",
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
