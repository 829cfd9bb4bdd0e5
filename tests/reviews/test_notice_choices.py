"""What a person chooses of how they are notified."""

from __future__ import annotations

from typing import Any

import pytest

from compliance.exceptions import BadInput, NotAllowed
from compliance.models import Event
from reviews import deliveries, notice_choices, notices
from reviews.enums import Channel, NoticeGroup, NoticeKind, Pace, Role
from reviews.models import RoleGrant, User
from tests import cases
from tests.mail_server import MailServer
from tests.outside import mails
from tests.reviews.test_deliveries import author, states

__all__ = ["mails"]  # a fixture


pytestmark = pytest.mark.django_db


def test_choices_that_did_not_change_are_not_recorded() -> None:
    reader = author()
    before = Event.objects.count()
    cases.reachable(reader, webhook=None)
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nobody"},
        {"digest_hour": 24},
        {"digest_hour": -1},
        {"zone": "Mars/Phobos"},
        {"chosen": {(NoticeGroup.DUE, Channel.IN_APP): Pace.DIGEST}},
    ],
)
def test_choice_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {
        "email": "", "webhook_url": None, "digest_hour": 7, "zone": "UTC", "chosen": {},
    }  # fmt: skip
    with pytest.raises(BadInput):
        notice_choices.choose(by=cases.person(Role.LEGAL), **{**right, **wrong})


def test_safety_officers_see_safety_signals_whatever_they_choose(mails: MailServer) -> None:
    off = {(NoticeGroup.SAFETY, Channel.IN_APP): Pace.OFF}
    officer = cases.person(Role.SAFETY)
    with pytest.raises(BadInput, match="always"):
        cases.reachable(officer, webhook=None, chosen=off)
    # Chosen before they held the role: it counts all the same.
    auditor = cases.person(Role.AUDITOR)
    cases.reachable(auditor, webhook=None, chosen=off)
    RoleGrant.objects.create(user=auditor, role=Role.SAFETY)
    cases.post(cases.CRISIS)
    assert not auditor.notices.get(kind=NoticeKind.CRISIS).quiet
    # By mail they may switch it off: the notice is here.
    cases.reachable(officer, webhook=None, chosen={(NoticeGroup.SAFETY, Channel.EMAIL): Pace.OFF})
    cases.post(cases.CRISIS)
    assert states(officer) == []


def test_person_without_a_role_chooses_nothing() -> None:
    nobody = cases.person(Role.LEGAL)
    nobody.role_grants.all().delete()
    nobody = User.objects.get(pk=nobody.pk)
    with pytest.raises(NotAllowed):
        cases.reachable(nobody, webhook=None)
    with pytest.raises(NotAllowed):
        deliveries.send_test(by=nobody, channel=Channel.EMAIL)
    with pytest.raises(NotAllowed):
        notices.mark_read(by=nobody)
