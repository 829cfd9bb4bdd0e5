"""Signposting: sending help to a thread with a safety signal at once, in words that were signed
twice in advance (laws 1 and 9). It is posted through the same door as every reply, exactly as it
was signed: no line is added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from compliance import ledger, scanning, vault
from compliance.enums import Direction, ScanState
from compliance.exceptions import BadInput, NotScanned, Refusal
from compliance.ledger.kinds import EventKind
from compliance.models import VaultText
from engage import conversation, drafting, screening, stops
from engage.communities import can_publish
from engage.enums import AT_REST, PostState
from engage.models import Draft, DraftVersion, Post, PostRevision, Publication, Thread
from reviews import permissions, signposts, workflow
from reviews.enums import ReviewState
from reviews.exceptions import GateClosed, WrongState
from reviews.models import Review, SafetyCase, Signpost, User

CLOSED = {
    "thread_locked": "The community locked this thread, so nothing can be posted in it. Tell its "
    "moderators at once.",
    "answered_post_deleted": "This post was deleted by its platform, so it can't be answered.",
}
READ_ONLY = (
    "This community is read only, so nothing can be posted from here. Give the text to its "
    "moderators at once."
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A post with an open signal, by its label ("Author 1") and never its handle."""

    post: Post
    author: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A signpost that answers an open signal of a thread.

    Attributes:
        posts: which posts it can be sent to.
        sent: the draft that holds it, or another for the same signals, if one is there already.
        why_not: why this person can't send it now; "" if they can.
    """

    signpost: Signpost
    posts: Sequence[Answered]
    sent: Draft | None
    why_not: str


@dataclass(frozen=True, slots=True)
class Offered:
    """What a thread can be sent.

    Attributes:
        lacking: somebody may be in danger, and no signpost for that is signed.
    """

    offers: Sequence[Offer]
    lacking: bool


@transaction.atomic
def post(*, by: User, post_id: UUID, signpost_id: UUID) -> Review:
    """Sends a signpost to a post with an open safety signal; the next sweep posts it.

    Raises:
        NotAllowed, WrongState, GateClosed, BadInput, NotScanned, NotCleared: the message says why.
    """
    permissions.check_may(by, permissions.Permission.POST_SIGNPOSTS)
    answered = Post.objects.get(pk=post_id)
    # Locked, so that of two people who send one at the same time the second is told so.
    Thread.objects.select_for_update(of=("self",)).get(pk=answered.thread_id)
    thread = Thread.objects.select_related(
        "community__key", "key", "title__key", "title__scan"
    ).get(pk=answered.thread_id)
    signpost = next(
        (s for s in signposts.usable(community_id=thread.community_id) if s.pk == signpost_id),
        None,
    )
    if signpost is None:
        raise WrongState(
            "This signpost can't be posted here: it is not signed twice, was retired, or is for "
            "another community. Reload the page."
        )
    permissions.check_may_post_signpost(by, signpost)
    _check_signal(signpost, answered)
    _check_takes_it(signpost, answered, thread)
    if _sent(signpost, thread):
        raise WrongState(
            "A signpost for this signal is on its way or live in this thread already. Reload the "
            "page to see it."
        )
    draft, version = _written(by, signpost, answered, thread)
    context = replace(drafting.context_for(thread, by), disclosure_line="")
    scanning.scan_texts(
        [version.text], [context], community_id=thread.community_id, case_id=str(draft.pk)
    )
    version.text.refresh_from_db()
    if version.text.scan_state != ScanState.SCANNED:
        raise NotScanned(
            "A scanner could not read the signpost here, so nothing was posted. Try again; if it "
            "stays so, tell the community's moderators and your administrator."
        )
    return signposts.clear(
        by=by,
        signpost=signpost,
        case_id=draft.pk,
        thread_id=thread.pk,
        community_id=thread.community_id,
        community_name=thread.community.name,
        text=version.text,
        packet=drafting.packet_for(draft, version, without_held=True),
    )


def _check_signal(signpost: Signpost, answered: Post) -> None:
    if not _open_cases(answered.thread_id).filter(
        rule_id__in=signpost.answers, text__in=_texts_of(answered)
    ):
        raise GateClosed(
            "This post has no open signal that this signpost answers. A reply to it goes through "
            "review."
        )


def _check_takes_it(signpost: Signpost, answered: Post, thread: Thread) -> None:
    if not can_publish(thread.community):
        raise WrongState(READ_ONLY)
    if why := conversation.closed(thread, answered):
        raise WrongState(CLOSED[why])
    stops.check_none(thread.community_id)
    if len(signpost.text) > thread.community.max_length:
        raise BadInput(
            f"This signpost has {len(signpost.text)} characters, and this community takes "
            f"{thread.community.max_length}. Have a shorter one signed."
        )


def _written(
    by: User, signpost: Signpost, answered: Post, thread: Thread
) -> tuple[Draft, DraftVersion]:
    draft = Draft.objects.create(thread=thread, reply_to=answered, started_by=by)
    ledger.record(
        EventKind.DRAFT_STARTED,
        by=by.actor,
        subject=draft,
        case_id=draft.pk,
        thread=thread.pk,
        post=answered.pk,
    )
    version = DraftVersion.objects.create(
        draft=draft,
        number=1,
        author=by,
        body=vault.seal(thread.key, signpost.text),
        text=vault.seal(thread.key, signpost.text, scan=Direction.OUTBOUND),
    )
    ledger.record(
        EventKind.DRAFT_SAVED,
        by=by.actor,
        subject=version,
        case_id=draft.pk,
        number=version.number,
        text=version.text.digest,
        references=0,
    )
    return draft, version


def offered(user: User, thread: Thread, text: VaultText | None = None) -> Offered:
    """What may be sent to a thread with open signals; nothing where none is open.

    Args:
        text: that of the one signal that is looked at; all of the thread, if not given.
    """
    cases = _open_cases(thread.pk)
    if text:
        cases = cases.filter(text=text)
    rules_by_text: dict[UUID, set[str]] = {}
    for case in cases:
        rules_by_text.setdefault(case.text_id, set()).add(case.rule_id)
    if not rules_by_text:
        return Offered((), lacking=False)
    posts = [answered for answered, _ in screening.newest_revisions(thread)]
    authors = conversation.Authors(thread.key, posts)
    rules_by_post = _by_post(thread, rules_by_text, posts)
    lacking = {
        r for rules in rules_by_text.values() for r in rules if r.startswith(signposts.IN_DANGER)
    }
    found = []
    for signpost in signposts.usable(community_id=thread.community_id):
        answers = set(signpost.answers)
        lacking -= answers
        answered = [Answered(p, authors.label(p)) for p, rules in rules_by_post if rules & answers]
        if answered:
            sent = _sent(signpost, thread)
            why_not = "" if sent else _why_not(user, signpost, answered[0].post, thread)
            found.append(Offer(signpost, answered, sent, why_not))
    return Offered(found, lacking=bool(lacking))


def _why_not(user: User, signpost: Signpost, answered: Post, thread: Thread) -> str:
    try:
        permissions.check_may_post_signpost(user, signpost)
        _check_takes_it(signpost, answered, thread)
    except Refusal as refusal:
        return str(refusal)
    return ""


def _by_post(
    thread: Thread, rules_by_text: dict[UUID, set[str]], posts: Sequence[Post]
) -> list[tuple[Post, set[str]]]:
    """The live posts that have open signals, oldest first; a title speaks for the first post."""
    texts = PostRevision.objects.filter(post__thread=thread, text__in=rules_by_text)
    post_of = dict(texts.values_list("text_id", "post_id"))
    rules_by_post: dict[UUID, set[str]] = {}
    for text_id, rules in rules_by_text.items():
        rules_by_post.setdefault(post_of.get(text_id, posts[0].pk), set()).update(rules)
    live = [p for p in posts if p.pk in rules_by_post and p.state == PostState.LIVE]
    return [(p, rules_by_post[p.pk]) for p in live]


def _texts_of(answered: Post) -> list[UUID]:
    texts = list(answered.revisions.values_list("text_id", flat=True))
    first = Post.objects.filter(thread=answered.thread_id).first()
    if first is not None and first.pk == answered.pk:
        texts.append(Thread.objects.values_list("title_id", flat=True).get(pk=first.thread_id))
    return texts


def _open_cases(thread_id: UUID) -> QuerySet[SafetyCase]:
    return SafetyCase.objects.filter(thread_id=thread_id, disposed_at=None)


def _sent(signpost: Signpost, thread: Thread) -> Draft | None:
    """The draft of a signpost for the same signals that is on its way or live in the thread."""
    drafts = {draft.pk: draft for draft in Draft.objects.filter(thread=thread)}
    reviews = Review.objects.filter(case_id__in=drafts, signpost__isnull=False)
    for review in reviews.select_related("signpost", "publication"):
        assert review.signpost is not None
        if set(review.signpost.answers) & set(signpost.answers) and _is_there(review):
            return drafts[review.case_id]
    return None


def _is_there(review: Review) -> bool:
    try:
        return review.publication.state not in AT_REST
    except Publication.DoesNotExist:
        waits = review.state in workflow.OPEN_STATES and review.state != ReviewState.SUSPENDED
        return waits and (review.expires_at is None or review.expires_at > timezone.now())
