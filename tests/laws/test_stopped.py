"""No attempt to post begins while all publishing is stopped, in its community or everywhere."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed
from compliance.models import Event
from engage import publishing, signposting, stops, withdrawing
from engage.connectors.base import Found, Posted, Unknown
from engage.enums import PublicationState
from engage.models import Community, Publication, Stop
from reviews import workflow
from reviews.enums import ReviewState, Role
from reviews.exceptions import GateClosed, WrongState
from reviews.models import Review
from reviews.permissions import PERMISSIONS, Permission
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws
from tests.laws.test_fails_closed_and_safety_first import edited
from tests.laws.test_one_live_copy import REF, FakePlatform, drive, platform
from tests.laws.test_two_signatures import attempt

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db


def stop(community: Community | None = None) -> Stop:
    return stops.stop(
        by=cases.person(Role.COMPLIANCE),
        community_id=community.pk if community else None,
        reason="A complaint came in.",
    )


def lift(standing: Stop) -> Stop:
    return stops.lift(by=cases.person(Role.COMPLIANCE), stop_id=standing.pk, reason="It is fine.")


@pytest.mark.parametrize("everywhere", [True, False])
def test_what_is_cleared_waits_and_goes_on(platform: FakePlatform, everywhere: bool) -> None:
    platform.outcomes = [Posted(REF)]
    publication = cases.queued_publication()
    standing = stop(None if everywhere else publication.community)
    assert publishing.drive(publication.pk) == PublicationState.QUEUED
    assert not platform.sent and not publication.attempts.exists()
    assert Review.objects.get(pk=publication.review_id).state == ReviewState.CLEARED
    assert publication.pk not in publishing.claim_due()
    lift(standing)
    assert publication.pk in publishing.claim_due()
    assert publishing.drive(publication.pk) == PublicationState.LIVE


def test_stop_elsewhere_holds_nothing_here(platform: FakePlatform) -> None:
    platform.outcomes = [Posted(REF)]
    publication = cases.queued_publication()
    stop(cases.community())
    assert publishing.drive(publication.pk) == PublicationState.LIVE


def test_both_stops_must_be_lifted(platform: FakePlatform) -> None:
    publication = cases.queued_publication()
    here, everywhere = stop(publication.community), stop()
    lift(everywhere)
    assert publishing.drive(publication.pk) == PublicationState.QUEUED
    lift(here)
    platform.outcomes = [Posted(REF)]
    assert publishing.drive(publication.pk) == PublicationState.LIVE


def test_what_is_in_flight_is_settled(platform: FakePlatform) -> None:
    platform.outcomes, platform.lookups = [Unknown("timeout")], [Found(REF)]
    publication = cases.queued_publication()
    assert drive(publication) == PublicationState.UNKNOWN
    stop()
    assert drive(publication) == PublicationState.LIVE


def test_what_is_live_is_taken_down(platform: FakePlatform) -> None:
    platform.outcomes = [Posted(REF)]
    publication = cases.queued_publication()
    drive(publication)
    stop()
    workflow.withdraw(
        by=publication.review.submitted_by,
        review_id=publication.review_id,
        code="other",
        reason="No.",
    )
    withdrawing.follow_withdrawals()
    assert drive(publication) == PublicationState.WITHDRAWN and platform.withdrawn == [REF]


def test_clearance_that_ended_meanwhile_is_not_sent(platform: FakePlatform) -> None:
    publication = cases.queued_publication()
    standing = stop()
    with without_laws():
        ended = timezone.now() - timedelta(seconds=1)
        Review.objects.filter(pk=publication.review_id).update(expires_at=ended)
    workflow.expire_due()
    lift(standing)
    assert publishing.drive(publication.pk) == PublicationState.CANCELLED


def test_thread_that_moves_meanwhile_is_noticed_during_the_stop(platform: FakePlatform) -> None:
    publication = cases.queued_publication()
    stop()
    edited(publication.draft.reply_to)
    cases.scanned()
    assert publishing.drive(publication.pk) == PublicationState.CANCELLED
    assert Review.objects.get(pk=publication.review_id).state == ReviewState.SUSPENDED


def test_signpost_is_held_too_and_its_sender_told() -> None:
    publication = cases.queued_signpost()
    crisis = cases.post(cases.CRISIS)
    stop()
    assert publishing.drive(publication.pk) == PublicationState.QUEUED
    signpost = Review.objects.get(pk=publication.review_id).signpost
    assert signpost is not None
    with pytest.raises(GateClosed, match="signposts included"):
        signposting.post(by=cases.person(Role.SAFETY), post_id=crisis.pk, signpost_id=signpost.pk)


@pytest.mark.parametrize("role", Role)
def test_only_compliance_officers_stop_and_lift(role: Role) -> None:
    by, may = cases.person(role), role in PERMISSIONS[Permission.STOP]
    assert may == (role == Role.COMPLIANCE)
    if may:
        standing = stops.stop(by=by, community_id=None, reason="Why.")
        assert stops.lift(by=by, stop_id=standing.pk, reason="Fine.").lifted_by == by
        return
    with pytest.raises(NotAllowed):
        stops.stop(by=by, community_id=None, reason="Why.")
    standing = stop()
    with pytest.raises(NotAllowed):
        stops.lift(by=by, stop_id=standing.pk, reason="Fine.")


def test_permission_and_the_database_agree() -> None:
    may = import_module("engage.migrations.0007_stops").MAY_STOP
    assert {str(role) for role in PERMISSIONS[Permission.STOP]} == set(may)


def test_stop_and_lift_take_a_reason_that_stays_sealed() -> None:
    with pytest.raises(BadInput):
        stops.stop(by=cases.person(Role.COMPLIANCE), community_id=None, reason=" ")
    standing = stop()
    with pytest.raises(BadInput):
        stops.lift(by=cases.person(Role.COMPLIANCE), stop_id=standing.pk, reason="")
    lifted = lift(standing)
    assert vault.unseal(standing.reason) == "A complaint came in."
    assert lifted.why_lifted and vault.unseal(lifted.why_lifted) == "It is fine."
    facts = [e.facts for e in Event.objects.filter(case_id=str(standing.pk))]
    assert facts == [{"community": "", "everywhere": True}] * 2


@pytest.mark.parametrize("everywhere", [True, False])
def test_same_stop_twice_is_refused(everywhere: bool) -> None:
    community = None if everywhere else cases.community()
    standing = stop(community)
    with pytest.raises(WrongState, match="stopped already"):
        stop(community)
    lift(standing)
    with pytest.raises(WrongState, match="lifted already"):
        lift(standing)
    stop(community)


# Round every verb:


def attempt_while_stopped_here() -> str:
    publication = cases.queued_publication()
    stop(publication.community)
    return insert(attempt(publication))


def attempt_while_stopped_everywhere() -> str:
    publication = cases.queued_publication()
    stop()
    return insert(attempt(publication))


def signpost_while_stopped() -> str:
    publication = cases.queued_signpost()
    stop()
    return insert(attempt(publication))


def stop_deleted() -> str:
    return delete(stop())


def stop_moved_elsewhere() -> str:
    return update(stop(), community_id=cases.community().pk)


def lifted_by_somebody_else() -> str:
    standing = stop()
    why = vault.seal(standing.key, "Because.")
    by = cases.person(Role.ADMIN).pk
    return update(standing, lifted_by_id=by, lifted_at=timezone.now(), why_lifted_id=why.pk)


def stopped_again_after_it_was_lifted() -> str:
    return update(lift(stop()), lifted_by_id=None, lifted_at=None, why_lifted_id=None)


def stop_replaced_by_a_lifted_one() -> str:
    lifted = lift(stop())
    standing = stop()
    standing.lifted_at, standing.lifted_by = lifted.lifted_at, lifted.lifted_by
    standing.why_lifted = lifted.why_lifted
    return insert(standing, replace=True)


def begun_by_an_administrator() -> str:
    key = vault.new_key()
    reason, by = vault.seal(key, "Why."), cases.person(Role.ADMIN)
    return insert(Stop(id=uuid.uuid4(), key=key, reason=reason, by=by, at=timezone.now()))


ATTACKS = [
    attempt_while_stopped_here,
    attempt_while_stopped_everywhere,
    signpost_while_stopped,
    stop_deleted,
    stop_moved_elsewhere,
    lifted_by_somebody_else,
    stopped_again_after_it_was_lifted,
    stop_replaced_by_a_lifted_one,
    begun_by_an_administrator,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


@pytest.mark.django_db(transaction=True)
def test_stop_waits_for_an_attempt_that_is_being_committed() -> None:
    if connection.vendor != "postgresql":
        return  # SQLite has one writer at a time anyway
    publication = cases.queued_publication()
    stopped: list[Stop] = []

    def other() -> None:
        stopped.append(stop())
        connections.close_all()

    worker = threading.Thread(target=other)
    with transaction.atomic():
        assert not stops.holds(publication.community_id)
        worker.start()
        worker.join(timeout=0.5)
        assert worker.is_alive()  # nobody is told that it is stopped while this may still send
    worker.join(timeout=10)
    assert len(stopped) == 1 and Publication.objects.filter(pk=publication.pk).exists()
    with transaction.atomic():
        assert stops.holds(publication.community_id)
