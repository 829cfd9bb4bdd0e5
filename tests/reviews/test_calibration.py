"""Calibration: the newest verdict on a finding counts, by role and by person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.exceptions import NotAllowed
from reviews import calibration, workflow
from reviews.enums import ReviewState, Role, Verdict
from reviews.models import Review
from tests import cases

pytestmark = pytest.mark.django_db


def dispose(review: Review, verdict: Verdict, role: Role = Role.LEGAL) -> None:
    finding = review.scan.findings.get(rule_id="CLM-PROVEN")
    by = cases.person(role)
    workflow.dispose(
        by=by, review_id=review.pk, finding_id=finding.pk, verdict=verdict, reason="Seen."
    )


def record_of(rule_id: str, **period: object) -> calibration.Record | None:
    auditor = cases.person(Role.AUDITOR)
    found = calibration.records(by=auditor, **period)  # type: ignore[arg-type]
    return next((record for record in found if record.rule.id == rule_id), None)


def test_newest_verdict_counts() -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    dispose(review, Verdict.VALID)
    dispose(review, Verdict.FALSE_ALARM, Role.COMPLIANCE)
    record = record_of("CLM-PROVEN")
    assert record is not None
    assert (record.found, record.upheld, record.false_alarms) == (1, 0, 1)
    assert record.by_role == {Role.COMPLIANCE: {Verdict.FALSE_ALARM: 1}}
    assert list(record.by_person.values()) == [1]
    assert record.share_false is None  # too few to say


def test_period_leaves_out_what_is_older() -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    dispose(review, Verdict.VALID)
    assert record_of("CLM-PROVEN", since=timezone.now() + timedelta(days=1)) is None


def test_calibration_is_for_those_who_look_back(client: Client) -> None:
    with pytest.raises(NotAllowed):
        calibration.records(by=cases.person(Role.CLINICIAN))
    client.force_login(cases.person(Role.AUDITOR))
    assert "No verdicts yet" in client.get(reverse("rules")).content.decode()


def test_table_names_the_rule(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    dispose(review, Verdict.ACCEPTED)
    client.force_login(cases.person(Role.AUDITOR))
    table = client.get(reverse("rules") + "?form=csv").content.decode().splitlines()
    line = next(line for line in table if line.startswith("CLM-PROVEN"))
    assert line.endswith("1,0,1,0")
