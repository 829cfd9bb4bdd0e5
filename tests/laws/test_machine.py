"""Laws 1, 2, 3, 4 and 6 under whatever people do in whatever order: a state machine against an
independent model, with negative controls that show that it finds a law which is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from compliance.ledger import events
from engage import communities
from reviews import confirmations, permissions, policy, routes, workflow
from tests.laws import workflow_world
from tests.laws.attacks import without_law
from tests.laws.workflow_machine import Workflow

pytestmark = pytest.mark.django_db

QUIET = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)
SMALL = settings(QUIET, max_examples=40, stateful_step_count=30, derandomize=True)
CONTROL = settings(
    SMALL,
    max_examples=300,
    stateful_step_count=50,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
LONG = settings(QUIET, max_examples=2000, stateful_step_count=50)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Workflow]]:
    """The machine with its people and communities; they are gone after the test."""
    platform = workflow_world.Platform()
    monkeypatch.setattr(communities, "connector_for", lambda kind, settings: platform)
    monkeypatch.setattr(events, "LISTENERS", [])  # telling people takes half of the time
    world = workflow_world.make(platform)
    yield type("Workflow", (Workflow,), {"world": world})


def test_laws_hold_whatever_people_do(machine: type[Workflow]) -> None:
    run_state_machine_as_test(machine, settings=SMALL)
    assert machine.posted > 3  # it gets somewhere


@pytest.mark.long
def test_laws_hold_in_2000_runs_of_50_steps(machine: type[Workflow]) -> None:
    try:
        run_state_machine_as_test(machine, settings=LONG)
    finally:
        print(f"{machine.runs} runs, {machine.steps} steps, {machine.posted} runs that posted")


def authors_sign(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(permissions, "check_not_author", lambda user, review: None)
    without_law("law_reviews_signoff_not_author", "reviews_signoff")
    without_law("law_reviews_furthersignoff_not_author", "reviews_furthersignoff")
    without_law("law_reviews_review_two_signatures", "reviews_review")


def one_signature_clears(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(routes, "open_seats", lambda review: _unsigned(review)[1:])
    without_law("law_reviews_review_two_signatures", "reviews_review")


def text_changes_in_review(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(workflow, "OPEN_STATES", ())
    without_law("law_engage_draftversion_not_in_review", "engage_draftversion")


def nobody_confirms(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(confirmations, "waited_for", lambda review, digest: [])
    without_law("law_reviews_review_confirmed", "reviews_review")


def any_way_is_gone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy, "next_state", lambda review, action: _LEADS_TO[action])
    without_law("law_reviews_review_moves", "reviews_review")


_unsigned = routes.open_seats
_LEADS_TO = {action: next(iter(ways.values())) for action, ways in policy.TRANSITIONS.items()}
BROKEN = [
    authors_sign,
    one_signature_clears,
    text_changes_in_review,
    nobody_confirms,
    any_way_is_gone,
]


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda b: b.__name__)
def test_machine_finds_a_law_that_is_gone(
    machine: type[Workflow],
    monkeypatch: pytest.MonkeyPatch,
    breaks: Callable[[pytest.MonkeyPatch], None],
) -> None:
    breaks(monkeypatch)
    machine.laws_alone = True  # the rows alone must show it, not that the model says otherwise
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=CONTROL)
