"""How the rules do: how often a reviewer upheld what a rule found, or overrode it, and who did."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max

from compliance import scanning
from compliance.models import Finding
from compliance.rules import shipped_rules
from compliance.rules.profile import OWN
from compliance.rules.rule import Rule
from reviews import permissions
from reviews.enums import Role, Verdict
from reviews.models import Disposition, Review, User

FEW = 10  # verdicts below which a share says little


@dataclass(slots=True)
class Record:
    """What reviewers made of one rule.

    Attributes:
        found: findings of the rule in replies that were submitted.
        verdicts: how many of them were judged how; the newest verdict on a finding counts.
        by_role: the same, for each role that judged.
        by_person: how many of its findings each person overrode.
    """

    rule: Rule
    found: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    by_role: dict[Role, Counter[Verdict]] = field(default_factory=dict)
    by_person: Counter[str] = field(default_factory=Counter)

    @property
    def judged(self) -> int:
        """How many findings have a verdict."""
        return self.verdicts.total()

    @property
    def upheld(self) -> int:
        """Findings that had to be changed in the reply."""
        return self.verdicts[Verdict.VALID]

    @property
    def accepted(self) -> int:
        """Findings that were right, and were let stand with a reason."""
        return self.verdicts[Verdict.ACCEPTED]

    @property
    def false_alarms(self) -> int:
        """Findings that should not have been."""
        return self.verdicts[Verdict.FALSE_ALARM]

    @property
    def judges(self) -> list[tuple[str, int]]:
        """Each role with the number of its verdicts."""
        return [(role.label, verdicts.total()) for role, verdicts in self.by_role.items()]

    @property
    def overriders(self) -> list[tuple[str, int]]:
        """Each person who overrode findings, with how many, most first."""
        return self.by_person.most_common()

    @property
    def share_false(self) -> int | None:
        """False alarms in a hundred verdicts; None where there are too few to say."""
        return round(100 * self.false_alarms / self.judged) if self.judged >= FEW else None


def records(*, by: User, since: datetime | None = None) -> list[Record]:
    """A record for each rule that found or was judged, the most judged first.

    Args:
        since: reviews submitted and verdicts given from then on; all, if not given.
    Raises:
        NotAllowed: this person may not see it.
    """
    permissions.check_may(by, permissions.Permission.READ_HISTORY)
    reviews = Review.objects.filter(signpost=None)  # nobody judges findings in those
    verdicts = Disposition.objects.filter(
        pk__in=Disposition.objects.values("finding").annotate(last=Max("pk")).values("last")
    )
    if since:
        reviews = reviews.filter(submitted_at__gte=since)
        verdicts = verdicts.filter(at__gte=since)
    found = {rule.id: Record(rule) for rule in [*shipped_rules().rules.values(), *_own_rules()]}
    counted = Finding.objects.filter(scan__in=reviews.values("scan")).values("rule_id")
    for row in counted.annotate(number=Count("pk")).order_by():
        if record := found.get(row["rule_id"]):
            record.found = row["number"]
    told = verdicts.values(
        "finding__rule_id", "verdict", "role", "by__first_name", "by__last_name", "by__username"
    )
    for judged in told.annotate(number=Count("pk")).order_by():
        record, verdict = found.get(judged["finding__rule_id"]), Verdict(judged["verdict"])
        if record is None:
            continue  # a rule of an earlier release
        number = judged["number"]
        record.verdicts[verdict] += number
        record.by_role.setdefault(Role(judged["role"]), Counter())[verdict] += number
        if verdict != Verdict.VALID:
            name = f"{judged['by__first_name']} {judged['by__last_name']}".strip()
            record.by_person[name or judged["by__username"]] += number
    used = [record for record in found.values() if record.found or record.judged]
    return sorted(used, key=lambda record: (-record.judged, -record.found, record.rule.id))


def _own_rules() -> list[Rule]:
    """The rules of communities that fired somewhere, as they stood when they did last."""
    own = Finding.objects.filter(rule_id__startswith=OWN).select_related("scan")
    ids = own.order_by().values_list("rule_id", flat=True).distinct()
    return [
        scanning.rule_of(own.filter(rule_id=rule_id).latest("scan__created_at")) for rule_id in ids
    ]


def as_table(chosen: list[Record]) -> str:
    """The records as CSV, a line each."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["rule", "title", "severity", "found", "upheld", "accepted", "false alarms"])
    for record in chosen:
        table.writerow(
            [
                record.rule.id, record.rule.title, record.rule.severity, record.found,
                record.upheld, record.accepted, record.false_alarms,
            ]
        )  # fmt: skip
    return written.getvalue()
