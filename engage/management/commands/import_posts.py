"""`manage.py import_posts FILE`: JSON Lines in, every post scanned. Running it again changes
nothing; killed in the middle, running it again finishes the work."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify

from compliance.exceptions import BadInput
from engage import pushing, screening
from engage.communities import add_community
from engage.enums import ConnectorKind
from engage.models import Community

BATCH = 200  # rows a transaction


class Command(BaseCommand):
    help = (
        "Imports posts from a JSON Lines file (community, thread_url, thread_title, post_id, "
        "parent_id, author, published_at, text) and scans them. Unknown communities are added as "
        "read only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--no-scan", action="store_true", help="leave the scanning to the running workers"
        )

    def handle(self, *args: Any, file: Path, no_scan: bool, **options: Any) -> None:
        counts: Counter[str] = Counter()
        try:
            with file.open(encoding="utf-8") as lines:
                for batch in _batches(_rows(lines)):
                    self._add_communities(batch)
                    for outcome in pushing.take_rows(batch, by="system"):
                        counts[outcome.status] += 1
                        if outcome.reason:
                            self.stderr.write(f"line {outcome.place}: {outcome.reason}")
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror}.") from error
        self.stdout.write(
            "posts: " + ", ".join(f"{counts[s]} {s}" for s in sorted(counts))
            if counts
            else "The file holds no posts."
        )
        if not no_scan:
            self._scan()

    def _add_communities(self, batch: list[tuple[int, Any]]) -> None:
        slugs = {row["community"] for _, row in batch if _names_community(row)}
        known = set(Community.objects.filter(slug__in=slugs).values_list("slug", flat=True))
        for slug in sorted(slugs - known):
            add_community(
                by="system",
                slug=slug,
                name=slug.replace("-", " ").capitalize(),
                connector=ConnectorKind.PUSH,
            )
            self.stdout.write(f"Added the community {slug} (read only).")

    def _scan(self) -> None:
        started, scanned, held = time.monotonic(), 0, 0
        while ids := screening.claim_due(screening.BATCH):
            report = screening.scan_inbound(ids)
            scanned, held = scanned + report.scanned, held + report.held
        screening.triage()
        seconds = time.monotonic() - started
        rate = f", {scanned / seconds:.0f} texts a second" if scanned else ""
        self.stdout.write(f"scanned {scanned} texts (posts and titles), held {held}{rate}")


def _names_community(row: Any) -> bool:
    # Only a proper short name makes a new community; anything else is refused with its row.
    slug = row.get("community") if isinstance(row, dict) else None
    return isinstance(slug, str) and bool(slug) and slugify(slug) == slug and len(slug) <= 80


def _rows(lines: Iterator[str]) -> Iterator[tuple[int, Any]]:
    try:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line)
            except ValueError:
                yield number, BadInput("This line is not JSON.")
    except UnicodeDecodeError as error:
        raise CommandError("The file is not UTF-8 from some line on.") from error


def _batches(rows: Iterator[tuple[int, Any]]) -> Iterator[list[tuple[int, Any]]]:
    batch: list[tuple[int, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
