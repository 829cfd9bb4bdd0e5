"""The rows that verbs change: counted, and with what changes in them."""

from __future__ import annotations

from typing import Any

import pytest

from compliance.models import ListedWord, VaultText
from engage.models import Draft, DraftVersion, NoReply, Post, Publication, Relook, Stop
from reviews.models import (
    Absence,
    CaseFacts,
    ChangeAnswer,
    Citation,
    Claim,
    Confirmation,
    Correction,
    Disposition,
    FurtherSignOff,
    HandOff,
    HelpGiven,
    Proposal,
    Recall,
    Recalled,
    Remark,
    Reminded,
    Reminder,
    RequiredChange,
    Reveal,
    Review,
    SafetyCase,
    SignOff,
)

pytestmark = pytest.mark.django_db

TABLES = (
    Post,
    Draft,
    DraftVersion,
    Review,
    SignOff,
    FurtherSignOff,
    Confirmation,
    Disposition,
    Remark,
    RequiredChange,
    ChangeAnswer,
    Reveal,
    Publication,
    Correction,
    Proposal,
    ListedWord,
    VaultText,
    CaseFacts,
    HandOff,
    HelpGiven,
    Stop,
    NoReply,
    Claim,
    Absence,
    Citation,
    Recall,
    Recalled,
    Reminded,
    Reminder,
    Relook,
)


def rows_now() -> list[Any]:
    rows: list[Any] = [table.objects.count() for table in TABLES]  # type: ignore[attr-defined]  # models
    rows += sorted(Review.objects.values_list("pk", "state"))
    rows += sorted(Stop.objects.values_list("pk", "lifted_at"))
    rows += sorted(NoReply.objects.values_list("pk", "reversed_at"))
    rows += sorted(Claim.objects.values_list("pk", "ended"))
    rows += sorted(Recall.objects.values_list("pk", "lifted_at"))
    rows += sorted(Absence.objects.values_list("pk", "ended_at"))
    rows += sorted(Proposal.objects.values_list("pk", "state"))
    rows += sorted(ListedWord.objects.values_list("pk", "retired_at"))
    rows += list(SafetyCase.objects.order_by("pk").values_list("disposed_at", "due_at"))
    return rows
