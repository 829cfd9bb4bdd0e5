"""A scanner that raises on one word, with the whole text in its message; installed as an app."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import AppConfig


class CanaryScannerConfig(AppConfig):
    name = "tests.canary_scanner"

    def ready(self) -> None:
        from compliance import scanners

        scanners.SCANNERS = (*scanners.SCANNERS, PoisonedScanner())


class PoisonedScanner:
    """Raises on the poison."""

    name, version = "poisoned", "1"

    def scan(self, texts: Sequence[str], contexts: object, rules: object) -> list[list[object]]:
        for text in texts:
            if "quetzalpoison" in text:
                raise ValueError(f"I choke on {text}")
        return [[] for _ in texts]
