"""The verbs of a review: submit, dispose, remark, sign, send back, refuse, withdraw, and what the
service itself does (suspend, expire, record as posted).

Each is one transaction with its ledger entry; `policy.TRANSITIONS` says what leads where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from compliance import ledger, profiles, scanning, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.models import Finding, VaultText
from reviews import (
    clearance,
    evidence,
    freshness,
    gates,
    permissions,
    policy,
    required_changes,
    risk,
    routes,
    signatures,
)
from reviews.enums import Action, Purpose, RemarkKind, ReviewState, Role, Seat, Verdict
from reviews.exceptions import WrongState
from reviews.freshness import Proof
from reviews.models import Disposition, Remark, Review, ReviewAuthor, User
from reviews.packet import Packet
from reviews.reasons import checked_code, checked_reason


@transaction.atomic
def submit(
    *,
    by: User,
    case_id: UUID,
    thread_id: UUID,
    community_id: UUID,
    community_name: str,
    text: VaultText,
    packet: Packet,
    authors: Iterable[User],
    answers: Mapping[UUID, str],
    due_at: datetime,
    corrects: Review | None = None,
) -> Review:
    """Puts one exact text before the reviewers.

    Args:
        case_id: the draft's id.
        community_id: whose route says who must sign; it is kept with the review.
        text: the text as it will be posted, sealed and scanned.
        packet: what the signers will see.
        authors: everybody who wrote a version of the draft.
        answers: the author's reason, by finding, for each blocking finding and warning.
        corrects: the review of the live reply that this text is to replace.
    Raises:
        NotScanned, GateClosed: the text may not be submitted; the message says why.
        WrongState: another review of this draft is open.
    """
    permissions.check_may(by, permissions.Permission.DRAFT)
    findings = scanning.findings_of(text)
    gates.check_safety(thread_id)
    gates.check_answered(findings, answers.keys())
    assert text.scan is not None  # findings_of checked it
    evidence.check_stands(text.pk, text.scan.pk)
    required_changes.check_answered(case_id)
    if Review.objects.filter(case_id=case_id, state__in=OPEN_STATES).exists():
        raise WrongState("This reply is in review already. Withdraw that review first.")
    seats = routes.planned(profiles.active_profile(community_id).route, findings)
    review = Review.objects.create(
        case_id=case_id,
        community_id=community_id,
        community_name=community_name,
        **routes.as_columns(seats),
        submitted_by=by,
        packet=vault.seal(text.key, packet.dumps()),
        text=text,
        text_digest=text.digest,
        scan=text.scan,
        rule_set=text.scan.rule_set,
        due_at=due_at,
        risk=risk.risk_of(findings, thread_id),
        corrects=corrects,
    )
    for author in authors:
        ReviewAuthor.objects.create(review=review, user=author)
    for finding in findings:
        if finding.pk in answers:
            _remark(review, by, RemarkKind.RESPONSE, answers[finding.pk], finding=finding)
    _record(
        EventKind.REVIEW_SUBMITTED,
        review,
        by.actor,
        packet=review.packet.digest,
        text=review.text_digest,
        rule_set=review.rule_set.version,
        rules=sorted({f.rule_id for f in findings}),
        seats=[wanted.seat.value for wanted in seats],
    )
    return review


OPEN_STATES = (
    ReviewState.SUBMITTED,
    ReviewState.IN_REVIEW,
    ReviewState.CLEARED,
    ReviewState.SUSPENDED,
    ReviewState.PUBLISHED,
)


@transaction.atomic
def dispose(
    *, by: User, review_id: UUID, finding_id: UUID, verdict: Verdict, reason: str
) -> Disposition:
    """Says what a finding is worth. The newest disposition of a finding counts.

    Raises:
        NotAllowed, WrongState: not this person, or not any more.
        BadInput: no reason, or no such finding.
    """
    review = _locked(review_id)
    permissions.check_may_dispose(by, review)
    finding = Finding.objects.filter(pk=finding_id, scan=review.scan).first()
    if finding is None:
        raise BadInput("This review has no such finding. Reload the page.")
    disposition = Disposition.objects.create(
        review=review,
        finding=finding,
        by=by,
        role=Role.LEGAL if Role.LEGAL in by.roles else Role.COMPLIANCE,
        verdict=verdict,
        reason=vault.seal(review.packet.key, checked_reason(reason)),
    )
    _record(
        EventKind.FINDING_DISPOSED,
        review,
        by.actor,
        finding=finding.pk,
        rule=finding.rule_id,
        verdict=str(verdict),
    )
    return disposition


@transaction.atomic
def remark(*, by: User, review_id: UUID, body: str, about: tuple[int, int] | None = None) -> Remark:
    """Comments on a review, in any state; comments stay in the record.

    Args:
        about: the passage of the reply, as offsets in code points; None for all of it.
    Raises:
        NotAllowed: not this person.
        BadInput: nothing was written, or there is no such passage.
    """
    review = _locked(review_id)
    permissions.check_may_remark(by, review)
    if about and not 0 <= about[0] < about[1] <= len(vault.unseal(review.text)):
        raise BadInput("The reply has no such passage. Reload the page.")
    start, end = about or (None, None)
    written = _remark(review, by, RemarkKind.COMMENT, body, anchor_start=start, anchor_end=end)
    _record(EventKind.REMARKED, review, by.actor, remark=written.pk)
    return written


@transaction.atomic
def note_export(*, by: User, review_id: UUID, reason: str) -> Remark:
    """Records that somebody takes out what was signed, unmasked, and why.

    Raises:
        NotAllowed: this person may not reveal identifiers.
        BadInput: no reason.
    """
    review = _locked(review_id)
    permissions.check_may(by, permissions.Permission.REVEAL)
    written = _remark(review, by, RemarkKind.EXPORT, reason)
    _record(EventKind.SIGNED_EXPORTED, review, by.actor, remark=written.pk)
    return written


def sign(*, by: User, review_id: UUID, seat: Seat, proof: Proof, seen: str) -> Review:
    """Signs exactly what the signer saw (laws 1 and 2); the last signature clears the review.

    Args:
        seat: one that is wanted and due; the signer must hold its role.
        proof: asked for afresh at each signature.
        seen: the digest that stood on the page that the signer read.
    Raises:
        NotFresh: it does not prove who they are.
        NotAllowed, GateClosed, WrongState: this signature can't be given; the message says why.
    """
    how = freshness.proved(by, proof, Purpose.SIGN)
    with transaction.atomic():
        return _sign(by, _locked(review_id), seat, how, seen)


def _sign(by: User, review: Review, seat: Seat, how: str, seen: str) -> Review:
    permissions.check_may_sign(by, review, seat)
    gates.check_disposed(list(review.scan.findings.all()), gates.newest_dispositions(review))
    evidence.check_stands(review.text_id, review.scan_id)
    digest = clearance.seal_digest(review)
    if seen != digest:
        raise WrongState(
            "Something changed since you opened this page, so nothing was signed. Read it again."
        )
    sign_off = signatures.write(by=by, review=review, seat=seat, digest=digest, proof=how)
    _record(
        EventKind.SIGNED,
        review,
        by.actor,
        role=str(seat.role),
        seat=str(seat),
        digest=digest,
        sign_off=sign_off.pk,
        proof=how,
    )
    _move(review, Action.SIGN)
    if not routes.open_seats(review):
        expires = timezone.now() + timedelta(days=settings.CLEARANCE_DAYS)
        _move(review, Action.CLEAR, expires_at=expires, decided_at=timezone.now())
        _record(EventKind.CLEARED, review, "system", digest=digest)
    return review


@transaction.atomic
def send_back(*, by: User, review_id: UUID, code: str, reason: str) -> Review:
    """Gives the reply back to its author, with what must change.

    Args:
        code: the kind of reason (reviews/reasons.py).
        reason: the required changes, one a line; the author answers each.
    Raises:
        NotAllowed, WrongState, BadInput: the message says why.
    """
    review = _locked(review_id)
    permissions.check_may_decide(by, review, Action.SEND_BACK)
    required_changes.ask(review, checked_reason(reason))
    return _decide(review, by, Action.SEND_BACK, code, reason)


@transaction.atomic
def send_back_recalled(*, review_id: UUID) -> Review:
    """Gives back what was cleared and rests on evidence that was recalled since.

    Raises:
        WrongState: it is being posted in this moment, or was decided on.
    """
    review = _locked(review_id)
    _move(review, Action.SEND_BACK, decided_at=timezone.now())
    _record(EventKind.SENT_BACK, review, "system", why="evidence_recalled")
    return review


@transaction.atomic
def refuse(*, by: User, review_id: UUID, code: str, reason: str) -> Review:
    """Decides that this reply is not to be posted.

    Args:
        code: the kind of reason (reviews/reasons.py).
    Raises:
        NotAllowed, WrongState, BadInput: the message says why.
    """
    review = _locked(review_id)
    permissions.check_may_decide(by, review, Action.REFUSE)
    return _decide(review, by, Action.REFUSE, code, reason)


@transaction.atomic
def withdraw(*, by: User, review_id: UUID, code: str, reason: str) -> Review:
    """Takes the reply out, wherever it stands. What is live is then taken down by a sweep.

    Args:
        code: the kind of reason (reviews/reasons.py).
    Raises:
        NotAllowed, WrongState, BadInput: the message says why.
    """
    review = _locked(review_id)
    permissions.check_may_withdraw(by, review)
    return _decide(review, by, Action.WITHDRAW, code, reason)


@transaction.atomic
def suspend(*, review_id: UUID, why: str) -> Review:
    """Takes a clearance back because the thread moved (law 3).

    Args:
        why: a code, e.g. "answered_post_edited".
    """
    review = _locked(review_id)
    _move(review, Action.SUSPEND, suspensions=(review.suspensions or 0) + 1)
    _record(EventKind.SUSPENDED, review, "system", why=why)
    return review


@transaction.atomic
def clear_confirmed(*, review_id: UUID, digest: str) -> Review:
    """Clears a review again that all its signers confirmed; the clearance ends when it would have.

    Args:
        digest: what they confirmed.
    """
    review = _locked(review_id)
    _move(review, Action.CONFIRM)
    _record(EventKind.CLEARED, review, "system", digest=digest)
    return review


@transaction.atomic
def clear_signpost(*, by: User, review_id: UUID, hours: int) -> Review:
    """Clears a review of what was signed twice in advance; the database looks at the signatures.

    Args:
        by: who posts it.
        hours: for how long the clearance holds.
    """
    review = _locked(review_id)
    _move(review, Action.SIGN)
    now = timezone.now()
    _move(review, Action.CLEAR, expires_at=now + timedelta(hours=hours), decided_at=now)
    _record(EventKind.CLEARED, review, by.actor, digest=clearance.seal_digest(review))
    return review


@transaction.atomic
def mark_published(*, review_id: UUID) -> Review:
    """Records that the cleared text is in its community."""
    review = _locked(review_id)
    _move(review, Action.PUBLISH)
    return review


def expire_due() -> int:
    """Ends clearances that are over; returns how many."""
    due = Review.objects.filter(
        state__in=policy.TRANSITIONS[Action.EXPIRE], expires_at__lte=timezone.now()
    ).values_list("pk", flat=True)
    return sum(_expire(review_id) for review_id in due)


@transaction.atomic
def _expire(review_id: UUID) -> bool:
    review = _locked(review_id)
    try:
        _move(review, Action.EXPIRE)
    except WrongState:
        return False  # somebody was quicker, or it is being posted in this moment
    _record(EventKind.EXPIRED, review, "system")
    return True


def _locked(review_id: UUID) -> Review:
    return (
        Review.objects.select_for_update(of=("self",))
        .select_related("packet__key")
        .get(pk=review_id)
    )


def _move(review: Review, action: Action, **changes: Any) -> None:
    before, after = review.state, policy.next_state(review, action)
    # Compare and swap, so that two people at once can't both win even without the row lock.
    try:
        with transaction.atomic():
            changed = Review.objects.filter(pk=review.pk, state=before).update(
                state=after, **changes
            )
    except IntegrityError as error:
        raise WrongState(
            "This can't be done now: the reply may be on its way to its community. To stop it, "
            "withdraw it."
        ) from error
    if changed != 1:
        raise WrongState("Somebody else was quicker. Reload the page to see what happened.")
    review.state = after
    for name, value in changes.items():
        setattr(review, name, value)


_DECISIONS = {
    Action.SEND_BACK: (RemarkKind.SEND_BACK, EventKind.SENT_BACK),
    Action.REFUSE: (RemarkKind.REFUSE, EventKind.REFUSED),
    Action.WITHDRAW: (RemarkKind.WITHDRAW, EventKind.WITHDRAWN),
}


def _decide(review: Review, by: User, action: Action, code: str, reason: str) -> Review:
    kind, event = _DECISIONS[action]
    code, label = checked_code(review, code)
    written = _remark(review, by, kind, reason, reason_code=code, reason_label=label)
    _move(review, action, decided_at=timezone.now())
    _record(event, review, by.actor, remark=written.pk, code=code)
    return review


def _remark(review: Review, by: User, kind: RemarkKind, body: str, **more: Any) -> Remark:
    sealed = vault.seal(review.packet.key, checked_reason(body))
    return Remark.objects.create(review=review, by=by, kind=kind, body=sealed, **more)


def _record(kind: EventKind, review: Review, by: str, **facts: Any) -> None:
    ledger.record(kind, by=by, subject=review, case_id=review.case_id, **facts)
