"""Replay: what a proposed rule profile would have found in the history of its community that is
not found now, and what it would no longer find. Nothing is stored but counts and offsets.

The row says how far it came; a sweep goes on with it (law 5).
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from compliance import ledger, listed, profiles, scanning, vault
from compliance.enums import Direction, ScanState, Severity
from compliance.exceptions import ScannerFailed
from compliance.findings import INBOUND, ScanContext
from compliance.ledger.kinds import EventKind
from compliance.models import VaultText
from compliance.rules import RuleProfile, RuleSet, shipped_rules
from engage import citing, drafting
from engage.models import Community, Thread
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
    tried = trial_of(replay.change)
    result = dict(replay.result) or {"rules": {}}
    for text in texts:
        try:
            now, then = tried.spans(text)
        except ScannerFailed:
            _begin_anew(replay)
            return False
        _add(result, text.pk, now, then)
    return _keep(replay, texts, result, total)


def _begin_anew(replay: Replay) -> None:
    # Nobody approves what was tried on a part of the history (law 8).
    Replay.objects.filter(pk=replay.pk, finished_at=None).update(
        cursor=None, done=0, total=None, result={}, due_at=timezone.now() + LEASE
    )


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


@dataclass(frozen=True, slots=True)
class Trial:
    """What a change is tried with.

    Attributes:
        now, then: the rules that were agreed on last, and the proposed ones.
        differ: ids of the rules of which the findings may differ.
        line: the proposed disclosure line; None where it stays.
    """

    now: RuleSet
    then: RuleSet
    differ: frozenset[str]
    line: str | None

    def spans(self, text: VaultText) -> tuple[Spans, Spans]:
        """What is found in a text, now and then, by the rules that differ.

        Raises:
            ScannerFailed: one of the scanners raised.
        """
        words, context = vault.unseal(text), _context(text)
        if not self.differ:
            return {}, {}
        now = self._spans(self.now, words, context)
        if self.line is not None and text.direction == Direction.OUTBOUND:
            version = text.draft_version
            line = drafting.filled_in(self.line, version.author)
            words = drafting.with_line(vault.unseal(version.body), line)
            context = replace(context, disclosure_line=line)
        return now, self._spans(self.then, words, context)

    def _spans(self, rules: RuleSet, words: str, context: ScanContext) -> Spans:
        hits = scanning.found_under(rules, [words], listed.in_contexts([context]))[0]
        return {
            (hit.rule_id, hit.start, hit.end): rules.rule(hit.rule_id).severity
            for hit in hits
            if hit.rule_id in self.differ
        }


def trial_of(change: ProfileChange) -> Trial:
    """How a change is tried: on the day on which it is to hold, against what was agreed before."""
    day = max(change.active_from, timezone.now()).astimezone(datetime.UTC).date()
    before = profiles.profile_in(profiles.newest(change.community_id))
    after = RuleProfile.from_content(change.content)
    now, then = (shipped_rules(day).under(profile, day) for profile in (before, after))
    new_line = before.disclosure_line != after.disclosure_line
    differ = {
        rule_id
        for rule_id in now.rules.keys() | then.rules.keys()
        if new_line or _content(now, rule_id) != _content(then, rule_id)
    }
    if now.claims != then.claims:
        differ |= {rule_id for rule_id in then.rules if rule_id.startswith("CLM-")}
    line = after.disclosure_line if new_line else None
    if new_line and line is None:
        line = Community.objects.get(pk=change.community_id).disclosure_line
    return Trial(now, then, frozenset(differ), line)


def _content(rules: RuleSet, rule_id: str) -> dict[str, Any] | None:
    rule = rules.rules.get(rule_id)
    return asdict(rule) if rule else None


def _context(text: VaultText) -> ScanContext:
    if text.direction != Direction.OUTBOUND:
        return INBOUND
    version = text.draft_version
    return drafting.context_for(version.draft.thread, version.author, citing.references_of(version))


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
