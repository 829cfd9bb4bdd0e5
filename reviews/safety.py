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
from compliance.scanners.case_facts import Fact
from reviews import clocks, deadlines, duplicates, permissions, strikes
from reviews.clocks import Deed
from reviews.enums import Role, SafetyOutcome
from reviews.exceptions import WrongState
from reviews.models import CaseFacts, HandOff, HelpGiven, SafetyCase, User

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
                "due_at": clocks.clocks_of(rule_id, serious=serious, aware_at=aware_at)[0].due_at,
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
        struck: places, in `strikes.known_facts`, of all facts that are not so. One that was
            struck earlier and is not among them holds again.
        reason: why, for the record.
    Raises:
        BadInput: no reason, or nothing changed.
        WrongState: somebody corrected them meanwhile.
    """
    case = _open_case(by, case_id)
    if not reason.strip():
        raise BadInput("Please write why: the reason is part of the record.")
    rows = strikes.rows_of(case)
    newest = rows[-1] if rows else None
    if seen != (newest.number if newest else 0):
        raise WrongState("Somebody corrected the facts meanwhile. Reload the page and look again.")
    known, out = strikes.known_facts(rows), set(struck)
    holds = [one.fact for place, one in enumerate(known) if place not in out]
    same = holds == [one.fact for one in known if one.struck is None]
    if newest and newest.serious == serious and same:
        raise BadInput("Nothing was changed.")
    row = CaseFacts.objects.create(
        case=case,
        number=newest.number + 1 if newest else 1,
        by=by,
        serious=serious,
        found=[asdict(fact) for fact in holds],
        reason=vault.seal(case.key, reason.strip()),
    )
    _recount(case)
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
    _recount(case)
    ledger.record(EventKind.SAFETY_HANDED_OFF, by=by.actor, subject=case, case_id=case.thread_id)
    return row


@transaction.atomic
def record_help(*, by: User, case_id: UUID, how: str) -> HelpGiven:
    """Records that a person was told where help is; the case stays open.

    Args:
        how: what was said, and where.
    Raises:
        BadInput: nothing is said, or this signal is not of somebody in danger.
    """
    case = _open_case(by, case_id)
    if not how.strip():
        raise BadInput("Say how help was offered: the answer is part of the record.")
    if not clocks.needs(case.rule_id, Deed.HELP):
        raise BadInput("This signal has no deadline for help. Dispose of it when it is settled.")
    row = HelpGiven.objects.create(case=case, by=by, how=vault.seal(case.key, how.strip()))
    _recount(case)
    ledger.record(EventKind.SAFETY_HELPED, by=by.actor, subject=case, case_id=case.thread_id)
    return row


@transaction.atomic
def record_signpost(*, thread_id: UUID, publication_id: UUID) -> list[HelpGiven]:
    """Records, once, that a signpost was posted into a thread, for its open cases that ask for it.

    Args:
        publication_id: of the signpost that is live.
    """
    cases = SafetyCase.objects.select_for_update().filter(thread_id=thread_id, disposed_at=None)
    rows = []
    for case in cases.exclude(help_given__publication_id=publication_id).order_by("pk"):
        if not clocks.needs(case.rule_id, Deed.HELP):
            continue
        rows.append(HelpGiven.objects.create(case=case, publication_id=publication_id))
        _recount(case)
        ledger.record(
            EventKind.SAFETY_HELPED,
            by="system",
            subject=case,
            case_id=thread_id,
            publication=publication_id,
        )
    return rows


def _recount(case: SafetyCase) -> None:
    case.due_at = deadlines.next_due(case)
    case.save(update_fields=["due_at"])


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
def dispose(
    *,
    by: User,
    case_id: UUID,
    outcome: SafetyOutcome,
    reason: str,
    duplicate_of: UUID | None = None,
) -> SafetyCase:
    """Records what became of a signal; when a thread has none open, it accepts replies again.

    Args:
        duplicate_of: the case under which it is known already, for that outcome alone.
    Raises:
        NotAllowed, WrongState, BadInput: the message says why.
    """
    if not reason.strip():
        raise BadInput("Please write what you found: the reason is part of the record.")
    known_under = None
    if outcome == SafetyOutcome.DUPLICATE:
        duplicates.lock(case_id, duplicate_of)
    case = _open_case(by, case_id)
    if outcome == SafetyOutcome.DUPLICATE:
        known_under = duplicates.check(case, duplicate_of)
    case.disposed_at, case.disposed_by, case.outcome = timezone.now(), by, outcome
    case.reason, case.duplicate_of = vault.seal(case.key, reason.strip()), known_under
    case.save(update_fields=["disposed_at", "disposed_by", "outcome", "reason", "duplicate_of"])
    ledger.record(
        EventKind.SAFETY_DISPOSED,
        by=by.actor,
        subject=case,
        case_id=case.thread_id,
        outcome=str(outcome),
        **({"duplicate_of": known_under.pk} if known_under else {}),
    )
    return case
