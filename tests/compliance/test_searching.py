"""Searching by the places where a pattern can begin finds what Python finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.scanners import searching, views
from compliance.scanners.searching import looser, matches
from compliance.scanners.views import normal, plainer
from tests.compliance.test_prefilter import every_pattern, texts
from tests.compliance.test_views import PLAINER

SPACES = r"\t-\r\x1c-\x1f "


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"\b(?:a|b[^.]{0,60}?c)d", r"\b(?:a|b[^.]*?c)d"),
        (r"x(?!y(?:a|[)]))z", "xz"),
        (r"(?<!\w)x(?=y)", "x"),
        (r"a{2,3}b{,4}c{0}", "a+b*c*"),
        (r"[^\s]a\sb\Sc", rf"[^{SPACES}]a[{SPACES}]b(?s:.)c"),
        (r"[\])]x", r"[\])]x"),
        (r"(?P<name>a)(b)\)", r"(?:a)(?:b)\)"),
        (r"(?:(?:a(?!b)))c", "(?:(?:a))c"),
        (r"a[^\S\n]b$|\$c{}", r"a(?s:.)b|\$c{}"),
    ],
)
def test_looser_form(pattern, expected):
    assert looser(pattern) == expected


def test_every_shipped_pattern_has_a_looser_form():
    assert all(searching._beginning(pattern.pattern) for pattern in every_pattern())


def spans(found):
    return [match.span() for match in found]


def test_the_same_is_found():
    patterns, found = list(every_pattern()), 0
    for text in texts(600):
        for pattern in patterns:
            expected = spans(pattern.finditer(text))
            found += len(expected)
            assert spans(matches(pattern, text)) == expected, (pattern.pattern[:80], text)
    assert found > 500


def test_a_form_that_is_not_looser_would_be_noticed(monkeypatch):
    """The control of the test above."""
    monkeypatch.setattr(searching, "looser", lambda pattern: pattern.replace(r"\s", "x"))
    searching._beginning.cache_clear()
    with pytest.raises(AssertionError):
        test_the_same_is_found()
    searching._beginning.cache_clear()


@pytest.mark.parametrize("text", ["aab" * 100, "aac" * 100 + "aab", "", "b\x1cb", "\x1fa b\x0bb\n"])
@pytest.mark.parametrize(
    "pattern", [r"a+b", r"a(?=ab)", r"b\sb", r"a{2}b", r"(?<!a)a", r"x*", r"b$", r"[^\S\n]b"]
)
def test_the_same_is_found_of_what_is_tried_in_vain(pattern, text):
    compiled = re.compile(pattern, re.IGNORECASE)
    assert spans(matches(compiled, text)) == spans(compiled.finditer(text))


LETTERS = st.sampled_from([*"aeoO015$@ .,-_\n", " one ", "two ", "double ", "j o h n", "6é"])


@given(st.lists(LETTERS, max_size=30).map("".join))
def test_no_disguise_goes_unread(text):
    _no_disguise_goes_unread(text)


@pytest.mark.parametrize("text", ["a . . . d", "x a.b...c.d", *(text for text, _ in PLAINER)])
def test_no_disguise_of_the_examples_goes_unread(text):
    _no_disguise_goes_unread(text)


def _no_disguise_goes_unread(text):
    view = normal(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "_may_match", lambda sign, text: True)
        expected = list(plainer(view))
    assert list(plainer(view)) == expected
