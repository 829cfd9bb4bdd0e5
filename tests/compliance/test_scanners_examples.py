"""Every example of every detected rule: positives fire, negatives don't, in each direction."""

import pytest

from compliance.enums import Direction
from compliance.rules import shipped_rules
from compliance.scanners import SCANNERS


def directions_of(rule):
    return list(Direction) if rule.direction == "both" else [Direction(rule.direction)]


def cases(kind):
    for rule in shipped_rules().rules.values():
        if not rule.detects:
            continue
        for direction in directions_of(rule):
            for number, example in enumerate(getattr(rule, kind)):
                yield pytest.param(
                    rule, direction, example, id=f"{rule.id}-{direction.value}-{number}"
                )


def hits_of(rule, direction, example):
    names = {rule.scanner, "singled_out"} if rule.scanner == "identifiers" else {rule.scanner}
    return [
        hit
        for scanner in SCANNERS
        if scanner.name in names
        for hit in scanner.scan([example.text], [example.context(direction)], shipped_rules())[0]
        if hit.rule_id == rule.id
    ]


@pytest.mark.parametrize(("rule", "direction", "example"), list(cases("positives")))
def test_positive_example_fires(rule, direction, example):
    hits = hits_of(rule, direction, example)
    assert hits
    for hit in hits:
        assert 0 <= hit.start <= hit.end <= len(example.text)
        if rule.detection.scope == "phrase" and not rule.detection.signposts:
            assert example.text[hit.start : hit.end].strip()
        else:
            assert (hit.start, hit.end) == (0, 0)


@pytest.mark.parametrize(("rule", "direction", "example"), list(cases("negatives")))
def test_negative_example_stays_silent(rule, direction, example):
    assert hits_of(rule, direction, example) == []
