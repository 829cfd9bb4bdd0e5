"""Who may act: the one permission table, and the questions about a person and a review.

Each `check_*` raises with a sentence; its `can_*` twin wraps it as a bool, so that a button and
its endpoint cannot disagree. What must be true of the review itself is in reviews/policy.py.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from compliance.exceptions import NotAllowed, Refusal
from reviews import policy, routes
from reviews.enums import SIGNING_ROLES, Action, Role, Seat
from reviews.models import GoldenCase, ProfileChange, Proposal, Review, Signpost, User


class Permission(enum.Enum):
    """Everything that somebody can be allowed to do. The value completes "You may not ..."."""

    READ_THREADS = "read threads"
    ADD_THREADS = "add threads by their address"
    WATCH_TOPICS = "watch for topics"
    DRAFT = "write replies"
    NO_REPLY = "decide not to reply"
    PROVE_ONESELF = "choose how you prove who you are"
    ABOUT_ONESELF = "say who you are and when you are away"
    READ_QUEUE = "see the review queue"
    READ_REVIEWS = "read reviews"
    CLAIM = "claim or assign reviews"
    REMARK = "comment on reviews"
    DISPOSE = "dispose of findings"
    SIGN = "sign"
    DECIDE = "send back or refuse"
    WITHDRAW = "withdraw replies"
    REVEAL = "reveal identifiers"
    CORRECT = "correct what was found"
    READ_PUBLICATIONS = "see publications"
    POST_BY_HAND = "post replies by hand"
    SCHEDULE = "choose when replies are posted"
    SETTLE = "settle an unclear posting"
    TEND = "see to incidents"
    ASSESS = "conclude assessments of possible breaches"
    STOP = "stop or resume publishing"
    READ_SAFETY = "see safety signals"
    DISPOSE_SAFETY = "dispose of safety signals"
    RELOOK = "decide on live replies that are looked at again"
    READ_RECALLS = "see what evidence was recalled"
    RECALL = "recall evidence"
    READ_PROFILES = "see the rules of communities"
    CHANGE_PROFILES = "change the rules of communities"
    READ_SIGNPOSTS = "see all signposts"
    WRITE_SIGNPOSTS = "write or retire signposts"
    SIGN_SIGNPOSTS = "sign signposts in advance"
    POST_SIGNPOSTS = "post signposts"
    LOOK_AGAIN = "give second looks"
    READ_QUALITY = "see how reviewers agree"
    SET_GOLDEN = "propose, approve or retire golden cases"
    READ_HISTORY = "read the history"
    BE_NOTIFIED = "be notified"
    USE_API = "use the API with a token"
    PUSH_POSTS = "push posts"
    MANAGE = "manage people and communities"


_C, _O, _L, _S, _A, _M, _D = (
    Role.CLINICIAN,
    Role.COMPLIANCE,
    Role.LEGAL,
    Role.SAFETY,
    Role.AUDITOR,
    Role.ADMIN,
    Role.MEDICAL,
)

PERMISSIONS: dict[Permission, frozenset[Role]] = {
    Permission.READ_THREADS: frozenset({_C, _O, _L, _S, _A, _D}),
    Permission.ADD_THREADS: frozenset({_C, _O, _S}),
    Permission.WATCH_TOPICS: frozenset({_C, _O, _L, _S, _D}),
    Permission.DRAFT: frozenset({_C}),
    Permission.PROVE_ONESELF: frozenset(Role),
    Permission.ABOUT_ONESELF: frozenset({_C, _O, _L, _D}),
    Permission.NO_REPLY: frozenset({_C, _O, _L}),
    Permission.READ_QUEUE: frozenset({_O, _L, _A, _D}),
    Permission.READ_REVIEWS: frozenset({_C, _O, _L, _A, _D}),
    Permission.CLAIM: frozenset({_O, _L, _D}),
    Permission.REMARK: frozenset({_C, _O, _L, _D}),
    Permission.DISPOSE: frozenset({_O, _L}),
    Permission.SIGN: frozenset({_O, _L, _D}),
    Permission.DECIDE: frozenset({_O, _L, _D}),
    Permission.WITHDRAW: frozenset({_C, _O, _L, _S}),
    Permission.REVEAL: frozenset({_O, _L, _S}),
    Permission.CORRECT: frozenset({_O, _L, _S}),
    Permission.READ_PUBLICATIONS: frozenset({_C, _O, _L, _S, _A, _M, _D}),
    Permission.POST_BY_HAND: frozenset({_C, _O}),
    Permission.SCHEDULE: frozenset({_C, _O}),
    Permission.SETTLE: frozenset({_O, _L}),
    Permission.TEND: frozenset({_C, _O, _L, _S}),
    Permission.ASSESS: frozenset({_O, _L}),
    Permission.STOP: frozenset({_O}),
    Permission.READ_SAFETY: frozenset({_S, _O, _A}),
    Permission.DISPOSE_SAFETY: frozenset({_S}),
    Permission.RELOOK: frozenset({_O}),
    Permission.READ_RECALLS: frozenset({_O, _L, _A, _D}),
    Permission.RECALL: frozenset({_O, _L}),
    Permission.READ_PROFILES: frozenset({_C, _O, _L, _A, _D}),
    Permission.CHANGE_PROFILES: frozenset({_O}),
    Permission.READ_SIGNPOSTS: frozenset({_O, _L, _S, _A}),
    Permission.WRITE_SIGNPOSTS: frozenset({_O, _L, _S}),
    Permission.SIGN_SIGNPOSTS: frozenset({_O, _L}),
    Permission.POST_SIGNPOSTS: frozenset({_C, _O, _S}),
    Permission.LOOK_AGAIN: frozenset({_O, _L, _D}),
    Permission.READ_QUALITY: frozenset({_O, _L, _A, _D}),
    Permission.SET_GOLDEN: frozenset({_O, _L}),
    Permission.READ_HISTORY: frozenset({_O, _L, _A, _M}),
    Permission.BE_NOTIFIED: frozenset(Role),
    Permission.USE_API: frozenset(Role),
    Permission.PUSH_POSTS: frozenset({_M}),
    Permission.MANAGE: frozenset({_M}),
}


def check_may(user: User, permission: Permission) -> None:
    """Raises NotAllowed unless one of the person's roles carries the permission."""
    if not user.roles & PERMISSIONS[permission]:
        needed = " or ".join(sorted(role.label.lower() for role in PERMISSIONS[permission]))
        raise NotAllowed(f"You may not {permission.value}: that takes the role {needed}.")


def check_not_author(user: User, review: Review) -> None:
    """Raises NotAllowed if the person wrote any version of the reviewed draft (law 1)."""
    if any(author.user_id == user.pk for author in review.authors.all()):
        raise NotAllowed("You wrote a version of this reply, so you may not decide on it.")


def check_may_dispose(user: User, review: Review) -> None:
    """Raises unless this person may say something of this review's findings now."""
    check_may(user, Permission.DISPOSE)
    check_not_author(user, review)
    policy.check_open_for_dispositions(review)


def check_may_sign(user: User, review: Review, seat: Seat) -> None:
    """Raises unless this person may sign this review in this seat now (law 1)."""
    check_may(user, Permission.SIGN)
    if seat.role not in user.roles:
        raise NotAllowed("You may not sign in a role that you do not hold.")
    check_not_author(user, review)
    policy.check_signable(review)
    if any(signature.user_id == user.pk for signature in routes.given(review).values()):
        raise NotAllowed("You signed this review already: each signature is another person's.")
    policy.check_seat_due(review, seat)


def signing_seats(user: User, review: Review) -> list[Seat]:
    """The seats in which this person could sign this review now: one of them, as they choose."""
    due = {wanted.seat for wanted in routes.due_seats(review)}
    if Seat.LEGAL in due:  # whoever comes first is not the second
        due.discard(Seat.SECOND_LEGAL)
    return [seat for seat in Seat if seat in due and allowed(check_may_sign, user, review, seat)]


def check_may_sign_now(user: User, review: Review) -> None:
    """Raises unless there is a seat in which this person could sign this review now."""
    if signing_seats(user, review):
        return
    seats = [wanted.seat for wanted in routes.open_seats(review)]
    held = (seat for seat in (*seats, *Seat) if seat.role in user.roles)
    check_may_sign(user, review, next(held, Seat.LEGAL))  # says why not


def check_may_confirm(user: User, review: Review) -> None:
    """Raises unless this person may say that their signature stands in the thread as it is now.

    Only those who signed this review, in the role in which they did (law 3).
    """
    check_may(user, Permission.SIGN)
    check_not_author(user, review)
    policy.check_confirmable(review)
    given = next((s for s in review.signatures if s.user_id == user.pk), None)
    if given is None:
        raise NotAllowed("Only those who signed this reply confirm it. You can send it back.")
    if given.role not in user.roles:
        raise NotAllowed("You do not hold the role any more in which you signed. Send it back.")


def check_may_stand_in(user: User, absent: User, review: Review) -> None:
    """Raises unless this person may sign this review where it waits for somebody who is away.

    That they stand in gives no right: it takes a role of both, and all that a signature takes.
    """
    check_not_author(absent, review)
    shared = {seat for seat in signing_seats(absent, review) if seat.role in user.roles}
    if not shared:
        raise NotAllowed(f"This does not wait for {absent.printed_name} in a role of yours.")
    if not shared & set(signing_seats(user, review)):
        raise NotAllowed(f"You may not sign this in the place of {absent.printed_name}.")


def check_may_claim(user: User, review: Review) -> None:
    """Raises unless there is a seat in which this person could sign this review now."""
    check_may(user, Permission.CLAIM)
    check_may_sign_now(user, review)


def check_may_assign(user: User, review: Review) -> None:
    """Raises unless this person may say who is to look at this review: its authors never."""
    check_may(user, Permission.CLAIM)
    check_not_author(user, review)
    policy.check_signable(review)


def check_may_decide(user: User, review: Review, action: Action) -> None:
    """Raises unless this person may send this review back, or refuse it, now.

    A medical reviewer may where a medical review is asked for.
    """
    check_may(user, Permission.DECIDE)
    check_not_author(user, review)
    asked = Seat.MEDICAL in {wanted.seat for wanted in routes.seats_of(review)}
    if not (asked or user.roles & set(SIGNING_ROLES)):
        raise NotAllowed("This reply asks for no medical review; you may comment on it.")
    policy.check_decidable(review, action)


def check_may_withdraw(user: User, review: Review) -> None:
    """Raises unless this person may withdraw this review or the reply that it cleared.

    A clinician withdraws what they wrote; reviewers and safety officers withdraw anything.
    """
    check_may(user, Permission.WITHDRAW)
    if user.roles.isdisjoint({*SIGNING_ROLES, Role.SAFETY}):
        check_is_author(user, review)
    policy.check_withdrawable(review)


def check_may_relook(user: User, review: Review) -> None:
    """Raises unless this person may decide whether a live reply is still right."""
    check_may(user, Permission.RELOOK)
    check_not_author(user, review)


def check_is_author(user: User, review: Review) -> None:
    """Raises NotAllowed unless the person wrote a version of the reviewed draft."""
    if not review.authors.filter(user=user).exists():
        raise NotAllowed("Only its authors and reviewers may withdraw this reply.")


def check_may_remark(user: User, review: Review) -> None:
    """Raises unless this person may comment on this review; clinicians on their own."""
    check_may_read(user, review)
    check_may(user, Permission.REMARK)


def check_may_read(user: User, review: Review) -> None:
    """Raises unless this person may read this review; clinicians read what they wrote."""
    check_may(user, Permission.READ_REVIEWS)
    if user.roles <= {Role.CLINICIAN, Role.ADMIN, Role.SAFETY}:
        check_is_author(user, review)


def check_may_approve(user: User, proposal: Proposal) -> None:
    """Raises unless this person may put the proposed words on the list: never who proposed them."""
    check_may(user, Permission.CORRECT)
    if proposal.correction.by_id == user.pk:
        raise NotAllowed("You proposed this, so somebody else must approve it.")
    policy.check_waiting(proposal)


def check_may_approve_change(user: User, change: ProfileChange) -> None:
    """Raises unless this person may make the proposed rule profile hold: never who proposed it."""
    check_may(user, Permission.CHANGE_PROFILES)
    if change.proposed_by_id == user.pk:
        raise NotAllowed("You proposed this, so somebody else must approve it.")
    policy.check_change_waiting(change)


def check_may_approve_golden(user: User, case: GoldenCase) -> None:
    """Raises unless this person may approve a golden case: never who proposed it."""
    check_may(user, Permission.SET_GOLDEN)
    if case.proposed_by_id == user.pk:
        raise NotAllowed("You proposed this, so somebody else must approve it.")


def check_may_sign_signpost(user: User, signpost: Signpost, role: Role) -> None:
    """Raises unless this person may sign this signpost in this role now (law 1)."""
    check_may(user, Permission.SIGN_SIGNPOSTS)
    if role not in SIGNING_ROLES or role not in user.roles:
        raise NotAllowed("You may not sign in a role that you do not hold.")
    if signpost.written_by_id == user.pk:
        raise NotAllowed("You wrote this signpost, so two others must sign it.")
    policy.check_not_retired(signpost)
    given = list(signpost.signatures.all())  # lists of signposts bring them along
    if any(signature.user_id == user.pk for signature in given):
        raise NotAllowed("You signed this already; the other signature is another person's.")
    if any(signature.role == role for signature in given):
        raise NotAllowed(f"The signature of {role.label.lower()} is there already.")


def signpost_signing_role(user: User, signpost: Signpost) -> Role | None:
    """The role in which this person could sign this signpost now, or None."""
    return next(
        (r for r in SIGNING_ROLES if allowed(check_may_sign_signpost, user, signpost, r)), None
    )


def check_may_post_signpost(user: User, signpost: Signpost) -> None:
    """Raises unless this person may post this signpost: its signers never may (law 1)."""
    check_may(user, Permission.POST_SIGNPOSTS)
    policy.check_not_retired(signpost)
    if any(signature.user_id == user.pk for signature in signpost.signatures.all()):
        raise NotAllowed("You signed this signpost, so somebody else must post it.")


def allowed(check: Callable[..., None], *args: Any) -> bool:
    """Whether a check passes: the `can_*` twin of every `check_*`."""
    try:
        check(*args)
    except Refusal:
        return False
    return True


def can_may(user: User, permission: Permission) -> bool:
    """Whether `check_may` passes."""
    return allowed(check_may, user, permission)


def can_sign(user: User, review: Review) -> bool:
    """Whether there is a seat for which `check_may_sign` passes."""
    return bool(signing_seats(user, review))


def can_sign_signpost(user: User, signpost: Signpost) -> bool:
    """Whether there is a role in which `check_may_sign_signpost` passes."""
    return signpost_signing_role(user, signpost) is not None


def can_read(user: User, review: Review) -> bool:
    """Whether `check_may_read` passes."""
    return allowed(check_may_read, user, review)


def can_claim(user: User, review: Review) -> bool:
    """Whether `check_may_claim` passes."""
    return allowed(check_may_claim, user, review)


def can_assign(user: User, review: Review) -> bool:
    """Whether `check_may_assign` passes."""
    return allowed(check_may_assign, user, review)


def can_dispose(user: User, review: Review) -> bool:
    """Whether `check_may_dispose` passes."""
    return allowed(check_may_dispose, user, review)


def can_confirm(user: User, review: Review) -> bool:
    """Whether `check_may_confirm` passes."""
    return allowed(check_may_confirm, user, review)


def can_decide(user: User, review: Review, action: Action) -> bool:
    """Whether `check_may_decide` passes."""
    return allowed(check_may_decide, user, review, action)


def can_withdraw(user: User, review: Review) -> bool:
    """Whether `check_may_withdraw` passes."""
    return allowed(check_may_withdraw, user, review)


def can_remark(user: User, review: Review) -> bool:
    """Whether `check_may_remark` passes."""
    return allowed(check_may_remark, user, review)


def can_approve(user: User, proposal: Proposal) -> bool:
    """Whether `check_may_approve` passes."""
    return allowed(check_may_approve, user, proposal)


def can_approve_golden(user: User, case: GoldenCase) -> bool:
    """Whether `check_may_approve_golden` passes."""
    return allowed(check_may_approve_golden, user, case)


def can_approve_change(user: User, change: ProfileChange) -> bool:
    """Whether `check_may_approve_change` passes."""
    return allowed(check_may_approve_change, user, change)
