"""What a change of a rule profile does, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compliance.enums import Order, Severity
from compliance.rules import RuleProfile
from compliance.rules.house_reason import HouseReason
from compliance.rules.profile import ApprovedClaim, Phrase, Weight
from compliance.rules.route import EVERY_REPLY
from engage.views import profile_form


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that a change adds, takes away, or keeps in another form."""

    word: str
    kind: str
    before: str
    after: str


def differences(before: RuleProfile, after: RuleProfile) -> list[Difference]:
    """What a change does, entry by entry."""
    found = []
    for kind, old, new in (
        ("Severity", _told(before.weights), _told(after.weights)),
        ("House rule", _told(before.phrases), _told(after.phrases)),
        ("Approved claim", _told(before.claims), _told(after.claims)),
        ("Kind of reason", _told(before.reasons), _told(after.reasons)),
    ):
        for name in [*old, *(name for name in new if name not in old)]:
            if old.get(name) != new.get(name):
                word = "changed" if name in old and name in new else ""
                word = word or ("added" if name in new else "taken away")
                found.append(Difference(word, kind, old.get(name, ""), new.get(name, "")))
    if before.disclosure_line != after.disclosure_line:
        lines = (before.disclosure_line, after.disclosure_line)
        shown = ["that of the community" if line is None else line or "none" for line in lines]
        found.append(Difference("changed", "Disclosure line", *shown))
    for kind, was, shall in zip(ROUTE, route_words(before), route_words(after), strict=True):
        if was != shall:
            found.append(Difference("changed", kind, was, shall))
    return found


ROUTE = (
    "Compliance and legal sign",
    "A medical reviewer signs for",
    "A second legal counsel signs for",
)


def route_words(profile: RuleProfile) -> list[str]:
    """Who signs, and for what: a value for each of `ROUTE`."""
    route = profile.route
    return [
        str(Order(route.order).label),
        _asked_for(route.medical_for),
        _asked_for(route.second_legal_for),
    ]


def _asked_for(names: Sequence[str]) -> str:
    told = [
        f"findings \u201c{Severity(name).label}\u201d" if name in Severity.values else name
        for name in names
        if name != EVERY_REPLY
    ]
    if EVERY_REPLY in names:
        return "every reply"
    return f"replies with {', '.join(told)}" if told else "no reply"


def _told(entries: Sequence[Weight | Phrase | ApprovedClaim | HouseReason]) -> dict[str, str]:
    """Each entry in words, under what makes it the same entry."""
    told = {}
    for entry in entries:
        match entry:
            case HouseReason():
                told[entry.code] = f"{entry.code}: {entry.label}"
            case Weight():
                severity = Severity(entry.severity).label
                told[entry.rule] = f"{entry.rule}: {severity}. {entry.reason}"
            case Phrase():
                where = dict(profile_form.DIRECTIONS)[entry.direction]
                told[entry.id] = (
                    f"\u201c{entry.words}\u201d {where}: {Severity(entry.severity).label}. "
                    f"{entry.why} {entry.advice}"
                )
            case ApprovedClaim():
                told[" ".join(entry.text.casefold().split())] = (
                    f"\u201c{entry.text}\u201d {entry.reference}; {entry.owner}, until "
                    f"{entry.expires_on}"
                )
    return told
