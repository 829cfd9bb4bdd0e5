"""Nothing goes on the list that a second person has not approved, raw SQL included."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from compliance import vault
from compliance.exceptions import NotAllowed
from compliance.models import ListedWord
from reviews import corrections
from reviews.enums import ProposalState, Role
from reviews.models import Correction, Proposal, User
from reviews.permissions import PERMISSIONS, Permission
from tests import cases
from tests.laws.attacks import assert_refused, delete, insert, run, update, without_laws

pytestmark = pytest.mark.django_db


def entry(proposal: Proposal, **changes: object) -> ListedWord:
    """An unsaved entry for a proposal."""
    values: dict[str, object] = {
        "id": proposal.pk,
        "effect": "deny",
        "kind": "OTHER",
        "value": vault.seal(proposal.key, "spotting"),
        "active_from": timezone.now(),
    }
    return ListedWord(**{**values, **changes})


def unproposed() -> Correction:
    """A labelled example that nobody proposed for the list."""
    (marked,) = corrections.mark_missed(
        by=cases.person(Role.COMPLIANCE),
        text_id=cases.post("I have been spotting.").revisions.get().text_id,
        words="spotting",
        kind="OTHER",
        everywhere=False,
    )
    return marked


def approved(proposal: Proposal, by: User) -> str:
    now = timezone.now()
    return update(proposal, state="approved", decided_by_id=by.pk, decided_at=now)


def approved_by_who_proposed_it() -> str:
    proposal = cases.proposal()
    return approved(proposal, proposal.correction.by)


def approved_by_nobody() -> str:
    return update(cases.proposal(), state="approved")


def approved_without_the_role() -> str:
    return approved(cases.proposal(), cases.person(Role.CLINICIAN))


def begun_as_approved() -> str:
    begun = Proposal(
        id=uuid.uuid4(),
        correction=unproposed(),
        key=vault.new_key(),
        state=ProposalState.APPROVED,
        decided_by=cases.person(Role.LEGAL),
        decided_at=timezone.now(),
    )
    return insert(begun)


def listed_without_a_proposal() -> str:
    return insert(entry(cases.proposal(), id=uuid.uuid4()))


def listed_before_the_approval() -> str:
    return insert(entry(cases.proposal()))


def listed_after_it_was_declined() -> str:
    proposal = cases.proposal()
    corrections.decline(by=cases.person(Role.LEGAL), proposal_id=proposal.pk, reason="A word.")
    return insert(entry(proposal))


def decided_without_an_entry() -> Proposal:
    """A proposal that was approved by hand, so that no entry stands in the way."""
    proposal = cases.proposal()
    run(approved(proposal, cases.person(Role.LEGAL)))
    return proposal


def listed_the_other_way_round() -> str:
    return insert(entry(decided_without_an_entry(), effect="allow", kind=""))


def listed_as_another_kind() -> str:
    return insert(entry(decided_without_an_entry(), kind="NAME"))


def listed_with_words_of_another_proposal() -> str:
    other = vault.seal(cases.proposal().key, "weeks")
    return insert(entry(decided_without_an_entry(), value=other))


def declined_and_approved_after_all() -> str:
    proposal = cases.proposal()
    corrections.decline(by=cases.person(Role.LEGAL), proposal_id=proposal.pk, reason="A word.")
    return approved(proposal, cases.person(Role.SAFETY))


def proposal_given_to_another_correction() -> str:
    return update(cases.proposal(), key_id=vault.new_key().pk)


def entry_changed() -> str:
    return update(cases.listed_word(), kind="NAME")


def entry_with_other_words() -> str:
    word = cases.listed_word()
    return update(word, value_id=vault.seal(word.value.key, "weeks").pk)


def entry_put_back() -> str:
    word = cases.listed_word()
    corrections.retire(by=cases.person(Role.LEGAL), entry_id=word.pk, reason="A word.")
    return update(word, retired_at=None, reason_id=None)


def entry_removed() -> str:
    return delete(cases.listed_word())


def entry_replaced() -> str:
    word = cases.listed_word()
    word.active_from = timezone.now()
    return insert(word, replace=True)


def example_changed() -> str:
    return update(cases.proposal().correction, kind="NAME")


def example_removed() -> str:
    return delete(unproposed())


def example_replaced() -> str:
    example = unproposed()
    example.kind = "NAME"
    return insert(example, replace=True)


ATTACKS = [
    approved_by_who_proposed_it,
    approved_without_the_role,
    begun_as_approved,
    listed_without_a_proposal,
    listed_before_the_approval,
    listed_after_it_was_declined,
    listed_the_other_way_round,
    listed_as_another_kind,
    listed_with_words_of_another_proposal,
    declined_and_approved_after_all,
    proposal_given_to_another_correction,
    entry_changed,
    entry_with_other_words,
    entry_put_back,
    entry_removed,
    entry_replaced,
    example_changed,
    example_removed,
    example_replaced,
]


@pytest.mark.parametrize("attack", [*ATTACKS, approved_by_nobody], ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_approve_by_who_proposed_it_is_refused() -> None:
    proposal = cases.proposal()
    with pytest.raises(NotAllowed, match="somebody else"):
        corrections.approve(by=proposal.correction.by, proposal_id=proposal.pk)
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.WAITING and not ListedWord.objects.exists()


def test_approve_by_a_second_person_lists_the_words() -> None:
    # The negative control.
    proposal = cases.proposal("spotting")
    word = corrections.approve(by=cases.person(Role.LEGAL), proposal_id=proposal.pk)
    assert (word.pk, word.effect, word.kind) == (proposal.pk, "deny", "OTHER")
    assert vault.unseal(word.value) == "spotting"


def test_permission_and_the_database_agree() -> None:
    roles = importlib.import_module("reviews.migrations.0003_corrections").MAY_APPROVE
    assert set(roles) == {role.value for role in PERMISSIONS[Permission.CORRECT]}
