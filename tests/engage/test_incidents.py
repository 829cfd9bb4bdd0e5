"""What happens to a live reply and around it: an incident each, with somebody who sees to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from engage import incidents, intake, publications, watching
from engage.connectors.base import Live, LiveState, Posted
from engage.enums import IncidentKind, PublicationState
from engage.models import FollowUp, Incident, Publication
from reviews.enums import Role
from reviews.exceptions import WrongState
from tests import cases
from tests.laws.attacks import assert_refused, delete, update
from tests.laws.test_one_live_copy import FakePlatform, drive, platform

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db
REF = {"post_id": "our-reply"}


@pytest.fixture
def live(platform: FakePlatform) -> Publication:
    platform.outcomes = [Posted(REF, "https://community.example/1")]
    publication = cases.queued_publication()
    assert drive(publication) == PublicationState.LIVE
    watching.look(publication.pk)
    return publications.read(publication.pk)


def kinds(publication: Publication) -> list[str]:
    watching.look(publication.pk)
    return list(publication.incidents.order_by("opened_at").values_list("kind", flat=True))


def arrives(publication: Publication, text: str, **changes: Any) -> None:
    thread = publication.draft.thread
    place = vault.unlock(thread.key, bytes(thread.source), about="thread.source")["id"]
    item = cases.item(text, thread_id=place, **changes)
    intake.receive(publication.community, [item], by="system")
    cases.scanned()


def asked(publication: Publication, **changes: Any) -> None:
    """The post that is answered, as its platform shows it now."""
    post = publication.draft.reply_to
    source = vault.unlock(post.thread.key, bytes(post.source), about="post.source")
    text = changes.pop("text", "I have been spotting for weeks. When does it stop?")
    arrives(publication, text, post_id=source["id"], author=source["author"], **changes)


# What is noticed


def test_nothing_happens_while_nothing_happened(live: Publication) -> None:
    assert kinds(live) == [] and not FollowUp.objects.exists()


def test_locked_thread_is_told_once(live: Publication) -> None:
    asked(live, locked=True)
    assert kinds(live) == kinds(live) == [IncidentKind.LOCKED]


@pytest.mark.parametrize("change", [{"text": "Something quite different."}, {"deleted": True}])
def test_moved_question_is_told_once(live: Publication, change: dict[str, Any]) -> None:
    asked(live, **change)
    assert kinds(live) == kinds(live) == [IncidentKind.ASKED_MOVED]


def test_answer_to_ours_is_told_and_the_next_one_again(live: Publication) -> None:
    arrives(live, "Elsewhere in the thread.", author="heather")
    assert kinds(live) == []
    arrives(live, "Thank you!", author="marigold", parent_id="our-reply")
    assert kinds(live) == kinds(live) == [IncidentKind.ANSWERED]
    arrives(live, "One more question.", author="marigold", parent_id="our-reply")
    assert kinds(live) == [IncidentKind.ANSWERED, IncidentKind.ANSWERED]


def test_a_day_without_reading_is_told_once(
    live: Publication, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.fetch_published = lambda ref: Live(LiveState.UNREADABLE)
    assert kinds(live) == []
    now = timezone.now() + timedelta(hours=25)
    monkeypatch.setattr("engage.watching.timezone.now", lambda: now)
    assert kinds(live) == kinds(live) == [IncidentKind.UNREADABLE]
    assert publications.read(live.pk).state == PublicationState.LIVE  # nothing is known of it


def test_what_is_not_live_has_no_surroundings(live: Publication, platform: FakePlatform) -> None:
    platform.fetch_published = lambda ref: Live(LiveState.GONE)
    asked(live, locked=True)
    assert kinds(live) == [IncidentKind.GONE]


# Who sees to it


def opened(live: Publication, platform: FakePlatform) -> FollowUp:
    platform.fetch_published = lambda ref: Live(LiveState.LIVE, "Another text.", "2")
    watching.look(live.pk)
    return Incident.objects.get(publication=live).follow_up


def test_incident_has_a_clock_an_owner_and_an_end(
    live: Publication, platform: FakePlatform
) -> None:
    follow_up = opened(live, platform)
    within = follow_up.due_at - follow_up.incident.opened_at
    assert timedelta(hours=23) < within <= timedelta(hours=24, minutes=1)
    officer, counsel = cases.person(Role.COMPLIANCE), cases.person(Role.LEGAL)
    incidents.take(by=officer, follow_up_id=follow_up.pk)
    assert incidents.take(by=counsel, follow_up_id=follow_up.pk).owner == counsel
    closed = incidents.close(
        by=counsel, follow_up_id=follow_up.pk, outcome="outside", note="They put it right."
    )
    assert closed.note is not None and vault.unseal(closed.note) == "They put it right."
    assert not incidents.waiting().exists()
    for again in (
        lambda: incidents.take(by=officer, follow_up_id=follow_up.pk),
        lambda: incidents.close(by=officer, follow_up_id=follow_up.pk, outcome="nothing", note="x"),
    ):
        with pytest.raises(WrongState, match="closed this already"):
            again()
    told = Event.objects.filter(kind__in=[EventKind.INCIDENT_TAKEN, EventKind.INCIDENT_CLOSED])
    assert [event.actor for event in told.order_by("id")] == [
        officer.actor,
        counsel.actor,
        counsel.actor,
    ]
    assert "put it right" not in str([event.facts for event in told])


@pytest.mark.parametrize(
    ("outcome", "note"), [("", "A note."), ("nonsense", "A note."), ("nothing", " ")]
)
def test_incident_is_not_closed_without_saying_why(
    live: Publication, platform: FakePlatform, outcome: str, note: str
) -> None:
    follow_up = opened(live, platform)
    with pytest.raises(BadInput):
        incidents.close(
            by=cases.person(Role.LEGAL), follow_up_id=follow_up.pk, outcome=outcome, note=note
        )
    assert incidents.waiting().count() == 1


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN, Role.MEDICAL])
def test_others_do_not_see_to_incidents(
    live: Publication, platform: FakePlatform, role: Role
) -> None:
    follow_up = opened(live, platform)
    with pytest.raises(NotAllowed):
        incidents.take(by=cases.person(role), follow_up_id=follow_up.pk)


def test_raw_rows_of_incidents_stay(live: Publication, platform: FakePlatform) -> None:
    follow_up = opened(live, platform)
    for attack in (
        delete(follow_up),
        update(follow_up, due_at=timezone.now()),
        delete(follow_up.incident),
    ):
        assert_refused(attack)
    incidents.close(
        by=cases.person(Role.LEGAL), follow_up_id=follow_up.pk, outcome="nothing", note="A note."
    )
    assert_refused(update(follow_up, outcome="breach"))


# Its page


def test_page_of_incidents(client: Client, live: Publication, platform: FakePlatform) -> None:
    officer = cases.person(Role.COMPLIANCE)
    client.force_login(officer)
    assert "No open incident" in client.get(reverse("incidents")).content.decode()
    follow_up = opened(live, platform)
    page = client.get(reverse("incidents")).content.decode()
    assert "nobody sees to it yet" in page and "The live text is not what was signed" in page
    assert "1 open incident" in client.get(reverse("publications")).content.decode()
    client.post(reverse("take_incident", args=[follow_up.pk]))
    address = reverse("close_incident", args=[follow_up.pk])
    refused = client.post(address, {"outcome": "", "note": "They put it right."})
    assert (
        refused.status_code == 400 and "They put it right.</textarea>" in refused.content.decode()
    )
    client.post(address, {"outcome": "outside", "note": "They put it right."})
    own = client.get(reverse("publication", args=[live.pk])).content.decode()
    assert "It was settled with the community" in own and "They put it right." in own
    assert client.post(address, {"outcome": "outside", "note": "x"}).status_code == 409
