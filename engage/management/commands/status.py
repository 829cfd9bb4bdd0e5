"""`manage.py status`: how the installation stands, in counts."""

from typing import Any

from django.core.management.base import BaseCommand

from engage import overview, stops


class Command(BaseCommand):
    help = "Prints counts of posts, scans, findings by rule, reviews and publications."

    def handle(self, *args: Any, **options: Any) -> None:
        now = overview.overview()
        for stop in stops.standing():
            self.stdout.write(f"publishing stopped {stop.where} since {stop.at:%Y-%m-%d %H:%M} UTC")
        self._line("communities", now.communities)
        self._line("threads", now.threads)
        self._line("posts", now.posts)
        for state, count in now.posts_by_scan.items():
            self._line(f"  {state}", count)
        self._line("open safety cases", now.open_safety_cases)
        self._section("findings in posts by rule", now.findings_by_rule)
        self._section("reviews", now.reviews)
        self._section("publications", now.publications)
        self._section("decided not to reply", now.no_replies.by_reason)
        if now.no_replies.hours is not None:
            self._line("  of the threads, in percent", now.no_replies.percent)
            self._line("  hours to the decision, median", now.no_replies.hours)
        self._line("ledger events", now.events)

    def _section(self, title: str, counts: dict[str, int]) -> None:
        self._line(title, sum(counts.values()))
        for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
            self._line(f"  {name}", count)

    def _line(self, label: str, count: float) -> None:
        self.stdout.write(f"{label:<32}{count:>8,}")
