"""The form of a rule profile: a profile from what a browser sends, and as the form shows it.

Works without scripts: each list ends with empty rows, and a row without words does not count.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from compliance.enums import Direction, Severity
from compliance.exceptions import BadInput
from compliance.rules import ApprovedClaim, Rule, RuleProfile, shipped_rules
from compliance.rules.profile import MILDEST, STRICTEST_KEPT, Phrase, Weight

EMPTY_ROWS = 3
PHRASE = ("words", "direction", "severity", "why", "advice")
CLAIM = ("text", "reference", "owner", "expires_on")
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
}


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
    for kind, fields, told in (("phrase", PHRASE, ("why", "advice")), ("claim", CLAIM, CLAIM[1:])):
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
    own_line = typed.get("line_is") == "own"
    return RuleProfile(
        weights=tuple(weights),
        phrases=tuple(phrases),
        claims=tuple(claims),
        disclosure_line=" ".join(typed.get("disclosure_line", "").split()) if own_line else None,
    )


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
        "line": profile.disclosure_line,
        "severities": Severity.choices,
        "directions": DIRECTIONS,
    }


def _choices(rule: Rule) -> list[Severity]:
    shipped = Severity(rule.severity)
    mildest = shipped if rule.id.startswith(STRICTEST_KEPT) else max(shipped, MILDEST, key=_rank)
    return [s for s in Severity if s.rank <= mildest.rank and s is not shipped]


def _rank(severity: Severity) -> int:
    return severity.rank
