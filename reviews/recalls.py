"""Recalling evidence: nothing that rests on it is signed, cleared or posted from then on.

What was cleared is sent back in the same transaction. What is in review can't be signed, what is
submitted anew is refused, what is live is looked at again (engage/relooks.py).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import ledger, profiles, vault
from compliance.exceptions import BadInput, NotAllowed, ScannerFailed
from compliance.ledger.kinds import EventKind
from compliance.models import RuleProfileVersion
from compliance.rules import ApprovedClaim
from reviews import evidence, permissions, workflow
from reviews.enums import EvidenceKind, RecallCause, ReviewState
from reviews.exceptions import WrongState
from reviews.models import ProfileChange, Recall, Recalled, Review, User
from reviews.permissions import Permission
from reviews.reasons import checked_reason

LONGEST = 400  # characters of a reference, as in a draft
UNDECIDED = (
    ReviewState.SUBMITTED,
    ReviewState.IN_REVIEW,
    ReviewState.CLEARED,
    ReviewState.SUSPENDED,
)
SENT_BACK = (ReviewState.CLEARED, ReviewState.SUSPENDED)


@transaction.atomic
def recall_reference(*, by: User, reference: str, why: str, instead: str = "") -> Recall:
    """Recalls a reference, wherever it is cited.

    Args:
        reference: a line as authors attach it, or an address, a DOI or a PubMed number alone.
        why: for the authors and for the record.
        instead: what supersedes it; "" if nothing does.
    Raises:
        NotAllowed: not this person.
        BadInput: something is missing or too long, or it is recalled already.
    """
    permissions.check_may(by, Permission.RECALL)
    reference = _line(reference)
    if not any(character.isalnum() for character in reference):
        raise BadInput("Name the reference: its line as it is attached, or its address.")
    keys = evidence.keys_of_reference(reference)
    if evidence.all_recalled(keys):
        raise BadInput("This reference is recalled already.")
    return _recall(EvidenceKind.REFERENCE, reference, keys, by=by, why=why, instead=instead)


@transaction.atomic
def recall_claim(
    *, by: User, community_id: UUID, claim_id: str, why: str, instead: str = ""
) -> Recall:
    """Recalls an approved claim of a community, as it was approved so far.

    It stays in the rules of the community until a change takes it out, but can't be used. With
    other evidence it can be approved anew.

    Raises:
        NotAllowed, BadInput: as `recall_reference`.
    """
    permissions.check_may(by, Permission.RECALL)
    versions = RuleProfileVersion.objects.filter(community_id=community_id)
    claims = [claim for claim in _claims_of(versions) if claim.id == claim_id]
    if not claims:
        raise BadInput("This community has no such approved claim. Choose one of the list.")
    keys = {evidence.key_of_claim(community_id, claim) for claim in claims}
    if evidence.all_recalled(keys):
        raise BadInput("This claim is recalled already.")
    return _recall(
        EvidenceKind.CLAIM,
        claims[-1].text,
        keys,
        by=by,
        why=why,
        instead=instead,
        community_id=community_id,
    )


@transaction.atomic
def lift(*, by: User, recall_id: UUID, why: str) -> Recall:
    """Lets evidence be cited again; what was sent back stays so.

    Raises:
        NotAllowed: not this person; who recalled it never may (the database refuses as well).
        WrongState: it was lifted already, or the service recalled it.
        BadInput: no reason.
    """
    recall = Recall.objects.select_for_update(of=("self",)).select_related("key").get(pk=recall_id)
    permissions.check_may(by, Permission.RECALL)
    if recall.recalled_by_id is None:
        raise WrongState("This claim ended by the rules of its community. Approve it anew there.")
    if recall.recalled_by_id == by.pk:
        raise NotAllowed("You recalled this, so somebody else must lift it.")
    if recall.lifted_at:
        raise WrongState("Somebody lifted this recall already. Reload the page.")
    recall.lifted_at, recall.lifted_by = timezone.now(), by
    recall.lifted_why = vault.seal(recall.key, checked_reason(why))
    recall.save(update_fields=["lifted_at", "lifted_by", "lifted_why"])
    ledger.record(EventKind.RECALL_LIFTED, by=by.actor, subject=recall, case_id=recall.pk)
    return recall


def renew_digests() -> int:
    """Adds the digests under the present master key to recalls that stand; returns to how many.

    What the service recalled is recalled anew by `recall_lapsed`.
    """
    by_people = Recall.objects.filter(lifted_at=None, recalled_by__isnull=False)
    return sum(_renew(recall) for recall in by_people.select_related("what__key"))


@transaction.atomic
def _renew(recall: Recall) -> bool:
    Recall.objects.select_for_update(of=("self",)).get(pk=recall.pk)
    missing = _keys_of(recall) - set(recall.digests.values_list("digest", flat=True))
    Recalled.objects.bulk_create(Recalled(recall=recall, digest=key) for key in sorted(missing))
    return bool(missing)


def _keys_of(recall: Recall) -> frozenset[str]:
    what, community_id = vault.unseal(recall.what), recall.community_id
    if community_id is None:
        return evidence.keys_of_reference(what)
    before = ProfileChange.objects.filter(
        community_id=community_id, decided_at__lte=recall.recalled_at
    )
    versions = RuleProfileVersion.objects.filter(pk__in=before.values("pk"))
    approved = (claim for claim in _claims_of(versions) if evidence.same_words(claim.text, what))
    return frozenset(evidence.key_of_claim(community_id, claim) for claim in approved)


def recall_lapsed(community_id: UUID | None = None) -> int:
    """Recalls approved claims whose time is over or that left the rules; returns how many.

    Args:
        community_id: of one community; all of them, if not given.
    """
    versions = RuleProfileVersion.objects.order_by("community_id")
    if community_id:
        versions = versions.filter(community_id=community_id)
    communities = versions.values_list("community_id", flat=True).distinct()
    return sum(_recall_lapsed_in(community) for community in communities)


@transaction.atomic
def _recall_lapsed_in(community_id: UUID) -> int:
    active = profiles.active(community_id)
    if active is None:
        return 0
    RuleProfileVersion.objects.select_for_update().get(pk=active.pk)  # one sweep at a time
    try:
        now = profiles.profile_in(active).claims
    except ScannerFailed:
        return 0  # not what was approved: everything of this community is held
    today = datetime.datetime.now(datetime.UTC).date()
    listed = {(claim.id, claim.reference) for claim in now}
    holding = {(claim.id, claim.reference) for claim in now if claim.holds(today)}
    begun = RuleProfileVersion.objects.filter(community_id=community_id, number__lte=active.number)
    lapsed = {
        evidence.key_of_claim(community_id, claim): claim
        for claim in _claims_of(begun)
        if (claim.id, claim.reference) not in holding
    }
    known = evidence.recalled_keys().filter(digest__in=lapsed).values_list("digest", flat=True)
    new = [(key, claim) for key, claim in lapsed.items() if key not in set(known)]
    for key, claim in new:
        gone = (claim.id, claim.reference) not in listed
        _recall(
            EvidenceKind.CLAIM,
            claim.text,
            {key},
            cause=RecallCause.REMOVED if gone else RecallCause.EXPIRED,
            community_id=community_id,
        )
    return len(new)


def _claims_of(versions: Iterable[RuleProfileVersion]) -> Iterator[ApprovedClaim]:
    for version in versions:
        for entry in version.content["claims"]:
            yield ApprovedClaim(**entry)


def _recall(
    kind: EvidenceKind,
    what: str,
    keys: Iterable[str],
    *,
    by: User | None = None,
    why: str = "",
    instead: str = "",
    cause: RecallCause | None = None,
    community_id: UUID | None = None,
) -> Recall:
    instead = _line(instead)
    key = vault.new_key()
    superseded = RecallCause.SUPERSEDED if instead else RecallCause.WITHDRAWN
    recall = Recall.objects.create(
        kind=kind,
        cause=cause or superseded,
        community_id=community_id,
        community_name=_name_of(community_id) if community_id else "",
        key=key,
        what=vault.seal(key, what),
        why=vault.seal(key, checked_reason(why)) if by else None,
        instead=vault.seal(key, instead) if instead else None,
        recalled_by=by,
    )
    Recalled.objects.bulk_create(Recalled(recall=recall, digest=digest) for digest in sorted(keys))
    ledger.record(
        EventKind.EVIDENCE_RECALLED,
        by=by.actor if by else "system",
        subject=recall,
        case_id=recall.pk,
        evidence=str(kind),
        cause=str(recall.cause),
        community=community_id or "",
    )
    send_back_citing(recall)
    return recall


def _name_of(community_id: UUID) -> str:
    return ProfileChange.objects.filter(community_id=community_id).latest("number").community_name


@transaction.atomic
def send_back_citing(recall: Recall | None = None) -> int:
    """Sends back what is cleared and cites recalled evidence; returns how many.

    Every undecided review that cites it is locked first, so that none is cleared or posted between
    the recall and its commit.

    Args:
        recall: whose; every one that stands, if not given.
    """
    citing = evidence.citing(recall).filter(state__in=UNDECIDED).order_by("pk")
    locked = list(citing.select_for_update(of=("self",)))
    return sum(_send_back(review) for review in locked if review.state in SENT_BACK)


def _send_back(review: Review) -> bool:
    try:
        workflow.send_back_recalled(review_id=review.pk)
    except WrongState:
        return False  # on its way to its community: it is looked at again once it has landed
    return True


def _line(written: str) -> str:
    written = " ".join(written.split())
    if len(written) > LONGEST:
        raise BadInput(f"At most {LONGEST} characters for a reference, please.")
    return written
