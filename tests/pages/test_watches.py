"""The page of topic watches, and the inbox of what they found."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from engage import topic_watches
from reviews.enums import Role
from reviews.models import TopicWatch
from tests import cases

pytestmark = pytest.mark.django_db


def test_a_watch_is_added_finds_a_thread_and_is_ended(client: Client) -> None:
    person = cases.person(Role.CLINICIAN)
    client.force_login(person)
    assert "Nothing yet" in client.get(reverse("watches")).content.decode()
    typed = {
        "name": "Coils",
        "topics": ["iud"],
        "words": "perforat*\n\n  lost strings ",
        "community": "",
    }
    said = client.post(reverse("watches"), typed, follow=True).content.decode()
    assert "from now on" in said and "perforat*, lost strings" in said and "all communities" in said
    assert "Coils and other intrauterine devices" in said
    cases.post("Nothing of it.")
    post = cases.post("My Mirena hurts.")
    inbox = client.get(reverse("inbox"), {"tab": "watched"}).content.decode()
    assert inbox.count('class="row-title"') == 1 and str(post.thread_id) in inbox
    assert "1 thread found" in client.get(reverse("watches")).content.decode()
    client.force_login(cases.person(Role.CLINICIAN))
    others = client.get(reverse("inbox"), {"tab": "watched"}).content.decode()
    assert "Nothing that you watch for" in others
    client.force_login(person)
    ended = client.post(reverse("end_watch", args=[TopicWatch.objects.get().pk]), follow=True)
    assert "Ended" in ended.content.decode() and "Nothing yet" in ended.content.decode()


def test_what_is_refused_is_said_and_what_was_typed_stays(client: Client) -> None:
    client.force_login(cases.person(Role.SAFETY))
    here = cases.community()
    typed = {"name": "Mine", "topics": ["mesh"], "words": "co*il", "community": here.slug}
    answer = client.post(reverse("watches"), typed)
    said = answer.content.decode()
    assert answer.status_code == 400 and "it ends a word" in said and ">co*il</textarea>" in said
    assert 'value="mesh" checked' in said and f'value="{here.slug}" selected' in said
    assert not TopicWatch.objects.exists()


def test_nobody_sees_or_ends_what_another_watches_for(client: Client) -> None:
    watch = cases.topic_watch(cases.person(Role.LEGAL), "quetzalname")
    client.force_login(cases.person(Role.LEGAL))
    assert "quetzalname" not in client.get(reverse("watches")).content.decode()
    said = client.post(reverse("end_watch", args=[watch.pk]), follow=True).content.decode()
    assert "ended already" in said
    assert topic_watches.standing()
