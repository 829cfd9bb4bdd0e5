"""Who has approved exactly this? People, reviews of sealed texts, and what was said about them."""

from __future__ import annotations

import functools
import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from compliance.models import DataKey, Finding, RuleSetVersion, VaultText
from reviews.enums import (
    ChangeState,
    Mistake,
    ProposalState,
    RemarkKind,
    ReviewState,
    Role,
    SafetyOutcome,
    Verdict,
)


class User(AbstractUser):
    """A person. What they may do follows from their roles alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Named in the disclosure line of replies and in DISC-* rules.
    affiliation = models.CharField(max_length=200, blank=True)
    credentials = models.CharField(max_length=100, blank=True)
    # Connections to makers and services that readers should know (16 CFR 255.5), one a line.
    ties = models.TextField(blank=True)

    @property
    def printed_name(self) -> str:
        """The name that stands beside a signature (21 CFR 11.50)."""
        return self.get_full_name() or self.username

    @property
    def actor(self) -> str:
        """How the ledger names this person."""
        return f"person:{self.pk}"

    @functools.cached_property
    def roles(self) -> frozenset[Role]:
        """The roles this person holds; read once a request."""
        if not self.is_active:
            return frozenset()
        return frozenset(Role(role) for role in self.role_grants.values_list("role", flat=True))


class RoleGrant(models.Model):
    """One role of one person."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=12, choices=Role)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="role_once")]


class ApiToken(models.Model):
    """A bearer token for pushing posts; only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)


class Signpost(models.Model):
    """Where to find help, in words that are signed twice before anybody needs them (law 1).

    A template without any person in it, posted exactly as it stands. Only the retirement changes
    it: other words are another signpost, with signatures of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=100)
    answers = models.JSONField()  # the safety rules that it is for, e.g. ["SAFE-CRISIS"]
    # engage.Community; None for every community. No foreign key points up the layers.
    community_id = models.UUIDField(null=True)
    community_name = models.CharField(max_length=100, blank=True)
    text = models.TextField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["written_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="signpost_retired_whole",
                condition=Q(retired_at__isnull=True, retired_by__isnull=True)
                | Q(retired_at__isnull=False, retired_by__isnull=False),
            )
        ]


class SignpostSignature(models.Model):
    """One signature under one signpost, given before it is posted anywhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    signpost = models.ForeignKey(Signpost, on_delete=models.PROTECT, related_name="signatures")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=Role)
    digest = models.CharField(max_length=64)
    printed_name = models.CharField(max_length=310)
    meaning = models.CharField(max_length=200)
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at"]
        constraints = [
            models.UniqueConstraint(fields=["signpost", "role"], name="signpost_once_a_role"),
            models.UniqueConstraint(fields=["signpost", "user"], name="signpost_once_a_person"),
            models.CheckConstraint(
                name="signpost_signature_role", condition=Q(role__in=["compliance", "legal"])
            ),
        ]


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
    due_at = models.DateTimeField()
    # These change:
    state = models.CharField(max_length=12, choices=ReviewState, default=ReviewState.SUBMITTED)
    decided_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)  # of the clearance

    class Meta:
        ordering = ["due_at"]
        indexes = [models.Index(fields=["state", "due_at"], name="review_queue")]
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
    def signatures(self) -> list[SignOff] | list[SignpostSignature]:
        """Who signed this text: under the review, or in advance under its signpost."""
        if self.signpost is not None:
            return list(self.signpost.signatures.all())
        return list(self.sign_offs.all())


class ReviewAuthor(models.Model):
    """Somebody who wrote a version of the reviewed draft, and so may not sign (law 1)."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="authors")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="author_once")]


class SignOff(models.Model):
    """One signature under one exact content (21 CFR 11.50, 11.70 as a design standard)."""

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
    body = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at"]


class Reveal(models.Model):
    """Somebody looked at one identifier, and why (45 CFR 164.502(b), minimum necessary)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reveals")
    text = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="+")
    reason = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class Correction(models.Model):
    """A labelled example: where a scan missed an identifier, or saw one that is none.

    Offsets in a text that stays sealed where it is, never the words (law 7).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    text = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="corrections")
    finding = models.ForeignKey(Finding, null=True, on_delete=models.PROTECT, related_name="+")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)  # of identifier, or what it was taken for
    verdict = models.CharField(max_length=8, choices=Mistake)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "start"]
        constraints = [
            models.UniqueConstraint(fields=["text", "start", "end"], name="correction_once"),
            models.CheckConstraint(name="correction_span", condition=Q(start__lt=models.F("end"))),
            models.CheckConstraint(
                name="correction_false_has_finding",
                condition=Q(verdict="false", finding__isnull=False)
                | Q(verdict="missed", finding__isnull=True),
            ),
        ]


class Proposal(models.Model):
    """The words of a correction, proposed for the list; a second person decides.

    The words are read from the corrected text. Only with the approval are they sealed under `key`,
    in an entry of the list that has the id of the proposal.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    correction = models.OneToOneField(Correction, on_delete=models.PROTECT, related_name="proposal")
    key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    # These change, once:
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.WAITING)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["correction__at", "id"]
        constraints = [
            models.CheckConstraint(
                name="proposal_decided_whole",
                condition=Q(state="waiting", decided_by=None, decided_at=None, reason=None)
                | Q(state="approved", decided_by__isnull=False, decided_at__isnull=False)
                | Q(
                    state="declined",
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    reason__isnull=False,
                ),
            )
        ]


class ProfileChange(models.Model):
    """Another rule profile for a community, as one person proposed it; a second one decides.

    The content is the whole profile, not a difference: what is approved is what was read.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    community_id = models.UUIDField()  # engage.Community; no key points up the layers
    community_name = models.CharField(max_length=100)
    number = models.PositiveIntegerField()  # counted in its community
    content = models.JSONField()  # compliance.rules.RuleProfile
    digest = models.CharField(max_length=64)
    active_from = models.DateTimeField()  # as wished; never before the approval
    key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="+")
    why = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    state = models.CharField(max_length=10, choices=ChangeState, default=ChangeState.WAITING)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["community_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["community_id", "number"], name="profile_change_once"),
            models.UniqueConstraint(
                fields=["community_id"],
                name="profile_change_one_waits",
                condition=Q(state="waiting"),
            ),
            models.CheckConstraint(
                name="profile_change_decided_whole",
                condition=Q(state="waiting", decided_by=None, decided_at=None, reason=None)
                | Q(state="approved", decided_by__isnull=False, decided_at__isnull=False)
                | Q(
                    state="declined",
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    reason__isnull=False,
                ),
            ),
        ]


class Replay(models.Model):
    """What a proposed profile would have found in the history of its community, and what not."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    change = models.OneToOneField(ProfileChange, on_delete=models.PROTECT, related_name="replay")
    due_at = models.DateTimeField(null=True)  # when a sweep goes on with it; a lease while it does
    total = models.PositiveIntegerField(null=True)  # texts; None before they were counted
    done = models.PositiveIntegerField(default=0)
    cursor = models.UUIDField(null=True)  # the last text that was looked at
    result = models.JSONField(default=dict)  # counts, and samples as offsets; never text
    finished_at = models.DateTimeField(null=True)


class SafetyCase(models.Model):
    """One safety signal of one post; open until a safety officer disposes of it (law 9)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread_id = models.UUIDField(db_index=True)  # engage.Thread; no key points up the layers
    community_name = models.CharField(max_length=100)
    text = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    rule_id = models.CharField(max_length=40)
    opened_at = models.DateTimeField(auto_now_add=True)
    # When the service received the post: all deadlines count from here. None for older cases,
    # where it was when the case was opened.
    aware_at = models.DateTimeField(null=True)
    # Of the next deadline that is not met; `clocks.NEVER` if all are.
    due_at = models.DateTimeField()
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    disposed_at = models.DateTimeField(null=True)
    disposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=SafetyOutcome, blank=True)
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    # The case under which it is known already; None for duplicates of before this was asked.
    duplicate_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="duplicates"
    )

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(fields=["text", "rule_id"], name="safety_case_once"),
            models.CheckConstraint(
                name="safety_case_disposed_whole",
                condition=Q(disposed_at__isnull=True)
                | Q(disposed_by__isnull=False, reason__isnull=False) & ~Q(outcome=""),
            ),
        ]

    @property
    def key(self) -> DataKey:
        """The data key of the thread."""
        return self.text.key


class CaseFacts(models.Model):
    """What was found in the post of a safety case; a correction is a new row. Offsets, never text.

    Number 1 is what the machine found when the case was opened. `found` is what holds from then
    on: what a row leaves out was struck by it, what is in it again was taken back.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(SafetyCase, on_delete=models.PROTECT, related_name="facts")
    number = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    serious = models.BooleanField()
    found = models.JSONField()  # [{"start", "end", "kind", "code"}], as case_facts.Fact
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="case_facts_once"),
            models.CheckConstraint(
                name="case_facts_corrected_with_reason",
                condition=Q(by__isnull=True) | Q(reason__isnull=False),
            ),
        ]


class HandOff(models.Model):
    """A case was handed to a safety team or system outside, with what they call it there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(SafetyCase, on_delete=models.PROTECT, related_name="hand_offs")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    reference = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at"]


class HelpGiven(models.Model):
    """Somebody in danger was told where help is: a signpost was posted, or a person did it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(SafetyCase, on_delete=models.PROTECT, related_name="help_given")
    at = models.DateTimeField(auto_now_add=True)
    # None where the service posted a signpost.
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    how = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    # engage.Publication; no key points up the layers
    publication_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["case", "publication_id"], name="help_given_once"),
            models.CheckConstraint(
                name="help_given_by_somebody",
                condition=Q(by__isnull=False, how__isnull=False) | Q(publication_id__isnull=False),
            ),
        ]
