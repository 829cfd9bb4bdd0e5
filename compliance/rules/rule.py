"""One rule of the catalogue, as it is written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from compliance.enums import Direction
from compliance.findings import ScanContext


@dataclass(frozen=True)
class Example:
    """A sentence that a rule must or must not fire on, with the context that it needs.

    Attributes:
        text: what is scanned.
        safety_flags, references, product_ties, material_ties, affiliation, disclosed: as in
            `ScanContext`.
        thread: what the thread says, as `ScanContext.thread_texts`.
    """

    text: str
    safety_flags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    product_ties: tuple[str, ...] = ()
    material_ties: tuple[str, ...] = ()
    thread: tuple[str, ...] = ()
    affiliation: str = ""
    disclosed: tuple[str, ...] = ()

    def context(self, direction: Direction) -> ScanContext:
        """What a scanner is given beside the text."""
        return ScanContext(
            direction=direction,
            thread_texts=self.thread,
            safety_flags=frozenset(self.safety_flags),
            references=self.references,
            product_ties=self.product_ties,
            material_ties=self.material_ties,
            affiliation=self.affiliation,
            disclosed=frozenset(self.disclosed),
        )

    @classmethod
    def from_value(cls, value: str | Mapping[str, Any]) -> Example:
        """From YAML: a bare sentence, or a mapping when the rule needs context."""
        if isinstance(value, str):
            return cls(text=value)
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in value.items()
        }
        return cls(**values)


@dataclass(frozen=True)
class Detection:
    """How a rule is found in a text. Regular expressions are case-insensitive.

    Attributes:
        scope: "phrase": each place where a pattern matches; "draft": judged once on the whole
            text (an absence), answered with the span 0, 0.
        needs: all of these must match somewhere in the text; cheap ones spare the patterns.
        patterns: any of them marks a place.
        together: groups of patterns; the first of a group marks a place where the others match in
            the same sentence.
        requires: all of these must match in the same sentence.
        unless: none of these may match in the same sentence.
        spare: circumstances in which the place does not count; names of
            `compliance.scanners.sentences.Circumstance`.
        also: other ways in which the rule is found, each with needs, patterns, spare, unless,
            confidence and doubted of its own.
        satisfied_by: if any of these matches anywhere in the text, the rule is kept.
        cured_by_references: attached references satisfy the rule.
        needs_tie: the rule holds only where a product tie of the author is named in the text.
        signposts: by safety flag of the thread, what the reply must say near its beginning.
        within: how far into the text, in characters, a signpost may begin.
        confidence: 0 to 1, how sure a hit of its patterns is.
        learned: from which chance on (0 to 1) the trained encoder alone fires the rule for a
            sentence; 0 where it is not asked.
        learned_when_tied: the encoder is asked only if the author has a tie that is not stated.
        doubted: below which chance a pattern's hit counts as harmless; in `also`, that of the rule
            where none is given.
    """

    scope: str = "phrase"
    needs: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    requires: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    also: tuple[Detection, ...] = ()
    satisfied_by: tuple[str, ...] = ()
    cured_by_references: bool = False
    needs_tie: bool = False
    signposts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    within: int = 0
    confidence: float = 0.8
    learned: float = 0.0
    learned_when_tied: bool = False
    doubted: float = 0.0

    def parts(self) -> Iterator[Detection]:
        """The detection itself and the other ways."""
        yield self
        yield from self.also

    @classmethod
    def from_mapping(cls, entry: Mapping[str, Any]) -> Detection:
        """From YAML or JSON values; lists become tuples."""
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()
        }
        values["together"] = tuple(tuple(group) for group in entry.get("together", ()))
        values["also"] = tuple(cls.from_mapping(other) for other in entry.get("also", ()))
        values["signposts"] = {k: tuple(v) for k, v in entry.get("signposts", {}).items()}
        return cls(**values)


@dataclass(frozen=True)
class Rule:
    """What is judged, how badly it matters, and why; with the examples that test it.

    Attributes:
        id: e.g. "CLM-CURE"; the part before the first dash is the group.
        title: one line.
        direction: "inbound", "outbound" or "both".
        severity: a value of `compliance.enums.Severity`.
        why: a sentence for a clinician.
        citation, url: where the rule comes from.
        advice: what the author should do.
        suggestion: wording that would pass, or "".
        effective_from: ISO date.
        scanner: name of the scanner that detects it.
        detects: whether this release detects it; the others are policy for people.
        detection: how; empty for identifiers, whose recognizers are code.
        positives, negatives: the rule must, or must not, fire on these.
    """

    id: str
    title: str
    direction: str
    severity: str
    why: str
    citation: str
    url: str
    advice: str
    scanner: str
    suggestion: str = ""
    effective_from: str = "2026-01-01"
    detects: bool = False
    detection: Detection = field(default_factory=Detection)
    positives: tuple[Example, ...] = ()
    negatives: tuple[Example, ...] = ()

    @property
    def group(self) -> str:
        """ "CLM" of "CLM-CURE"."""
        return self.id.partition("-")[0]

    def applies_to(self, direction: str) -> bool:
        """Whether texts that travel this way are judged by this rule."""
        return self.direction in ("both", direction)

    @classmethod
    def from_mapping(cls, entry: Mapping[str, Any]) -> Rule:
        """From YAML or JSON values that have been checked."""
        values = dict(entry)
        values["detection"] = Detection.from_mapping(values.get("detection", {}))
        for kind in ("positives", "negatives"):
            values[kind] = tuple(Example.from_value(v) for v in values.get(kind, ()))
        return cls(**values)

    @classmethod
    def keys(cls) -> frozenset[str]:
        """What an entry of a rule file may hold."""
        return frozenset(f.name for f in fields(cls))
