"""Lists ask the database as often for three rows as for one."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from engage import no_replies, stops
from engage.models import Stop
from reviews import second_looks
from reviews.enums import Opinion, ReviewState, Role, Verdict
from reviews.models import SecondLook, User
from tests import cases
from tests.pages.places import CRISIS, POST

pytestmark = pytest.mark.django_db


def queries(client: Client, address: str) -> int:
    client.get(address)  # the first one fills caches of the process
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def a_draft_by(author: User) -> None:
    cases.draft(versions_by=[author])


numbers = itertools.count(2000)


def a_standing_stop(user: User) -> Stop:
    officer = cases.person(Role.COMPLIANCE)
    return stops.stop(by=officer, community_id=cases.community().pk, reason="Why.")


def a_lifted_stop(user: User) -> None:
    standing = a_standing_stop(user)
    stops.lift(by=standing.by, stop_id=standing.pk, reason="Fine.")


def a_decision(user: User) -> None:
    by = cases.person(Role.LEGAL)
    no_replies.decide(by=by, post_id=cases.post().pk, reason="late", note="Long ago.")


def a_sent_notice_to(user: User) -> None:
    cases.reachable(user)
    cases.review_at(ReviewState.SUBMITTED)


def a_failed_notice(user: User) -> None:
    cases.failed_delivery()


def a_doubt_by(user: User) -> None:
    look = cases.second_look(flagged=True)
    second_looks.answer(
        by=look.user,
        look_id=look.pk,
        opinion=Opinion.REFUSE,
        verdicts={finding.pk: Verdict.VALID for finding in second_looks.wanted(look)},
        reason="It promises too much.",
    )
    SecondLook.objects.create(
        review=look.review, user=user, role=Role.COMPLIANCE, first=look.first,
        first_opinion=Opinion.SIGN,
    )  # fmt: skip


ROWS: list[tuple[str, Role, Callable[[User], object], str]] = [
    ("inbox", Role.CLINICIAN, lambda user: cases.post(POST), ""),
    ("inbox", Role.CLINICIAN, lambda user: cases.draft(), ""),
    ("inbox", Role.CLINICIAN, a_decision, "?tab=decided"),
    ("installation", Role.ADMIN, a_decision, ""),
    ("drafts", Role.CLINICIAN, a_draft_by, ""),
    ("queue", Role.LEGAL, lambda user: cases.review_at(ReviewState.SUBMITTED, flagged=True), ""),
    ("queue", Role.LEGAL, lambda user: cases.review_at(ReviewState.CLEARED), "?tab=cleared"),
    ("safety", Role.SAFETY, lambda user: cases.post(CRISIS), ""),
    ("corrections", Role.LEGAL, lambda user: cases.proposal(), ""),
    ("corrections", Role.LEGAL, lambda user: cases.listed_word(), ""),
    ("signposts", Role.LEGAL, lambda user: cases.signpost(), ""),
    ("signposts", Role.LEGAL, lambda user: cases.signpost(Role.COMPLIANCE), ""),
    ("queue", Role.LEGAL, lambda user: cases.posted_signpost(), "?tab=cleared"),
    ("quality", Role.COMPLIANCE, a_doubt_by, ""),
    ("quality", Role.LEGAL, lambda user: cases.golden_case(approved=True), ""),
    ("rules", Role.AUDITOR, lambda user: cases.review_at(ReviewState.CLEARED, flagged=True), ""),
    ("publications", Role.AUDITOR, lambda user: cases.queued_publication(), ""),
    ("stops", Role.AUDITOR, a_lifted_stop, ""),
    ("stops", Role.COMPLIANCE, a_standing_stop, ""),
    ("history", Role.AUDITOR, lambda user: cases.queued_publication(), "?tab=all"),
    ("notices", Role.LEGAL, lambda user: cases.review_at(ReviewState.SUBMITTED), ""),
    ("notices", Role.LEGAL, lambda user: cases.review_at(ReviewState.CLEARED), "?tab=all"),
    ("notice_settings", Role.LEGAL, a_sent_notice_to, ""),
    ("installation", Role.ADMIN, a_failed_notice, ""),
    ("recalls", Role.LEGAL, lambda user: cases.recall(f"Label {next(numbers)}"), ""),
    ("installation", Role.ADMIN, lambda user: cases.post(POST), ""),
]


@pytest.mark.parametrize(("name", "role", "add", "query"), ROWS)
def test_list_asks_as_often_for_three_rows_as_for_one(
    client: Client, name: str, role: Role, add: Callable[[User], object], query: str
) -> None:
    who = cases.person(role)
    client.force_login(who)
    address = reverse(name) + query
    add(who)
    one = queries(client, address)
    add(who)
    add(who)
    assert queries(client, address) == one
    assert one <= 20


@pytest.mark.parametrize(
    "name",
    [
        "inbox",
        "drafts",
        "queue",
        "safety",
        "signposts",
        "corrections",
        "publications",
        "relooks",
        "recalls",
        "quality",
        "history",
        "notices",
    ],
)
def test_empty_list_says_what_to_do(client: Client, name: str) -> None:
    roles = {"drafts": Role.CLINICIAN, "queue": Role.LEGAL, "corrections": Role.LEGAL}
    client.force_login(cases.person(roles.get(name, Role.AUDITOR)))
    page = client.get(reverse(name) + "?tab=posting").content.decode()
    assert 'class="empty"' in page
