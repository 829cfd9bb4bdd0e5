"""Notifications: the bell, the list, the way to what they are about, and what a person chooses."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from reviews import notice_choices, workflow
from reviews.enums import Channel, NoticeGroup, NoticeKind, Pace, ReviewState, Role
from reviews.models import Delivery, Notice, NoticeChoice, User
from reviews.views import notices as view
from tests import cases
from tests.hook_server import HookServer
from tests.mail_server import MailServer
from tests.outside import hooks, mails
from tests.pages.test_markup import Markup

__all__ = ["hooks", "mails"]  # fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> User:
    """A counsel who is signed in and whose signature is wanted."""
    who = cases.person(Role.LEGAL)
    client.force_login(who)
    cases.review_at(ReviewState.SUBMITTED)
    return who


def page_at(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    assert not Markup(page).faults
    return page


def form(user: User, **changes: str) -> dict[str, str]:
    """The form of choices as the page shows it, with changes."""
    hour, zone = notice_choices.digest_time(user)
    fields = {"email": user.email, "webhook": "", "digest_hour": str(hour), "zone": zone}
    return {**fields, **changes}


def test_bell_counts_what_is_not_read_on_every_page(client: Client, reader: User) -> None:
    for name in ("queue", "inbox", "publications"):
        page = page_at(client, reverse(name))
        assert '<span class="count">1<span class="quiet-text"> not read</span></span>' in page
    client.post(reverse("read_notices"))
    assert "not read" not in page_at(client, reverse("queue"))


def test_bell_costs_one_query(client: Client, reader: User) -> None:
    client.get(reverse("publications"))
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse("publications"))
    asked = [q["sql"] for q in captured if "reviews_notice" in q["sql"]]
    assert len(asked) == 1


def test_list_names_what_happened_and_leads_there(client: Client, reader: User) -> None:
    notice = reader.notices.get()
    page = page_at(client, reverse("notices"))
    assert notice.title in page and notice.title.startswith("Your signature is wanted: a reply in")
    assert notice.by is not None and notice.by.printed_name in page
    answer = client.get(reverse("notice", args=[notice.pk]))
    assert answer["Location"] == reverse("review", args=[notice.about_id])
    page = page_at(client, reverse("notices"))
    assert "You have read everything" in page and notice.title not in page
    assert notice.title in page_at(client, reverse("notices") + "?tab=all")


def test_one_is_marked_as_read_and_says_so(client: Client, reader: User) -> None:
    cases.review_at(ReviewState.SUBMITTED)
    first, second = reader.notices.order_by("created_at")
    address = reverse("read_notices")
    page = client.post(address, {"notice": first.pk}, follow=True).content.decode()
    assert "1 marked as read." in page
    assert [n.pk for n in reader.notices.filter(read_at=None)] == [second.pk]
    page = client.post(address, {"notice": first.pk}, follow=True).content.decode()
    assert "All were read already." in page
    assert client.post(address, {"notice": "none"}).status_code == 400


def test_notice_of_somebody_else_stays_unread(client: Client, reader: User) -> None:
    notice = reader.notices.get()
    client.force_login(cases.person(Role.LEGAL))
    assert client.get(reverse("notice", args=[notice.pk])).status_code == 302
    client.post(reverse("read_notices"), {"notice": notice.pk})
    notice.refresh_from_db()
    assert notice.read_at is None
    assert notice.title not in client.get(reverse("notices") + "?tab=all").content.decode()


def test_long_list_is_paged_by_keyset(
    client: Client, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "PAGE", 2)
    for _ in range(4):
        cases.review_at(ReviewState.SUBMITTED)
    seen: list[str] = []
    address = reverse("notices")
    for rows in (2, 2, 1):
        answer = client.get(address)
        found = [str(n.pk) for n in answer.context["page"].rows]
        assert len(found) == rows
        seen += found
        address = reverse("notices") + "?" + answer.context["page"].next
    newest_first = reader.notices.order_by("-created_at", "-id")
    assert seen == [str(pk) for pk in newest_first.values_list("pk", flat=True)]


def test_choices_are_saved_and_shown(client: Client, reader: User, settings: Settings) -> None:
    settings.NOTICES_BY_EMAIL = True
    address = reverse("notice_settings")
    page = page_at(client, address)
    assert "sends no mail" not in page and "PUBLIC_URL" in page
    settings.PUBLIC_URL = "https://countersign.test"
    typed = form(
        reader,
        email="ruth@example.org",
        webhook="https://hooks.example.org/services/T/B/secret",
        digest_hour="19",
        zone="Europe/Stockholm",
        **{"decided-email": "digest", "remarks-in_app": "off"},
    )
    page = client.post(address, typed, follow=True).content.decode()
    assert "Saved." in page and "One at hooks.example.org is set" in page
    assert "secret" not in page and "PUBLIC_URL" not in page
    assert re.search(r"goes out on \d+ \w+ \d+ 19:00 by your clock", page)
    assert not Markup(page).faults
    chosen = {(c.group, c.channel): c.pace for c in NoticeChoice.objects.filter(user=reader)}
    assert chosen == {("decided", "email"): "digest", ("remarks", "in_app"): "off"}
    reader = User.objects.get(pk=reader.pk)
    assert reader.email == "ruth@example.org"
    assert notice_choices.digest_time(reader) == (19, "Europe/Stockholm")
    client.post(address, form(reader, no_webhook="1"))
    assert notice_choices.webhook_of(User.objects.get(pk=reader.pk)) == ""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"email": "ruth@"}, "e-mail address"),
        ({"webhook": "http://hooks.example.org/"}, "https://"),
        ({"webhook": "https://169.254.169.254/latest/"}, "WEBHOOK_HOSTS_INSIDE"),
        ({"digest_hour": "soon"}, "hour"),
        ({"zone": "Nowhere"}, "zone"),
        ({"due-email": "never"}, "how soon"),
        ({"due-in_app": "digest"}, "at once"),
    ],
)
def test_refused_choice_says_why_and_keeps_what_was_typed(
    client: Client, reader: User, wrong: dict[str, str], words: str
) -> None:
    typed = form(reader, **{"email": "typed@example.org", **wrong})
    answer = client.post(reverse("notice_settings"), typed)
    page = answer.content.decode()
    assert answer.status_code == 400 and page.count('role="alert"') == 1
    assert words in page and f'value="{typed["email"]}"' in page
    assert not NoticeChoice.objects.exists() and not Markup(page).faults
    assert User.objects.get(pk=reader.pk).email == ""


def test_safety_officer_sees_what_can_not_be_switched_off(client: Client) -> None:
    officer = cases.person(Role.SAFETY)
    client.force_login(officer)
    page = page_at(client, reverse("notice_settings"))
    assert page.count("Always, for safety officers.") == 1 and page.count(" disabled") == 1
    typed = form(officer, **{"safety-in_app": "off"})
    answer = client.post(reverse("notice_settings"), typed)
    assert answer.status_code == 400 and "always show up here" in answer.content.decode()


def test_test_says_what_came_of_it(
    client: Client, reader: User, mails: MailServer, hooks: HookServer
) -> None:
    client.post(reverse("notice_settings"), form(reader, email="a@example.org", webhook=hooks.url))
    address = reverse("test_notice")
    for channel in ("email", "webhook"):
        page = client.post(address, {"channel": channel}, follow=True).content.decode()
        assert "Sent. If it does not arrive" in page
    assert len(mails.mails) == len(hooks.calls) == 1
    hooks.answers = [(410, {})]
    page = client.post(address, {"channel": "webhook"}, follow=True).content.decode()
    assert "Nothing was sent. The host says that there is no such webhook" in page
    page = client.post(address, {"channel": "pigeon"}, follow=True).content.decode()
    assert "Choose e-mail or webhook." in page


def test_what_was_sent_is_listed_with_its_state(client: Client) -> None:
    failed = cases.failed_delivery()
    counsel = failed.notice.recipient
    client.force_login(counsel)
    page = page_at(client, reverse("notice_settings"))
    assert "Given up" in page and "leads into the network of this installation" in page
    assert "could not be sent to you" in page_at(client, reverse("notices"))
    waiting = Delivery.objects.create(
        notice=Notice.objects.filter(recipient=counsel).latest("created_at"),
        channel="email",
        due_at=timezone.now(),
        attempts=3,
        error="mail_server_away",
    )
    page = page_at(client, reverse("notice_settings"))
    assert "next try" in page and "Tried 3 times." in page
    assert f"{timezone.localtime(waiting.due_at):%H:%M}" in page


def test_administrators_see_what_can_not_be_sent(client: Client) -> None:
    client.force_login(cases.person(Role.ADMIN))
    page = page_at(client, reverse("installation"))
    assert "EMAIL_URL" in page and "PUBLIC_URL" in page
    assert "Nothing failed in the last 7 days." in page
    counsel = cases.failed_delivery().notice.recipient
    page = page_at(client, reverse("installation"))
    assert counsel.printed_name in page and "leads into the network" in page


def test_decision_is_a_notice_with_its_link_for_the_author(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    workflow.send_back(
        by=cases.person(Role.LEGAL), review_id=review.pk, code="other", reason="Shorter."
    )
    client.force_login(review.submitted_by)
    notice = review.submitted_by.notices.get(kind=NoticeKind.SENT_BACK)
    page = page_at(client, reverse("notices"))
    assert f"Sent back: a reply in {review.community_name}" in page
    assert "Shorter" not in page
    answer = client.get(reverse("notice", args=[notice.pk]), follow=True)
    assert "Shorter." in answer.content.decode()


def test_switched_off_group_is_in_the_list_and_not_in_the_count(client: Client) -> None:
    officer = cases.person(Role.COMPLIANCE)
    off = {(NoticeGroup.WANTED, Channel.IN_APP): Pace.OFF}
    cases.reachable(officer, webhook=None, chosen=off)
    cases.review_at(ReviewState.SUBMITTED)
    client.force_login(officer)
    assert "not read" not in page_at(client, reverse("queue"))
    assert "Your signature is wanted" in page_at(client, reverse("notices") + "?tab=all")
