"""What the model found is looked at in its surroundings: who makes, wrote or measures is nobody."""

import pytest

from compliance.scanners.identifiers.second_look import identifies


def seen(entity: str, marked: str, score: float = 0.9) -> bool:
    """Whether the words in [brackets] of a sentence count."""
    before, _, rest = marked.partition("[")
    words, _, behind = rest.partition("]")
    return identifies(entity, before + words + behind, len(before), len(before + words), score)


@pytest.mark.parametrize(
    ("entity", "marked"),
    [
        ("NAME", "I like the book by [Keisha Brandt] on sleep."),
        ("NAME", "[Brandt] et al. found the same."),
        ("NAME", "They put me on the medication [lovasa] last year."),
        ("NAME", "It is a product called [neuroaid], any good?"),
        ("NAME", "Even [Serena Williams] said so."),
        ("NAME", "even [serena williams]'s doctors did"),
        ("NAME", "My brother has [Friedreich Ataxia] too."),
        ("FACILITY", "[Medtronic]'s device was recalled."),
        ("NAME", "It is made by [Eli Lilly]."),
        ("PLACE", "It is common in the United [States]."),
        ("PLACE", "why in the [united] kingdom only"),
        ("FACILITY", "It was done at [Djibouti]."),
        ("NAME", "a cyst at [S2] was drained"),
        ("ID", "fused from [L4-S1] in spring"),
        ("NAME", "I am tired [kg] and all"),
        ("PLACE", "I am in U.S.[A]. and wait"),
        ("AGE", "the reading is [94] in the morning"),
        ("DATE", "4 cases of expired ([04/2010]) peroxide"),
        ("DATE", "[\u00bd] a pill at night"),
        ("DATE", "[1\u20442] a pill at night"),
        ("DATE", "We met on [the dot] of nine."),
        ("DATE", "The box says best before [3/2024]."),
    ],
)
def test_thing_is_left_alone(entity, marked):
    assert not seen(entity, marked)


@pytest.mark.parametrize(
    ("entity", "marked"),
    [
        ("NAME", "I like the post by [Keisha Brandt] on sleep."),
        ("NAME", "[Brandt] and her sister found the same."),
        ("NAME", "The drugs that [Rosa] takes."),
        ("NAME", "My aunt [Serena] said so."),
        ("NAME", "My brother [Friedreich Brandt] too."),
        ("FACILITY", "I work at [Medtronic] on nights."),
        ("NAME", "My neighbour is [Eli Brandt]."),
        ("PLACE", "It is common in [Dubuque]."),
        ("FACILITY", "It was done at [Lakeside Clinic]."),
        ("AGE", "my neighbour is [94] in the spring"),
        ("PLACE", "We live in [L4] near the park."),
        ("NAME", "Ask [Ji Hun] about it."),
        ("NAME", "My surgeon was [Zimmer] there."),
        ("NAME", "I saw Dr [Reddy] then."),
        ("NAME", "Love, [KG]"),
        ("DATE", "It was removed on [04/10/2010]."),
        ("DATE", "He expired on [04/10/2010]."),
        ("DATE", "My appointment was made on [04/10/2010]."),
    ],
)
def test_somebody_is_kept(entity, marked):
    assert seen(entity, marked)
