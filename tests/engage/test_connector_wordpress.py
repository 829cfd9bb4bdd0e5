"""What the WordPress connector does without a site. The rest is in tests/peers."""

from __future__ import annotations

from typing import Any

import pytest

from engage.connectors import connector_for
from engage.connectors.wordpress import A_PAGE, NUMBERS, _to_read_again

SETTINGS = {"base_url": "https://c.example", "username": "expert", "application_password": "abcd"}


def test_old_comments_are_read_again_in_turn() -> None:
    seen: set[str] = set()
    turn = 0
    for _ in range(NUMBERS // A_PAGE - 1):
        again, turn = _to_read_again(5_000, turn)
        assert {str(n) for n in range(4_901, 5_001)} <= set(again) and len(again) == 2 * A_PAGE
        seen |= set(again)
    assert turn == 0 and seen == {str(n) for n in range(5_001 - NUMBERS, 5_001)}
    assert _to_read_again(3, 0)[0] == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"base_url": ""}, "base_url"),
        ({"base_url": "ftp://canary-4711"}, "base_url"),
        ({"username": ""}, "username"),
        ({"username": "canary-4711:x"}, "username"),
        ({"application_password": ""}, "application_password"),
    ],
)
def test_wrong_settings_are_named_without_their_values(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        connector_for("wordpress", {**SETTINGS, **changed})
    assert "canary" not in str(raised.value)
