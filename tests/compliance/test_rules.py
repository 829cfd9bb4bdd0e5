"""Rules as data: what is shipped is whole, a version is its content, a mistake is named."""

import copy
import json
import re

import pytest

from compliance.enums import Severity
from compliance.rules import RuleSet, shipped_rules
from compliance.rules.reading import read_folder, read_rules

GOOD = {
    "id": "CLM-TEST", "title": "t", "direction": "outbound", "severity": "warn", "why": "w",
    "citation": "c", "url": "https://example.org", "advice": "a", "scanner": "claims",
    "detects": True, "detection": {"patterns": [r"\btest\b"]},
}  # fmt: skip


def read(*entries):
    return list(read_rules(json.dumps({"rules": list(entries)}), "claims.yaml", {}))


def test_shipped_rules_are_the_whole_catalogue():
    rules = shipped_rules().rules
    assert len(rules) == 48  # the 47 of the catalogue, and REL-UNSAID
    groups = {rule.group for rule in rules.values()}
    assert groups == {"PHI", "REL", "CLM", "DISC", "SAFE", "AE", "LEGAL", "PRIV"}


def test_shipped_rules_tell_why_and_what_to_do():
    for rule in shipped_rules().rules.values():
        assert rule.why.endswith("."), rule.id
        assert rule.advice.endswith("."), rule.id
        assert rule.url.startswith("http"), rule.id
        assert rule.severity in Severity.values


def test_detected_rules_have_examples_of_both_kinds():
    for rule in shipped_rules().rules.values():
        assert rule.detects, rule.id
        assert len(rule.positives) >= 10, rule.id
        assert len(rule.negatives) >= 10, rule.id


def test_rule_of_scanner_keeps_to_what_is_detected():
    for rule in shipped_rules().of_scanner("claims"):
        assert rule.detects and rule.scanner == "claims"


def test_rule_unknown_raises_key_error():
    with pytest.raises(KeyError):
        shipped_rules().rule("CLM-NOSUCH")


def test_version_is_sixteen_hex_digits_and_stable():
    rules = shipped_rules()
    assert re.fullmatch(r"[0-9a-f]{16}", rules.version)
    assert RuleSet.from_content(rules.content()).version == rules.version


def test_content_survives_json():
    rules = shipped_rules()
    again = RuleSet.from_content(json.loads(json.dumps(rules.content())))
    assert again == rules
    assert again.rule("CLM-CURE").detection == rules.rule("CLM-CURE").detection
    assert again.content() == rules.content()


@pytest.mark.parametrize(
    ("key", "value"),
    [("severity", "block"), ("why", "Another reason."), ("detection", {"patterns": ["other"]})],
)
def test_version_changes_with_a_rule(key, value):
    assert RuleSet.build(read(GOOD | {key: value})).version != RuleSet.build(read(GOOD)).version


def test_version_changes_with_a_word_list():
    rules = read(GOOD)
    assert RuleSet.build(rules, {"drug": ("a",)}) != RuleSet.build(rules, {"drug": ("b",)})


def test_version_does_not_change_with_examples():
    with_example = GOOD | {"positives": ["A test."]}
    assert RuleSet.build(read(with_example)) == RuleSet.build(read(GOOD))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sevrity": "warn"}, "unknown key 'sevrity'"),
        ({"severity": "fatal"}, "severity 'fatal' is none of"),
        ({"direction": "sideways"}, "direction 'sideways' is none of"),
        ({"scanner": "nobody"}, "scanner 'nobody' is none of"),
        ({"why": ""}, "'why' is missing or empty"),
        ({"effective_from": "soon"}, "effective_from must be a quoted date"),
        ({"detection": {"patterns": ["(open"]}}, "the pattern '(open' is wrong"),
        ({"detection": {"patterns": ["%nolist%"]}}, "the pattern '%nolist%' is wrong"),
        ({"detection": {"pattern": ["x"]}}, "unknown key 'pattern'"),
        ({"detection": {"patterns": ["x"], "spare": ["joking"]}}, "spare 'joking' is none of"),
        ({"detection": {"patterns": ["x"], "scope": "page"}}, "scope 'page' is none of"),
        ({"detection": {}}, "there is no pattern to detect it with"),
        ({"positives": [{"txt": "x"}]}, "unknown key 'txt'"),
    ],
)
def test_rule_file_with_mistake_is_refused_by_name(change, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)) as refused:
        read(copy.deepcopy(GOOD) | change)
    assert "claims.yaml, rule CLM-TEST" in str(refused.value)


def test_rule_file_without_rules_is_refused():
    with pytest.raises(ValueError, match="list under the key 'rules'"):
        list(read_rules("[]", "claims.yaml", {}))


def test_rule_file_that_is_no_yaml_is_refused():
    with pytest.raises(ValueError, match=r"claims\.yaml is not valid YAML"):
        list(read_rules("rules: [", "claims.yaml", {}))


def test_rule_twice_is_refused_with_both_files(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(json.dumps({"rules": [GOOD]}))
    with pytest.raises(ValueError, match=r"b.yaml: rule CLM-TEST is in a.yaml already"):
        read_folder(tmp_path, {})
