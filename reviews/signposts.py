"""Signposts: where to find help, in words that are signed twice before anybody needs them (law 1).

What is signed is posted exactly so. Other words are another signpost: one is never changed, only
retired.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compliance import ledger, scanning, vault
from compliance.enums import Direction
from compliance.exceptions import BadInput
from compliance.findings import Hit, ScanContext
from compliance.ledger.kinds import EventKind
from compliance.models import VaultText
from compliance.rules import shipped_rules
from compliance.rules.rule import Rule
from reviews import clearance, freshness, permissions, policy, risk, safety, workflow
from reviews.enums import SIGNING_ROLES, Purpose, Role
from reviews.exceptions import WrongState
from reviews.freshness import Proof
from reviews.models import Review, ReviewAuthor, Signpost, SignpostSignature, User
from reviews.packet import Packet
from reviews.permissions import Permission

IN_DANGER = "SAFE-"  # rules of which somebody may be in danger, and is owed a signpost
LONGEST_TITLE, LONGEST = 100, 4000  # characters
CLEARED_HOURS = 1
MEANING = {
    Role.COMPLIANCE: "I reviewed this signpost for compliance and approve it to be posted as shown "
    "wherever a signal that it answers is open.",
    Role.LEGAL: "I reviewed this signpost as legal counsel and approve it to be posted as shown "
    "wherever a signal that it answers is open.",
}


def answerable_rules() -> list[Rule]:
    """The rules whose signals a signpost can answer, those of people in danger first."""
    rules = [
        rule
        for rule in shipped_rules().rules.values()
        if safety.is_safety_rule(rule.id) and rule.direction != Direction.OUTBOUND
    ]
    return sorted(rules, key=lambda rule: not rule.id.startswith(IN_DANGER))


@transaction.atomic
def write(
    *,
    by: User,
    title: str,
    text: str,
    answers: Iterable[str],
    community_id: UUID | None = None,
    community_name: str = "",
) -> Signpost:
    """Writes a signpost; it can be posted once two others have signed it.

    Args:
        title: what the people here call it.
        text: exactly what is posted.
        answers: ids of the safety rules that it is for.
        community_id: where it may be posted; None for everywhere.
    Raises:
        NotAllowed: not this person.
        BadInput: something is missing, too long, or no safety rule.
    """
    permissions.check_may(by, Permission.WRITE_SIGNPOSTS)
    title, text = title.strip(), text.replace("\r\n", "\n").strip()
    chosen = sorted(set(answers))
    if not title or not text:
        raise BadInput("A signpost needs a title and a text.")
    if len(title) > LONGEST_TITLE or len(text) > LONGEST:
        raise BadInput(
            f"At most {LONGEST_TITLE} characters for the title and {LONGEST} for the text."
        )
    if not chosen or not set(chosen) <= {rule.id for rule in answerable_rules()}:
        raise BadInput("Choose at least one signal that it answers.")
    signpost = Signpost.objects.create(
        title=title,
        text=text,
        answers=chosen,
        community_id=community_id,
        community_name=community_name,
        written_by=by,
    )
    _record(
        EventKind.SIGNPOST_WRITTEN,
        signpost,
        by,
        digest=clearance.signpost_digest(signpost),
        rules=chosen,
        community=community_id or "",
    )
    return signpost


def sign(*, by: User, signpost_id: UUID, role: Role, proof: Proof, seen: str) -> SignpostSignature:
    """Signs in advance exactly what the signer saw.

    Args:
        role: compliance or legal; the signer must hold it.
        proof: asked for afresh at each signature.
        seen: the digest that stood on the page that the signer read.
    Raises:
        NotFresh: it does not prove who they are.
        NotAllowed, WrongState: this signature can't be given; the message says why.
        ScannerFailed: nobody could see what the scanners find in it (law 8).
    """
    how = freshness.proved(by, proof, Purpose.SIGN)
    with transaction.atomic():
        return _sign(by, _locked(signpost_id), role, how, seen)


def _sign(by: User, signpost: Signpost, role: Role, how: str, seen: str) -> SignpostSignature:
    permissions.check_may_sign_signpost(by, signpost, role)
    digest = clearance.signpost_digest(signpost)
    if seen != digest:
        raise WrongState("That is not what stands here now, so nothing was signed. Read it again.")
    found([signpost])
    signature = SignpostSignature.objects.create(
        signpost=signpost,
        user=by,
        role=role,
        digest=digest,
        printed_name=by.printed_name,
        meaning=MEANING[role],
        proof=how,
        signed_at=timezone.now(),
    )
    _record(
        EventKind.SIGNPOST_SIGNED,
        signpost,
        by,
        role=str(role),
        digest=digest,
        proof=how,
        signature=signature.pk,
    )
    return signature


@transaction.atomic
def retire(*, by: User, signpost_id: UUID) -> Signpost:
    """Takes a signpost out of use, for good; what was posted of it stays where it is.

    Raises:
        NotAllowed, WrongState: the message says why.
    """
    permissions.check_may(by, Permission.WRITE_SIGNPOSTS)
    signpost = _locked(signpost_id)
    policy.check_not_retired(signpost)
    signpost.retired_at, signpost.retired_by = timezone.now(), by
    signpost.save(update_fields=["retired_at", "retired_by"])
    _record(EventKind.SIGNPOST_RETIRED, signpost, by)
    return signpost


def found(signposts: Iterable[Signpost]) -> list[list[Hit]]:
    """What the scanners find in signposts, one list each, as if a signal that they answer was open.

    Raises:
        ScannerFailed: a scanner raised, or a text is in a language that none reads.
    """
    signposts = list(signposts)
    hits: dict[UUID, list[Hit]] = {}
    for community_id in {signpost.community_id for signpost in signposts}:
        these = [s for s in signposts if s.community_id == community_id]
        contexts = [
            ScanContext(Direction.OUTBOUND, safety_flags=frozenset(s.answers)) for s in these
        ]
        found = scanning.preview([s.text for s in these], contexts, community_id=community_id)
        hits |= {s.pk: one for s, one in zip(these, found, strict=True)}
    return [hits[signpost.pk] for signpost in signposts]


def is_signed(signpost: Signpost) -> bool:
    """Whether both signatures are there."""
    return {s.role for s in signpost.signatures.all()} == set(SIGNING_ROLES)


def usable(*, community_id: UUID) -> list[Signpost]:
    """The signposts that may be posted in a community: signed twice, not retired.

    One that was written for the community comes before those for all.
    """
    signposts = _with_people(Signpost.objects.filter(retired_at=None)).filter(
        Q(community_id=community_id) | Q(community_id=None)
    )
    signed = [signpost for signpost in signposts if is_signed(signpost)]
    return sorted(signed, key=lambda signpost: signpost.community_id is None)


def unsigned() -> QuerySet[Signpost]:
    """The signposts that lack a signature."""
    given = SignpostSignature.objects.filter(signpost=OuterRef("pk"))
    signed = Q(*(Exists(given.filter(role=role)) for role in SIGNING_ROLES))
    return Signpost.objects.filter(~signed, retired_at=None)


def everything() -> list[Signpost]:
    """All signposts with their people, those in use first, then the newest first."""
    signposts = _with_people(Signpost.objects.all()).order_by("-written_at", "id")
    return sorted(signposts, key=lambda signpost: signpost.retired_at is not None)


@transaction.atomic
def clear(
    *,
    by: User,
    signpost: Signpost,
    case_id: UUID,
    thread_id: UUID,
    community_id: UUID,
    community_name: str,
    text: VaultText,
    packet: Packet,
) -> Review:
    """Makes the cleared review of a signpost that somebody posts now; nobody has to sign again.

    The database refuses it without the two signatures under the signpost (law 1).

    Args:
        case_id: the draft's id.
        text: the signpost's text, sealed in the thread and scanned.
        packet: the thread as it is now.
    Raises:
        NotAllowed, WrongState, NotCleared: the message says why.
    """
    permissions.check_may_post_signpost(by, signpost)
    if not is_signed(signpost):
        raise WrongState("This signpost lacks a signature, so it can't be posted yet.")
    assert text.scan is not None  # the caller scanned it
    review = Review.objects.create(
        case_id=case_id,
        community_id=community_id,
        community_name=community_name,
        submitted_by=by,
        packet=vault.seal(text.key, packet.dumps()),
        text=text,
        text_digest=text.digest,
        scan=text.scan,
        rule_set=text.scan.rule_set,
        signpost=signpost,
        due_at=timezone.now() + timedelta(hours=CLEARED_HOURS),
        risk=risk.risk_of(list(text.scan.findings.all()), thread_id),
    )
    ReviewAuthor.objects.create(review=review, user=by)
    ledger.record(
        EventKind.SIGNPOST_CHOSEN,
        by=by.actor,
        subject=review,
        case_id=case_id,
        thread=thread_id,
        signpost=signpost.pk,
        signed=clearance.signpost_digest(signpost),
        packet=review.packet.digest,
        text=review.text_digest,
    )
    cleared = workflow.clear_signpost(by=by, review_id=review.pk, hours=CLEARED_HOURS)
    clearance.cleared_text(cleared)  # what could not be posted is better refused now
    return cleared


def _with_people(signposts: QuerySet[Signpost]) -> QuerySet[Signpost]:
    return signposts.select_related("written_by", "retired_by").prefetch_related("signatures")


def _locked(signpost_id: UUID) -> Signpost:
    return Signpost.objects.select_for_update(of=("self",)).get(pk=signpost_id)


def _record(kind: EventKind, signpost: Signpost, by: User, **facts: Any) -> None:
    ledger.record(kind, by=by.actor, subject=signpost, case_id=signpost.pk, **facts)
