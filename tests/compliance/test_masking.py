"""Masking: no character of an identifier leaves, and nothing else is lost."""

import random

import pytest

from compliance.masking import (
    FINDING,
    MASKED,
    PLAIN,
    Mark,
    MaskedPlace,
    Pseudonyms,
    mask,
    masked_places,
    masked_text,
)

ALPHABET = "abc ABC.\n\u00e9\U0001f622"
SEVERITIES = ("block", "needs_legal", "warn", "info")


def name(start, end, id="n"):
    return Mark(start, end, "PHI-NAME", "block", "NAME", id)


def finding(start, end, severity="warn", rule_id="CLM-ABS", id="f"):
    return Mark(start, end, rule_id, severity, "", id)


def shown(segments):
    return [(s.kind, s.text or s.label) for s in segments]


def random_case(seed):
    chance = random.Random(seed)
    text = "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(0, 60)))
    marks = []
    for number in range(chance.randrange(0, 9)):
        start = chance.randrange(-3, len(text) + 3)
        end = start + chance.randrange(0, 15)
        entity = chance.choice(("", "", "NAME", "PHONE", "DATE"))
        marks.append(Mark(start, end, "R", chance.choice(SEVERITIES), entity, str(number)))
    return text, marks


def test_text_without_marks_is_plain():
    assert shown(mask("Hello there.", [])) == [(PLAIN, "Hello there.")]
    assert mask("", []) == []


def test_identifier_becomes_a_label_without_its_text():
    segments = mask("I am Danielle, hi.", [name(5, 13)])
    assert shown(segments) == [(PLAIN, "I am "), (MASKED, "Name 1"), (PLAIN, ", hi.")]
    assert segments[1].text == ""
    assert (segments[1].finding, segments[1].rule_id, segments[1].severity) == (
        "n", "PHI-NAME", "block",
    )  # fmt: skip


def test_finding_keeps_its_text():
    segments = mask("It never fails here.", [finding(3, 14)])
    assert shown(segments) == [(PLAIN, "It "), (FINDING, "never fails"), (PLAIN, " here.")]
    assert (segments[1].finding, segments[1].severity) == ("f", "warn")


def test_identifier_inside_a_finding_splits_it():
    segments = mask("Dear Rosa you are cured", [finding(0, 23), name(5, 9)])
    assert shown(segments) == [(FINDING, "Dear "), (MASKED, "Name 1"), (FINDING, " you are cured")]


def test_overlapping_identifiers_are_masked_as_one_under_the_longest():
    phone = Mark(8, 20, "PHI-CONTACT", "block", "PHONE", "p")
    segments = mask("Call Rosa 555-0100 now, yes", [name(5, 9), phone])
    assert shown(segments) == [(PLAIN, "Call "), (MASKED, "Phone"), (PLAIN, "ow, yes")]


def test_identifiers_that_only_touch_stay_two():
    assert shown(mask("AnnBob", [name(0, 3), name(3, 6)])) == [
        (MASKED, "Name 1"), (MASKED, "Name 2"),
    ]  # fmt: skip


def test_worse_finding_wins_an_overlap():
    segments = mask("abcdefghij", [finding(0, 10, "warn", id="w"), finding(3, 5, "block", id="b")])
    assert [(s.text, s.finding) for s in segments] == [("abc", "w"), ("de", "b"), ("fghij", "w")]


def test_longer_finding_wins_among_equals():
    segments = mask("abcdefghij", [finding(0, 4, id="short"), finding(2, 10, id="long")])
    assert [(s.text, s.finding) for s in segments] == [("ab", "short"), ("cdefghij", "long")]


def test_absence_has_no_place():
    assert shown(mask("abc", [finding(0, 0)])) == [(PLAIN, "abc")]


def test_pseudonyms_number_people_not_mentions():
    names = Pseudonyms()
    first = mask("Rosa met Ann.", [name(0, 4), name(9, 12)], names=names)
    second = mask("ANN and rosa's mum", [name(0, 3), name(8, 14)], names=names)
    assert [s.label for s in first if s.kind == MASKED] == ["Name 1", "Name 2"]
    assert [s.label for s in second if s.kind == MASKED] == ["Name 2", "Name 1"]


def test_pseudonyms_hold_no_name():
    names = Pseudonyms()
    mask("Rosa", [name(0, 4)], names=names)
    assert "rosa" not in repr(vars(names)).casefold()


@pytest.mark.parametrize("entity", ["PHONE", "EMAIL", "ZIP", "SOMETHING_NEW"])
def test_label_of_other_kinds_never_holds_the_value(entity):
    label = Pseudonyms().label(entity, "612-555-0148")
    assert label and "612" not in label


def test_masked_text_puts_labels_in_brackets():
    assert masked_text("I am Danielle.", [name(5, 13)]) == "I am [Name 1]."


@pytest.mark.parametrize("seed", range(400))
def test_no_masked_character_appears_and_no_other_is_lost(seed):
    text, marks = random_case(seed)
    hidden = {i for m in marks if m.entity for i in range(max(0, m.start), min(m.end, len(text)))}
    segments = mask(text, marks)
    at = 0
    for segment in segments:
        if segment.kind == MASKED:
            assert segment.text == "" and segment.label
            assert at in hidden
            while at in hidden and at < len(text):
                at += 1
                if _begins(marks, at, text):
                    break
        else:
            assert text[at : at + len(segment.text)] == segment.text
            assert not hidden & set(range(at, at + len(segment.text)))
            assert segment.text
            at += len(segment.text)
    assert at == len(text)
    open_text = "".join(c for i, c in enumerate(text) if i not in hidden)
    assert "".join(s.text for s in segments) == open_text


def _begins(marks, at, text):
    """Whether a new stretch of identifiers begins here: no identifier reaches across."""
    inside = [(max(0, m.start), min(m.end, len(text))) for m in marks if m.entity]
    return not any(start < at < end for start, end in inside)


@pytest.mark.parametrize("seed", range(0, 400, 10))
def test_order_of_marks_does_not_matter(seed):
    text, marks = random_case(seed)
    assert mask(text, marks) == mask(text, list(reversed(marks)))


def test_masked_places_show_a_few_whole_words_around_and_nothing_masked():
    text = "It was Danielle who told Keisha that the ring had moved, long before spring."
    segments = mask(text, [name(7, 15, "d"), name(25, 31, "k")])
    assert masked_places(segments) == [
        MaskedPlace("d", "Name 1", "It was ", " who told "),
        MaskedPlace("k", "Name 2", " who told ", " that the ring had\u2026"),
    ]
    (last,) = masked_places(mask(text, [name(69, 75, "s")]))
    assert (last.before, last.after) == ("\u2026had moved, long before ", ".")
