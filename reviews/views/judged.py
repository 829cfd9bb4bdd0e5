"""The findings of a review with what the author and the reviewers said of them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from compliance import profiles, vault
from compliance.enums import Basis, Severity
from compliance.masking import Mark, masked_text
from compliance.models import Finding
from reviews import gates
from reviews.enums import RemarkKind
from reviews.models import Disposition, Review
from reviews.packet import Packet, PacketMark
from reviews.views.showing import ShownFinding


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with what the author and the reviewers said of it."""

    finding: ShownFinding
    answer: str
    disposition: Disposition | None
    reason: str
    wanted: bool


def judged(review: Review, packet: Packet) -> list[Judged]:
    """The findings of a review, the worst first."""
    rules = profiles.rules_of_version(review.rule_set_id)
    dispositions = gates.newest_dispositions(review)
    answers = {
        remark.finding_id: vault.unseal(remark.body)
        for remark in review.remarks.filter(kind=RemarkKind.RESPONSE).select_related("body__key")
    }
    findings = {f.pk: f for f in Finding.objects.filter(scan=review.scan)}
    shown = []
    for mark in sorted(packet.marks, key=lambda m: (Severity(m.severity).rank, m.start)):
        finding = findings[UUID(mark.id)]
        disposition = dispositions.get(finding.pk)
        shown.append(
            Judged(
                finding=ShownFinding(
                    id=mark.id,
                    rule=rules.rule(mark.rule_id),
                    severity=Severity(mark.severity),
                    start=mark.start,
                    end=mark.end,
                    confidence=finding.confidence,
                    basis=Basis(finding.basis),
                    entity=mark.entity,
                    quote=_quote(packet, mark),
                ),
                answer=answers.get(finding.pk, ""),
                disposition=disposition,
                reason=vault.unseal(disposition.reason) if disposition else "",
                wanted=mark.severity in gates.DISPOSED_BY_REVIEWERS,
            )
        )
    return shown


def _quote(packet: Packet, mark: PacketMark) -> str:
    """The words of a finding, with the identifiers in them masked."""
    if mark.entity:
        return ""
    inside = [
        Mark(m.start - mark.start, m.end - mark.start, m.rule_id, m.severity, m.entity)
        for m in packet.marks
        if m.entity and m.start < mark.end and mark.start < m.end
    ]
    return masked_text(packet.text[mark.start : mark.end], inside)
