"""Topic watches: what they find, whom they tell, and that what they are for stays in the vault."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from compliance.exceptions import BadInput, NotAllowed
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from engage import conversation, intake, screening, topic_watches
from engage.models import Post, WatchHit
from engage.topic_watches import Wanted
from reviews.enums import NoticeKind, Role
from reviews.exceptions import WrongState
from reviews.models import Notice, RoleGrant, TopicWatch, User
from tests import cases

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return cases.person(Role.CLINICIAN)


def told(person: User) -> list[str]:
    """Ids of the threads that somebody was told of, in order."""
    notices = Notice.objects.filter(recipient=person, kind=NoticeKind.WATCH_MATCHED)
    return [str(pk) for pk in notices.order_by("created_at").values_list("about_id", flat=True)]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("copper coil", "My COPPER  coil moved."),
        ("perforat*", "Could it have perforated?"),
        ("c-section", "After my C-Section."),
        ("plan b", "I took \uff30lan B."),
        ("woman's", "A woman\u2019s story"),
    ],
)
def test_words_are_found_as_people_write_them(person: User, words: str, text: str) -> None:
    cases.topic_watch(person, words)
    post = cases.post(text)
    assert told(person) == [str(post.thread_id)]


@pytest.mark.parametrize("text", ["The coiled spring.", "I have acoil.", "Nothing of it."])
def test_parts_of_words_are_not(person: User, text: str) -> None:
    cases.topic_watch(person, "coil")
    cases.post(text)
    assert told(person) == []


@pytest.mark.parametrize("topic", topic_watches.topics().values(), ids=lambda topic: topic.id)
def test_every_word_of_a_topic_is_found(person: User, topic: topic_watches.Topic) -> None:
    watch = topic_watches.add(by=person, wanted=Wanted("All", (topic.id,)))
    (standing,) = topic_watches.standing()
    for words in topic.words:
        said = topic_watches.read_words(f"Does {words.replace('*', '')} help?")
        assert standing.pattern.search(said), words
    assert standing.watch == watch


def test_topics_and_words_count_together_and_a_title_counts_too(person: User) -> None:
    topic_watches.add(by=person, wanted=Wanted("Both", ("menopause",), ("sleep",)))
    first, second = cases.post("The hot flushes are bad."), cases.post("I can't sleep.")
    titled = cases.item("Anybody?", thread_title="On HRT")
    (received,) = intake.receive(cases.community(), [titled], by="system")
    cases.scanned()
    assert received.post
    assert told(person) == [str(post.thread_id) for post in (first, second, received.post)]


def test_one_is_told_once_of_a_thread(person: User) -> None:
    cases.topic_watch(person, "coil")
    post = cases.post("My coil hurts.")
    arrives(post, "77", "Which coil?")
    assert len(told(person)) == 1 and WatchHit.objects.count() == 1
    assert Event.objects.filter(kind=EventKind.WATCH_MATCHED).count() == 1


def arrives(post: Post, post_id: str, text: str) -> None:
    """An answer to a post, scanned."""
    thread_id = conversation.source_of(post.thread)["id"]
    answer = cases.item(text, post_id=post_id, thread_id=thread_id)
    intake.receive(post.community, [answer], by="system")
    cases.scanned()


def test_an_answer_and_an_edit_are_heard_too(person: User) -> None:
    cases.topic_watch(person, "coil")
    post, other = cases.post("It hurts."), cases.post("It bleeds.")
    arrives(post, "77", "Is it the coil?")
    edited = cases.item("It bleeds, with the coil.", **_place(other))
    intake.receive(other.community, [edited], by="system")
    cases.scanned()
    assert told(person) == [str(post.thread_id), str(other.thread_id)]


def _place(post: Post) -> dict[str, str]:
    thread, own = conversation.source_of(post.thread), conversation.source_of(post)
    return {"thread_id": thread["id"], "post_id": own["id"]}


def test_an_old_thread_is_listed_and_nobody_is_told(person: User) -> None:
    cases.topic_watch(person, "coil")
    ago = timezone.now() - timedelta(days=8)
    intake.receive(cases.community(), [cases.item("My coil.", published_at=ago)], by="system")
    cases.scanned()
    assert told(person) == [] and WatchHit.objects.count() == 1


def test_a_watch_of_one_community_hears_of_no_other(person: User) -> None:
    here, there = cases.post("It hurts."), cases.post("It hurts.")
    wanted = Wanted("Here", (), ("coil",))
    topic_watches.add(by=person, wanted=wanted, community_id=here.community_id)
    arrives(there, "77", "The coil?")
    assert told(person) == []
    arrives(here, "78", "The coil?")
    assert told(person) == [str(here.thread_id)]


def test_what_is_held_is_heard_once_it_was_scanned(person: User) -> None:
    cases.topic_watch(person, "coil")
    intake.receive(cases.community(), [cases.item("My coil hurts.")], by="system")
    screening.triage()
    assert told(person) == []
    cases.scanned()
    assert len(told(person)) == 1


def test_an_ended_watch_and_one_of_who_may_not_read_tell_nobody(person: User) -> None:
    other = cases.person(Role.LEGAL)
    topic_watches.end(by=person, watch_id=cases.topic_watch(person, "coil").pk)
    cases.topic_watch(other, "coil")
    RoleGrant.objects.filter(user=other).update(role=Role.ADMIN)
    cases.post("My coil hurts.")
    assert told(person) == told(other) == [] and not WatchHit.objects.exists()


@pytest.mark.parametrize("words", ["Keisha", "brandt", "keish*", "555*", "0142", "keisha brandt"])
def test_no_watch_tells_what_is_masked(person: User, words: str) -> None:
    text = "My name is Keisha Brandt, call me on (212) 555-0142. It hurts."
    cases.topic_watch(person, words)
    post = cases.post(text)
    assert told(person) == [] and not WatchHit.objects.exists()
    cases.topic_watch(person, "hurts")  # the control: the rest of it is read
    arrives(post, "77", "It hurts me too.")
    assert len(told(person)) == 1


def test_what_is_watched_for_stays_in_the_vault(person: User) -> None:
    watch = cases.topic_watch(person, "quetzalword*")
    cases.post("It is all quetzalwordish to me.")
    row = TopicWatch.objects.filter(pk=watch.pk).values().get()
    notice = Notice.objects.filter(recipient=person).values().get()
    events = list(Event.objects.values())
    assert "quetzal" not in (str(row) + str(notice) + str(events) + repr(watch.content)).casefold()


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Wanted("", ("iud",)), "needs a name"),
        (Wanted("x" * 101, ("iud",)), "needs a name"),
        (Wanted("Mine"), "Choose a topic"),
        (Wanted("Mine", ("none",)), "no such topic"),
        (Wanted("Mine", (), ("ab",)), "three letters"),
        (Wanted("Mine", (), ("co*il",)), "it ends a word"),
        (Wanted("Mine", (), ("coil",) * 51), "At most 50 lines"),
        (Wanted("Mine", (), ("x" * 101,)), "At most 50 lines"),
    ],
)
def test_what_nothing_could_be_found_with_is_refused(
    person: User, wanted: Wanted, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        topic_watches.add(by=person, wanted=wanted)
    with pytest.raises(BadInput, match="of the list"):
        topic_watches.add(by=person, wanted=Wanted("M", ("iud",)), community_id=UUID(int=1))
    assert not TopicWatch.objects.exists()


def test_one_ends_ones_own_once_and_has_no_more_than_a_score(person: User) -> None:
    watch = cases.topic_watch(person)
    with pytest.raises(WrongState):
        topic_watches.end(by=cases.person(Role.CLINICIAN), watch_id=watch.pk)
    topic_watches.end(by=person, watch_id=watch.pk)
    with pytest.raises(WrongState):
        topic_watches.end(by=person, watch_id=watch.pk)
    for _ in range(topic_watches.MOST):
        cases.topic_watch(person)
    with pytest.raises(WrongState, match="End one first"):
        cases.topic_watch(person)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_who_answers_nobody_watches_for_nothing(role: Role) -> None:
    with pytest.raises(NotAllowed):
        cases.topic_watch(cases.person(role))
