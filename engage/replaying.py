"""Replay: what a proposed rule profile would have found in the history of its community that is
not found now, and what it would no longer find. Nothing is stored but counts and offsets.

The row says how far it came; a sweep goes on with it (law 5).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from compliance import ledger, profiles, scanning, vault
from compliance.enums import Direction, ScanState, Severity
from compliance.exceptions import ScannerFailed
from compliance.findings import INBOUND, Hit, ScanContext
from compliance.ledger.kinds import EventKind
from compliance.models import VaultText
from compliance.rules import RuleProfile, RuleSet, shipped_rules
from engage import drafting
from engage.models import Thread
from reviews.enums import ChangeState
from reviews.models import ProfileChange, Replay

BATCH = 50  # texts a step
LEASE = timedelta(seconds=60)
TURN = 20.0  # seconds of a worker at a time; a sweep hands it out again
SAMPLES = 5  # of each kind, for each rule
MORE, LESS, STRICTER, MILDER = "more", "less", "stricter", "milder"
KINDS = (MORE, LESS, STRICTER, MILDER)
Spans = dict[tuple[str, int, int], str]  # rule, start, end: severity


def claim_due() -> list[UUID]:
    """Replays that are due, each for one caller and one lease."""
    now = timezone.now()
    due = Replay.objects.filter(due_at__lte=now, finished_at=None)
    waiting = due.filter(change__state=ChangeState.WAITING).values_list("pk", flat=True)
    return [
        pk
        for pk in waiting
        if Replay.objects.filter(pk=pk, due_at__lte=now).update(due_at=now + LEASE)
    ]


def run(replay_id: UUID) -> None:
    """Goes on until it is done, or for one turn. May be called twice and at the same time."""
    until = time.monotonic() + TURN
    while step(replay_id):
        if time.monotonic() > until:
            Replay.objects.filter(pk=replay_id, finished_at=None).update(due_at=timezone.now())
            return


def step(replay_id: UUID) -> bool:
    """Looks at the next texts; False when there is nothing more to do."""
    replay = Replay.objects.select_related("change").get(pk=replay_id)
    if replay.finished_at or replay.change.state != ChangeState.WAITING:
        return False
    history = texts_of(replay.change.community_id)
    total = history.count() if replay.total is None else replay.total
    if replay.cursor:
        history = history.filter(pk__gt=replay.cursor)
    texts = list(history.order_by("pk")[:BATCH])
    now, then = changed_rules(replay.change)
    result = dict(replay.result) or {"rules": {}, "unread": 0}
    for text in texts if now.rules or then.rules else ():
        try:
            _add(result, text.pk, _spans(now, text), _spans(then, text))
        except ScannerFailed:
            result["unread"] += 1
    return _keep(replay, texts, result, total)


@transaction.atomic
def _keep(replay: Replay, texts: Sequence[VaultText], result: dict[str, Any], total: int) -> bool:
    over = len(texts) < BATCH
    # Compare and swap: of two workers at the same texts one counts them.
    mine = Replay.objects.filter(pk=replay.pk, cursor=replay.cursor, finished_at=None)
    won = mine.update(
        cursor=texts[-1].pk if texts else replay.cursor,
        done=replay.done + len(texts),
        total=max(total, replay.done + len(texts)),
        result=result,
        due_at=None if over else timezone.now() + LEASE,
        finished_at=timezone.now() if over else None,
    )
    if won and over:
        change = replay.change
        counts = [
            f"{rule}:{kind}:{number}"
            for rule, entry in result["rules"].items()
            for kind, number in entry["counts"].items()
            if number
        ]
        ledger.record(
            EventKind.PROFILE_REPLAYED,
            by="system",
            subject=change,
            community=change.community_id,
            texts=replay.done + len(texts),
            counts=counts,
        )
    return bool(won) and not over


def texts_of(community_id: UUID) -> QuerySet[VaultText]:
    """Every scanned text of a community that can still be read: posts, titles, replies."""
    titles = Thread.objects.filter(community=community_id).values("title")
    return VaultText.objects.select_related("key", "scan").filter(
        Q(post_revision__post__community=community_id)
        | Q(draft_version__draft__thread__community=community_id)
        | Q(pk__in=titles),
        scan_state=ScanState.SCANNED,
        key__destroyed_at=None,
    )


def changed_rules(change: ProfileChange) -> tuple[RuleSet, RuleSet]:
    """The rules that differ: as they stand now, and as they would."""
    day = max(change.active_from, timezone.now()).date()
    now = profiles.rules_for(change.community_id)
    then = shipped_rules(day).under(RuleProfile.from_content(change.content), day)
    differ = {
        rule_id
        for rule_id in now.rules.keys() | then.rules.keys()
        if _content(now, rule_id) != _content(then, rule_id)
    }
    if now.claims != then.claims:
        differ |= {rule_id for rule_id in then.rules if rule_id.startswith("CLM-")}
    return _only(now, differ), _only(then, differ)


def _content(rules: RuleSet, rule_id: str) -> dict[str, Any] | None:
    rule = rules.rules.get(rule_id)
    return asdict(rule) if rule else None


def _only(rules: RuleSet, ids: set[str]) -> RuleSet:
    kept = [rule for rule in rules.rules.values() if rule.id in ids]
    return RuleSet.build(kept, rules.lexicons, rules.claims)


def _spans(rules: RuleSet, text: VaultText) -> Spans:
    if not rules.rules:
        return {}
    hits = scanning.found_under(rules, [vault.unseal(text)], [_context(text)])[0]
    return {_place(hit): rules.rule(hit.rule_id).severity for hit in hits}


def _place(hit: Hit) -> tuple[str, int, int]:
    return hit.rule_id, hit.start, hit.end


def _context(text: VaultText) -> ScanContext:
    if text.direction != Direction.OUTBOUND:
        return INBOUND
    version = text.draft_version
    return drafting.context_for(
        version.draft.thread, version.author, drafting.references_of(version)
    )


def _add(result: dict[str, Any], text_id: UUID, now: Spans, then: Spans) -> None:
    for place in sorted(now.keys() | then.keys()):
        kind = _kind(now.get(place), then.get(place))
        if not kind:
            continue
        rule_id, start, end = place
        entry = result["rules"].setdefault(
            rule_id, {"counts": dict.fromkeys(KINDS, 0), "samples": {k: [] for k in KINDS}}
        )
        entry["counts"][kind] += 1
        if len(entry["samples"][kind]) < SAMPLES:
            entry["samples"][kind].append([str(text_id), start, end])


def _kind(now: str | None, then: str | None) -> str:
    if now == then:
        return ""
    if now is None:
        return MORE
    if then is None:
        return LESS
    return STRICTER if Severity(then).rank < Severity(now).rank else MILDER
