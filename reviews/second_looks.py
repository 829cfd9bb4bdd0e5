"""Second looks: a sample of decided replies, and golden cases, given to somebody who had no part.

They see the reply as its reviewers saw it and not what was decided, and say what they would do. To
them a golden case looks like any other (docs/adr/0021-second-looks.md). Nothing here changes a
review; a look that would not have signed what is live is told of to those who can take it down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compliance import ledger, vault
from compliance.exceptions import BadInput, NotAllowed
from compliance.ledger.kinds import EventKind
from compliance.models import Finding
from reviews import audiences, gates, permissions, worklist
from reviews.enums import SEAT_ROLES, Opinion, RemarkKind, ReviewState, Role, Verdict
from reviews.exceptions import WrongState
from reviews.models import (
    FurtherSignOff,
    GoldenCase,
    Remark,
    Review,
    SecondLook,
    Sight,
    SignOff,
    User,
)
from reviews.permissions import Permission
from reviews.reasons import checked_reason

DECIDED = (ReviewState.PUBLISHED, ReviewState.SENT_BACK, ReviewState.REFUSED)
LOOKED_BACK = timedelta(days=30)  # what was decided longer ago is not drawn any more
AT_ONCE = 200  # reviews that one sweep deals for a role
OPINIONS = {RemarkKind.SEND_BACK: Opinion.SEND_BACK, RemarkKind.REFUSE: Opinion.REFUSE}


# Dealing


def deal() -> int:
    """Gives people what was drawn for a second look since, and golden cases; returns how many."""
    dealt = 0
    if settings.SECOND_LOOK_PERCENT:
        dealt += sum(_deal_sample(role) for role in SEAT_ROLES)
    if settings.GOLDEN_EVERY:
        dealt += sum(_deal_golden(person) for person in worklist.signers())
    return dealt


def is_drawn(review_id: UUID, role: Role) -> bool:
    """Whether this review is in the sample, which nobody can foresee without the master key."""
    drawn = int(vault.index_digest("second look", str(review_id), role)[:12], 16) % 10_000
    return bool(drawn < settings.SECOND_LOOK_PERCENT * 100)


def _deal_sample(role: Role) -> int:
    given = SecondLook.objects.filter(review=OuterRef("pk"), role=role, golden_case=None)
    waiting = Review.objects.filter(
        ~Exists(given.filter(Q(closed_at=None) | ~Q(opinion=""))),
        state__in=DECIDED,
        signpost=None,
        packet__key__destroyed_at=None,
        decided_at__gte=timezone.now() - LOOKED_BACK,
    ).order_by("decided_at")
    drawn = (pk for pk in waiting.values_list("pk", flat=True) if is_drawn(pk, role))
    # Some can be given to nobody (yet): those must not keep the others back.
    return sum(1 for _ in islice((pk for pk in drawn if _deal_one(pk, role)), AT_ONCE))


@transaction.atomic
def _deal_one(review_id: UUID, role: Role) -> bool:
    review = Review.objects.select_for_update(of=("self",)).get(pk=review_id)
    first = first_opinions(review).get(role)
    if first is None or SecondLook.objects.filter(
        review=review, role=role, golden_case=None, closed_at=None
    ).exists():  # fmt: skip
        return False
    person = _least_busy(uninvolved(review, worklist.signers([role])))
    if person is None:
        return False
    by, opinion = first
    _dealt(
        SecondLook.objects.create(
            review=review, user=person, role=role, first=by, first_opinion=opinion
        )
    )
    return True


def first_opinions(review: Review) -> dict[Role, tuple[User, Opinion]]:
    """Who decided on a review first in each role, and how."""
    found: dict[Role, tuple[User, Opinion]] = {}
    for signature in review.signatures:
        found.setdefault(Role(signature.role), (signature.user, Opinion.SIGN))
    for remark in review.remarks.filter(kind__in=OPINIONS).select_related("by").order_by("at"):
        for role in SEAT_ROLES:
            if role in remark.by.roles:
                found.setdefault(role, (remark.by, OPINIONS[RemarkKind(remark.kind)]))
                break
    return found


def uninvolved(review: Review, people: Iterable[User]) -> list[User]:
    """Those of these people who had no part in the reply and did not open its review."""
    opened = Sight.objects.filter(review__case_id=review.case_id).values_list("user", flat=True)
    looked = review.second_looks.values_list("user", flat=True)
    known = {*audiences.acted(review), *opened, *looked}
    return [person for person in people if person.pk not in known]


def _least_busy(people: list[User]) -> User | None:
    if not people:
        return None
    load = dict.fromkeys((person.pk for person in people), 0)
    for pk in SecondLook.objects.filter(user__in=people).values_list("user", flat=True):
        load[pk] += 1
    return min(people, key=lambda person: (load[person.pk], str(person.pk)))


@transaction.atomic
def _deal_golden(person: User) -> bool:
    User.objects.select_for_update(of=("self",)).get(pk=person.pk)
    before = SecondLook.objects.filter(user=person).exclude(golden_case=None)
    last = before.order_by("-dealt_at").first()
    if (last and last.closed_at is None) or decisions(
        person, last.dealt_at if last else None
    ) < settings.GOLDEN_EVERY:
        return False
    cases = GoldenCase.objects.exclude(approved_at=None).exclude(review__second_looks__user=person)
    cases = cases.filter(retired_at=None, review__packet__key__destroyed_at=None)
    cases = cases.exclude(proposed_by=person).exclude(approved_by=person)
    chosen = sorted(cases, key=lambda c: vault.index_digest("golden", str(c.pk), str(person.pk)))
    role = next(role for role in SEAT_ROLES if role in person.roles)
    for case in chosen:
        if uninvolved(case.review, [person]):
            _dealt(
                SecondLook.objects.create(
                    review=case.review, golden_case=case, user=person, role=role
                )
            )
            return True
    return False


def decisions(person: User, since: datetime | None = None) -> int:
    """On how many reviews a person decided, from a moment on."""
    signed = [t.objects.filter(user=person) for t in (SignOff, FurtherSignOff)]
    decided = Remark.objects.filter(by=person, kind__in=OPINIONS)
    if since:
        signed = [signatures.filter(signed_at__gt=since) for signatures in signed]
        decided = decided.filter(at__gt=since)
    return sum(rows.count() for rows in [*signed, decided])


def _dealt(look: SecondLook) -> None:
    # Whether it is a golden case is nowhere in the history: it is read by those who are tested.
    ledger.record(
        EventKind.SECOND_LOOK_DEALT,
        by="system",
        subject=look,
        case_id=look.review.case_id,
        to=look.user.actor,
        role=look.role,
    )


# Looking


def open_for(user: User) -> QuerySet[SecondLook]:
    """What waits for this person, the oldest first."""
    return SecondLook.objects.filter(user=user, closed_at=None)


def first_verdicts(review: Review) -> dict[str, str]:
    """What was made of the findings in the review itself, by id."""
    newest = gates.newest_dispositions(review)
    return {str(finding): disposition.verdict for finding, disposition in newest.items()}


def findings_of(review: Review) -> list[Finding]:
    """The findings that reviewers judge."""
    found = review.scan.findings.order_by("start", "id")
    return [finding for finding in found if finding.severity in gates.DISPOSED_BY_REVIEWERS]


def wanted(look: SecondLook) -> list[Finding]:
    """The findings of which whoever looks says what they make: compliance and legal do."""
    return [] if look.role == Role.MEDICAL else findings_of(look.review)


@transaction.atomic
def answer(
    *, by: User, look_id: UUID, opinion: str, verdicts: Mapping[UUID, str], reason: str
) -> SecondLook:
    """Says what this person would do.

    Args:
        verdicts: by finding, for each of `wanted`.
        reason: sealed with the thread's key; needed unless they would sign.
    Raises:
        NotAllowed: it was given to somebody else.
        WrongState: it is closed.
        BadInput: something is missing.
    """
    look = _own(by, look_id)
    if opinion not in Opinion.values:
        raise BadInput("Choose what you would do with this reply.")
    judged = {str(f.pk): verdicts.get(f.pk, "") for f in wanted(look)}
    if any(verdict not in Verdict.values for verdict in judged.values()):
        raise BadInput("Say of each finding what you make of it.")
    if opinion == Opinion.SIGN and Verdict.VALID in judged.values():
        raise BadInput("A text with a valid finding can't be signed. Choose another of the two.")
    if reason.strip() or opinion != Opinion.SIGN:
        reason = checked_reason(reason)
        look.reason = vault.seal(look.review.packet.key, reason)
    look.opinion, look.verdicts = opinion, judged
    look.seen_before = Sight.objects.filter(review__case_id=look.review.case_id, user=by).exists()
    return _close(look)


@transaction.atomic
def put_aside(*, by: User, look_id: UUID) -> SecondLook:
    """Gives it back without an opinion: they know the people, say, or have no time.

    Raises:
        NotAllowed, WrongState: as `answer`.
    """
    return _close(_own(by, look_id))


def worrying() -> QuerySet[SecondLook]:
    """Looks that would not have signed what is live, until it is withdrawn."""
    return SecondLook.objects.filter(
        first_opinion=Opinion.SIGN,
        opinion__in=[opinion for opinion in Opinion if opinion.strictness],
        review__state=ReviewState.PUBLISHED,
    )


def _own(by: User, look_id: UUID) -> SecondLook:
    permissions.check_may(by, Permission.LOOK_AGAIN)
    look = (
        SecondLook.objects.select_for_update(of=("self",))
        .select_related("review__packet__key", "review__scan", "golden_case")
        .get(pk=look_id)
    )
    if look.user_id != by.pk:
        raise NotAllowed("This second look was given to somebody else.")
    if look.closed_at:
        raise WrongState("You gave this second look already. Reload the page.")
    return look


def _close(look: SecondLook) -> SecondLook:
    look.closed_at = timezone.now()
    look.save(update_fields=["closed_at", "opinion", "verdicts", "reason", "seen_before"])
    ledger.record(
        EventKind.SECOND_LOOK_CLOSED,
        by=look.user.actor,
        subject=look,
        case_id=look.review.case_id,
        opinion=look.opinion,
        verdicts=[f"{finding}:{verdict}" for finding, verdict in sorted(look.verdicts.items())],
        worrying=worrying().filter(pk=look.pk).exists(),
    )
    return look
