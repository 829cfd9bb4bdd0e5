"""Product facts: they hold from a day to a day, name their rule, and a mistake is named."""

import datetime

import pytest

from compliance.enums import Direction
from compliance.findings import ScanContext
from compliance.rules import product_facts, shipped_rules
from compliance.rules.product_facts import read_facts
from compliance.scanners import claims

OUTBOUND = ScanContext(direction=Direction.OUTBOUND)
DAY = datetime.date(2026, 11, 1)
FACT = """
facts:
  - {id: a, rule: CLM-STALE, product: essure, statement: s, source: https://example.org,
     effective_from: '2019-01-01', effective_to: '2020-01-01', contradicted_by: ['%product%']}
"""


@pytest.mark.parametrize(
    ("text", "rule_id", "since"),
    [
        ("Ask for Essure, it can be done in the office.", "CLM-STALE", datetime.date(2019, 1, 1)),
        ("Makena shots are approved for this.", "CLM-STALE", datetime.date(2023, 4, 6)),
        ("All HRT carries a boxed warning.", "CLM-STALE", datetime.date(2025, 11, 10)),
        ("Metformin is great for getting pregnant.", "CLM-OFFLABEL", datetime.date(1995, 1, 1)),
        ("For chin hair try spironolactone.", "CLM-OFFLABEL", datetime.date(1960, 1, 1)),
    ],
)
def test_contradiction_is_found_from_the_day_on_which_the_fact_holds(text, rule_id, since):
    def fires(day):
        patterns = {p for r in shipped_rules(day).rules.values() for p in r.detection.patterns}
        assert patterns
        hits = claims.SCANNER.scan([text], [OUTBOUND], shipped_rules(day))[0]
        return rule_id in {hit.rule_id for hit in hits}

    assert fires(max(since, datetime.date(2026, 1, 1)))


def test_a_fact_that_begins_makes_another_version():
    before, after = (
        shipped_rules(datetime.date(2026, 1, 2)), shipped_rules(datetime.date(2026, 11, 2))
    )  # fmt: skip
    assert before == after  # nothing began in between
    assert shipped_rules(datetime.date(2026, 1, 1)).version == before.version


def test_facts_hold_from_their_first_day_until_their_last(tmp_path):
    path = tmp_path / "facts.yaml"
    path.write_text(FACT)
    (fact,) = read_facts(path)
    days = [datetime.date(2018, 12, 31), fact.effective_from, datetime.date(2019, 12, 31),
            datetime.date(2020, 1, 1)]  # fmt: skip
    assert [fact.holds(day) for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("source: https://example.org,", ""), "fact a: source is missing"),
        (("2019-01-01", "last year"), "fact a: dates are written"),
        (("contradicted_by: ['%product%']", "x: y"), "fact a: give either"),
        (("facts:", "fact:"), "facts.yaml: not YAML with a list under 'facts'"),
    ],
)
def test_mistake_in_a_fact_is_named(tmp_path, change, named):
    path = tmp_path / "facts.yaml"
    path.write_text(FACT.replace(*change))
    with pytest.raises(ValueError, match=named):
        read_facts(path)


def test_shipped_facts_have_an_address_and_a_sentence():
    assert len(product_facts()) >= 20
    for fact in product_facts():
        assert fact.source.startswith("https://"), fact.id
        assert fact.statement.endswith("."), fact.id
        assert fact.rule in shipped_rules(DAY).rules, fact.id
