"""Deciding not to reply: an outcome of a post like any other, with who, why and how soon."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from engage import screening
from engage.enums import NoReplyReason, PostState
from engage.models import Draft, NoReply, Post
from reviews import permissions
from reviews.exceptions import WrongState
from reviews.models import Review, SafetyCase, User
from reviews.permissions import Permission
from reviews.reasons import checked_reason
from reviews.workflow import OPEN_STATES

DECIDED = "Somebody decided on this post already. Reload the page."


@transaction.atomic
def decide(*, by: User, post_id: UUID, reason: str, note: str = "") -> NoReply:
    """Decides that a post gets no reply. A safety signal in it stays open all the same.

    Args:
        reason: a code, of `NoReplyReason`.
        note: in words; optional, but for "another reason".
    Raises:
        NotAllowed: not this person.
        BadInput: no reason, or a note that is missing or too long.
        WrongState: there is nothing to decide; the message says why.
    """
    permissions.check_may(by, Permission.NO_REPLY)
    if reason not in NoReplyReason.values:
        raise BadInput("Choose why this post gets no reply.")
    if note.strip() or reason == NoReplyReason.OTHER:
        note = checked_reason(note)
    post = Post.objects.select_for_update(of=("self",)).get(pk=post_id)
    _check_unanswered(post)
    key = post.thread.key
    try:
        with transaction.atomic():
            decision = NoReply.objects.create(
                post=post,
                reason=reason,
                note=vault.seal(key, note) if note.strip() else None,
                by=by,
            )
    except IntegrityError as error:
        raise WrongState(DECIDED) from error
    signals = SafetyCase.objects.filter(thread_id=post.thread_id, disposed_at=None)
    ledger.record(
        EventKind.NO_REPLY_DECIDED,
        by=by.actor,
        subject=decision,
        case_id=post.thread_id,
        post=post.pk,
        reason=reason,
        signal_open=signals.exists(),
    )
    return decision


def _check_unanswered(post: Post) -> None:
    if post.state == PostState.DELETED:
        raise WrongState("This post was deleted by its platform, so there is nothing to decide.")
    if screening.is_ours(post):
        raise WrongState("This is our own reply, so there is nothing to decide.")
    if NoReply.objects.filter(post=post, reversed_at=None).exists():
        raise WrongState(DECIDED)
    drafts = Draft.objects.filter(reply_to=post).values("pk")
    if Review.objects.filter(case_id__in=drafts, state__in=OPEN_STATES).exists():
        raise WrongState("A reply to this post is in review or posted. Withdraw that first.")


@transaction.atomic
def reverse(*, by: User, draft: Draft) -> None:
    """Somebody replies after all: ends the decision on the post that the draft answers, if any."""
    standing = NoReply.objects.select_for_update().filter(post=draft.reply_to, reversed_at=None)
    for decision in standing:
        decision.reversed_at, decision.reversed_by = timezone.now(), by
        decision.reversed_for = draft
        decision.save(update_fields=["reversed_at", "reversed_by", "reversed_for"])
        ledger.record(
            EventKind.NO_REPLY_REVERSED,
            by=by.actor,
            subject=decision,
            case_id=draft.thread_id,
            post=draft.reply_to_id,
            draft=draft.pk,
        )


def standing(thread_id: UUID) -> dict[UUID, NoReply]:
    """The decisions that hold in a thread, by post."""
    decisions = NoReply.objects.filter(post__thread=thread_id, reversed_at=None)
    return {d.post_id: d for d in decisions.select_related("by", "note__key")}


def settles_thread() -> Exists:
    """For a query of threads: somebody decided on one, and nothing was posted in it since."""
    since = Post.objects.filter(thread=OuterRef("post__thread"), arrived_at__gt=OuterRef("at"))
    standing = NoReply.objects.filter(post__thread=OuterRef("pk"), reversed_at=None)
    return Exists(standing.filter(~Exists(since)))
