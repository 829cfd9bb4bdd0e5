"""Examples in the form of the catalogue: what stands in parentheses behind is context."""

import pytest

from compliance.enums import Direction
from compliance.rules.catalogue_form import with_context


@pytest.mark.parametrize(
    ("example", "text", "context"),
    [
        ("Rest well. (thread: SAFE-CRISIS)", "Rest well.", {"flags": {"SAFE-CRISIS"}}),
        ("Rest. (thread: SAFE-CRISIS, AE-REPLY)", "Rest.", {"flags": {"SAFE-CRISIS", "AE-REPLY"}}),
        ("A trial agrees (reference attached).", "A trial agrees.", {"references": 1}),
        ("It works. (reference attached)", "It works.", {"references": 1}),
        ("Go. (author is a paid speaker, nothing stated)", "Go.", {"ties": 1}),
        ("Go. (account does not identify the hospital as employer)", "Go.", {"ties": 1}),
        ("Great clinic! (drafted by clinic staff)", "Great clinic!", {}),
        ("At night (the same hour)", "At night (the same hour)", {}),
    ],
)  # fmt: skip
def test_parentheses_behind_become_context(example, text, context):
    scanned, given = with_context(example, Direction.OUTBOUND)
    assert scanned == text
    assert given.safety_flags == context.get("flags", set())
    assert len(given.references) == context.get("references", 0)
    assert len(given.material_ties) == context.get("ties", 0)
