"""What must be true of the text before it may go on: at submission, and at each signature."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from compliance.enums import Severity
from compliance.findings import Hit
from compliance.models import Finding
from reviews.enums import Role, Verdict
from reviews.exceptions import GateClosed
from reviews.models import Disposition, Review, SafetyCase

# What the author must change or answer for before submission, and who disposes of what.
ANSWERED_BY_AUTHOR = (Severity.BLOCK, Severity.WARN)
DISPOSED_BY_REVIEWERS = (Severity.BLOCK, Severity.NEEDS_LEGAL)


def check_safety(thread_id: UUID) -> None:
    """Raises GateClosed while the thread has an undisposed safety signal (law 9)."""
    if SafetyCase.objects.filter(thread_id=thread_id, disposed_at=None).exists():
        raise GateClosed(
            "This thread has an open safety signal, so it accepts no ordinary reply. A safety "
            "officer must dispose of it first."
        )


def check_answered(findings: Iterable[Finding], answered: Collection[UUID]) -> None:
    """Raises GateClosed unless the author answered for every blocking finding and warning.

    Args:
        answered: ids of the findings that the author gave a reason for.
    """
    open_ = [f for f in findings if f.severity in ANSWERED_BY_AUTHOR and f.pk not in answered]
    if open_:
        raise GateClosed(
            f"{_counted(len(open_), 'finding')} still open ({_rules(open_)}): change the text, or "
            "say for each why it should stand."
        )


def newest_dispositions(review: Review) -> dict[UUID, Disposition]:
    """The disposition that counts, by finding."""
    dispositions = review.dispositions.select_related("reason", "by", "finding").order_by("id")
    return {d.finding_id: d for d in dispositions}


def check_disposed(findings: Sequence[Finding], dispositions: dict[UUID, Disposition]) -> None:
    """Raises GateClosed unless everything that must be disposed of is, and nothing is valid.

    A needs-legal finding counts as disposed only if legal counsel did it, by name.
    """
    wanted = [f for f in findings if f.severity in DISPOSED_BY_REVIEWERS]
    missing = [f for f in wanted if f.pk not in dispositions]
    if missing:
        raise GateClosed(
            f"{_counted(len(missing), 'finding')} without a disposition ({_rules(missing)}): "
            "compliance or legal says what to make of each before anybody signs."
        )
    valid = [f for f in findings if f.pk in dispositions and is_valid(dispositions[f.pk])]
    if valid:
        raise GateClosed(
            f"{_rules(valid)} was found valid: this text can't be signed. Send it back."
        )
    legal = [
        f
        for f in wanted
        if f.severity == Severity.NEEDS_LEGAL and dispositions[f.pk].role != Role.LEGAL
    ]
    if legal:
        raise GateClosed(f"{_rules(legal)} must be disposed of by legal counsel.")


def check_still_disposed(review: Review, found: Iterable[tuple[Hit, Severity]]) -> None:
    """Raises GateClosed if a new scan of the signed text finds what nobody disposed of (law 3).

    The text is the one that was signed, so a finding is known by its rule and place.

    Args:
        found: hits with the severity that their rule has now.
    """
    known = {
        (d.finding.rule_id, d.finding.start, d.finding.end): d
        for d in newest_dispositions(review).values()
    }
    open_ = set()
    for hit, severity in found:
        disposition = known.get((hit.rule_id, hit.start, hit.end))
        by_legal = disposition is not None and disposition.role == Role.LEGAL
        if severity in DISPOSED_BY_REVIEWERS and (
            disposition is None
            or is_valid(disposition)
            or (severity == Severity.NEEDS_LEGAL and not by_legal)
        ):
            open_.add(hit.rule_id)
    if open_:
        raise GateClosed(
            f"In the thread as it is now, {', '.join(sorted(open_))} speaks against this text, and "
            "nobody disposed of that. Send the reply back."
        )


def is_valid(disposition: Disposition) -> bool:
    """Whether the reviewer upheld the finding."""
    return disposition.verdict == Verdict.VALID


def _rules(findings: Iterable[Finding]) -> str:
    return ", ".join(sorted({f.rule_id for f in findings}))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun} is" if count == 1 else f"{count} {noun}s are"
