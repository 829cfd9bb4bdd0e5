"""Topic watches: a person says which topics and words they want to hear of, and is told once of
each thread that speaks of them.

Threads are looked at when what they say was scanned, in the transaction that triages it, so that
none is missed; what is held is looked at when it was scanned at last (law 8). They are read as they
are shown, with their identifiers masked (law 7).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import yaml
from django.db import transaction
from django.utils import timezone

from compliance import ledger, scanning, vault
from compliance.exceptions import BadInput, TextErased
from compliance.ledger.kinds import EventKind
from compliance.masking import Mark, mask
from compliance.models import VaultText
from compliance.rules.words import check_words, pattern_of, read_words
from engage.models import Community, Thread, WatchHit
from reviews import permissions
from reviews.exceptions import WrongState
from reviews.models import TopicWatch, User
from reviews.permissions import Permission

MOST = 20  # of a person
NEWS = timedelta(days=7)  # what is older is listed, and nobody is told: it was read back
MOST_WORDS = 50
LONGEST = 100  # characters of a name, and of words
ABOUT = "topic_watch.content"
_FILE = Path(__file__).with_name("topics.yaml")


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that people speak of in many words."""

    id: str
    title: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a watch is for."""

    name: str
    topics: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A watch that looks at what arrives."""

    watch: TopicWatch
    pattern: re.Pattern[str]

    def fits(self, thread: Thread, text: str) -> bool:
        """Whether a text of a thread, as `read_words` gives it, is what it watches for."""
        here = self.watch.community_id in (None, thread.community_id)
        return here and self.pattern.search(text) is not None


@functools.cache
def topics() -> dict[str, Topic]:
    """The topics that there are, by id, in their order."""
    rows = yaml.safe_load(_FILE.read_text("utf-8"))
    made = (Topic(row["id"], row["title"], tuple(row["words"])) for row in rows)
    return {topic.id: topic for topic in made}


@transaction.atomic
def add(*, by: User, wanted: Wanted, community_id: UUID | None = None) -> TopicWatch:
    """Watches from now on.

    Args:
        community_id: where; None for everywhere.
    Raises:
        NotAllowed: not this person.
        BadInput: there is no name, nothing to watch for, or something that can't be found.
        WrongState: the person has MOST already.
    """
    permissions.check_may(by, Permission.WATCH_TOPICS)
    _check(wanted)
    if community_id and not Community.objects.filter(pk=community_id).exists():
        raise BadInput("Choose a community of the list, or all of them.")
    mine = User.objects.select_for_update().get(pk=by.pk)
    if TopicWatch.objects.filter(owner=mine, ended_at=None).count() >= MOST:
        raise WrongState(f"You have {MOST} watches already. End one first.")
    key = vault.new_key()
    content = {
        "name": wanted.name,
        "topics": list(wanted.topics),
        "words": list(wanted.words),
    }
    watch = TopicWatch.objects.create(
        owner=by, key=key, content=vault.lock(key, content, about=ABOUT), community_id=community_id
    )
    ledger.record(EventKind.WATCH_ADDED, by=by.actor, subject=watch)
    return watch


def _check(wanted: Wanted) -> None:
    if not wanted.name or len(wanted.name) > LONGEST:
        raise BadInput(f"A watch needs a name of at most {LONGEST} characters.")
    if not wanted.topics and not wanted.words:
        raise BadInput("Choose a topic, or write down words to watch for.")
    if set(wanted.topics) - topics().keys():
        raise BadInput("There is no such topic. Choose from the list.")
    if len(wanted.words) > MOST_WORDS or any(len(words) > LONGEST for words in wanted.words):
        raise BadInput(f"At most {MOST_WORDS} lines of at most {LONGEST} characters, please.")
    for words in wanted.words:
        check_words(words)


@transaction.atomic
def end(*, by: User, watch_id: UUID) -> None:
    """Watches no more.

    Raises:
        NotAllowed: not this person.
        WrongState: it is somebody else's, or was ended.
    """
    permissions.check_may(by, Permission.WATCH_TOPICS)
    mine = TopicWatch.objects.filter(pk=watch_id, owner=by, ended_at=None)
    if not mine.update(ended_at=timezone.now()):
        raise WrongState("This watch was ended already. Reload the page.")
    watch = TopicWatch.objects.get(pk=watch_id)
    ledger.record(EventKind.WATCH_ENDED, by=by.actor, subject=watch)


def wanted_of(watch: TopicWatch) -> Wanted:
    """What a watch is for, from the vault."""
    kept = vault.unlock(watch.key, bytes(watch.content), about=ABOUT)
    return Wanted(str(kept["name"]), tuple(kept["topics"]), tuple(kept["words"]))


def standing() -> list[Standing]:
    """Every watch of somebody who still may read threads."""
    watches = TopicWatch.objects.filter(ended_at=None, owner__is_active=True)
    watches = watches.select_related("key", "owner").prefetch_related("owner__role_grants")
    return [
        Standing(watch, _compiled(wanted_of(watch)))
        for watch in watches
        if permissions.can_may(watch.owner, Permission.WATCH_TOPICS)
    ]


@functools.lru_cache(maxsize=1_000)
def _compiled(wanted: Wanted) -> re.Pattern[str]:
    of_topics = (word for key in wanted.topics if key in topics() for word in topics()[key].words)
    return re.compile("|".join(pattern_of(words) for words in (*of_topics, *wanted.words)))


def look(watches: Sequence[Standing], thread: Thread, text: VaultText) -> None:
    """Notes which watches fit what a thread says, and tells of it; once for each thread."""
    if not watches:
        return
    try:
        said = read_words(_visible(text))
    except TextErased:
        return
    for watch in (standing.watch for standing in watches if standing.fits(thread, said)):
        _, is_new = WatchHit.objects.get_or_create(watch=watch, thread=thread)
        if is_new and thread.last_post_at > timezone.now() - NEWS:
            ledger.record(EventKind.WATCH_MATCHED, by="system", subject=watch, case_id=thread.pk)


def _visible(text: VaultText) -> str:
    """What a text says where nothing is revealed: a block stands for each identifier.

    Else words that are tried one after the other would tell what is masked (law 7).
    """
    marks = [
        Mark(f.start, f.end, f.rule_id, f.severity, f.entity)
        for f in scanning.findings_of(text)
        if f.entity
    ]
    return "".join(segment.text or "\u25a0" for segment in mask(vault.unseal(text), marks))
