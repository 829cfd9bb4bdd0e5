"""How evidence is told from other evidence: one source has one key, however it is written."""

from __future__ import annotations

import pytest

from reviews import evidence

SAME = [
    ("Cochrane review, 2024, https://example.org/review", "https://example.org/review"),
    ("https://example.org/review", "http://www.example.org/review/"),
    ("https://example.org/review", "See (https://EXAMPLE.org/review)."),
    ("https://example.org/review", "https://example.org/review#results"),
    ("https://example.org/review", "https://example.org/review?utm_source=mail&fbclid=1"),
    ("https://example.org/a?x=1&y=2", "example study, https://example.org/a?y=2&x=1"),
    ("https://example.org/a%20b", "https://example.org/a%20b/"),
    ("www.example.org/review", "https://example.org/review"),
    ("doi:10.1056/NEJMoa2034577", "https://doi.org/10.1056/nejmoa2034577"),
    ("10.1056/NEJMoa2034577.", "https://www.nejm.org/doi/full/10.1056/NEJMoa2034577"),
    ("https://doi.org/10.1016%2Fj.ajog.2020.01.001", "10.1016/j.ajog.2020.01.001"),
    ("PMID: 33301246", "https://pubmed.ncbi.nlm.nih.gov/33301246/"),
    ("Label, 2026", "  label,   2026. "),
    ("\uff2cabel, 2026", "Label, 2026"),
]
OTHER = [
    ("Label, 2026", "Label, 2025"),
    ("https://example.org/review", "https://example.org/review/2"),
    ("https://example.org/review", "https://example.com/review"),
    ("https://example.org/a?x=1", "https://example.org/a?x=2"),
    ("https://example.org/", "https://example.org/review"),
    ("PMID: 33301246", "PMID: 33301247"),
    ("Cochrane review, 2024, https://example.org/a", "Cochrane review, 2024"),
    ("doi:10.1056/NEJMoa2034577", "doi:10.1056/NEJMoa2034578"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_source_has_a_key_in_common(one: str, other: str) -> None:
    assert evidence.keys_of_reference(one) & evidence.keys_of_reference(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_source_has_none(one: str, other: str) -> None:
    assert not evidence.keys_of_reference(one) & evidence.keys_of_reference(other)


@pytest.mark.parametrize(
    "odd", ["https://[broken", "https://", "http://a b", "10.1/x", "\0", "https://x" + "/y" * 200]
)
def test_odd_lines_are_read_without_fault(odd: str) -> None:
    assert evidence.keys_of_reference(odd)


def test_keys_say_on_which_line() -> None:
    keys = evidence.keys_in(
        "See https://example.org/a.", ["Label, 2026", "https://example.org/b", "Label, 2026"]
    )
    of_line = {line: {k for k, v in keys.items() if v == line} for line in keys.values()}
    assert of_line.keys() == {0, 1, 2}
    assert of_line[0] <= evidence.keys_of_reference("https://example.org/a")
    assert of_line[1] == evidence.keys_of_reference("Label, 2026")
