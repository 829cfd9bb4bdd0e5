"""What each check says by itself. That a verb asks it is tested with the verb."""

from __future__ import annotations

import pytest

from compliance.exceptions import NotAllowed
from reviews import permissions, profile_changes, signposts
from reviews.enums import Role
from reviews.exceptions import WrongState
from reviews.models import ProfileChange, Signpost
from tests import cases

pytestmark = pytest.mark.django_db


def unsigned() -> Signpost:
    return signposts.write(
        by=cases.person(Role.SAFETY), title="Line", text="Call 988.", answers=["SAFE-CRISIS"]
    )


def test_change_of_a_profile_is_decided_once() -> None:
    change = cases.profile_change()
    profile_changes.decline(
        by=cases.person(Role.COMPLIANCE), change_id=change.pk, reason="Not needed."
    )
    with pytest.raises(WrongState, match="decided on this change already"):
        permissions.check_may_approve_change(
            cases.person(Role.COMPLIANCE), ProfileChange.objects.get(pk=change.pk)
        )


def test_signpost_is_signed_by_those_who_may_and_in_a_role_of_theirs() -> None:
    signpost, counsel = unsigned(), cases.person(Role.LEGAL)
    with pytest.raises(NotAllowed, match="sign signposts in advance: that takes the role"):
        permissions.check_may_sign_signpost(cases.person(Role.CLINICIAN), signpost, Role.LEGAL)
    for role in (Role.COMPLIANCE, Role.MEDICAL):
        with pytest.raises(NotAllowed, match="a role that you do not hold"):
            permissions.check_may_sign_signpost(counsel, signpost, role)
    assert permissions.signpost_signing_role(counsel, signpost) == Role.LEGAL
    assert permissions.signpost_signing_role(cases.person(Role.CLINICIAN), signpost) is None


def test_signpost_is_posted_by_those_who_may_while_it_holds() -> None:
    signpost = cases.signpost()
    with pytest.raises(NotAllowed, match="post signposts: that takes the role"):
        permissions.check_may_post_signpost(cases.person(Role.LEGAL), signpost)
    officer = cases.person(Role.COMPLIANCE)
    permissions.check_may_post_signpost(officer, signpost)
    signposts.retire(by=officer, signpost_id=signpost.pk)
    with pytest.raises(WrongState, match="retired"):
        permissions.check_may_post_signpost(officer, Signpost.objects.get(pk=signpost.pk))
