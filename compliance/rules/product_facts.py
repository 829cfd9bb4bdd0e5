"""What is true of a product from when to when, and how a reply would contradict it.

Labels change (docs of FDA: drug safety communications, withdrawals, new indications), so each fact
has dates and a source. A fact that holds on a day gives its rule more patterns on that day; the
rule set that is built then has a version of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from compliance.rules.rule import Rule

PRODUCT = "%product%"
# Words that put a product forward, before or behind its name.
PUT_FORWARD = (
    r"\b(?:great|good|brilliant|excellent|best|answer|works?|worked|helps?|helped|try|trying|ask|"
    r"worth|recommend\w*|use|using|take|taking|go on|start|get|should|ideal|perfect|effective|"
    r"wonders?|game[- ]?changer|fix\w*|treats?|will|would)\b"
)
KEYS = frozenset({"id", "rule", "product", "statement", "source", "effective_from", "effective_to"})


@dataclass(frozen=True)
class ProductFact:
    """One fact.

    Attributes:
        id: short and lasting.
        rule: id of the rule that a contradiction breaks.
        product: names of the product, as a pattern.
        statement: what is true, in a sentence.
        source: address.
        effective_from: the first day on which it holds.
        effective_to: the first day on which it holds no more; None until further notice.
        patterns, together: what contradicts it, as in `Detection`.
    """

    id: str
    rule: str
    product: str
    statement: str
    source: str
    effective_from: datetime.date
    effective_to: datetime.date | None
    patterns: tuple[str, ...]
    together: tuple[tuple[str, ...], ...]

    def holds(self, on: datetime.date) -> bool:
        """Whether it holds on this day."""
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)


def read_facts(path: Path) -> list[ProductFact]:
    """The facts of a file.

    Raises:
        ValueError: names the file, the fact and what to change.
    """
    try:
        entries = yaml.safe_load(path.read_text("utf-8"))["facts"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: not YAML with a list under 'facts': {error}") from error
    return [_fact(entry, path.name) for entry in entries]


def with_facts(
    rules: Iterable[Rule], facts: Iterable[ProductFact], on: datetime.date
) -> list[Rule]:
    """The rules, with the patterns of the facts that hold on a day.

    Raises:
        ValueError: a fact names a rule that is not there.
    """
    more: dict[str, list[ProductFact]] = {}
    for fact in facts:
        if fact.holds(on):
            more.setdefault(fact.rule, []).append(fact)
    rules = list(rules)
    if missing := more.keys() - {rule.id for rule in rules}:
        raise ValueError(f"Product facts name rules that are not there: {sorted(missing)}.")
    return [_with_those(rule, more.get(rule.id, ())) for rule in rules]


def _with_those(rule: Rule, facts: Iterable[ProductFact]) -> Rule:
    detection = rule.detection
    for fact in facts:
        detection = replace(
            detection,
            patterns=(*detection.patterns, *fact.patterns),
            together=(*detection.together, *fact.together),
        )
    return replace(rule, detection=detection)


def _fact(entry: Mapping[str, Any], file_name: str) -> ProductFact:
    where = f"{file_name}, fact {entry.get('id')}"
    if missing := KEYS - entry.keys():
        raise ValueError(f"{where}: {', '.join(sorted(missing))} is missing.")
    if ("uses" in entry) == ("contradicted_by" in entry):
        raise ValueError(f"{where}: give either 'uses' or 'contradicted_by'.")
    product = f"\\b(?:{entry['product']})\\b"
    patterns = tuple(p.replace(PRODUCT, product) for p in entry.get("contradicted_by", ()))
    # The product is put forward for a use, in any order within a sentence.
    together = ((product, PUT_FORWARD, f"\\b(?:{entry['uses']})\\b"),) if "uses" in entry else ()
    try:
        begins = datetime.date.fromisoformat(entry["effective_from"])
        ends = entry["effective_to"] and datetime.date.fromisoformat(entry["effective_to"])
    except ValueError as error:
        raise ValueError(f"{where}: dates are written '2026-01-31'.") from error
    return ProductFact(
        id=entry["id"],
        rule=entry["rule"],
        product=entry["product"],
        statement=entry["statement"],
        source=entry["source"],
        effective_from=begins,
        effective_to=ends or None,
        patterns=patterns,
        together=together,
    )
