"""A community on a fake of Discourse, as fixtures: import both, and name them in `__all__`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engage.communities import add_community
from engage.enums import ConnectorKind
from engage.models import Community
from tests.fakes.discourse import FakeDiscourse


@pytest.fixture
def forum(tmp_path: Path) -> Iterator[FakeDiscourse]:
    """The forum, which answers until the test is over."""
    fake = FakeDiscourse()
    fake.start(tmp_path)
    yield fake
    fake.stop()


@pytest.fixture
def here(forum: FakeDiscourse) -> Community:
    """The community that is read there."""
    return add_community(
        by="system",
        slug="forum",
        name="The forum",
        connector=ConnectorKind.DISCOURSE,
        settings=forum.settings,
    )
