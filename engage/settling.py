"""What a person says of a posting: of one made by hand, and of one whose outcome nobody else can
tell. Law 4 waits for their word: until then nothing is sent again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed
from engage import conversation, publications, withdrawing
from engage.communities import connect
from engage.connectors.assisted import AssistedConnector
from engage.connectors.base import LiveState
from engage.enums import AttemptOutcome, PublicationState, Word
from engage.models import Attempt, Post, Publication, Statement
from reviews import permissions
from reviews.exceptions import WrongState
from reviews.models import User
from reviews.permissions import Permission

LONGEST_ADDRESS = 1_000
SHA256 = re.compile(r"[0-9a-f]{64}")


def candidates(publication: Publication) -> QuerySet[Post]:
    """Posts of the thread that may be the reply: they came since it was first sent, are none of our
    others, and are by nobody who was there before."""
    first = publication.attempts.order_by("number").first()
    if first is None or publication.draft.corrects_id:  # a correction is looked for by its place
        return Post.objects.none()
    published = Publication.objects.filter(community=publication.community)
    ours = published.exclude(post_digest="").values("post_digest")
    posts = publication.draft.thread.posts.exclude(external_digest__in=ours)
    strangers = posts.filter(arrived_at__lt=first.started_at).values("author_digest")
    since = posts.filter(arrived_at__gte=first.started_at)
    return since.exclude(author_digest__in=strangers).order_by("arrived_at")


def is_by_hand(publication: Publication) -> bool:
    """Whether people post it, and not we."""
    return isinstance(connect(publication.community), AssistedConnector)


def handed_to(publication: Publication) -> User | None:
    """Who has its text now, to post it by hand."""
    attempt = _newest(publication)
    if publication.state != PublicationState.SENDING or attempt is None:
        return None
    return attempt.handed_to


def check_may_say(user: User, publication: Publication) -> None:
    """Raises unless this person may say now what became of a posting.

    Raises:
        NotAllowed: somebody else was handed the text, or it takes another role.
        WrongState: nobody is asked.
    """
    if not permissions.can_may(user, Permission.POST_BY_HAND):
        permissions.check_may(user, Permission.SETTLE)
    if publication.state == PublicationState.TAKING_DOWN:
        permissions.check_may(user, Permission.POST_BY_HAND)
        if not is_by_hand(publication):
            raise WrongState("It is being taken down by itself.")
        return
    if publication.state == PublicationState.AMBIGUOUS:
        attempt = _newest(publication)
        if attempt is None or attempt.handed_to_id != user.pk:
            permissions.check_may(user, Permission.SETTLE)
        return
    holder = handed_to(publication)
    if holder is None:
        raise WrongState("Nothing is asked of this posting now. See how it stands.")
    if holder != user:
        raise NotAllowed("Somebody else was shown the text: they say what became of it.")


def say_posted_at(
    *, by: User, publication_id: UUID, address: str, note: str = "", screenshot: str = ""
) -> bool:
    """Somebody posted it by hand; returns whether the text was found at the address.

    Args:
        address: where people see it; in the community.
        note: needed if the text can't be found there: what you saw.
        screenshot: SHA-256 of a picture of it, in hexadecimal; optional.
    Raises:
        NotAllowed, WrongState: the message says why.
        BadInput: the address is none of the community, or the note is missing.
    """
    publication = publications.read(publication_id)
    check_may_say(by, publication)
    connector = connect(publication.community)
    address, screenshot = address.strip(), screenshot.strip().lower()
    if not isinstance(connector, AssistedConnector):
        raise WrongState("Choose the reply among the posts of the thread.")
    if not connector.is_address(address) or len(address) > LONGEST_ADDRESS:
        raise BadInput("Paste the address of the reply: it begins as the community’s own does.")
    if screenshot and not SHA256.fullmatch(screenshot):
        raise BadInput("A SHA-256 has 64 characters, from 0 to 9 and from a to f.")
    ref = {"post_id": address, "text": str(publications.request_of(publication)["text"])}
    seen = connector.fetch_published(ref).state is LiveState.LIVE  # before any lock
    if not seen and not note.strip():
        raise BadInput(
            "The text could not be read at this address. Look at it there, and write down what you "
            "saw."
        )
    _landed(by, publication_id, ref, address, note, screenshot, checked=seen)
    return seen


def say_it_is(*, by: User, publication_id: UUID, post_id: UUID) -> None:
    """Somebody found the reply among the posts of its thread.

    Raises:
        NotAllowed, WrongState: the message says why.
        BadInput: it is none of `candidates`.
    """
    publication = publications.read(publication_id)
    check_may_say(by, publication)
    post = candidates(publication).filter(pk=post_id).select_related("thread__key").first()
    if post is None:
        raise BadInput("Choose one of the posts that are listed.")
    ref = {"post_id": conversation.source_of(post)["id"]}
    url = conversation.source_of(publication.draft.thread)["url"]
    said = post.revisions.select_related("text").order_by("-number")[0].text.digest
    _landed(by, publication_id, ref, url, "", "", checked=said == publication.text_digest)


@transaction.atomic
def say_absent(*, by: User, publication_id: UUID, note: str) -> None:
    """Somebody looked, and it is not there: it may be sent again, or handed out again.

    Raises:
        NotAllowed, WrongState: the message says why.
        BadInput: there is no note.
    """
    publication = publications.lock(publication_id)
    check_may_say(by, publication)
    _check_not_withdrawn(publication)
    attempt = _said(publication, by, Word.ABSENT, _needed(note), "", checked=False)
    if attempt.outcome in (AttemptOutcome.SENDING, AttemptOutcome.UNKNOWN):
        publications.close(attempt, AttemptOutcome.NOT_FOUND, "a_person_looked", by.actor)
    publications.requeue(publication)


@transaction.atomic
def say_removed(*, by: User, publication_id: UUID, note: str) -> None:
    """Somebody took a withdrawn reply down by hand.

    Raises:
        NotAllowed, WrongState: the message says why.
        BadInput: there is no note.
    """
    publication = publications.lock(publication_id)
    if publication.state != PublicationState.TAKING_DOWN:
        raise WrongState("It is not being taken down. See how it stands.")
    check_may_say(by, publication)
    _said(publication, by, Word.REMOVED, _needed(note), "", checked=False)
    withdrawing.taken_down(publication, by.actor)


@transaction.atomic
def _landed(
    by: User,
    publication_id: UUID,
    ref: Mapping[str, Any],
    url: str,
    note: str,
    screenshot: str,
    *,
    checked: bool,
) -> None:
    publication = publications.lock(publication_id)
    check_may_say(by, publication)  # it may have been settled meanwhile
    _check_not_withdrawn(publication)
    attempt = _said(publication, by, Word.THERE, note.strip(), screenshot, checked=checked)
    publications.landed(publication, attempt, ref, url, False, by.actor)


def _check_not_withdrawn(publication: Publication) -> None:
    if publication.state == PublicationState.TAKING_DOWN:
        raise WrongState("It was withdrawn: take it down, and say so.")


def _said(
    publication: Publication, by: User, says: Word, note: str, screenshot: str, *, checked: bool
) -> Attempt:
    attempt = _newest(publication)
    assert attempt is not None
    Statement.objects.create(
        attempt=attempt,
        by=by,
        says=says,
        checked=checked,
        note=vault.seal(publication.request.key, note) if note else None,
        screenshot=screenshot,
    )
    return attempt


def _needed(note: str) -> str:
    if not note.strip():
        raise BadInput("Write down where you looked and what you saw: it stays in the record.")
    return note.strip()


def _newest(publication: Publication) -> Attempt | None:
    return publication.attempts.order_by("-number").first()
