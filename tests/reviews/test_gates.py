"""Each gate by itself, clause by clause, without a database."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from compliance.enums import Severity
from compliance.findings import Hit
from compliance.models import Finding
from reviews import gates
from reviews.enums import Role, Verdict
from reviews.exceptions import GateClosed
from reviews.models import Disposition, Review

BLOCK, WARN, LEGAL, INFO = (
    Finding(id=uuid4(), rule_id=f"R-{severity.value}", severity=severity, start=0, end=4)
    for severity in (Severity.BLOCK, Severity.WARN, Severity.NEEDS_LEGAL, Severity.INFO)
)


def disposed(
    finding: Finding, verdict: Verdict = Verdict.ACCEPTED, role: Role = Role.LEGAL
) -> Disposition:
    return Disposition(finding=finding, verdict=verdict, role=role)


def says(words: str) -> str:
    return re.escape(words)


@pytest.mark.parametrize("finding", [BLOCK, WARN])
def test_author_answers_for_what_blocks_or_warns(finding: Finding) -> None:
    with pytest.raises(GateClosed, match=says(f"1 finding is still open ({finding.rule_id})")):
        gates.check_answered([finding, LEGAL, INFO], set())
    gates.check_answered([finding, LEGAL, INFO], {finding.pk})


def test_author_answers_for_each() -> None:
    with pytest.raises(GateClosed, match=says("2 findings are still open (R-block, R-warn)")):
        gates.check_answered([BLOCK, WARN], {LEGAL.pk})
    with pytest.raises(GateClosed, match=says("1 finding is still open (R-warn)")):
        gates.check_answered([BLOCK, WARN], {BLOCK.pk})


def test_author_answers_for_nothing_else() -> None:
    gates.check_answered([LEGAL, INFO], set())


@pytest.mark.parametrize("finding", [BLOCK, LEGAL])
def test_reviewers_dispose_of_what_blocks_or_needs_legal(finding: Finding) -> None:
    with pytest.raises(GateClosed, match=says(f"without a disposition ({finding.rule_id})")):
        gates.check_disposed([finding, WARN, INFO], {})
    gates.check_disposed([finding, WARN, INFO], {finding.pk: disposed(finding)})


def test_reviewers_dispose_of_nothing_else() -> None:
    gates.check_disposed([WARN, INFO], {})


@pytest.mark.parametrize("finding", [BLOCK, WARN, LEGAL, INFO])
def test_nothing_is_signed_that_somebody_found_valid(finding: Finding) -> None:
    valid = {finding.pk: disposed(finding, Verdict.VALID)}
    with pytest.raises(GateClosed, match=says(f"{finding.rule_id} was found valid")):
        gates.check_disposed([finding], valid)
    for verdict in (Verdict.ACCEPTED, Verdict.FALSE_ALARM):
        gates.check_disposed([finding], {finding.pk: disposed(finding, verdict)})


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.MEDICAL])
def test_legal_findings_take_legal_counsel(role: Role) -> None:
    with pytest.raises(GateClosed, match=says("R-needs_legal must be disposed of by legal")):
        gates.check_disposed([LEGAL], {LEGAL.pk: disposed(LEGAL, role=role)})
    gates.check_disposed([BLOCK], {BLOCK.pk: disposed(BLOCK, role=role)})


def found(finding: Finding, **changes: int) -> tuple[Hit, Severity]:
    """The same again, or beside it."""
    place = {"start": finding.start, "end": finding.end, **changes}
    return Hit(rule_id=finding.rule_id, confidence=1.0, scanner="test", **place), Severity(
        finding.severity
    )


def still(monkeypatch: pytest.MonkeyPatch, *given: Disposition) -> None:
    """Scanned again, each finding is still there."""
    newest = {one.finding_id: one for one in given}
    monkeypatch.setattr(gates, "newest_dispositions", lambda review: newest)
    gates.check_still_disposed(Review(), [found(one.finding) for one in given])


def test_what_was_disposed_of_stands_when_the_text_is_scanned_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    still(monkeypatch, disposed(LEGAL), disposed(BLOCK, role=Role.COMPLIANCE))
    for finding in (BLOCK, LEGAL):
        with pytest.raises(GateClosed, match=f"{finding.rule_id} speaks against"):
            still(monkeypatch, disposed(finding, Verdict.VALID))
    with pytest.raises(GateClosed, match="R-needs_legal speaks against"):
        still(monkeypatch, disposed(LEGAL, role=Role.COMPLIANCE))


@pytest.mark.parametrize("finding", [BLOCK, LEGAL])
@pytest.mark.parametrize("moved", [{}, {"start": 1}, {"end": 5}])
def test_what_is_new_in_the_text_closes_the_gate(
    monkeypatch: pytest.MonkeyPatch, finding: Finding, moved: dict[str, int]
) -> None:
    known = {finding.pk: disposed(finding)} if moved else {}
    monkeypatch.setattr(gates, "newest_dispositions", lambda review: known)
    with pytest.raises(GateClosed, match=f"{finding.rule_id} speaks against"):
        gates.check_still_disposed(Review(), [found(finding, **moved)])


@pytest.mark.parametrize("finding", [WARN, INFO])
def test_what_nobody_disposes_of_may_be_new(
    monkeypatch: pytest.MonkeyPatch, finding: Finding
) -> None:
    monkeypatch.setattr(gates, "newest_dispositions", lambda review: {})
    gates.check_still_disposed(Review(), [found(finding)])
