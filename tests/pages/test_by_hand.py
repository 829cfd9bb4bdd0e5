"""The pages on which somebody posts by hand, or settles what nobody else can tell."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from engage import publications, publishing, settling, watching
from engage.connectors.base import Live, LiveState, Posted
from engage.enums import PublicationState
from engage.models import Publication
from reviews.enums import Role
from reviews.models import User
from tests import cases
from tests.laws.test_by_hand import arrived, thirty_minutes_later, unclear, waiting, withdraw
from tests.laws.test_one_live_copy import REF, FakePlatform, platform

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db


def show(client: Client, publication: Publication) -> str:
    page = client.get(reverse("publication", args=[publication.pk]))
    assert page.status_code == 200
    return page.content.decode()


def signed_in(client: Client, role: Role = Role.CLINICIAN) -> User:
    user = cases.person(role)
    client.force_login(user)
    return user


def say(client: Client, publication: Publication, **fields: str) -> tuple[int, str]:
    address = reverse("say_posting", args=[publication.pk])
    answer = client.post(address, fields, follow=True)
    return answer.status_code, answer.content.decode()


def test_text_is_on_one_page_once(client: Client) -> None:
    publication = waiting()
    signed_in(client)
    text = str(publications.request_of(publication)["text"])
    assert "Show me the text" in show(client, publication)
    page = client.post(reverse("hand_out", args=[publication.pk]))
    shown = page.content.decode()
    assert page.status_code == 200 and "You see this text once" in shown
    assert text.splitlines()[0] in shown and "no-store" in page["Cache-Control"]
    assert "https://community.example/t/" in shown  # where it goes
    again = client.post(reverse("hand_out", args=[publication.pk]))
    assert again.status_code == 409 and "does not wait" in again.content.decode()
    own = show(client, publication)
    assert "What became of it?" in own and "readonly" not in own


def test_others_see_who_has_it(client: Client) -> None:
    publication = waiting()
    holder = signed_in(client)
    client.post(reverse("hand_out", args=[publication.pk]))
    signed_in(client, Role.COMPLIANCE)
    page = show(client, publication)
    assert f"{holder.printed_name} was shown the text" in page and "What became" not in page
    status, _ = say(client, publication, says="absent", note="No.")
    assert status == 403


def test_what_is_said_badly_keeps_what_was_typed(client: Client) -> None:
    publication = waiting()
    signed_in(client)
    client.post(reverse("hand_out", args=[publication.pk]))
    status, page = say(client, publication, says="there", address="https://e.example/", note="Mine")
    assert status == 400 and "begins as the community" in page
    assert 'value="https://e.example/"' in page and ">Mine</textarea>" in page
    status, page = say(client, publication, says="")
    assert status == 400 and "choose one of the answers" in page
    address = "http://127.0.0.1:9/groups/1/posts/7"
    status, page = say(client, publication, says="there", address=address, note="It stands there.")
    assert status == 200 and "on your word" in page and "It stands there." in page
    assert address in page  # the way to it


def test_what_was_not_posted_waits_again(client: Client) -> None:
    publication = waiting()
    signed_in(client)
    client.post(reverse("hand_out", args=[publication.pk]))
    status, page = say(client, publication, says="absent", note="I had no time.")
    assert status == 200 and "waits to be posted again" in page
    assert "I had no time." in page and "It is not there" in page


def test_reply_that_was_withdrawn_is_taken_down_by_hand(client: Client) -> None:
    publication = waiting()
    by = signed_in(client)
    client.post(reverse("hand_out", args=[publication.pk]))
    address = "http://127.0.0.1:9/groups/1/posts/7"
    settling.say_posted_at(by=by, publication_id=publication.pk, address=address, note="There.")
    withdraw(publication)
    assert "Take it down by hand" in show(client, publication)
    status, page = say(client, publication, says="removed", note="Deleted.")
    assert status == 200 and "Recorded: it was taken down." in page
    assert Publication.objects.get(pk=publication.pk).state == PublicationState.WITHDRAWN


def test_unclear_posting_is_settled_on_its_page(client: Client, platform: FakePlatform) -> None:
    publication = unclear(platform)
    signed_in(client, Role.LEGAL)
    assert "No post came since" in show(client, publication)
    post = arrived(publication)
    assert "held, not shown" in show(client, publication)
    cases.scanned()
    assert "Perhaps it is this." in show(client, publication)
    status, page = say(client, publication, says="there", post="nonsense")
    assert status == 400 and "that are listed" in page
    status, page = say(client, publication, says="there", post=str(post.pk))
    assert status == 200 and "it is live" in page


def test_time_that_ran_out_is_told(client: Client) -> None:
    publication = waiting()
    signed_in(client)
    client.post(reverse("hand_out", args=[publication.pk]))
    thirty_minutes_later(publication)
    signed_in(client, Role.COMPLIANCE)
    page = show(client, publication)
    assert "a person must look" in page and "What became of it?" in page


@pytest.mark.parametrize("name", ["hand_out", "say_posting"])
def test_publication_that_is_none_is_not_found(client: Client, name: str) -> None:
    signed_in(client)
    none = "00000000-0000-0000-0000-000000000000"
    assert client.post(reverse(name, args=[none])).status_code == 404


def test_live_copy_that_is_what_was_signed_shows_no_difference(
    client: Client, platform: FakePlatform
) -> None:
    # The author's own clinic is no identifier in a reply, and would be one in somebody else's post.
    platform.outcomes = [Posted(REF)]
    publication = cases.queued_publication()
    publishing.drive(publication.pk)
    watching.look(publication.pk)
    signed_in(client)
    page = show(client, publication)
    assert "exactly what was signed" in page and "<del>" not in page and "<ins>" not in page
    platform.fetch_published = lambda ref: Live(LiveState.LIVE, "Another text.", "2")
    watching.look(publication.pk)
    page = show(client, publication)
    assert "differs from what was signed" in page and "<ins>" in page and "<del>" in page
