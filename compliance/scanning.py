"""Scanning: what is in these texts? Stored under the digest of text and context, never with text.

`preview` answers while somebody types and stores nothing; `scan_texts` stores, and holds whatever
a scanner could not read (law 8).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger, listed, profiles, scanners, vault
from compliance.enums import Direction, ScanState, Severity
from compliance.exceptions import NotScanned, ScannerFailed
from compliance.findings import Hit, ScanContext
from compliance.ledger.kinds import EventKind
from compliance.models import DataKey, Finding, Scan, VaultText
from compliance.rules import Rule, RuleSet
from compliance.rules.profile import APPROVED, places_of
from compliance.scanners import languages

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=15)
NEXT_LANGUAGE = timedelta(days=1)
LANGUAGE = "language"  # what holds a text that is in none of the languages read here
ADDED_LATER = ("allowed", "denied", "material_ties")


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What one call of `scan_texts` did."""

    scanned: int
    held: int


def preview(
    texts: Sequence[str], contexts: Sequence[ScanContext], *, community_id: UUID | None = None
) -> list[list[Hit]]:
    """Hits of all scanners, sorted by place, one list a text. Stores nothing.

    Args:
        community_id: whose rule profile holds; None for the rules of the release.
    Raises:
        ScannerFailed: one of the scanners raised, or the text is in a language that none reads.
    """
    for text in texts:
        languages.check_covered(text)
    return found_under(profiles.rules_for(community_id), texts, listed.in_contexts(contexts))


def found_under(
    rules: RuleSet, texts: Sequence[str], contexts: Sequence[ScanContext]
) -> list[list[Hit]]:
    """Hits of all scanners under these rules, sorted by place, one list a text.

    Raises:
        ScannerFailed: one of the scanners raised.
    """
    found: list[list[Hit]] = [[] for _ in texts]
    for scanner in scanners.SCANNERS:
        try:
            answers = scanner.scan(texts, contexts, rules)
        except Exception as error:
            raise ScannerFailed(scanner.name) from error
        for hits, answer in zip(found, answers, strict=True):
            hits.extend(answer)
    return [
        sorted(
            _with_approved(hits, text, rules) if context.direction == Direction.OUTBOUND else hits
        )
        for hits, text, context in zip(found, texts, contexts, strict=True)
    ]


def _with_approved(hits: list[Hit], text: str, rules: RuleSet) -> list[Hit]:
    """A claim that was approved with its evidence is a note; what blocks still blocks."""
    for claim in rules.claims:
        for start, end in places_of(text, claim):
            hits = [h for h in hits if not _is_approved(h, start, end, rules)]
            hits.append(Hit(start, end, claim.id, 1.0, APPROVED))
    return hits


def _is_approved(hit: Hit, start: int, end: int, rules: RuleSet) -> bool:
    return (
        hit.rule_id.startswith("CLM-")
        and start <= hit.start < hit.end <= end
        and rules.rule(hit.rule_id).severity != Severity.BLOCK
    )


def scan_texts(
    texts: Sequence[VaultText],
    contexts: Sequence[ScanContext],
    *,
    community_id: UUID | None = None,
    case_id: str = "",
) -> ScanReport:
    """Scans sealed texts and stores what was found; a text that a scanner can't read is held.

    Safe to run twice and at the same time: a result has one row, whoever comes first.

    Args:
        texts: rows with their keys; already scanned ones in the same context cost one look-up.
        contexts: one a text; what is on the list is added here.
        community_id: whose rule profile holds; None for the rules of the release.
        case_id: whose history the scan belongs to, for the ledger.
    """
    plain = [
        (text, context, vault.unseal(text))
        for text, context in zip(texts, listed.in_contexts(contexts), strict=True)
    ]
    try:
        rules = profiles.rules_for(community_id)
    except ScannerFailed as failure:
        return ScanReport(0, sum(_hold(text, failure.scanner, case_id) for text in texts))
    readable, held = [], 0
    for text, context, words in plain:
        try:
            languages.check_covered(words)
            readable.append((text, context, words))
        except ScannerFailed as failure:
            held += _hold(text, failure.scanner, case_id)
    try:
        _scan(readable, rules, case_id)
    except ScannerFailed:
        # One text may have broken the batch: find out which, so that the others go on.
        for one in readable:
            try:
                _scan([one], rules, case_id)
            except ScannerFailed as failure:
                held += _hold(one[0], failure.scanner, case_id)
    return ScanReport(scanned=len(texts) - held, held=held)


def _scan(
    texts: Sequence[tuple[VaultText, ScanContext, str]], rules: RuleSet, case_id: str
) -> None:
    rows, contexts = [text for text, _, _ in texts], [context for _, context, _ in texts]
    found = found_under(rules, [words for _, _, words in texts], contexts)
    _store(rows, contexts, found, rules, case_id)


def context_digest(key: DataKey, context: ScanContext) -> str:
    """Keyed digest of a context, under the data key of the scanned text."""
    plain = {
        f.name: sorted(value) if isinstance(value, frozenset) else value
        for f in fields(context)
        # An empty one is as if there were none: what was scanned before it existed stays so.
        if (value := getattr(context, f.name)) or f.name not in ADDED_LATER
    }
    return vault.digest(key, json.dumps(plain, sort_keys=True, default=str))


def findings_of(text: VaultText) -> list[Finding]:
    """The findings of a scanned text, worst first.

    Raises:
        NotScanned: there is no complete scan, so nothing may be shown or done (law 8).
    """
    if text.scan_state != ScanState.SCANNED or text.scan is None:
        raise NotScanned("This text has not been scanned yet, so it stays closed.")
    return worst_first(text.scan.findings.all())


def rule_of(finding: Finding) -> Rule:
    """The rule of a finding, as it stood when the text was scanned."""
    return profiles.rules_of_version(finding.scan.rule_set_id).rule(finding.rule_id)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings sorted by severity, then by place."""
    return sorted(findings, key=lambda f: (Severity(f.severity).rank, f.start, f.end, f.rule_id))


@transaction.atomic
def _store(
    texts: Sequence[VaultText],
    contexts: Sequence[ScanContext],
    found: Sequence[Sequence[Hit]],
    rules: RuleSet,
    case_id: str,
) -> None:
    stored_rules = profiles.stored(rules)
    engine = hashlib.sha256(scanners.engine_version().encode()).hexdigest()[:16]
    wanted = {
        (text.digest, context_digest(text.key, context)): hits
        for text, context, hits in zip(texts, contexts, found, strict=True)
    }
    known = {
        (scan.text_digest, scan.context_digest): scan
        for scan in Scan.objects.filter(
            text_digest__in={text for text, _ in wanted}, rule_set=stored_rules, engine=engine
        )
    }
    missing = {pair: hits for pair, hits in wanted.items() if pair not in known}
    if missing:
        Scan.objects.bulk_create(
            [
                Scan(text_digest=t, context_digest=c, rule_set=stored_rules, engine=engine)
                for t, c in missing
            ],
            ignore_conflicts=True,  # somebody else may have scanned it in this moment
        )
        fresh = Scan.objects.filter(
            text_digest__in={t for t, _ in missing}, rule_set=stored_rules, engine=engine
        ).select_for_update()
        known |= {(scan.text_digest, scan.context_digest): scan for scan in fresh}
        with_findings = set(
            Finding.objects.filter(scan__in=[known[pair] for pair in missing]).values_list(
                "scan_id", flat=True
            )
        )
        Finding.objects.bulk_create(
            [
                Finding(
                    scan=known[pair],
                    rule_id=hit.rule_id,
                    severity=rules.rule(hit.rule_id).severity,
                    start=hit.start,
                    end=hit.end,
                    confidence=hit.confidence,
                    scanner=hit.scanner,
                    entity=hit.entity,
                    basis=hit.basis,
                )
                for pair, hits in missing.items()
                if known[pair].pk not in with_findings
                for hit in hits
            ],
            batch_size=500,
        )
    events, changed = [], []
    for text, context in zip(texts, contexts, strict=True):
        pair = (text.digest, context_digest(text.key, context))
        if text.scan_state == ScanState.SCANNED and text.scan_id == known[pair].pk:
            continue
        changed.append(text)
        text.scan, text.scan_state, text.scan_due_at = known[pair], ScanState.SCANNED, None
        text.held_by = ""
        events.append(
            ledger.build(
                EventKind.TEXT_SCANNED,
                by="system",
                subject=text,
                case_id=case_id,
                scan=known[pair].pk,
                rule_set=stored_rules.version,
                engine=engine,
                rules=sorted({hit.rule_id for hit in wanted[pair]}),
            )
        )
    VaultText.objects.bulk_update(
        changed, ["scan", "scan_state", "scan_due_at", "held_by"], batch_size=200
    )
    ledger.record_many(events)


@transaction.atomic
def _hold(text: VaultText, scanner: str, case_id: str) -> int:
    """Holds a text until its next scan; returns 1, the number of texts held."""
    known = text.scan_state == ScanState.HELD and text.held_by == scanner
    text.scan_attempts += 1
    text.scan_state, text.held_by = ScanState.HELD, scanner
    delay = min(FIRST_RETRY * 2 ** min(text.scan_attempts - 1, 20), LONGEST_RETRY)
    if scanner == LANGUAGE:
        delay = NEXT_LANGUAGE  # it takes a person who adds one
    text.scan_due_at = timezone.now() + delay
    text.save(update_fields=["scan_state", "held_by", "scan_attempts", "scan_due_at"])
    if not known or scanner != LANGUAGE:
        ledger.record(
            EventKind.TEXT_HELD,
            by="system",
            subject=text,
            case_id=case_id,
            scanner=scanner,
            attempts=text.scan_attempts,
        )
    return 1
