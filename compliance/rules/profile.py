"""The rule profile of a community: what differs there from the rules that come with the release.

A severity raised or lowered with a reason, phrases of one's own, a disclosure line, claims that
were approved with their evidence, who signs replies (`compliance/rules/route.py`), and reasons of
one's own (`compliance/rules/house_reason.py`). Plain values; what is stored and when it holds is in
`compliance/profiles.py`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from compliance.enums import Direction, Severity
from compliance.exceptions import BadInput
from compliance.rules import house_reason
from compliance.rules import route as signing_route
from compliance.rules.house_reason import HouseReason
from compliance.rules.route import THE_TWO, Route
from compliance.rules.rule import Detection, Rule
from compliance.rules.words import check_words, pattern_of, read_words

if TYPE_CHECKING:
    from compliance.rules import RuleSet

OWN = "OWN-"  # how the ids of a community's own rules begin
SCANNER = "own_phrases"
APPROVED = "approved_claims"
MOST = 100  # entries of each kind
LONGEST = {
    "words": 200, "why": 300, "advice": 300, "text": 600, "reference": 400, "owner": 200,
    "reason": 300, "label": 80,
}  # fmt: skip
LONGEST_LINE = 400
# A rule can be made milder, never be switched off: a warning is the least that an author answers.
MILDEST = Severity.WARN
# What protects people in danger or who they are: no profile makes it milder (laws 7 and 9).
STRICTEST_KEPT = ("PHI-", "SAFE-", "AE-", "REL-ACK", "REL-UNSAID")
_PLACES = re.compile(r"\{(?:author|credentials|affiliation)\}")


@dataclass(frozen=True)
class Weight:
    """A rule that is taken more or less seriously here.

    Attributes:
        rule: its id.
        severity: a value of `Severity`.
        reason: why, for whoever reads the record.
    """

    rule: str
    severity: str
    reason: str


@dataclass(frozen=True)
class Phrase:
    """Words that replies here shall not say, or that posts here are watched for.

    Attributes:
        words: as people write them; "*" at the end of a word stands for the rest of it.
        direction: "inbound", "outbound" or "both".
        severity: a value of `Severity`.
        why: a sentence for whoever wrote them.
        advice: what to write instead, or to do.
    """

    words: str
    direction: str
    severity: str
    why: str
    advice: str

    @property
    def id(self) -> str:
        """Of the rule that it makes; stays the same while the words do."""
        return f"{OWN}{_code(read_words(self.words))}"

    def rule(self) -> Rule:
        """The rule that it makes."""
        return Rule(
            id=self.id,
            title=f"House rule: \u201c{self.words}\u201d",
            direction=self.direction,
            severity=self.severity,
            why=self.why,
            citation="Rule profile of this community",
            url="",
            advice=self.advice,
            scanner=SCANNER,
            detects=True,
            detection=Detection(patterns=(pattern_of(self.words),), confidence=0.9),
        )


@dataclass(frozen=True)
class ApprovedClaim:
    """A sentence that was approved with its evidence, to be said in just these words.

    Attributes:
        text: the words; case and gaps don't matter.
        reference: title or address of the evidence.
        owner: who answers for it, as printed.
        expires_on: ISO date of the first day on which it holds no more.
    """

    text: str
    reference: str
    owner: str
    expires_on: str

    @property
    def id(self) -> str:
        """Of the note that stands where a reply says it."""
        return f"{OWN}CLAIM-{_code(self.text)}"

    def holds(self, on: datetime.date) -> bool:
        """Whether it may be used on this day."""
        return on < datetime.date.fromisoformat(self.expires_on)

    def rule(self) -> Rule:
        """The note that signers see where a reply says it, with the evidence."""
        return Rule(
            id=self.id,
            title="Approved claim",
            direction=Direction.OUTBOUND,
            severity=Severity.INFO,
            why=f"Approved in these words; {self.owner} answers for it until {self.expires_on}.",
            citation=self.reference,
            url=self.reference if self.reference.startswith(("https://", "http://")) else "",
            advice="Keep to these words.",
            scanner=APPROVED,
        )


@dataclass(frozen=True)
class RuleProfile:
    """All that differs in one community. An empty one changes nothing.

    Attributes:
        disclosure_line: added to every reply; None where the community's own line holds.
    """

    weights: tuple[Weight, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    claims: tuple[ApprovedClaim, ...] = ()
    disclosure_line: str | None = None
    route: Route = THE_TWO
    reasons: tuple[HouseReason, ...] = ()

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> RuleProfile:
        """The profile that `content()` was called on."""
        return cls(
            weights=tuple(Weight(**entry) for entry in content["weights"]),
            phrases=tuple(Phrase(**entry) for entry in content["phrases"]),
            claims=tuple(ApprovedClaim(**entry) for entry in content["claims"]),
            disclosure_line=content["disclosure_line"],
            route=Route.from_content(content["route"]) if "route" in content else THE_TWO,
            reasons=tuple(HouseReason(**entry) for entry in content.get("reasons", ())),
        )

    def content(self) -> dict[str, Any]:
        """JSON values. What was added to profiles later is left out where nobody uses it, so that
        the digest of an earlier profile stays what was approved."""
        value: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        if self.route == THE_TWO:
            del value["route"]
        if not self.reasons:
            del value["reasons"]
        return value

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the content, in hex."""
        canonical = json.dumps(self.content(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def check(profile: RuleProfile, rules: RuleSet) -> None:
    """Raises BadInput, with what to change, unless the profile can stand over these rules."""
    for kind in (profile.weights, profile.phrases, profile.claims, profile.reasons):
        if len(kind) > MOST:
            raise BadInput(f"At most {MOST} entries of each kind, please.")
        for entry in kind:
            _check_fields(asdict(entry))
    _check_weights(profile.weights, rules)
    _check_phrases(profile.phrases)
    for claim in profile.claims:
        _check_claim(claim)
    if profile.disclosure_line is not None:
        check_line(profile.disclosure_line)
    house_reason.check(profile.reasons)
    own = (phrase.rule() for phrase in profile.phrases)
    signing_route.check(
        profile.route,
        {r.id for r in (*rules.rules.values(), *own) if r.direction != Direction.INBOUND},
    )


def _check_fields(entry: Mapping[str, str]) -> None:
    for key, value in entry.items():
        if "\0" in value:
            raise BadInput("There is a character in it that can't be stored. Type it anew.")
        if key in LONGEST and len(value) > LONGEST[key]:
            shown = f"\u201c{value[:60]}\u2026\u201d"
            raise BadInput(f"At most {LONGEST[key]} characters, please: {shown}")


def _check_weights(weights: Iterable[Weight], rules: RuleSet) -> None:
    seen = set()
    for weight in weights:
        rule = rules.rules.get(weight.rule)
        if rule is None or weight.severity not in Severity.values:
            raise BadInput(f"{weight.rule} is no rule of this release. Reload the page.")
        if weight.rule in seen:
            raise BadInput(f"{weight.rule} is named twice.")
        seen.add(weight.rule)
        if not weight.reason:
            raise BadInput(f"Say why {weight.rule} is taken differently here.")
        wanted, shipped = Severity(weight.severity), Severity(rule.severity)
        if wanted.rank > max(MILDEST.rank, shipped.rank):
            raise BadInput(
                f"{weight.rule} can't be made milder than \u201c{MILDEST.label}\u201d: no rule is "
                "switched off."
            )
        if wanted.rank > shipped.rank and weight.rule.startswith(STRICTEST_KEPT):
            raise BadInput(
                f"{weight.rule} protects people in danger or who they are: it can't be made milder."
            )


def _check_phrases(phrases: Iterable[Phrase]) -> None:
    seen = set()
    for phrase in phrases:
        check_words(phrase.words)
        if phrase.id in seen:
            raise BadInput(f"\u201c{phrase.words}\u201d is there twice.")
        seen.add(phrase.id)
        if not phrase.why or not phrase.advice:
            raise BadInput(f"Say why \u201c{phrase.words}\u201d matters, and what to do instead.")
        if phrase.severity not in Severity.values or phrase.direction not in (
            *Direction.values,
            "both",
        ):
            raise BadInput("Choose a severity, and where the phrase counts.")


def _check_claim(claim: ApprovedClaim) -> None:
    if sum(any(c.isalpha() for c in word) for word in claim.text.split()) < 3:
        raise BadInput("An approved claim is a sentence, of three words at least.")
    if not claim.reference or not claim.owner:
        raise BadInput("An approved claim needs its evidence, and somebody who answers for it.")
    try:
        datetime.date.fromisoformat(claim.expires_on)
    except ValueError:
        raise BadInput("Say until when an approved claim holds, as a date.") from None


def check_line(line: str) -> None:
    """Raises BadInput unless this can be the line under every reply of a community."""
    if len(line) > LONGEST_LINE:
        raise BadInput(f"The disclosure line takes at most {LONGEST_LINE} characters.")
    # Nothing else in braces: a width or an attribute would be obeyed as well.
    if "{" in (rest := _PLACES.sub("", line)) or "}" in rest:
        raise BadInput(
            "The disclosure line may name {author}, {credentials} and {affiliation} only."
        )


def weighed(rules: Iterable[Rule], weights: Iterable[Weight]) -> list[Rule]:
    """The rules with the severities of a profile."""
    severities = {weight.rule: weight.severity for weight in weights}
    return [
        replace(rule, severity=severities[rule.id]) if rule.id in severities else rule
        for rule in rules
    ]


def places_of(text: str, claim: ApprovedClaim) -> list[tuple[int, int]]:
    """Where a text says an approved claim in its words."""
    words = r"\s+".join(map(re.escape, claim.text.split()))
    found = re.finditer(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)
    return [place.span() for place in found]


def _code(words: str) -> str:
    folded = " ".join(words.casefold().split())
    return hashlib.sha256(folded.encode()).hexdigest()[:8].upper()
