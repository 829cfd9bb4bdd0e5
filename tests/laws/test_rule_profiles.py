"""No rule profile holds that a second compliance officer has not approved after it was tried on the
history, raw SQL included."""

from __future__ import annotations

import importlib
import json
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from compliance import profiles, vault
from compliance.exceptions import NotAllowed, ScannerFailed
from compliance.models import RuleProfileVersion, VaultText
from compliance.rules import RuleProfile
from engage import intake
from reviews import profile_changes
from reviews.enums import ChangeState, Role
from reviews.exceptions import GateClosed
from reviews.models import ProfileChange, User
from reviews.permissions import PERMISSIONS, Permission
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws

pytestmark = pytest.mark.django_db


def version(change: ProfileChange, **changes: object) -> RuleProfileVersion:
    """An unsaved version for a change."""
    values: dict[str, object] = {
        "id": change.pk,
        "community_id": change.community_id,
        "number": change.number,
        "content": json.dumps(change.content),
        "digest": change.digest,
        "active_from": timezone.now() + timedelta(seconds=5),
    }
    return RuleProfileVersion(**{**values, **changes})


def approved(change: ProfileChange, by: User) -> str:
    return update(change, state="approved", decided_by_id=by.pk, decided_at=timezone.now())


def approved_by_who_proposed_it() -> str:
    change = cases.profile_change()
    return approved(change, change.proposed_by)


def approved_without_the_role() -> str:
    return approved(cases.profile_change(), cases.person(Role.LEGAL))


def approved_before_it_was_tried() -> str:
    return approved(cases.profile_change(tried=False), cases.person(Role.COMPLIANCE))


def approved_after_it_was_declined() -> str:
    change = cases.profile_change()
    officer = cases.person(Role.COMPLIANCE)
    profile_changes.decline(by=officer, change_id=change.pk, reason="Not now.")
    return approved(change, officer)


def begun_as_approved() -> str:
    key = vault.new_key()
    begun = ProfileChange(
        id=uuid.uuid4(),
        community_id=uuid.uuid4(),
        community_name="Mallory",
        number=1,
        content="{}",
        digest="0" * 64,
        active_from=timezone.now(),
        key=key,
        why=vault.seal(key, "Why not."),
        proposed_by=cases.person(Role.COMPLIANCE),
        proposed_at=timezone.now(),
        state="approved",
        decided_by=cases.person(Role.COMPLIANCE),
        decided_at=timezone.now(),
    )
    return insert(begun)


def changed_after_it_was_read() -> str:
    return update(cases.profile_change(), digest="0" * 64)


def proposed_by_somebody_else_after_all() -> str:
    return update(cases.profile_change(), proposed_by_id=cases.person(Role.COMPLIANCE).pk)


def held_without_a_change() -> str:
    return insert(version(cases.profile_change(), id=uuid.uuid4()))


def held_before_the_approval() -> str:
    return insert(version(cases.profile_change()))


def approved_by_hand() -> ProfileChange:
    """A change that was approved without a version, so that none stands in the way."""
    change = cases.profile_change()
    run(approved(change, cases.person(Role.COMPLIANCE)))
    return change


def held_with_another_digest() -> str:
    return insert(version(approved_by_hand(), digest="0" * 64))


def held_with_another_content() -> str:
    return insert(version(approved_by_hand(), content="{}"))


def held_before_the_agreed_day() -> str:
    change = cases.profile_change(active_from=timezone.now() + timedelta(days=9))
    run(approved(change, cases.person(Role.COMPLIANCE)))
    return insert(version(change))


def held_elsewhere() -> str:
    return insert(version(approved_by_hand(), community_id=uuid.uuid4()))


def held_before_its_time() -> str:
    return insert(version(approved_by_hand(), active_from=timezone.now() - timedelta(days=1)))


def version_changed() -> str:
    return update(cases.profile_version(cases.STRICTER), content="{}")


def version_removed() -> str:
    return delete(cases.profile_version(cases.STRICTER))


def version_replaced() -> str:
    held = cases.profile_version(cases.STRICTER)
    held.content = "{}"
    return insert(held, replace=True)


def replay_changed() -> str:
    return update(cases.profile_change().replay, result="{}")


ATTACKS = [
    approved_by_who_proposed_it,
    approved_without_the_role,
    approved_before_it_was_tried,
    approved_after_it_was_declined,
    begun_as_approved,
    changed_after_it_was_read,
    proposed_by_somebody_else_after_all,
    held_without_a_change,
    held_before_the_approval,
    held_with_another_digest,
    held_with_another_content,
    held_before_the_agreed_day,
    held_elsewhere,
    held_before_its_time,
    version_changed,
    version_removed,
    version_replaced,
    replay_changed,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_approve_by_who_proposed_it_is_refused() -> None:
    change = cases.profile_change()
    with pytest.raises(NotAllowed, match="somebody else"):
        profile_changes.approve(by=change.proposed_by, change_id=change.pk, seen=change.digest)
    change.refresh_from_db()
    assert change.state == ChangeState.WAITING and not RuleProfileVersion.objects.exists()


def test_approve_before_it_was_tried_is_refused() -> None:
    change = cases.profile_change(tried=False)
    with pytest.raises(GateClosed, match="tried"):
        profile_changes.approve(
            by=cases.person(Role.COMPLIANCE), change_id=change.pk, seen=change.digest
        )


def test_approve_by_a_second_person_makes_it_hold() -> None:
    # The negative control.
    here = cases.community()
    assert profiles.active_profile(here.pk) == RuleProfile()
    cases.profile_version(cases.STRICTER, here=here)
    assert profiles.active_profile(here.pk) == cases.STRICTER


def test_profile_that_is_not_what_was_approved_holds_everything() -> None:
    here = cases.community()
    held = cases.profile_version(cases.STRICTER, here=here)
    with without_laws():
        run(update(held, content=json.dumps(RuleProfile().content())))
    with pytest.raises(ScannerFailed):
        profiles.rules_for(here.pk)
    intake.receive(here, [cases.item("Spotting again.")], by="system")
    cases.scanned()
    assert set(VaultText.objects.filter(direction="inbound").values_list("scan_state")) == {
        ("held",)
    }


def test_permission_and_the_database_agree() -> None:
    roles = importlib.import_module("reviews.migrations.0008_rule_profiles").MAY_APPROVE
    assert set(roles) == {role.value for role in PERMISSIONS[Permission.CHANGE_PROFILES]}
