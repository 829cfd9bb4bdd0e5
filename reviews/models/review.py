"""One exact text before its reviewers, and what they said of it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from compliance.models import Finding, RuleSetVersion, VaultText
from reviews.enums import RemarkKind, ReviewState, Role, Seat, Verdict
from reviews.models.people import Proved, User
from reviews.models.signposts import Signpost, SignpostSignature


class Review(models.Model):
    """One submission of one exact text. Everything but `state` and its times stays as submitted.

    `packet` seals what the signers see: the text as it will be posted, the thread as it was, the
    findings, the references. `text_digest` is that of the text to be posted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case_id = models.UUIDField(db_index=True)  # the draft; no foreign key points up the layers
    community_name = models.CharField(max_length=100)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="submissions")
    submitted_at = models.DateTimeField(auto_now_add=True)
    packet = models.OneToOneField(VaultText, on_delete=models.PROTECT, related_name="review")
    text = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    text_digest = models.CharField(max_length=64)
    scan = models.ForeignKey("compliance.Scan", on_delete=models.PROTECT, related_name="+")
    rule_set = models.ForeignKey(RuleSetVersion, on_delete=models.PROTECT)
    # What was signed in advance, if the text is a signpost; the signatures are under that one.
    signpost = models.ForeignKey(
        Signpost, null=True, on_delete=models.PROTECT, related_name="reviews"
    )
    # The review of the live reply that this one is to take the place of.
    corrects = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="corrections"
    )
    # engage.Community; no key points up the layers. None for reviews of before this was kept.
    community_id = models.UUIDField(null=True)
    # Who must sign, as the route of the community said at submission (reviews/routes.py): the step
    # at which each seat is due, and why it is wanted. None: that seat is not wanted; all None: a
    # review of before there were routes.
    compliance_step = models.SmallIntegerField(null=True)
    legal_step = models.SmallIntegerField(null=True)
    medical_step = models.SmallIntegerField(null=True)
    second_legal_step = models.SmallIntegerField(null=True)
    seats_why = models.JSONField(null=True)
    due_at = models.DateTimeField()
    # How much attention it needs (reviews/risk.py). Null only so that SQLite adds it in place.
    risk = models.PositiveSmallIntegerField(null=True)
    # These change:
    state = models.CharField(max_length=12, choices=ReviewState, default=ReviewState.SUBMITTED)
    decided_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)  # of the clearance
    suspensions = models.PositiveIntegerField(null=True)  # how often the thread moved; None: never

    class Meta:
        ordering = ["due_at"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="review_queue"),
            models.Index(fields=["-submitted_at", "-id"], name="review_newest"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case_id"],
                name="review_one_open_a_case",
                condition=Q(
                    state__in=["submitted", "in_review", "cleared", "suspended", "published"]
                ),
            ),
            models.CheckConstraint(
                name="review_cleared_expires",
                condition=~Q(state="cleared") | Q(expires_at__isnull=False),
            ),
        ]

    @property
    def waits(self) -> bool:
        """Whether a signature is still wanted."""
        return self.state in (ReviewState.SUBMITTED, ReviewState.IN_REVIEW)

    @property
    def overdue(self) -> bool:
        """Whether a signature is wanted although the time for it is over."""
        return self.waits and self.due_at < timezone.now()

    @property
    def expires_soon(self) -> bool:
        """Whether a clearance that stands ends within `EXPIRES_SOON_DAYS`."""
        if self.state not in (ReviewState.CLEARED, ReviewState.SUSPENDED) or not self.expires_at:
            return False
        return self.expires_at - timezone.now() < timedelta(days=settings.EXPIRES_SOON_DAYS)

    @property
    def signatures(self) -> list[SignOff | FurtherSignOff | SignpostSignature]:
        """Who signed this text, in order: under the review, or in advance under its signpost."""
        if self.signpost is not None:
            return list(self.signpost.signatures.all())
        signatures: list[SignOff | FurtherSignOff | SignpostSignature] = [
            *self.sign_offs.all(),
            *self.further_sign_offs.all(),
        ]
        return sorted(signatures, key=lambda signature: signature.signed_at)


class ReviewAuthor(models.Model):
    """Somebody who wrote a version of the reviewed draft, and so may not sign (law 1)."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="authors")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="author_once")]


class SignOff(Proved):
    """One of the two signatures of law 1 under one exact content (21 CFR 11.50, 11.70 as a design
    standard)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="sign_offs")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sign_offs")
    role = models.CharField(max_length=12, choices=Role)
    digest = models.CharField(max_length=64)
    printed_name = models.CharField(max_length=310)
    meaning = models.CharField(max_length=200)
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at"]
        constraints = [
            models.UniqueConstraint(fields=["review", "role"], name="sign_off_once_a_role"),
            models.UniqueConstraint(fields=["review", "user"], name="sign_off_once_a_person"),
            models.CheckConstraint(
                name="sign_off_role", condition=Q(role__in=["compliance", "legal"])
            ),
        ]


class FurtherSignOff(Proved):
    """A signature that the route of a community asks for beside the two of law 1."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="further_sign_offs")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    seat = models.CharField(max_length=12, choices=Seat)
    role = models.CharField(max_length=12, choices=Role)
    digest = models.CharField(max_length=64)
    printed_name = models.CharField(max_length=310)
    meaning = models.CharField(max_length=200)
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at"]
        constraints = [
            models.UniqueConstraint(fields=["review", "seat"], name="further_once_a_seat"),
            models.UniqueConstraint(fields=["review", "user"], name="further_once_a_person"),
            models.CheckConstraint(
                name="further_seat",
                condition=Q(seat="medical", role="medical") | Q(seat="second_legal", role="legal"),
            ),
        ]


class Confirmation(Proved):
    """Somebody who signed read what moved in the thread, and their signature stands (law 3)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="confirmations")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    suspension = models.PositiveIntegerField()  # which one it answers: `Review.suspensions` then
    # The thread as it was read, a packet; whoever confirms the same after them shares it.
    thread = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)  # clearance.confirmation_digest
    printed_name = models.CharField(max_length=310)
    meaning = models.CharField(max_length=200)
    confirmed_at = models.DateTimeField()

    class Meta:
        ordering = ["confirmed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "user", "suspension", "digest"], name="confirmation_once"
            )
        ]


class Disposition(models.Model):
    """What a reviewer says of a finding; the newest one counts. None after the first signature."""

    id = models.BigAutoField(primary_key=True)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="dispositions")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="dispositions")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=Role)
    verdict = models.CharField(max_length=12, choices=Verdict)
    reason = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class Remark(models.Model):
    """Something said beside a review. It stays in the record."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="remarks")
    finding = models.ForeignKey(Finding, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=RemarkKind)
    # Of a decision: ReasonCode or one of the community's own, with what it said then. None beside
    # what is no decision, and for those of before there were codes.
    reason_code = models.CharField(max_length=20, null=True)
    reason_label = models.CharField(max_length=80, null=True)
    body = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    # The passage of the reply that a comment is about, in code points; None for all of it.
    anchor_start = models.PositiveIntegerField(null=True)
    anchor_end = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at"]


class Sight(models.Model):
    """When somebody who may decide on it last saw a review: what is new is told against that."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="sights")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="sight_once")]


class Reveal(models.Model):
    """Somebody looked at one identifier, and why (45 CFR 164.502(b), minimum necessary)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reveals")
    text = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="+")
    reason = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
