"""About you: what a clinician's replies say and disclose, and what the rules make of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from compliance.exceptions import NotAllowed
from compliance.models import Event
from engage import drafting
from reviews import people
from reviews.enums import Role
from tests import cases

pytestmark = pytest.mark.django_db

PRAISE = "I find this pump far ahead of all the others."


def test_profile_is_saved_and_recorded_without_its_words(client: Client) -> None:
    author = cases.person(Role.CLINICIAN)
    client.force_login(author)
    typed = {"affiliation": "Eastfield", "credentials": "RN", "ties": "Paid talks\n\nShares"}
    answer = client.post(reverse("profile"), typed, follow=True)
    assert "Saved" in answer.content.decode()
    author.refresh_from_db()
    assert (author.affiliation, author.ties) == ("Eastfield", "Paid talks\nShares")
    event = Event.objects.get(kind="person_described")
    assert event.facts == {"changed": ["affiliation", "credentials", "ties"]}


def test_profile_that_is_too_long_is_refused_and_kept_on_the_page(client: Client) -> None:
    client.force_login(cases.person(Role.CLINICIAN))
    typed = {"affiliation": "A" * 201, "credentials": "", "ties": "T" * 201}
    answer = client.post(reverse("profile"), typed)
    assert answer.status_code == 400 and "T" * 201 in answer.content.decode()


def test_profile_is_for_those_who_write(client: Client) -> None:
    with pytest.raises(NotAllowed):
        people.describe_oneself(
            by=cases.person(Role.LEGAL), affiliation="", credentials="", ties=""
        )


def test_tie_that_is_not_stated_reaches_the_rules() -> None:
    draft = cases.draft()
    author = draft.started_by

    def found() -> set[str]:
        return {h.rule_id for h in drafting.preview(by=author, draft_id=draft.pk, body=PRAISE)}

    assert "DISC-MISSING-AFFIL" not in found()
    people.describe_oneself(
        by=author,
        affiliation=author.affiliation,
        credentials=author.credentials,
        ties="Paid consultant of the maker of this pump",
    )
    assert "DISC-MISSING-AFFIL" in found()
