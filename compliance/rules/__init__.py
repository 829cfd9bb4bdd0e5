"""The rule catalogue: what a draft may not say, and what a post may call for.

The rules are data (the YAML files beside this module, one a group), so that they can be versioned,
compared and replayed. A rule set is never changed in place: other content is another version.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from compliance.rules.product_facts import ProductFact, read_facts, with_facts
from compliance.rules.profile import ApprovedClaim, RuleProfile, weighed
from compliance.rules.reading import read_folder, read_lexicons
from compliance.rules.route import Route
from compliance.rules.rule import Detection, Example, Rule

__all__ = [
    "ApprovedClaim",
    "Detection",
    "Example",
    "ProductFact",
    "Route",
    "Rule",
    "RuleProfile",
    "RuleSet",
    "product_facts",
    "shipped_rules",
]

RULES_FOLDER = Path(__file__).parent
FACTS_FILE = RULES_FOLDER / "facts" / "products.yaml"
LEXICON_FOLDER = RULES_FOLDER.parent / "lexicon"


@dataclass(frozen=True, eq=False)
class RuleSet:
    """All rules that hold together, and the word lists that their patterns name.

    Attributes:
        version: first 16 hex digits of the SHA-256 of the canonical JSON of `content()`.
        rules: by id, in the order of the catalogue.
        lexicons: word lists by name; a pattern names one as %name%.
        claims: sentences that were approved with their evidence.
        base: the rule set that finds the same things but those of a community's own phrases; what
            is compiled for it serves this one too.
    """

    version: str
    rules: Mapping[str, Rule]
    lexicons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    claims: tuple[ApprovedClaim, ...] = ()
    base: RuleSet | None = None

    @classmethod
    def build(
        cls,
        rules: Iterable[Rule],
        lexicons: Mapping[str, tuple[str, ...]] | None = None,
        claims: Iterable[ApprovedClaim] = (),
        base: RuleSet | None = None,
    ) -> RuleSet:
        """A rule set with the version that its content has."""
        by_id = {rule.id: rule for rule in rules}
        lexicons, claims = dict(lexicons or {}), tuple(claims)
        return cls(
            version=_version(_content(by_id, lexicons, claims)),
            rules=MappingProxyType(by_id),
            lexicons=MappingProxyType(lexicons),
            claims=claims,
            base=base,
        )

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> RuleSet:
        """The rule set that `content()` was called on, without the examples."""
        lexicons = {name: tuple(words) for name, words in content["lexicons"].items()}
        claims = (ApprovedClaim(**entry) for entry in content.get("claims", ()))
        return cls.build((Rule.from_mapping(entry) for entry in content["rules"]), lexicons, claims)

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id.

        Raises:
            KeyError: this rule set has no such rule.
        """
        return self.rules[rule_id]

    def of_scanner(self, name: str) -> tuple[Rule, ...]:
        """The rules that the scanner of this name detects, in the order of the catalogue."""
        return tuple(r for r in self.rules.values() if r.detects and r.scanner == name)

    def content(self) -> Mapping[str, Any]:
        """JSON values that hold everything but the examples; what is stored as a version."""
        return self._content

    @functools.cached_property
    def _content(self) -> Mapping[str, Any]:
        return _content(self.rules, self.lexicons, self.claims)

    def under(self, profile: RuleProfile, on: datetime.date) -> RuleSet:
        """These rules as they stand in a community with this profile, on a day."""
        claims = [claim for claim in profile.claims if claim.holds(on)]
        if not (profile.weights or profile.phrases or claims):
            return self
        rules = weighed(self.rules.values(), profile.weights)
        own = [*(phrase.rule() for phrase in profile.phrases), *(c.rule() for c in claims)]
        return RuleSet.build([*rules, *own], self.lexicons, claims, base=self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleSet) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)


def shipped_rules(on: datetime.date | None = None) -> RuleSet:
    """The rules that come with this release, as they stand on a day (today, unless one is given).

    Raises:
        ValueError: a rule file is wrong; the message names the file, the rule and the mistake.
    """
    return _on_the_day(on or datetime.datetime.now(datetime.UTC).date())


@functools.lru_cache(maxsize=4)
def _on_the_day(day: datetime.date) -> RuleSet:
    rules, lexicons = _read()
    in_force = [r for r in rules if datetime.date.fromisoformat(r.effective_from) <= day]
    return RuleSet.build(with_facts(in_force, product_facts(), day), lexicons)


@functools.cache
def _read() -> tuple[list[Rule], dict[str, tuple[str, ...]]]:
    lexicons = read_lexicons(LEXICON_FOLDER)
    return read_folder(RULES_FOLDER, lexicons), lexicons


@functools.cache
def product_facts() -> tuple[ProductFact, ...]:
    """All product facts that come with this release, whatever their dates."""
    return tuple(read_facts(FACTS_FILE))


def _content(
    rules: Mapping[str, Rule],
    lexicons: Mapping[str, tuple[str, ...]],
    claims: Iterable[ApprovedClaim] = (),
) -> dict[str, Any]:
    entries = []
    for rule in rules.values():
        entry = asdict(rule)
        del entry["positives"], entry["negatives"]  # examples are tests, they change no verdict
        entries.append(entry)
    whole: dict[str, Any] = {"rules": entries, "lexicons": dict(lexicons)}
    if approved := [asdict(claim) for claim in claims]:
        whole["claims"] = approved
    # Through JSON once, so that tuples compare equal to what a database gives back.
    content: dict[str, Any] = json.loads(json.dumps(whole))
    return content


def _version(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
