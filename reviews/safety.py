"""Safety signals (law 9): a case for each, open until a safety officer disposes of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.models import VaultText
from reviews import permissions
from reviews.enums import SafetyOutcome
from reviews.exceptions import WrongState
from reviews.models import SafetyCase, User

SAFETY_RULES = ("SAFE-", "AE-")
# Internal forwarding within 24 hours is industry practice; a crisis is a matter of minutes.
DUE = {"SAFE-CRISIS": timedelta(minutes=15), "SAFE-URGENT": timedelta(minutes=15)}
DUE_OTHERWISE = timedelta(hours=24)


def is_safety_rule(rule_id: str) -> bool:
    """Whether a finding of this rule in a post opens a safety case."""
    return rule_id.startswith(SAFETY_RULES)


def open_cases(
    *, thread_id: UUID, community_name: str, text: VaultText, rule_ids: Iterable[str]
) -> list[SafetyCase]:
    """Opens a case for each rule, inside the caller's transaction; one that exists stays."""
    opened = []
    for rule_id in sorted(set(rule_ids)):
        case, created = SafetyCase.objects.get_or_create(
            text=text,
            rule_id=rule_id,
            defaults={
                "thread_id": thread_id,
                "community_name": community_name,
                "due_at": timezone.now() + DUE.get(rule_id, DUE_OTHERWISE),
            },
        )
        if created:
            ledger.record(
                EventKind.SAFETY_OPENED,
                by="system",
                subject=case,
                case_id=thread_id,
                rule=rule_id,
                text=text.pk,
            )
            opened.append(case)
    return opened


@transaction.atomic
def dispose(*, by: User, case_id: UUID, outcome: SafetyOutcome, reason: str) -> SafetyCase:
    """Records what became of a signal; when a thread has none open, it accepts replies again.

    Raises:
        NotAllowed, WrongState, BadInput: the message says why.
    """
    permissions.check_may(by, permissions.Permission.DISPOSE_SAFETY)
    if not reason.strip():
        raise BadInput("Please write what you found: the reason is part of the record.")
    case = (
        SafetyCase.objects.select_for_update(of=("self",))
        .select_related("text__key")
        .get(pk=case_id)
    )
    if case.disposed_at:
        raise WrongState("This signal was disposed of already.")
    case.disposed_at, case.disposed_by, case.outcome = timezone.now(), by, outcome
    case.reason = vault.seal(case.key, reason.strip())
    case.save(update_fields=["disposed_at", "disposed_by", "outcome", "reason"])
    ledger.record(
        EventKind.SAFETY_DISPOSED,
        by=by.actor,
        subject=case,
        case_id=case.thread_id,
        outcome=str(outcome),
    )
    return case
