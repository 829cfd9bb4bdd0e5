"""A possible breach is assessed by its four factors, with deadlines from its discovery on."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from engage import breaches
from engage.checks import chosen_deadlines_exist
from engage.connectors.base import Posted
from engage.models import BreachAssessment, Publication
from reviews.enums import Role
from reviews.exceptions import WrongState
from tests import cases
from tests.laws.attacks import assert_refused, delete, update
from tests.laws.test_one_live_copy import REF, FakePlatform, drive, platform

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db
FOUND = {name: f"Found of {name}: canary-4711." for name in breaches.FACTORS}


@pytest.fixture
def live(platform: FakePlatform) -> Publication:
    platform.outcomes = [Posted(REF, "https://community.example/1")]
    publication = cases.queued_publication()
    drive(publication)
    publication.refresh_from_db()
    return publication


def opened(live: Publication, role: Role = Role.SAFETY) -> BreachAssessment:
    return breaches.open_assessment(
        by=cases.person(role), publication_id=live.pk, why="It names canary-4711."
    )


def test_deadlines_count_from_discovery(live: Publication, settings: Settings) -> None:
    assessment = opened(live)
    due = [at - assessment.discovered_at for _, at in breaches.deadlines_of(assessment)]
    assert due == [timedelta(hours=72), timedelta(days=60)]
    settings.BREACH_DEADLINES = ["us"]
    assert [d.source for d, _ in breaches.deadlines_of(assessment)] == ["45 CFR 164.404(b)"]
    assert chosen_deadlines_exist(None) == []
    settings.BREACH_DEADLINES = ["moon"]
    assert [e.id for e in chosen_deadlines_exist(None)] == ["engage.E001"]


def test_conclusion_takes_every_factor_and_is_the_last_word(live: Publication) -> None:
    assessment, counsel = opened(live), cases.person(Role.LEGAL)
    for name in FOUND:
        with pytest.raises(BadInput, match="Write down"):
            breaches.conclude(
                by=counsel,
                assessment_id=assessment.pk,
                conclusion="low",
                factors={**FOUND, name: " "},
            )
    with pytest.raises(BadInput, match="Choose"):
        breaches.conclude(by=counsel, assessment_id=assessment.pk, conclusion="?", factors=FOUND)
    done = breaches.conclude(
        by=counsel, assessment_id=assessment.pk, conclusion="low", factors=FOUND
    )
    assert done.factors is not None and json.loads(vault.unseal(done.factors)) == FOUND
    assert not breaches.waiting().exists()
    with pytest.raises(WrongState, match="already"):
        breaches.conclude(
            by=counsel, assessment_id=assessment.pk, conclusion="breach", factors=FOUND
        )
    opened(live)  # something new may be discovered


def test_there_is_one_open_assessment_of_a_reply(live: Publication) -> None:
    opened(live)
    with pytest.raises(WrongState, match="already"):
        opened(live, Role.LEGAL)


def test_what_was_never_there_disclosed_nothing(platform: FakePlatform) -> None:
    with pytest.raises(WrongState, match="never in its community"):
        opened(cases.queued_publication())


def test_who_may(live: Publication) -> None:
    for role in (Role.AUDITOR, Role.ADMIN, Role.MEDICAL):
        with pytest.raises(NotAllowed):
            opened(live, role)
    assessment = opened(live, Role.CLINICIAN)
    for role in (Role.CLINICIAN, Role.SAFETY, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            breaches.conclude(
                by=cases.person(role),
                assessment_id=assessment.pk,
                conclusion="low",
                factors=FOUND,
            )


def test_history_tells_it_without_words(live: Publication) -> None:
    assessment = opened(live)
    breaches.conclude(
        by=cases.person(Role.LEGAL),
        assessment_id=assessment.pk,
        conclusion="breach",
        factors=FOUND,
    )
    told = Event.objects.filter(kind__in=[EventKind.BREACH_OPENED, EventKind.BREACH_CONCLUDED])
    assert told.count() == 2 and "canary" not in str([event.facts for event in told])


def test_raw_rows_of_assessments_stay(live: Publication) -> None:
    assessment = opened(live)
    for attack in (
        delete(assessment),
        update(assessment, discovered_at=assessment.discovered_at + timedelta(days=9)),
    ):
        assert_refused(attack)
    breaches.conclude(
        by=cases.person(Role.LEGAL),
        assessment_id=assessment.pk,
        conclusion="breach",
        factors=FOUND,
    )
    assert_refused(update(assessment, conclusion="none"))


def test_assessment_on_its_pages(client: Client, live: Publication) -> None:
    client.force_login(cases.person(Role.LEGAL))
    page = reverse("publication", args=[live.pk])
    assert "Assess a possible breach" in client.get(page).content.decode()
    begin = reverse("open_breach", args=[live.pk])
    assert client.post(begin, {"why": " "}).status_code == 400
    shown = client.post(begin, {"why": "It names somebody."}, follow=True).content.decode()
    assert "Being assessed" in shown and "tell the authority until" in shown
    assert "A possible breach in" in client.get(reverse("incidents")).content.decode()
    end = reverse("conclude_breach", args=[BreachAssessment.objects.get().pk])
    refused = client.post(end, {**FOUND, "mitigation": "", "conclusion": "low"})
    assert refused.status_code == 400
    assert f"{FOUND['nature']}</textarea>" in refused.content.decode()  # nothing is lost
    shown = client.post(end, {**FOUND, "conclusion": "low"}, follow=True).content.decode()
    assert "A low probability" in shown and FOUND["nature"] in shown
