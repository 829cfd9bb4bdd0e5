"""The panel on the review page: what moved in the thread, and the form that confirms it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from engage.models import Publication
from reviews import workflow
from reviews.enums import ReviewState, Role
from reviews.models import Review, User
from tests import cases
from tests.laws.test_fails_closed_and_safety_first import _arrive
from tests.laws.test_thread_may_move import OTHERS_REPLY, again, suspended
from tests.pages.test_markup import Markup

pytestmark = pytest.mark.django_db


def page_of(client: Client, user: User, review: Review) -> str:
    client.force_login(user)
    page = client.get(reverse("review", args=[review.pk])).content.decode()
    assert not Markup(page).faults
    return page


def send(client: Client, user: User, review: Review, **fields: str) -> str:
    client.force_login(user)
    shown = client.get(reverse("review", args=[review.pk])).content.decode()
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    sent = {"seen": seen, "password": cases.PASSWORD, **fields}
    return client.post(reverse("confirm", args=[review.pk]), sent, follow=True).content.decode()


@pytest.fixture
def moved() -> Publication:
    return suspended()


def test_signer_sees_what_moved_and_confirms(client: Client, moved: Publication) -> None:
    first, second = cases.signers(moved.review)
    page = page_of(client, first, moved.review)
    assert "Suspended: read what moved" in page and "My signature stands" in page
    assert "<ins>" in page and "<del>" in page and "changed" in page
    answer = send(client, first, moved.review)
    assert "cleared again once the others who signed confirm" in answer
    assert "My signature stands" not in answer and "Waits for" in answer
    answer = send(client, second, moved.review)
    assert "Everybody who signed has confirmed" in answer and "Suspended: read" not in answer


def test_wrong_password_is_said_in_the_form(client: Client, moved: Publication) -> None:
    page = send(client, cases.signers(moved.review)[0], moved.review, password="guess")
    assert page.count('role="alert"') == 1 and "nothing was confirmed" in page
    assert "My signature stands" in page and not Markup(page).faults


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.LEGAL, Role.AUDITOR])
def test_others_see_what_moved_and_why_they_do_not_confirm(
    client: Client, moved: Publication, role: Role
) -> None:
    page = page_of(client, cases.person(role), moved.review)
    assert "<ins>" in page and "My signature stands" not in page
    assert ("Only those who signed" in page) == (role != Role.AUDITOR)


def test_identifier_in_the_difference_is_masked(client: Client) -> None:
    moved = suspended()
    again(moved, "My name is Keisha Brandt and it got worse.")
    page = page_of(client, cases.signers(moved.review)[0], moved.review)
    assert "Keisha" not in page and "it got worse" in page


def test_outdated_confirmation_is_told(client: Client, moved: Publication) -> None:
    first, second = cases.signers(moved.review)
    cases.confirm(moved.review, first)
    again(moved, "It got worse.")
    page = page_of(client, second, moved.review)
    assert "it does not count" in page and f"Waits for {first.printed_name}" in page


def test_post_without_a_scan_is_not_shown(client: Client, moved: Publication) -> None:
    _arrive(moved.draft.reply_to, author="somebody-else", text=OTHERS_REPLY)
    page = page_of(client, cases.signers(moved.review)[0], moved.review)
    assert "1 post waits for a scan" in page and OTHERS_REPLY not in page
    assert "has not been scanned yet" in page and "My signature stands" not in page


def test_review_under_way_shows_what_came_in_since(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    officer = cases.person(Role.COMPLIANCE)
    assert "The thread has moved since" not in page_of(client, officer, review)
    post = cases.newest_version(review).draft.reply_to
    _arrive(post, author="somebody-else", text=OTHERS_REPLY)
    cases.scanned()
    page = page_of(client, officer, review)
    assert "The thread has moved since" in page and OTHERS_REPLY in page


def test_queue_asks_the_signers_to_confirm(client: Client) -> None:
    review = cases.review_at(ReviewState.SUSPENDED)
    for user, words in (
        (cases.signers(review)[0], "Confirm it or send it back"),
        (cases.person(Role.LEGAL), "Waits for those who signed"),
    ):
        client.force_login(user)
        page = client.get(reverse("queue"))
        assert words in page.content.decode()
        assert {e.label: e.waiting for e in page.context["navigation"]}["Review queue"] == 1


def test_suspended_signpost_has_no_panel(client: Client) -> None:
    review = cases.posted_signpost()
    workflow.suspend(review_id=review.pk, why="thread_locked")
    page = page_of(client, cases.person(Role.LEGAL), review)
    assert "read what moved" not in page
