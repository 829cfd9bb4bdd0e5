"""Reading besides the news, on a fake of Discourse: threads by their address, and older posts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from engage import catching_up, intake, listening
from engage.communities import connect
from engage.connectors.base import ReadsBack, ReadsThreads
from engage.enums import PostState
from engage.models import Community, Post, Reading
from reviews.enums import Role
from reviews.exceptions import WrongState
from reviews.models import User
from tests import cases
from tests.fakes.discourse import FakeDiscourse
from tests.fakes.forum import forum, here
from tests.fakes.server import Answer

__all__ = ["forum", "here"]  # fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinician() -> User:
    return cases.person(Role.CLINICIAN)


def address_of(forum: FakeDiscourse, post_id: str) -> str:
    return f"{forum.settings['base_url']}/t/{post_id.partition('/')[0]}"


def post_of(here: Community, post_id: str) -> Post | None:
    digest = intake.post_digest(here, post_id)
    return Post.objects.filter(community=here, external_digest=digest).first()


def now(reading: Reading) -> Reading:
    return Reading.objects.select_related("community__key", "thread").get(pk=reading.pk)


def due(reading: Reading) -> None:
    Reading.objects.filter(pk=reading.pk).update(due_at=timezone.now())


# Threads by their address


def test_a_thread_is_read_whole_and_known_by_its_posts(
    forum: FakeDiscourse, here: Community, clinician: User
) -> None:
    question = forum.say("Does it stop?")
    answer = forum.say("Ask your doctor.", thread=question, parent=question, by="heather")
    reading = catching_up.read_thread(
        by=clinician, community_id=here.pk, address=address_of(forum, answer)
    )
    assert catching_up.claim_due() == [reading.pk]
    catching_up.run(reading.pk)
    first, second = post_of(here, question), post_of(here, answer)
    assert first and second and first.thread == second.thread == now(reading).thread
    assert (now(reading).posts, now(reading).new, now(reading).error) == (2, 2, "")
    listening.poll(here.pk)  # what is heard of it later is the same
    assert Post.objects.count() == 2


def test_a_thread_is_followed_and_what_is_gone_is_gone(
    forum: FakeDiscourse, here: Community, clinician: User
) -> None:
    question = forum.say("Does it stop?")
    answer = forum.say("Ask your doctor.", thread=question, parent=question)
    reading = catching_up.read_thread(
        by=clinician, community_id=here.pk, address=address_of(forum, question)
    )
    catching_up.run(reading.pk)
    forum.delete(answer)
    forum.change(question, "Does it ever stop?")
    later = forum.say("It did.", thread=question, parent=question)
    forum.lock(question)
    due(reading)
    catching_up.run(reading.pk)
    first, gone, new = (post_of(here, key) for key in (question, answer, later))
    assert first and gone and new
    assert first.revisions.count() == 2 and gone.state == PostState.DELETED
    assert new.state == PostState.LIVE and first.thread.locked
    assert now(reading).due_at is not None


def test_what_arrived_while_a_thread_was_being_read_is_not_taken_for_gone(
    forum: FakeDiscourse, here: Community, clinician: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = forum.say("Does it stop?")
    reading = catching_up.read_thread(
        by=clinician, community_id=here.pk, address=address_of(forum, question)
    )
    catching_up.run(reading.pk)
    before = connect(here)
    assert isinstance(before, ReadsThreads)
    fetched = before.fetch_thread(address_of(forum, question))
    later = forum.say("It did.", thread=question, parent=question)
    listening.poll(here.pk)
    kind = type(before)
    monkeypatch.setattr(kind, "fetch_thread", lambda self, address, known=(): fetched)
    due(reading)
    catching_up.run(reading.pk)
    post = post_of(here, later)
    assert post and post.state == PostState.LIVE


@pytest.mark.parametrize(
    ("quiet", "pace"),
    [
        (timedelta(minutes=5), timedelta(minutes=2)),
        (timedelta(hours=20), timedelta(minutes=15)),
        (timedelta(days=10), timedelta(hours=2)),
        (timedelta(days=50), timedelta(hours=12)),
        (timedelta(days=61), None),
    ],
)
def test_a_thread_is_read_more_rarely_the_longer_it_is_quiet(
    forum: FakeDiscourse,
    here: Community,
    clinician: User,
    quiet: timedelta,
    pace: timedelta | None,
) -> None:
    question = forum.say("Does it stop?")
    reading = catching_up.read_thread(
        by=clinician, community_id=here.pk, address=address_of(forum, question)
    )
    catching_up.run(reading.pk)
    ago = timezone.now() - quiet
    Reading.objects.filter(pk=reading.pk).update(started_at=ago, due_at=timezone.now())
    thread = now(reading).thread
    assert thread
    thread.last_post_at = ago
    thread.save()
    catching_up.run(reading.pk)
    then = now(reading).due_at
    if pace is None:
        assert then is None
        assert Event.objects.filter(kind=EventKind.READING_ENDED).count() == 1
    else:
        assert then and abs(then - timezone.now() - pace) < timedelta(seconds=5)


def test_the_same_address_again_reads_it_at_once_and_makes_no_second_row(
    forum: FakeDiscourse, here: Community, clinician: User
) -> None:
    address = address_of(forum, forum.say("Does it stop?"))
    first = catching_up.read_thread(by=clinician, community_id=here.pk, address=address)
    catching_up.run(first.pk)
    again = catching_up.read_thread(by=clinician, community_id=here.pk, address=f" {address} ")
    assert again.pk == first.pk and catching_up.claim_due() == [first.pk]
    with pytest.raises(IntegrityError), transaction.atomic():
        Reading.objects.create(
            community=here,
            address=b"x",
            address_digest=first.address_digest,
            by=clinician,
            due_at=timezone.now(),
        )


@pytest.mark.parametrize("address", ["", "no address", "ftp://a.example/t/1", "https://", "t/1"])
def test_what_is_no_address_is_refused(here: Community, clinician: User, address: str) -> None:
    with pytest.raises(BadInput, match="https://"):
        catching_up.read_thread(by=clinician, community_id=here.pk, address=address)
    assert not Reading.objects.exists()


def test_an_address_of_something_else_is_given_up_and_said(
    here: Community, clinician: User
) -> None:
    reading = catching_up.read_thread(
        by=clinician, community_id=here.pk, address="https://elsewhere.example/t/1"
    )
    catching_up.run(reading.pk)
    assert (now(reading).due_at, now(reading).error) == (None, "no_thread_here")
    ended = Event.objects.get(kind=EventKind.READING_ENDED)
    assert ended.facts["code"] == "no_thread_here"


def test_a_community_without_addresses_says_so(clinician: User) -> None:
    pushed = cases.community()
    with pytest.raises(BadInput, match="by their address"):
        catching_up.read_thread(
            by=clinician, community_id=pushed.pk, address="https://a.example/t/1"
        )


@pytest.mark.parametrize("role", [Role.LEGAL, Role.AUDITOR, Role.ADMIN, Role.MEDICAL])
def test_only_some_add_threads(here: Community, role: Role) -> None:
    with pytest.raises(NotAllowed):
        catching_up.read_thread(
            by=cases.person(role), community_id=here.pk, address="https://a.example/t/1"
        )


def test_the_address_is_in_the_vault_and_is_forgotten_with_its_thread(
    forum: FakeDiscourse, here: Community, clinician: User
) -> None:
    question = forum.say("Does it stop?")
    reading = catching_up.read_thread(
        by=clinician, community_id=here.pk, address=f"{address_of(forum, question)}?canary=4711"
    )
    row = Reading.objects.filter(pk=reading.pk).values().get()
    assert "canary" not in str(row) + str(bytes(row["address"]))
    assert not any("canary" in str(event) for event in Event.objects.values())
    catching_up.run(reading.pk)
    thread = now(reading).thread
    assert thread
    with transaction.atomic():
        vault.destroy_key(thread.key, by="system")
    due(reading)
    catching_up.run(reading.pk)
    assert (now(reading).due_at, now(reading).error) == (None, "erased")
    assert not now(reading).address


# Trouble


def test_a_failure_is_tried_again_later_and_later(
    forum: FakeDiscourse, here: Community, clinician: User
) -> None:
    question = forum.say("Does it stop?")
    reading = catching_up.read_thread(
        by=clinician, community_id=here.pk, address=address_of(forum, question)
    )
    forum.broken = Answer(503)
    for failures in (1, 2):
        catching_up.run(reading.pk)
        assert (now(reading).failures, now(reading).error) == (failures, "http_503")
        wait = now(reading).due_at
        assert wait and wait - timezone.now() > listening.EVERY * 2**failures * 0.7
        due(reading)
    forum.broken = None
    catching_up.run(reading.pk)
    assert (now(reading).failures, now(reading).error, now(reading).posts) == (0, "", 1)


def test_what_somebody_must_mend_is_not_given_up(
    forum: FakeDiscourse, here: Community, clinician: User
) -> None:
    reading = catching_up.read_thread(
        by=clinician, community_id=here.pk, address=address_of(forum, forum.say("Why?"))
    )
    settings = {**forum.settings, "api_key": "revoked"}
    here.settings = vault.lock(here.key, settings, about="community.settings")
    here.save()
    catching_up.run(reading.pk)
    then = now(reading).due_at
    assert now(reading).error == "unauthorised"
    assert then and then - timezone.now() > timedelta(minutes=59)


def test_settings_that_became_incomplete_are_said(
    forum: FakeDiscourse, here: Community, clinician: User
) -> None:
    reading = catching_up.read_thread(
        by=clinician, community_id=here.pk, address=address_of(forum, forum.say("Why?"))
    )
    here.settings = vault.lock(here.key, {}, about="community.settings")
    here.save()
    catching_up.run(reading.pk)
    assert now(reading).error == "incomplete_settings" and now(reading).due_at


# What was said before


def admin() -> User:
    return cases.person(Role.ADMIN)


def test_what_was_said_before_is_read_to_its_end(forum: FakeDiscourse, here: Community) -> None:
    for number in range(120):
        forum.say(f"Question {number}?")
    forum.lock("120/1")
    listening.poll(here.pk)  # the newest fifty
    known = Post.objects.count()
    assert 0 < known < 120
    reading = catching_up.read_back(
        by=admin(), community_id=here.pk, since=timezone.now() - timedelta(days=2)
    )
    catching_up.run(reading.pk)
    assert Post.objects.count() == 120
    after = now(reading)
    assert (after.posts, after.new, after.due_at, after.percent) == (120, 120 - known, None, 100)
    newest = post_of(here, "120/1")
    assert newest and newest.thread.locked  # a list that says nothing of locks opens none
    kinds = Event.objects.filter(subject_id=str(reading.pk)).order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == ["reading_started", "reading_ended"]


def test_reading_back_stops_at_its_day(forum: FakeDiscourse, here: Community) -> None:
    for number in range(3):
        forum.say(f"Question {number}?")
    old = forum.posts[1]
    old["created_at"] = (timezone.now() - timedelta(days=9)).isoformat()
    reading = catching_up.read_back(
        by=admin(), community_id=here.pk, since=timezone.now() - timedelta(days=2)
    )
    catching_up.run(reading.pk)
    assert post_of(here, "1/1") is None and post_of(here, "2/1") and now(reading).due_at is None


def test_a_reading_goes_on_where_a_worker_died(
    forum: FakeDiscourse, here: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(120):
        forum.say(f"Question {number}?")
    reading = catching_up.read_back(
        by=admin(), community_id=here.pk, since=timezone.now() - timedelta(days=2)
    )
    assert catching_up.step(reading.pk)
    assert (now(reading).posts, now(reading).percent) == (50, 0)
    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(intake, "receive", _die)
        catching_up.step(reading.pk)
    assert now(reading).posts == 50
    Reading.objects.update(due_at=timezone.now() - timedelta(seconds=1))  # the lease is over
    assert catching_up.claim_due() == [reading.pk]
    catching_up.run(reading.pk)
    assert (now(reading).posts, Post.objects.count()) == (120, 120)


def _die(*_: object, **__: object) -> None:
    raise RuntimeError("killed")


def test_two_workers_at_the_same_page_count_it_once(
    forum: FakeDiscourse, here: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        forum.say(f"Question {number}?")
    reading = catching_up.read_back(
        by=admin(), community_id=here.pk, since=timezone.now() - timedelta(days=2)
    )
    connector = connect(here)
    assert isinstance(connector, ReadsBack)
    fetch = type(connector).fetch_back

    def with_a_twin(self, since, cursor):  # type: ignore[no-untyped-def]
        page = fetch(self, since, cursor)
        monkeypatch.setattr(type(self), "fetch_back", fetch)
        assert catching_up.step(reading.pk)  # while the first one waits for its answer
        return page

    monkeypatch.setattr(type(connector), "fetch_back", with_a_twin)
    assert not catching_up.step(reading.pk)
    assert now(reading).posts == 50
    catching_up.run(reading.pk)
    assert (now(reading).posts, Post.objects.count()) == (60, 60)


def test_stopping_keeps_what_was_read_and_nothing_follows(
    forum: FakeDiscourse, here: Community
) -> None:
    for number in range(60):
        forum.say(f"Question {number}?")
    reading = catching_up.read_back(
        by=admin(), community_id=here.pk, since=timezone.now() - timedelta(days=2)
    )
    catching_up.step(reading.pk)
    catching_up.stop(by=admin(), reading_id=reading.pk)
    catching_up.run(reading.pk)
    assert (now(reading).posts, Post.objects.count(), now(reading).error) == (50, 50, "stopped")
    with pytest.raises(WrongState):
        catching_up.stop(by=admin(), reading_id=reading.pk)


def test_one_reading_back_at_a_time_by_an_administrator_of_days_that_were(
    here: Community, clinician: User
) -> None:
    since = timezone.now() - timedelta(days=2)
    with pytest.raises(NotAllowed):
        catching_up.read_back(by=clinician, community_id=here.pk, since=since)
    for wrong in (timezone.now() + timedelta(days=1), timezone.now() - timedelta(days=4_000)):
        with pytest.raises(BadInput, match="ten years"):
            catching_up.read_back(by=admin(), community_id=here.pk, since=wrong)
    with pytest.raises(BadInput, match="before"):
        catching_up.read_back(by=admin(), community_id=cases.community().pk, since=since)
    reading = catching_up.read_back(by=admin(), community_id=here.pk, since=since)
    with pytest.raises(WrongState):
        catching_up.read_back(by=admin(), community_id=here.pk, since=since)
    with pytest.raises(NotAllowed):
        catching_up.stop(by=clinician, reading_id=reading.pk)
