"""The form of a rule profile: a profile from what a browser sends, and as the form shows it.

Works without scripts: each list ends with empty rows, folded away; a row without words does not
count.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from compliance.enums import Direction, Order, Severity
from compliance.exceptions import BadInput
from compliance.rules import ApprovedClaim, Route, Rule, RuleProfile, shipped_rules
from compliance.rules.house_reason import HouseReason
from compliance.rules.profile import MILDEST, STRICTEST_KEPT, Phrase, Weight
from compliance.rules.route import EVERY_REPLY

EMPTY_ROWS = 3
PHRASE = ("words", "direction", "severity", "why", "advice")
CLAIM = ("text", "reference", "owner", "expires_on")
HOUSE_REASON = ("code", "label")
DIRECTIONS = (
    (Direction.OUTBOUND.value, "in replies"),
    (Direction.INBOUND.value, "in posts"),
    ("both", "in both"),
)
GROUPS = {
    "PHI": "Identifiers",
    "REL": "Relationship",
    "CLM": "Claims",
    "DISC": "Disclosure",
    "SAFE": "Safety",
    "AE": "Adverse events",
    "LEGAL": "Law",
    "PRIV": "Privacy",
    "OWN": "House rules",
}


# Whose signature a route may ask for beside the two of law 1: name in the form, heading.
ASKED = (
    ("medical", "A medical reviewer signs as well, for"),
    ("second_legal", "A second legal counsel signs as well, for"),
)


@dataclass(frozen=True, slots=True)
class Asking:
    """What one further signature is asked for, in the form.

    Attributes:
        broad: every reply, and severities: (name, label, chosen).
        groups: rules by group: (group, [(id, title, chosen)], how many are chosen).
    """

    name: str
    heading: str
    broad: Sequence[tuple[str, str, bool]]
    groups: Sequence[tuple[str, Sequence[tuple[str, str, bool]], int]]


@dataclass(frozen=True, slots=True)
class WeightRow:
    """One rule in the form, with the severities that it may have here."""

    rule: Rule
    shipped: Severity
    choices: Sequence[Severity]
    chosen: str
    reason: str


def check_whole(typed: Mapping[str, str]) -> None:
    """Raises BadInput where something was typed that would not count."""
    for rule_id in shipped_rules().rules:
        if typed.get(f"reason-{rule_id}", "").strip() and not typed.get(f"severity-{rule_id}"):
            raise BadInput(f"Choose how {rule_id} is taken here, or take the reason away.")
    for kind, fields, told in (
        ("phrase", PHRASE, ("why", "advice")),
        ("claim", CLAIM, CLAIM[1:]),
        ("house", HOUSE_REASON, HOUSE_REASON[1:]),
    ):
        for row in _rows(typed, kind, fields):
            if not row[fields[0]] and any(row[name] for name in told):
                raise BadInput("One of the rows has no words. Fill them in, or empty the row.")


def read(typed: Mapping[str, str]) -> RuleProfile:
    """The profile that somebody typed; it is not checked yet."""
    weights = [
        Weight(rule_id, severity, typed.get(f"reason-{rule_id}", "").strip())
        for rule_id in shipped_rules().rules
        if (severity := typed.get(f"severity-{rule_id}", ""))
    ]
    phrases = [Phrase(**row) for row in _rows(typed, "phrase", PHRASE) if row["words"]]
    claims = [ApprovedClaim(**row) for row in _rows(typed, "claim", CLAIM) if row["text"]]
    reasons = [
        HouseReason(row["code"].upper(), row["label"])
        for row in _rows(typed, "house", HOUSE_REASON)
        if row["code"]
    ]
    own_line = typed.get("line_is") == "own"
    return RuleProfile(
        weights=tuple(weights),
        phrases=tuple(phrases),
        claims=tuple(claims),
        disclosure_line=" ".join(typed.get("disclosure_line", "").split()) if own_line else None,
        route=Route(
            order=typed.get("order", Order.PARALLEL.value),
            medical_for=_chosen(typed, "medical"),
            second_legal_for=_chosen(typed, "second_legal"),
        ),
        reasons=tuple(reasons),
    )


def _chosen(typed: Mapping[str, str], name: str) -> tuple[str, ...]:
    start = f"{name}-"
    return tuple(sorted(key.removeprefix(start) for key in typed if key.startswith(start)))


def read_date(typed: Mapping[str, str]) -> datetime.datetime | None:
    """From when it shall hold: the beginning of that day here; None for at once.

    Raises:
        BadInput: that is no date.
    """
    written = typed.get("active_from", "").strip()
    if not written:
        return None
    try:
        day = datetime.date.fromisoformat(written)
    except ValueError:
        raise BadInput("Write the day from which it shall hold as a date.") from None
    midnight = datetime.datetime.combine(day, datetime.time())
    return timezone.make_aware(midnight, timezone.get_current_timezone())


def _rows(typed: Mapping[str, str], kind: str, fields: Sequence[str]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    while f"{kind}-{len(rows)}-{fields[0]}" in typed:
        number = len(rows)
        rows.append({f: typed.get(f"{kind}-{number}-{f}", "").strip() for f in fields})
    return rows


def shown(profile: RuleProfile) -> dict[str, object]:
    """What the template of the form needs."""
    chosen = {weight.rule: weight for weight in profile.weights}
    groups: dict[str, list[WeightRow]] = {}
    for rule in shipped_rules().rules.values():
        weight = chosen.get(rule.id)
        groups.setdefault(GROUPS.get(rule.group, rule.group), []).append(
            WeightRow(
                rule=rule,
                shipped=Severity(rule.severity),
                choices=_choices(rule),
                chosen=weight.severity if weight else "",
                reason=weight.reason if weight else "",
            )
        )
    empty = dict.fromkeys(PHRASE, "") | {"severity": Severity.WARN, "direction": "outbound"}
    return {
        "groups": [
            (name, rows, sum(bool(row.chosen) for row in rows)) for name, rows in groups.items()
        ],
        "phrases": [*profile.phrases, *[empty] * EMPTY_ROWS],
        "claims": [*profile.claims, *[dict.fromkeys(CLAIM, "")] * EMPTY_ROWS],
        "reasons": [*profile.reasons, *[dict.fromkeys(HOUSE_REASON, "")] * EMPTY_ROWS],
        "standing": {
            name: len(getattr(profile, name)) for name in ("phrases", "claims", "reasons")
        },
        "line": profile.disclosure_line,
        "orders": Order.choices,
        "order": profile.route.order,
        "asking": [
            _asking(name, heading, getattr(profile.route, f"{name}_for"), profile.phrases)
            for name, heading in ASKED
        ],
        "severities": Severity.choices,
        "directions": DIRECTIONS,
    }


def _asking(name: str, heading: str, chosen: Sequence[str], phrases: Iterable[Phrase]) -> Asking:
    severities = [(s.value, f"findings \u201c{s.label}\u201d") for s in Severity]
    broad = [(EVERY_REPLY, "every reply"), *severities]
    groups: dict[str, list[tuple[str, str, bool]]] = {}
    for rule in (*shipped_rules().rules.values(), *(phrase.rule() for phrase in phrases)):
        if rule.direction != Direction.INBOUND:
            rows = groups.setdefault(GROUPS.get(rule.group, rule.group), [])
            rows.append((rule.id, rule.title, rule.id in chosen))
    return Asking(
        name=name,
        heading=heading,
        broad=[(value, label, value in chosen) for value, label in broad],
        groups=[(group, rows, sum(row[2] for row in rows)) for group, rows in groups.items()],
    )


def _choices(rule: Rule) -> list[Severity]:
    shipped = Severity(rule.severity)
    mildest = shipped if rule.id.startswith(STRICTEST_KEPT) else max(shipped, MILDEST, key=_rank)
    return [s for s in Severity if s.rank <= mildest.rank and s is not shipped]


def _rank(severity: Severity) -> int:
    return severity.rank
