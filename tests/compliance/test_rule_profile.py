"""Rule profiles: what a community may change of the rules, and what comes of it."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from compliance import scanning
from compliance.enums import Direction
from compliance.exceptions import BadInput
from compliance.findings import ScanContext
from compliance.rules import ApprovedClaim, Route, RuleProfile, RuleSet, shipped_rules
from compliance.rules.house_reason import HouseReason
from compliance.rules.profile import Phrase, Weight, check

TODAY = datetime.date(2026, 11, 25)
OUTBOUND = ScanContext(Direction.OUTBOUND)
PHRASE = Phrase("wonder drug*", "outbound", "block", "It promises too much.", "Name what it does.")
PROVEN = "Studies show that implants are more effective than pills."
CLAIM = ApprovedClaim(PROVEN, "Label, 2026", "Ada Birch", "2027-01-01")
WHOLE = RuleProfile(
    weights=(Weight("CLM-COMPARE", "block", "Two complaints."),),
    phrases=(PHRASE,),
    claims=(CLAIM,),
    disclosure_line="{author}, {affiliation}",
    reasons=(HouseReason("SOP-12", "Against procedure 12"),),
    route=Route("legal_first", ("CLM-DOSE", PHRASE.id, "block"), ("every_reply",)),
)


def found(text: str, profile: RuleProfile, on: datetime.date = TODAY) -> dict[str, str]:
    """Rules that fire on a reply under a profile, with their severity."""
    rules = shipped_rules().under(profile, on)
    hits = scanning.found_under(rules, [text], [OUTBOUND])[0]
    return {hit.rule_id: rules.rule(hit.rule_id).severity for hit in hits}


def test_profile_survives_storage() -> None:
    assert RuleProfile.from_content(WHOLE.content()) == WHOLE
    check(WHOLE, shipped_rules())


def test_rule_set_under_a_profile_survives_storage() -> None:
    rules = shipped_rules().under(WHOLE, TODAY)
    stored = RuleSet.from_content(rules.content())
    assert stored.version == rules.version != shipped_rules().version
    assert stored.rule(PHRASE.id).title == rules.rule(PHRASE.id).title


def test_empty_profile_changes_nothing() -> None:
    profile = RuleProfile(disclosure_line="Line.", route=WHOLE.route, reasons=WHOLE.reasons)
    assert shipped_rules().under(profile, TODAY) is shipped_rules()


def test_profile_of_before_there_were_routes_keeps_its_digest() -> None:
    stored = {"weights": [], "phrases": [], "claims": [], "disclosure_line": "Line."}
    profile = RuleProfile.from_content(stored)
    assert profile == RuleProfile(disclosure_line="Line.") and profile.content() == stored


def test_severity_is_that_of_the_profile() -> None:
    text = "Implants are better than pills."
    assert found(text, RuleProfile())["CLM-COMPARE"] == "needs_legal"
    assert found(text, RuleProfile(weights=WHOLE.weights))["CLM-COMPARE"] == "block"


@pytest.mark.parametrize(
    "text",
    [
        "A Wonder  drug, they say.",
        "These WONDER\nDRUGS again.",
        "A w\u043ender drug.",  # a Cyrillic letter
        "A won\u200bder drug.",
    ],
)
def test_house_rule_is_found(text: str) -> None:
    assert found(text, WHOLE)[PHRASE.id] == "block"


@pytest.mark.parametrize(
    "words",
    [
        "don\u2019t worry",
        "\u201cmiracle\u201d cure",
        "risk\u2011free",
        "nai\u0308ve choice",
        "\uff46\uff52\uff45\uff45 pill",
    ],
)
def test_house_rule_is_found_in_its_own_words_however_they_were_typed(words: str) -> None:
    phrase = replace(PHRASE, words=words)
    check(RuleProfile(phrases=(phrase,)), shipped_rules())
    assert phrase.id in found(f"Well, {words}, as they say.", RuleProfile(phrases=(phrase,)))


@pytest.mark.parametrize("text", ["I wonder: drugs?", "No wonder, drugstores.", "A drug."])
def test_house_rule_leaves_other_words_alone(text: str) -> None:
    assert PHRASE.id not in found(text, WHOLE)


def test_house_rule_is_no_regular_expression() -> None:
    phrase = replace(PHRASE, words="100% (safe) %drug%")
    assert phrase.id in found("It is 100% (safe) %drug%, really.", RuleProfile(phrases=(phrase,)))


def test_approved_claim_is_a_note_in_its_own_words() -> None:
    assert "CLM-PROVEN" in found(PROVEN, RuleProfile())
    fired = found(f"Well. {PROVEN.upper()} Ask us.", WHOLE)
    assert "CLM-PROVEN" not in fired and fired[CLAIM.id] == "info"
    assert shipped_rules().under(WHOLE, TODAY).rule(CLAIM.id).citation == "Label, 2026"


def test_approved_claim_covers_no_other_words() -> None:
    other = PROVEN.replace("implants", "patches")
    assert "CLM-PROVEN" in found(other, WHOLE)


def test_approved_claim_covers_nothing_that_blocks() -> None:
    # CLM-PROVEN blocks under this profile.
    strict = replace(WHOLE, weights=(Weight("CLM-PROVEN", "block", "Two complaints."),))
    assert found(PROVEN, strict)["CLM-PROVEN"] == "block"


def test_approved_claim_expires() -> None:
    assert "CLM-PROVEN" in found(PROVEN, WHOLE, datetime.date(2027, 1, 1))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": (Weight("CLM-COMPARE", "info", "Why."),)}, "switched off"),
        ({"weights": (Weight("PHI-NAME", "warn", "Why."),)}, "protects"),
        ({"weights": (Weight("SAFE-CRISIS", "warn", "Why."),)}, "protects"),
        ({"weights": (Weight("AE-REPLY", "warn", "Why."),)}, "protects"),
        ({"phrases": (replace(PHRASE, words="*contracept*ion*s"),)}, "ends a word"),
        ({"phrases": (replace(PHRASE, words="abc*****!"),)}, "ends a word"),
        ({"phrases": (replace(PHRASE, words="* def ghi"),)}, "ends a word"),
        ({"phrases": (replace(PHRASE, why="a\0b"),)}, "stored"),
        ({"claims": (replace(CLAIM, text="* * *"),)}, "sentence"),
        ({"weights": (Weight("CLM-COMPARE", "block", ""),)}, "Say why"),
        ({"weights": (Weight("CLM-NONE", "block", "Why."),)}, "no rule"),
        ({"weights": (Weight("CLM-ABS", "warn", "a"), Weight("CLM-ABS", "warn", "b"))}, "twice"),
        ({"phrases": (replace(PHRASE, words="a*"),)}, "three letters"),
        ({"phrases": (replace(PHRASE, why=""),)}, "Say why"),
        ({"phrases": (PHRASE, replace(PHRASE, words="WONDER drug*"))}, "twice"),
        ({"phrases": (replace(PHRASE, severity="loud"),)}, "severity"),
        ({"claims": (replace(CLAIM, text="Safe."),)}, "sentence"),
        ({"claims": (replace(CLAIM, reference=""),)}, "evidence"),
        ({"claims": (replace(CLAIM, expires_on="soon"),)}, "date"),
        ({"route": Route("sideways")}, "order"),
        ({"route": Route(medical_for=("CLM-NONE",))}, "no rule for replies"),
        ({"route": Route(second_legal_for=("SAFE-CRISIS",))}, "no rule for replies"),
        ({"phrases": ()}, "no rule for replies"),
        ({"reasons": (HouseReason("tone", "Ours"),)}, "no code"),
        ({"reasons": (HouseReason("SOP-12", ""),)}, "stands for"),
        ({"reasons": WHOLE.reasons * 2}, "twice"),
        ({"reasons": (HouseReason("SOP-12", "x" * 81),)}, "80"),
        ({"disclosure_line": "{password}"}, "may name"),
        ({"disclosure_line": "{author.pk}"}, "may name"),
        ({"disclosure_line": "{author:>999999999}"}, "may name"),
        ({"disclosure_line": "x" * 401}, "400"),
    ],
)
def test_profile_that_cannot_stand_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        check(replace(WHOLE, **changes), shipped_rules())  # type: ignore[arg-type]


def test_hostile_text_costs_a_house_rule_no_time() -> None:
    phrase = replace(PHRASE, words="abcdef* ghijkl* mnopqr*")
    text = " ".join(["abcdef" * 2000, " " * 20000, "abcdef ghijkl " * 2000])
    assert phrase.id not in found(text[:40000], RuleProfile(phrases=(phrase,)))
