"""Who may act: the one permission table, and the questions about a person and a review.

Each `check_*` raises with a sentence; its `can_*` twin wraps it as a bool, so that a button and
its endpoint cannot disagree. What must be true of the review itself is in reviews/policy.py.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from compliance.exceptions import NotAllowed, Refusal
from reviews import policy
from reviews.enums import SIGNING_ROLES, Role
from reviews.models import ProfileChange, Proposal, Review, SignOff, Signpost, User


class Permission(enum.Enum):
    """Everything that somebody can be allowed to do. The value completes "You may not ..."."""

    READ_THREADS = "read threads"
    DRAFT = "write replies"
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
    SETTLE = "settle an unclear posting"
    READ_SAFETY = "see safety signals"
    DISPOSE_SAFETY = "dispose of safety signals"
    READ_PROFILES = "see the rules of communities"
    CHANGE_PROFILES = "change the rules of communities"
    READ_SIGNPOSTS = "see all signposts"
    WRITE_SIGNPOSTS = "write or retire signposts"
    POST_SIGNPOSTS = "post signposts"
    READ_HISTORY = "read the history"
    PUSH_POSTS = "push posts"
    MANAGE = "manage people and communities"


_C, _O, _L, _S, _A, _M = (
    Role.CLINICIAN,
    Role.COMPLIANCE,
    Role.LEGAL,
    Role.SAFETY,
    Role.AUDITOR,
    Role.ADMIN,
)

PERMISSIONS: dict[Permission, frozenset[Role]] = {
    Permission.READ_THREADS: frozenset({_C, _O, _L, _S, _A}),
    Permission.DRAFT: frozenset({_C}),
    Permission.READ_QUEUE: frozenset({_O, _L, _A}),
    Permission.READ_REVIEWS: frozenset({_C, _O, _L, _A}),
    Permission.CLAIM: frozenset({_O, _L}),
    Permission.REMARK: frozenset({_C, _O, _L}),
    Permission.DISPOSE: frozenset({_O, _L}),
    Permission.SIGN: frozenset({_O, _L}),
    Permission.DECIDE: frozenset({_O, _L}),
    Permission.WITHDRAW: frozenset({_C, _O, _L, _S}),
    Permission.REVEAL: frozenset({_O, _L, _S}),
    Permission.CORRECT: frozenset({_O, _L, _S}),
    Permission.READ_PUBLICATIONS: frozenset({_C, _O, _L, _S, _A, _M}),
    Permission.SETTLE: frozenset({_O, _L}),
    Permission.READ_SAFETY: frozenset({_S, _O, _A}),
    Permission.DISPOSE_SAFETY: frozenset({_S}),
    Permission.READ_PROFILES: frozenset({_C, _O, _L, _A}),
    Permission.CHANGE_PROFILES: frozenset({_O}),
    Permission.READ_SIGNPOSTS: frozenset({_O, _L, _S, _A}),
    Permission.WRITE_SIGNPOSTS: frozenset({_O, _L, _S}),
    Permission.POST_SIGNPOSTS: frozenset({_C, _O, _S}),
    Permission.READ_HISTORY: frozenset({_O, _L, _A, _M}),
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
    if review.authors.filter(user=user).exists():
        raise NotAllowed("You wrote a version of this reply, so you may not decide on it.")


def check_may_dispose(user: User, review: Review) -> None:
    """Raises unless this person may say something of this review's findings now."""
    check_may(user, Permission.DISPOSE)
    check_not_author(user, review)
    policy.check_open_for_dispositions(review)


def check_may_sign(user: User, review: Review, role: Role) -> None:
    """Raises unless this person may sign this review in this role now (law 1)."""
    check_may(user, Permission.SIGN)
    if role not in SIGNING_ROLES or role not in user.roles:
        raise NotAllowed("You may not sign in a role that you do not hold.")
    check_not_author(user, review)
    policy.check_signable(review)
    if SignOff.objects.filter(review=review, user=user).exists():
        raise NotAllowed("You signed this review already; the other signature is another person's.")
    if SignOff.objects.filter(review=review, role=role).exists():
        raise NotAllowed(f"The signature of {role.label.lower()} is there already.")


def signing_role(user: User, review: Review) -> Role | None:
    """The role in which this person could sign this review now, or None."""
    return next((r for r in SIGNING_ROLES if allowed(check_may_sign, user, review, r)), None)


def check_may_claim(user: User, review: Review) -> None:
    """Raises unless there is a role in which this person could sign this review now."""
    check_may(user, Permission.CLAIM)
    if signing_role(user, review) is None:
        held = next((role for role in SIGNING_ROLES if role in user.roles), Role.LEGAL)
        check_may_sign(user, review, held)  # says why not


def check_may_assign(user: User, review: Review) -> None:
    """Raises unless this person may say who is to look at this review: its authors never."""
    check_may(user, Permission.CLAIM)
    check_not_author(user, review)
    policy.check_signable(review)


def check_may_decide(user: User, review: Review) -> None:
    """Raises unless this person may send this review back or refuse it now."""
    check_may(user, Permission.DECIDE)
    check_not_author(user, review)
    policy.check_decidable(review)


def check_may_withdraw(user: User, review: Review) -> None:
    """Raises unless this person may withdraw this review or the reply that it cleared.

    A clinician withdraws what they wrote; reviewers and safety officers withdraw anything.
    """
    check_may(user, Permission.WITHDRAW)
    if user.roles <= {Role.CLINICIAN, Role.ADMIN, Role.AUDITOR}:
        check_is_author(user, review)
    policy.check_withdrawable(review)


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


def check_may_sign_signpost(user: User, signpost: Signpost, role: Role) -> None:
    """Raises unless this person may sign this signpost in this role now (law 1)."""
    check_may(user, Permission.SIGN)
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
    """Whether there is a role in which `check_may_sign` passes."""
    return signing_role(user, review) is not None


def can_claim(user: User, review: Review) -> bool:
    """Whether `check_may_claim` passes."""
    return allowed(check_may_claim, user, review)


def can_assign(user: User, review: Review) -> bool:
    """Whether `check_may_assign` passes."""
    return allowed(check_may_assign, user, review)


def can_dispose(user: User, review: Review) -> bool:
    """Whether `check_may_dispose` passes."""
    return allowed(check_may_dispose, user, review)


def can_decide(user: User, review: Review) -> bool:
    """Whether `check_may_decide` passes."""
    return allowed(check_may_decide, user, review)


def can_withdraw(user: User, review: Review) -> bool:
    """Whether `check_may_withdraw` passes."""
    return allowed(check_may_withdraw, user, review)


def can_remark(user: User, review: Review) -> bool:
    """Whether `check_may_remark` passes."""
    return allowed(check_may_remark, user, review)


def can_approve(user: User, proposal: Proposal) -> bool:
    """Whether `check_may_approve` passes."""
    return allowed(check_may_approve, user, proposal)


def can_approve_change(user: User, change: ProfileChange) -> bool:
    """Whether `check_may_approve_change` passes."""
    return allowed(check_may_approve_change, user, change)
