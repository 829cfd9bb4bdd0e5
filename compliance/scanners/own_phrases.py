"""Phrases that a community's rule profile adds (`compliance/rules/profile.py`)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from compliance.findings import Hit, ScanContext
from compliance.rules import RuleSet
from compliance.rules.profile import SCANNER as NAME
from compliance.scanners.phrases import PhraseScanner


class OwnPhraseScanner(PhraseScanner):
    """Finds the phrases of a profile, compiled apart from the rules of the release."""

    def scan(
        self, texts: Sequence[str], contexts: Sequence[ScanContext], rules: RuleSet
    ) -> list[list[Hit]]:
        """As `PhraseScanner.scan`."""
        own = _own(rules)
        return super().scan(texts, contexts, own) if own.rules else [[] for _ in texts]

    @property
    def version(self) -> str:
        """Of the code: no encoder has a part in it."""
        return "1"


@functools.lru_cache(maxsize=64)
def _own(rules: RuleSet) -> RuleSet:
    return RuleSet.build(rules.of_scanner(NAME))


SCANNER = OwnPhraseScanner(NAME, "1")
