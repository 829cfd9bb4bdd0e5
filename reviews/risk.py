"""How much attention a review needs: one number, stored at submission, that the queue sorts by."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from compliance.enums import Severity
from compliance.models import Finding
from reviews.models import SafetyCase

# Hundreds: the worst finding (4 blocking, 3 needs legal, 2 warning, 1 note, 0 none).
# 50: its thread has had a safety signal. The rest: how many findings are blocking, at most 49.
STEP, SAFETY, MOST = 100, 50, 49


def risk_of(findings: Collection[Finding], thread_id: UUID) -> int:
    """The number of a reply with these findings in this thread, from 0 to 499."""
    worst = max((_weight(Severity(f.severity)) for f in findings), default=0)
    blocking = sum(f.severity == Severity.BLOCK for f in findings)
    signalled = SafetyCase.objects.filter(thread_id=thread_id).exists()
    return worst * STEP + signalled * SAFETY + min(blocking, MOST)


def worst_of(risk: int) -> Severity | None:
    """The severity of the worst finding; None if there was none."""
    return next((s for s in Severity if _weight(s) == risk // STEP), None)


def span_of(severity: Severity) -> tuple[int, int]:
    """The least and the greatest number of a reply whose worst finding is of this severity."""
    return _weight(severity) * STEP, (_weight(severity) + 1) * STEP - 1


def _weight(severity: Severity) -> int:
    return len(Severity) - severity.rank
