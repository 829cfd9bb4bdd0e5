"""Safety signals (law 9): a case for each, open until a safety officer disposes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.models import VaultText
from compliance.rules import shipped_rules
from compliance.scanners import case_facts
from compliance.scanners.case_facts import Fact, FactKind
from reviews import clocks, permissions
from reviews.enums import Role, SafetyOutcome
from reviews.exceptions import WrongState
from reviews.models import CaseFacts, HandOff, SafetyCase, User

SAFETY_RULES = ("SAFE-", "AE-")
LONGEST_NAME = 200  # of who a case is handed to, and of what it is called there


def is_safety_rule(rule_id: str) -> bool:
    """Whether a finding of this rule in a post opens a safety case."""
    return rule_id.startswith(SAFETY_RULES)


def open_cases(
    *,
    thread_id: UUID,
    community_name: str,
    text: VaultText,
    rule_ids: Iterable[str],
    aware_at: datetime | None = None,
) -> list[SafetyCase]:
    """Opens a case for each rule, inside the caller's transaction; one that exists stays.

    Args:
        aware_at: when the service received the post; now, if not given.
    """
    aware_at = aware_at or timezone.now()
    opened = []
    facts: tuple[Fact, ...] | None = None
    for rule_id in sorted(set(rule_ids)):
        if SafetyCase.objects.filter(text=text, rule_id=rule_id).exists():
            continue
        if facts is None:
            facts = case_facts.facts_of(vault.unseal(text), shipped_rules())
        serious = case_facts.is_serious(facts)
        case, created = SafetyCase.objects.get_or_create(
            text=text,
            rule_id=rule_id,
            defaults={
                "thread_id": thread_id,
                "community_name": community_name,
                "aware_at": aware_at,
                "due_at": _next_due(rule_id, serious, aware_at),
            },
        )
        if not created:
            continue
        CaseFacts.objects.create(
            case=case, number=1, serious=serious, found=[asdict(fact) for fact in facts]
        )
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


def _next_due(rule_id: str, serious: bool, aware_at: datetime) -> datetime:
    return clocks.clocks_of(rule_id, serious=serious, aware_at=aware_at)[0].due_at


def clocks_of(case: SafetyCase) -> list[clocks.Clock]:
    """The deadlines of a case, the next one first."""
    newest = newest_facts(case)
    return clocks.clocks_of(
        case.rule_id,
        serious=bool(newest and newest.serious),
        aware_at=case.aware_at or case.opened_at,
    )


def newest_facts(case: SafetyCase) -> CaseFacts | None:
    """What holds of a case now; None for a case that is older than the facts."""
    rows = list(case.facts.all())  # lists of cases bring them along
    return rows[-1] if rows else None


def facts_in(row: CaseFacts) -> tuple[Fact, ...]:
    """The facts of a row."""
    return tuple(Fact(f["start"], f["end"], FactKind(f["kind"]), f["code"]) for f in row.found)


@transaction.atomic
def take(*, by: User, case_id: UUID) -> SafetyCase:
    """Makes this person the owner of a case that nobody has."""
    case = _open_case(by, case_id)
    if case.owner_id and case.owner_id != by.pk:
        raise WrongState("Somebody else has this case. They can hand it over or release it.")
    return _own(case, by=by, owner=by)


@transaction.atomic
def hand_over(*, by: User, case_id: UUID, to: UUID | None) -> SafetyCase:
    """Gives a case to a colleague who may take it, or to nobody (`to` is None).

    Raises:
        BadInput: there is nobody with this id who may.
    """
    case = _open_case(by, case_id)
    if case.owner_id not in (None, by.pk):
        raise WrongState("Somebody else has this case. They can hand it over or release it.")
    owner = None
    if to is not None:
        owner = User.objects.filter(pk=to, role_grants__role=Role.SAFETY, is_active=True).first()
        if owner is None:
            raise BadInput("Choose a safety officer; others can't take cases.")
    return _own(case, by=by, owner=owner)


def _own(case: SafetyCase, *, by: User, owner: User | None) -> SafetyCase:
    case.owner = owner
    case.save(update_fields=["owner"])
    ledger.record(
        EventKind.SAFETY_OWNED,
        by=by.actor,
        subject=case,
        case_id=case.thread_id,
        owner=owner.actor if owner else "nobody",
    )
    return case


@transaction.atomic
def correct(
    *, by: User, case_id: UUID, seen: int, serious: bool, struck: Iterable[int], reason: str
) -> CaseFacts:
    """Corrects what the machine found; what it found stays in the record.

    Args:
        seen: number of the facts that this person looked at.
        serious: whether the event is serious after all.
        struck: places in the list of facts that are not so.
        reason: why, for the record.
    Raises:
        BadInput: no reason, or nothing changed.
        WrongState: somebody corrected them meanwhile.
    """
    case = _open_case(by, case_id)
    if not reason.strip():
        raise BadInput("Please write why: the reason is part of the record.")
    newest = newest_facts(case)
    if seen != (newest.number if newest else 0):
        raise WrongState("Somebody corrected the facts meanwhile. Reload the page and look again.")
    found, out = (newest.found if newest else []), set(struck)
    kept = [fact for number, fact in enumerate(found) if number not in out]
    if newest and newest.serious == serious and len(kept) == len(found):
        raise BadInput("Nothing was changed.")
    row = CaseFacts.objects.create(
        case=case,
        number=newest.number + 1 if newest else 1,
        by=by,
        serious=serious,
        found=kept,
        reason=vault.seal(case.key, reason.strip()),
    )
    case.due_at = _next_due(case.rule_id, serious, case.aware_at or case.opened_at)
    case.save(update_fields=["due_at"])
    ledger.record(
        EventKind.SAFETY_CORRECTED,
        by=by.actor,
        subject=case,
        case_id=case.thread_id,
        number=row.number,
        serious=serious,
    )
    return row


@transaction.atomic
def hand_off(*, by: User, case_id: UUID, recipient: str, reference: str) -> HandOff:
    """Records that a case went to a safety team or system outside.

    Args:
        recipient: who or what has it now.
        reference: what it is called there; "" if not known yet.
    Raises:
        BadInput: no recipient, or something is too long.
    """
    case = _open_case(by, case_id)
    recipient, reference = recipient.strip(), reference.strip()
    if not recipient:
        raise BadInput("Say who has it now: a team, a person or a system.")
    if max(len(recipient), len(reference)) > LONGEST_NAME:
        raise BadInput(f"At most {LONGEST_NAME} characters, please.")
    row = HandOff.objects.create(
        case=case,
        by=by,
        recipient=vault.seal(case.key, recipient),
        reference=vault.seal(case.key, reference) if reference else None,
    )
    ledger.record(EventKind.SAFETY_HANDED_OFF, by=by.actor, subject=case, case_id=case.thread_id)
    return row


def _open_case(by: User, case_id: UUID) -> SafetyCase:
    permissions.check_may(by, permissions.Permission.DISPOSE_SAFETY)
    case = (
        SafetyCase.objects.select_for_update(of=("self",))
        .select_related("text__key")
        .get(pk=case_id)
    )
    if case.disposed_at:
        raise WrongState("This signal was disposed of already.")
    return case


@transaction.atomic
def dispose(*, by: User, case_id: UUID, outcome: SafetyOutcome, reason: str) -> SafetyCase:
    """Records what became of a signal; when a thread has none open, it accepts replies again.

    Raises:
        NotAllowed, WrongState, BadInput: the message says why.
    """
    if not reason.strip():
        raise BadInput("Please write what you found: the reason is part of the record.")
    case = _open_case(by, case_id)
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
