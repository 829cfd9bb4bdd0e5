"""The model is chosen once; without one the service says so on every page and holds everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse

from compliance.enums import ScanState
from compliance.scanners.identifiers import choice
from compliance.scanners.identifiers.choice import Choice
from engage.models import PostRevision
from reviews.enums import Role
from tests import cases


@pytest.fixture
def no_model(tmp_path: Path) -> Iterator[None]:
    before = choice.current()
    choice.choose(Choice(model=tmp_path))
    yield
    choice.choose(before)


def test_missing_model_is_said_at_the_start(no_model: None) -> None:
    assert "compliance.W002" in [message.id for message in run_checks()]


def test_shipped_model_is_there() -> None:
    assert not [m for m in run_checks() if m.id == "compliance.W002"]


@pytest.mark.django_db
def test_missing_model_holds_everything_and_is_said_on_the_page(
    no_model: None, client: Client
) -> None:
    cases.post("My name is Keisha Brandt.")
    assert PostRevision.objects.get().text.scan_state == ScanState.HELD
    client.force_login(cases.person(Role.CLINICIAN))
    page = client.get(reverse("inbox")).content.decode()
    assert "every post and draft is held" in page


@pytest.mark.parametrize(
    ("thresholds", "said"), [({"NOSE": 0.5}, "No such kind"), ({"NAME": 4.0}, "from 0 to 1")]
)
def test_threshold_of_nothing_is_refused(thresholds: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Choice(thresholds=thresholds)


def test_version_names_what_was_chosen() -> None:
    versions = {
        Choice().version,
        Choice(recall_bias=2).version,
        Choice(thresholds={"NAME": 0.9}).version,
    }
    assert len(versions) == 3
