"""The pages of what is read besides the news: what they say, and to whom they show an address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engage import catching_up, screening
from engage.models import Community, Reading
from reviews.enums import Role
from tests import cases
from tests.fakes.discourse import FakeDiscourse
from tests.fakes.forum import forum, here

__all__ = ["forum", "here"]  # fixtures

pytestmark = pytest.mark.django_db


def seen(client: Client, role: Role, address: str, **headers: str) -> str:
    client.force_login(cases.person(role))
    return client.get(address, headers=headers).content.decode()


def test_an_address_is_added_and_its_thread_leads_on(
    client: Client, forum: FakeDiscourse, here: Community
) -> None:
    forum.say("Does it stop?")
    address = f"{forum.settings['base_url']}/t/a-question/1"
    client.force_login(cases.person(Role.CLINICIAN))
    page = reverse("add_thread")
    assert 'value="forum"' in client.get(page).content.decode()
    sent = client.post(page, {"community": "forum", "address": address}, follow=True)
    said = sent.content.decode()
    assert "is being read" in said and address in said and "hx-get" in said
    reading = Reading.objects.get()
    catching_up.run(reading.pk)
    screening.scan_inbound(screening.claim_due(screening.BATCH))
    row = client.get(reverse("reading", args=[reading.pk]), headers={"HX-Request": "true"})
    shown = row.content.decode()
    thread = Reading.objects.get().thread
    assert thread and reverse("thread", args=[thread.pk]) in shown and "A question" in shown
    assert "followed" in shown and "hx-get" not in shown


def test_only_who_gave_an_address_sees_it(client: Client, here: Community) -> None:
    mine = "https://d.example/t/keisha-brandt-asks/1"
    by = cases.person(Role.CLINICIAN)
    catching_up.read_thread(by=by, community_id=here.pk, address=mine)
    assert mine not in seen(client, Role.COMPLIANCE, reverse("add_thread"))
    client.force_login(by)
    assert mine in client.get(reverse("add_thread")).content.decode()


def test_what_is_refused_is_said_and_stays_in_the_form(client: Client, here: Community) -> None:
    client.force_login(cases.person(Role.SAFETY))
    sent = client.post(reverse("add_thread"), {"community": "forum", "address": "ftp://a/b"})
    said = sent.content.decode()
    assert sent.status_code == 400 and "begins with https://" in said and "ftp://a/b" in said
    elsewhere = {"community": "none", "address": "https://a.example/1"}
    assert "Choose the community" in client.post(reverse("add_thread"), elsewhere).content.decode()


def test_an_address_that_leads_nowhere_says_so(client: Client, here: Community) -> None:
    by = cases.person(Role.CLINICIAN)
    reading = catching_up.read_thread(by=by, community_id=here.pk, address="https://e.example/t/1")
    catching_up.run(reading.pk)
    assert "leads to no thread of this community" in seen(
        client, Role.CLINICIAN, reverse("add_thread")
    )


def test_without_a_community_that_can_the_page_says_what_to_do(client: Client) -> None:
    said = seen(client, Role.CLINICIAN, reverse("add_thread"))
    assert "An administrator adds one that can" in said and "Nothing yet" in said


def test_reading_back_shows_how_far_it_is_and_can_be_stopped(
    client: Client, forum: FakeDiscourse, here: Community
) -> None:
    for number in range(60):
        forum.say(f"Question {number}?")
    client.force_login(cases.person(Role.ADMIN))
    since = (timezone.now() - timedelta(days=3)).date().isoformat()
    sent = client.post(reverse("read_back", args=["forum"]), {"since": since}, follow=True)
    assert "It is being read back" in sent.content.decode()
    reading = Reading.objects.get()
    catching_up.step(reading.pk)
    row = client.get(reverse("reading", args=[reading.pk]), headers={"HX-Request": "true"})
    said = row.content.decode()
    assert "<progress" in said and "50 posts read, 50 of them new" in said and "hx-get" in said
    stopped = client.post(reverse("stop_reading", args=[reading.pk]), follow=True)
    assert "What was read stays" in stopped.content.decode()
    again = client.post(reverse("stop_reading", args=[reading.pk]), follow=True)
    assert "over already" in again.content.decode()


@pytest.mark.parametrize(
    "day", ["", "soon", "2026-02-31", "1999-01-01", "2199-01-01", "9999-12-31"]
)
def test_a_day_that_is_none_is_refused(client: Client, here: Community, day: str) -> None:
    client.force_login(cases.person(Role.ADMIN))
    sent = client.post(reverse("read_back", args=["forum"]), {"since": day})
    assert sent.status_code == 400 and 'class="refusal"' in sent.content.decode()
    assert not Reading.objects.exists()
