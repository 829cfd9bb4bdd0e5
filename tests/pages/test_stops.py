"""The page of stops, and the banner that everybody sees."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from engage.models import Stop
from reviews.enums import ReviewState, Role
from tests import cases
from tests.laws.test_stopped import lift, stop
from tests.pages.test_markup import Markup

pytestmark = pytest.mark.django_db


def page_of(client: Client, role: Role, name: str, *args: object) -> str:
    client.force_login(cases.person(role))
    page = client.get(reverse(name, args=args)).content.decode()
    assert not Markup(page).faults
    return page


def test_one_form_stops_and_says_so(client: Client) -> None:
    community = cases.community()
    client.force_login(cases.person(Role.COMPLIANCE))
    sent = {"where": community.slug, "reason": "A complaint."}
    page = client.post(reverse("stop"), sent, follow=True).content.decode()
    assert "Stopped. Nothing is posted there" in page and "A complaint." in page
    assert f"Stopped in {community.name}" in page and not Markup(page).faults
    assert Stop.objects.get().community == community


def test_refused_form_keeps_what_was_typed(client: Client) -> None:
    client.force_login(cases.person(Role.COMPLIANCE))
    stop()
    sent = {"where": "everywhere", "reason": "A second look."}
    answer = client.post(reverse("stop"), sent)
    page = answer.content.decode()
    assert answer.status_code == 409 and page.count('role="alert"') == 1
    assert "A second look.</textarea>" in page and not Markup(page).faults
    assert client.post(reverse("stop"), {"where": "nowhere", "reason": "x"}).status_code == 400


def test_lifting_says_so_and_keeps_both_reasons(client: Client) -> None:
    standing = stop()
    client.force_login(cases.person(Role.COMPLIANCE))
    address = reverse("lift_stop", args=[standing.pk])
    assert client.post(address, {"reason": ""}).status_code == 400
    page = client.post(address, {"reason": "Settled."}, follow=True).content.decode()
    assert "Lifted. What waited" in page and "Nothing is stopped." in page
    assert "A complaint came in." in page and "Settled." in page
    assert "Publishing is stopped" not in page


@pytest.mark.parametrize("role", Role)
def test_banner_stands_on_every_page_for_everybody(client: Client, role: Role) -> None:
    community = cases.community()
    stop(community), stop()
    page = page_of(client, role, "publications")
    assert page.count("Publishing is stopped") == 2
    assert "everywhere" in page and f"in {community.name}" in page


def test_stranger_sees_no_banner(client: Client) -> None:
    stop()
    assert "Publishing is stopped" not in client.get(reverse("sign_in")).content.decode()


@pytest.mark.parametrize("role", [r for r in Role if r != Role.COMPLIANCE])
def test_others_read_but_find_no_form(client: Client, role: Role) -> None:
    stop()
    page = page_of(client, role, "stops")
    assert "A complaint came in." in page
    assert "Go on publishing" not in page and 'name="where"' not in page


def test_cleared_review_says_that_it_waits(client: Client) -> None:
    review = cases.review_at(ReviewState.CLEARED)
    assert "is cleared, and waits" not in page_of(client, Role.LEGAL, "review", review.pk)
    standing = stop()
    assert "is cleared, and waits" in page_of(client, Role.LEGAL, "review", review.pk)
    lift(standing)
    assert "is cleared, and waits" not in page_of(client, Role.LEGAL, "review", review.pk)


def test_how_many_wait_is_told(client: Client) -> None:
    publication = cases.queued_publication()
    cases.queued_publication()
    stop(publication.community), stop()
    page = page_of(client, Role.AUDITOR, "stops")
    assert "1 reply waits" in page and "2 replies wait" in page


def test_status_and_installation_tell(client: Client) -> None:
    told = StringIO()
    call_command("status", stdout=told)
    assert "publishing stopped" not in told.getvalue()
    stop()
    call_command("status", stdout=told)
    assert "publishing stopped everywhere since" in told.getvalue()


def test_history_of_a_stop(client: Client) -> None:
    standing = stop()
    lift(standing)
    page = page_of(client, Role.AUDITOR, "case", standing.pk)
    assert "All publishing stopped" in page and "Publishing resumed" in page
