"""Agreement of two people, against figures worked out by hand."""

from __future__ import annotations

import pytest

from reviews.agreement import FEW, agreement, kappa

# Cohen's kappa of the table (20, 5; 10, 15): observed 0.7, chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5.
TABLE = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15


def test_kappa_is_agreement_beyond_chance() -> None:
    assert kappa(TABLE) == pytest.approx(0.4)
    assert kappa([("a", "a"), ("b", "b")]) == 1
    assert kappa([("a", "b"), ("b", "a")]) == -1
    assert kappa([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]) == 0


def test_kappa_says_nothing_where_chance_explains_all() -> None:
    assert kappa([]) is None
    assert kappa([("sign", "sign")] * 50) is None


def test_few_pairs_have_no_share_and_no_kappa() -> None:
    few = agreement(TABLE[: FEW - 1])
    assert (few.number, few.agreed, few.percent, few.kappa) == (9, 9, None, None)
    many = agreement(TABLE)
    assert (many.number, many.agreed, many.percent) == (50, 35, 70)
    assert many.kappa == pytest.approx(0.4)


def test_kappa_is_low_where_one_answer_is_rare_although_people_agree() -> None:
    # 45 times both sign, twice one of them alone, once both refuse: 47 of 50 agree.
    pairs = [("s", "s")] * 46 + [("s", "r"), ("r", "s"), ("r", "s")] + [("r", "r")]
    found = agreement(pairs)
    assert found.percent == 94
    assert found.kappa is not None and found.kappa < 0.4
