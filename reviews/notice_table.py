"""The tables of notices: which entry of the ledger makes which notices, and who is told of each.

A kind of the ledger is in `FROM_LEDGER` or in `UNTOLD`, and every kind of notice in `AUDIENCE`;
tests fail for one that is nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from compliance.ledger.kinds import EventKind
from compliance.models import Event
from reviews import clocks
from reviews.audiences import (
    Audience,
    acted,
    acted_before_clearing,
    asked,
    assigned,
    looker,
    named,
    owner,
    settlers,
    watch_owner,
    watchers,
)
from reviews.clocks import Deed
from reviews.enums import NoticeGroup, NoticeKind, Place

_K, _E, _G, _P = NoticeKind, EventKind, NoticeGroup, Place


@dataclass(frozen=True, slots=True)
class Told:
    """How people are told of one kind.

    Attributes:
        asks: it asks its reader to act: told once, and settled when they can't act any more.
        settles: it may have settled what somebody was asked for.
        instead_of: earlier notices about the same that say less than this one.
    """

    group: NoticeGroup
    place: Place
    audience: Audience
    asks: bool = False
    settles: bool = False
    instead_of: tuple[NoticeKind, ...] = ()


def _decided(place: Place) -> Told:
    return Told(_G.DECIDED, place, acted, settles=True)


# The one table: every kind of notice, and who is told.
AUDIENCE: dict[NoticeKind, Told] = {
    _K.SIGNATURE_WANTED: Told(_G.WANTED, _P.REVIEW, asked, asks=True),
    _K.SIGNPOST_WAITING: Told(_G.WANTED, _P.SIGNPOSTS, asked, asks=True),
    _K.PROFILE_WAITING: Told(_G.WANTED, _P.PROFILE_CHANGE, asked, asks=True),
    _K.WORD_WAITING: Told(_G.WANTED, _P.CORRECTIONS, asked, asks=True),
    _K.DUE_SOON: Told(_G.DUE, _P.REVIEW, asked, asks=True),
    _K.OVERDUE: Told(_G.DUE, _P.REVIEW, asked, asks=True, instead_of=(_K.DUE_SOON,)),
    _K.ESCALATED: Told(_G.DUE, _P.REVIEW, named, instead_of=(_K.DUE_SOON, _K.OVERDUE)),
    _K.SIGNED: _decided(_P.REVIEW),
    _K.CLEARED: Told(
        _G.DECIDED, _P.REVIEW, acted_before_clearing, settles=True, instead_of=(_K.SIGNED,)
    ),
    _K.SENT_BACK: _decided(_P.REVIEW),
    _K.REFUSED: _decided(_P.REVIEW),
    _K.WITHDRAWN: _decided(_P.REVIEW),
    _K.SUSPENDED: _decided(_P.REVIEW),
    _K.EXPIRED: _decided(_P.REVIEW),
    _K.SIGNPOST_SIGNED: _decided(_P.SIGNPOSTS),
    _K.SIGNPOST_RETIRED: _decided(_P.SIGNPOSTS),
    _K.PROFILE_APPROVED: _decided(_P.PROFILE_CHANGE),
    _K.PROFILE_DECLINED: _decided(_P.PROFILE_CHANGE),
    _K.WORD_LISTED: _decided(_P.CORRECTIONS),
    _K.WORD_DECLINED: _decided(_P.CORRECTIONS),
    _K.WORD_RETIRED: _decided(_P.CORRECTIONS),
    _K.SAFETY_DISPOSED: _decided(_P.SAFETY_CASE),
    _K.REMARKED: Told(_G.REMARKS, _P.REVIEW, acted),
    _K.ASSIGNED: Told(_G.WANTED, _P.REVIEW, assigned),
    _K.LOOK_DEALT: Told(_G.WANTED, _P.SECOND_LOOK, looker),
    _K.LOOK_DIFFERS: Told(_G.LIVE, _P.REVIEW, watchers),
    _K.RELOOK_OPENED: Told(_G.LIVE, _P.RELOOKS, watchers),
    _K.PUBLISHED: Told(_G.LIVE, _P.PUBLICATION, acted, instead_of=(_K.HELD_THERE, _K.CLEARED)),
    _K.HELD_THERE: Told(_G.LIVE, _P.PUBLICATION, acted),
    _K.REFUSED_THERE: Told(_G.LIVE, _P.PUBLICATION, acted),
    _K.UNCLEAR_THERE: Told(_G.LIVE, _P.PUBLICATION, settlers),
    _K.POST_BY_HAND: Told(_G.LIVE, _P.PUBLICATION, acted, instead_of=(_K.CLEARED,)),
    _K.REMOVE_BY_HAND: Told(_G.LIVE, _P.PUBLICATION, acted, instead_of=(_K.WITHDRAWN,)),
    _K.TAKEN_DOWN: Told(_G.LIVE, _P.PUBLICATION, acted),
    _K.BREACH_OPENED: Told(_G.LIVE, _P.PUBLICATION, settlers),
    _K.INCIDENT: Told(_G.LIVE, _P.PUBLICATION, acted),
    _K.WATCH_MATCHED: Told(_G.WATCHED, _P.THREAD, watch_owner),
    _K.CRISIS: Told(_G.SAFETY, _P.SAFETY_CASE, asked, asks=True),
    _K.SAFETY_OPENED: Told(_G.SAFETY, _P.SAFETY_CASE, asked, asks=True),
    _K.SAFETY_OWNED: Told(_G.SAFETY, _P.SAFETY_CASE, owner),
    _K.SAFETY_CORRECTED: Told(_G.SAFETY, _P.SAFETY_CASE, acted),
    _K.SAFETY_HANDED_OFF: Told(_G.SAFETY, _P.SAFETY_CASE, acted, settles=True),
    _K.SAFETY_HELPED: Told(_G.SAFETY, _P.SAFETY_CASE, acted, settles=True),
    _K.SAFETY_DUE_SOON: Told(_G.SAFETY, _P.SAFETY_CASE, owner, asks=True),
    _K.SAFETY_OVERDUE: Told(
        _G.SAFETY, _P.SAFETY_CASE, owner, asks=True, instead_of=(_K.SAFETY_DUE_SOON,)
    ),
}


def _came_to_rest(event: Event) -> tuple[NoticeKind, ...]:
    # What was cancelled or taken down has been told of where that was decided.
    told = {
        "refused": _K.REFUSED_THERE,
        "ambiguous": _K.UNCLEAR_THERE,
        "by_hand": _K.POST_BY_HAND,
        "taking_down": _K.REMOVE_BY_HAND,
    }.get(event.facts["state"])
    return (told,) if told else ()


def _opened(event: Event) -> tuple[NoticeKind, ...]:
    danger = clocks.needs(event.facts["rule"], Deed.HELP)
    return (_K.CRISIS if danger else _K.SAFETY_OPENED,)


def _looked(event: Event) -> tuple[NoticeKind, ...]:
    return (_K.LOOK_DIFFERS,) if event.facts["worrying"] else ()


def _corrected(event: Event) -> tuple[NoticeKind, ...]:
    return (_K.WORD_WAITING,) if event.facts["proposal"] else ()


def _reminded(event: Event) -> tuple[NoticeKind, ...]:
    return (_K(event.facts["stage"]),)  # a stage has the name of its notice


# What the ledger says, and which notices that makes.
FROM_LEDGER: dict[EventKind, tuple[NoticeKind, ...] | Callable[[Event], tuple[NoticeKind, ...]]] = {
    _E.REVIEW_SUBMITTED: (_K.SIGNATURE_WANTED,),
    # Whose turn comes with a signature is asked then.
    _E.SIGNED: (_K.SIGNED, _K.SIGNATURE_WANTED),
    _E.REVIEW_ASSIGNED: (_K.ASSIGNED,),
    _E.SECOND_LOOK_DEALT: (_K.LOOK_DEALT,),
    _E.SECOND_LOOK_CLOSED: _looked,
    _E.RELOOK_OPENED: (_K.RELOOK_OPENED,),
    _E.REMINDED: _reminded,
    _E.CLEARED: (_K.CLEARED,),
    _E.SENT_BACK: (_K.SENT_BACK,),
    _E.REFUSED: (_K.REFUSED,),
    _E.WITHDRAWN: (_K.WITHDRAWN,),
    _E.SUSPENDED: (_K.SUSPENDED,),
    _E.EXPIRED: (_K.EXPIRED,),
    _E.REMARKED: (_K.REMARKED,),
    _E.PUBLISHED: (_K.PUBLISHED,),
    _E.HELD_BY_PLATFORM: (_K.HELD_THERE,),
    _E.PUBLICATION_CAME_TO_REST: _came_to_rest,
    _E.TAKEN_DOWN: (_K.TAKEN_DOWN,),
    _E.INCIDENT_OPENED: (_K.INCIDENT,),
    _E.BREACH_OPENED: (_K.BREACH_OPENED,),
    _E.WATCH_MATCHED: (_K.WATCH_MATCHED,),
    _E.SAFETY_OPENED: _opened,
    _E.SAFETY_OWNED: (_K.SAFETY_OWNED,),
    _E.SAFETY_CORRECTED: (_K.SAFETY_CORRECTED,),
    _E.SAFETY_HANDED_OFF: (_K.SAFETY_HANDED_OFF,),
    _E.SAFETY_HELPED: (_K.SAFETY_HELPED,),
    _E.SAFETY_DISPOSED: (_K.SAFETY_DISPOSED,),
    # Not when it is proposed: it can be approved once it was tried on the history.
    _E.PROFILE_REPLAYED: (_K.PROFILE_WAITING,),
    _E.PROFILE_ACTIVATED: (_K.PROFILE_APPROVED,),
    _E.PROFILE_DECLINED: (_K.PROFILE_DECLINED,),
    _E.IDENTIFIER_CORRECTED: _corrected,
    _E.WORD_LISTED: (_K.WORD_LISTED,),
    _E.PROPOSAL_DECLINED: (_K.WORD_DECLINED,),
    _E.WORD_RETIRED: (_K.WORD_RETIRED,),
    _E.SIGNPOST_WRITTEN: (_K.SIGNPOST_WAITING,),
    _E.SIGNPOST_SIGNED: (_K.SIGNPOST_SIGNED,),
    _E.SIGNPOST_RETIRED: (_K.SIGNPOST_RETIRED,),
}
# What is in the history and nobody is told of: steps of the machine, of their own work, or of
# what another entry of the same transaction tells better.
UNTOLD = frozenset(
    {
        _E.KEY_DESTROYED, _E.RULE_SET_ADDED, _E.TEXT_SCANNED, _E.TEXT_HELD, _E.COMMUNITY_ADDED,
        _E.COMMUNITY_CHANGED, _E.READING_STARTED, _E.READING_ENDED,
        _E.WATCH_ADDED, _E.WATCH_ENDED,
        _E.POST_ARRIVED, _E.POST_EDITED, _E.POST_DELETED, _E.POST_RESTORED, _E.THREAD_LOCKED,
        _E.THREAD_UNLOCKED, _E.DRAFT_STARTED, _E.DRAFT_SAVED, _E.FINDING_DISPOSED,
        _E.IDENTIFIER_REVEALED, _E.PROFILE_PROPOSED, _E.EXAMPLES_EXPORTED, _E.SAFETY_EXPORTED,
        _E.SIGNPOST_CHOSEN, _E.PERSON_ADDED, _E.PERSON_DESCRIBED, _E.NOTICES_CHOSEN,
        _E.ROLES_CHANGED, _E.TOKEN_CREATED, _E.PUBLICATION_QUEUED, _E.ATTEMPT_STARTED,
        _E.ATTEMPT_ENDED, _E.LIVE_COPY_TAKEN, _E.CHANGES_ANSWERED, _E.NO_REPLY_DECIDED,
        _E.NO_REPLY_REVERSED, _E.CONFIRMED, _E.PUBLISHING_STOPPED, _E.PUBLISHING_RESUMED,
        _E.REVIEW_CLAIMED, _E.CLAIM_ENDED,
        _E.EVIDENCE_RECALLED, _E.RECALL_LIFTED, _E.ABSENCE_ENTERED, _E.ABSENCE_ENDED,
        _E.RELOOK_DECIDED, _E.INCIDENT_TAKEN, _E.INCIDENT_CLOSED,
        _E.PUBLICATION_SCHEDULED, _E.BREACH_CONCLUDED,
        _E.FACTOR_ADDED, _E.FACTOR_REMOVED, _E.PROOF_FAILED,
        _E.SIGNED_EXPORTED, _E.GOLDEN_CASE_PROPOSED, _E.GOLDEN_CASE_APPROVED,
        _E.GOLDEN_CASE_RETIRED,
    }
)  # fmt: skip
