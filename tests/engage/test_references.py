"""References: sealed with the version, seen by rules and signers, bound by the signature."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from compliance.exceptions import BadInput
from engage import citing, drafting
from engage.models import Draft, DraftVersion
from reviews.enums import ReviewState, Role
from reviews.models import Review
from reviews.packet import packet_of
from tests import cases

pytestmark = pytest.mark.django_db

CLAIM = "Studies show fewer hot flashes after twelve weeks."
REFERENCE = "Cochrane review, 2024, https://example.org/review"


def rules_of(draft: Draft, references: str) -> set[str]:
    author = draft.started_by
    hits = drafting.preview(by=author, draft_id=draft.pk, body=CLAIM, references=references)
    return {hit.rule_id for hit in hits}


def test_reference_answers_the_claim_of_proof() -> None:
    draft = cases.draft()
    assert "CLM-PROVEN" in rules_of(draft, "")
    assert "CLM-PROVEN" not in rules_of(draft, REFERENCE)


def test_reference_makes_a_version_and_reaches_the_signers(client: Client) -> None:
    draft = cases.draft()
    author = draft.started_by
    version = drafting.save(by=author, draft_id=draft.pk, body=CLAIM)
    with_reference = drafting.save(
        by=author, draft_id=draft.pk, body=CLAIM, references=f"\n{REFERENCE} \n\n"
    )
    assert with_reference.number == version.number + 1
    assert citing.references_of(with_reference) == (REFERENCE,)
    same = drafting.save(by=author, draft_id=draft.pk, body=CLAIM, references=REFERENCE)
    assert same.pk == with_reference.pk
    assert REFERENCE.encode() not in bytes(
        DraftVersion.objects.get(pk=same.pk).references.ciphertext
    )
    review = drafting.submit(by=author, draft_id=draft.pk, answers={})
    assert packet_of(review).references == (REFERENCE,)
    client.force_login(cases.person(Role.LEGAL))
    assert "Cochrane review" in client.get(reverse("review", args=[review.pk])).content.decode()


def test_too_many_references_are_refused() -> None:
    draft = cases.draft()
    with pytest.raises(BadInput, match="At most"):
        drafting.save(
            by=draft.started_by, draft_id=draft.pk, body=CLAIM, references="\n".join("x" * 21)
        )


def test_review_without_references_says_nothing_of_them(client: Client) -> None:
    review: Review = cases.review_at(ReviewState.SUBMITTED)
    client.force_login(cases.person(Role.LEGAL))
    page = client.get(reverse("review", args=[review.pk])).content.decode()
    assert "References that the author attached" not in page
