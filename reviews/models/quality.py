"""Replies that were decided and are looked at once more, and those of which it is known what was
right. Neither is a review: nothing here can be signed, cleared or posted."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from compliance.models import VaultText
from reviews.enums import Opinion, Role
from reviews.models.people import User
from reviews.models.review import Review


class GoldenCase(models.Model):
    """A decided reply of which two people agree what was right to do; it tests reviewers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="golden_case")
    opinion = models.CharField(max_length=10, choices=Opinion)
    verdicts = models.JSONField()  # by id of the finding
    why = models.ForeignKey(VaultText, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    # These change, once each:
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["proposed_at"]
        constraints = [
            models.CheckConstraint(
                name="golden_case_by_two", condition=~Q(approved_by=F("proposed_by"))
            ),
            models.CheckConstraint(
                name="golden_case_approved_whole",
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="golden_case_retired_whole",
                condition=Q(retired_by=None, retired_at=None)
                | Q(retired_by__isnull=False, retired_at__isnull=False),
            ),
        ]

    @property
    def in_use(self) -> bool:
        """Whether it is given to reviewers."""
        return self.approved_at is not None and self.retired_at is None


class SecondLook(models.Model):
    """One person's look at a decided reply, without knowing what was decided.

    `first` decided on it in the same role before, unless it is a golden case. Closed without an
    opinion: put aside, and somebody else may be asked.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="second_looks")
    golden_case = models.ForeignKey(
        GoldenCase, null=True, on_delete=models.PROTECT, related_name="looks"
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="second_looks")
    role = models.CharField(max_length=12, choices=Role)
    first = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="looked_at_again"
    )
    first_opinion = models.CharField(max_length=10, choices=Opinion, blank=True)
    dealt_at = models.DateTimeField(auto_now_add=True)
    # These change, once:
    closed_at = models.DateTimeField(null=True)
    opinion = models.CharField(max_length=10, choices=Opinion, blank=True)
    verdicts = models.JSONField(default=dict)  # by id of the finding
    reason = models.ForeignKey(VaultText, null=True, on_delete=models.PROTECT, related_name="+")
    # Whether they had opened the review itself before they answered: then it was not blind.
    seen_before = models.BooleanField(default=False)

    class Meta:
        ordering = ["dealt_at"]
        constraints = [
            models.UniqueConstraint(fields=["review", "user"], name="second_look_once"),
            models.CheckConstraint(name="second_look_by_another", condition=~Q(user=F("first"))),
            models.CheckConstraint(
                name="second_look_against_one",
                condition=Q(golden_case=None, first__isnull=False) & ~Q(first_opinion="")
                | Q(golden_case__isnull=False, first=None, first_opinion=""),
            ),
            models.CheckConstraint(
                name="second_look_closed",
                condition=Q(opinion="") | Q(closed_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["user", "closed_at"], name="second_look_of")]

    @property
    def expected(self) -> Opinion:
        """What it is compared with: what is known to be right, or what the first one did."""
        return Opinion(self.golden_case.opinion if self.golden_case else self.first_opinion)

    @property
    def agrees(self) -> bool:
        """Whether this opinion is the expected one."""
        return self.opinion == self.expected
