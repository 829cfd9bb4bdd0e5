"""Changing the rules of a community: one compliance officer proposes a profile, it is tried on the
history (engage/replaying.py), and a second one approves. Nobody switches a rule off alone.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from compliance import ledger, profiles, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.models import RuleProfileVersion
from compliance.rules import RuleProfile, shipped_rules
from compliance.rules import profile as rule_profile
from reviews import evidence, permissions, recalls, routes
from reviews.enums import ChangeState
from reviews.exceptions import GateClosed, WrongState
from reviews.models import ProfileChange, Replay, User
from reviews.permissions import Permission
from reviews.policy import check_change_waiting
from reviews.reasons import checked_reason

WAITS = "Another change of this profile waits for a decision. Decide on that one first."


@transaction.atomic
def propose(
    *,
    by: User,
    community_id: UUID,
    community_name: str,
    profile: RuleProfile,
    based_on: int,
    active_from: datetime | None,
    why: str,
) -> ProfileChange:
    """Puts another profile before a second person, and has it tried on the history.

    Args:
        based_on: number of the version that it was written from; 0 for none.
        active_from: when it shall begin to hold; None for at once when it is approved.
        why: for whoever decides, and for the record.
    Raises:
        NotAllowed: not this person.
        BadInput: the profile can't stand, or is what was agreed already; the message says why.
        GateClosed: nobody here could give a signature that its route asks for, or it lists a claim
            that was recalled.
        WrongState: another change waits, or was agreed on meanwhile.
    """
    permissions.check_may(by, Permission.CHANGE_PROFILES)
    why = checked_reason(why)
    rule_profile.check(profile, shipped_rules())
    routes.check_people(profile.route)
    evidence.check_claims(community_id, profile)
    newest = profiles.newest(community_id)
    if based_on != (newest.number if newest else 0):
        raise WrongState(
            "The rules of this community changed while you wrote. What you typed is still here; "
            "look at them in another window, then load this form again."
        )
    if profile == profiles.profile_in(newest):
        raise BadInput("This is what was agreed already: nothing was changed.")
    if active_from and active_from < timezone.now():
        active_from = None
    changes = ProfileChange.objects.filter(community_id=community_id)
    if changes.filter(state=ChangeState.WAITING).exists():
        raise WrongState(WAITS)
    last = changes.order_by("-number").first()
    key = vault.new_key()
    try:
        with transaction.atomic():
            change = ProfileChange.objects.create(
                community_id=community_id,
                community_name=community_name,
                number=last.number + 1 if last else 1,
                content=profile.content(),
                digest=profile.digest,
                active_from=active_from or timezone.now(),
                key=key,
                why=vault.seal(key, why),
                proposed_by=by,
            )
    except IntegrityError as error:
        raise WrongState(WAITS) from error  # somebody was quicker
    Replay.objects.create(change=change, due_at=timezone.now())
    ledger.record(
        EventKind.PROFILE_PROPOSED,
        by=by.actor,
        subject=change,
        community=community_id,
        number=change.number,
        digest=change.digest,
    )
    return change


@transaction.atomic
def approve(*, by: User, change_id: UUID, seen: str) -> RuleProfileVersion:
    """Makes a proposed profile hold, from its date on.

    Args:
        seen: digest of the profile that this person read.
    Raises:
        NotAllowed: not this person; who proposed it never may (the database refuses as well).
        WrongState: somebody decided already.
        GateClosed: it has not been tried on the whole history yet, nobody could give a signature
            that its route asks for, or it lists what was recalled.
    """
    change = _locked(change_id)
    permissions.check_may_approve_change(by, change)
    if seen != change.digest:
        raise WrongState("This is not the profile that you read. Reload the page.")
    if change.replay.finished_at is None:
        raise GateClosed("It is still being tried on the history. Wait until that is done.")
    profile = RuleProfile.from_content(change.content)
    try:
        rule_profile.check(profile, shipped_rules())
    except BadInput as refusal:  # the release changed meanwhile
        raise GateClosed(f"{refusal} Decline this change and propose it anew.") from refusal
    routes.check_people(profile.route)
    evidence.check_claims(change.community_id, profile)
    change.state = ChangeState.APPROVED
    change.decided_by, change.decided_at = by, timezone.now()
    change.save(update_fields=["state", "decided_by", "decided_at"])
    version = profiles.put(
        by=by.actor,
        change_id=change.pk,
        community_id=change.community_id,
        number=change.number,
        profile=profile,
        active_from=max(change.active_from, change.decided_at),
    )
    recalls.recall_lapsed(change.community_id)  # a sweep does it where it holds from later on
    return version


@transaction.atomic
def decline(*, by: User, change_id: UUID, reason: str) -> ProfileChange:
    """Keeps things as they are; who proposed the change may take it back so, too.

    Raises:
        NotAllowed, WrongState, BadInput: the message says why.
    """
    change = _locked(change_id)
    permissions.check_may(by, Permission.CHANGE_PROFILES)
    check_change_waiting(change)
    change.state = ChangeState.DECLINED
    change.decided_by, change.decided_at = by, timezone.now()
    change.reason = vault.seal(change.key, checked_reason(reason))
    change.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    ledger.record(
        EventKind.PROFILE_DECLINED,
        by=by.actor,
        subject=change,
        community=change.community_id,
        number=change.number,
    )
    return change


def _locked(change_id: UUID) -> ProfileChange:
    return (
        ProfileChange.objects.select_for_update(of=("self",))
        .select_related("key", "replay")
        .get(pk=change_id)
    )
