"""Which rules hold in a community now: those of the release, under the profile that two people
agreed on there. Who may change one is asked in reviews/profile_changes.py.
"""

from __future__ import annotations

import datetime
import functools
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger
from compliance.exceptions import ScannerFailed
from compliance.ledger.kinds import EventKind
from compliance.models import RuleProfileVersion, RuleSetVersion
from compliance.rules import RuleProfile, RuleSet, shipped_rules


def active(community_id: UUID) -> RuleProfileVersion | None:
    """The version that holds in a community now; None where nothing differs from the release."""
    begun = RuleProfileVersion.objects.filter(
        community_id=community_id, active_from__lte=timezone.now()
    )
    # By number: a later agreement counts, even if it was to begin before an earlier one.
    return begun.order_by("number").last()


def newest(community_id: UUID) -> RuleProfileVersion | None:
    """The version that was agreed on last, whether or not its time has come."""
    return RuleProfileVersion.objects.filter(community_id=community_id).order_by("number").last()


def profile_in(version: RuleProfileVersion | None) -> RuleProfile:
    """What a version says; an empty profile for None.

    Raises:
        ScannerFailed: it is not what was approved, so nothing can be scanned under it (law 8).
    """
    if version is None:
        return RuleProfile()
    profile = RuleProfile.from_content(version.content)
    if profile.digest != version.digest:
        raise ScannerFailed("rule_profile")
    return profile


def active_profile(community_id: UUID) -> RuleProfile:
    """The profile that holds in a community now; raises as `profile_in` does."""
    return profile_in(active(community_id))


def rules_for(community_id: UUID | None) -> RuleSet:
    """The rules that hold now, in a community or (None) in none; raises as `profile_in` does."""
    version = active(community_id) if community_id else None
    if version is None:
        return shipped_rules()
    today = datetime.datetime.now(datetime.UTC).date()
    return _under(version.pk, shipped_rules(today), today)


@functools.lru_cache(maxsize=64)
def _under(version_id: UUID, shipped: RuleSet, day: datetime.date) -> RuleSet:
    # A version never changes, so its id stands for its content.
    version = RuleProfileVersion.objects.get(pk=version_id)
    return shipped.under(profile_in(version), day)


def stored(rules: RuleSet) -> RuleSetVersion:
    """The immutable row of a rule set, made where there is none."""
    row = RuleSetVersion.objects.filter(version=rules.version).first()
    if row is None:
        with transaction.atomic():
            row, created = RuleSetVersion.objects.get_or_create(
                version=rules.version, defaults={"content": rules.content()}
            )
            if created:
                ledger.record(
                    EventKind.RULE_SET_ADDED, by="system", subject=row, version=rules.version
                )
    return row


@functools.lru_cache(maxsize=64)
def rules_of_version(rule_set_id: UUID) -> RuleSet:
    """The rule set that a scan was made under, as it was then."""
    row = RuleSetVersion.objects.get(pk=rule_set_id)
    shipped = shipped_rules()
    return shipped if row.version == shipped.version else RuleSet.from_content(row.content)


@transaction.atomic
def put(
    *,
    by: str,
    change_id: UUID,
    community_id: UUID,
    number: int,
    profile: RuleProfile,
    active_from: datetime.datetime,
) -> RuleProfileVersion:
    """Makes a profile hold in a community from some moment on.

    Args:
        change_id: of the approved change; the database refuses a version without one.
        number: of the change, counted in its community.
    """
    version = RuleProfileVersion.objects.create(
        id=change_id,
        community_id=community_id,
        number=number,
        content=profile.content(),
        digest=profile.digest,
        active_from=active_from,
    )
    ledger.record(
        EventKind.PROFILE_ACTIVATED,
        by=by,
        subject=version,
        community=community_id,
        number=number,
        digest=profile.digest,
        active_from=active_from.isoformat(),
    )
    return version
