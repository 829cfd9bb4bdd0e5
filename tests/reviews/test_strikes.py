"""Facts that a person struck stay in sight, and can hold again."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from django.test import Client
from django.urls import reverse

from compliance import vault
from compliance.exceptions import BadInput
from compliance.scanners.case_facts import Criterion, Fact, FactKind
from reviews import case_exports, case_summary, safety, strikes
from reviews.enums import Role
from reviews.models import CaseFacts, SafetyCase, User
from tests import cases

pytestmark = pytest.mark.django_db

POST = "The patch gave me a blood clot. I was admitted to hospital."


@pytest.fixture
def signal() -> SafetyCase:
    return cases.signals("AE-POSSIBLE", POST)[0]


@pytest.fixture
def officer() -> User:
    return cases.person(Role.SAFETY)


def place_of(case: SafetyCase, words: str) -> int:
    return next(
        place
        for place, told in enumerate(case_summary.summary_of(case).known)
        if told.words == words
    )


def correct(case: SafetyCase, by: User, *struck: str, reason: str = "Read again.") -> CaseFacts:
    newest = strikes.newest_facts(case)
    assert newest is not None
    return safety.correct(
        by=by,
        case_id=case.pk,
        seen=newest.number,
        serious=newest.serious,
        struck=[place_of(case, words) for words in struck],
        reason=reason,
    )


def test_struck_fact_counts_no_more_and_is_kept(signal: SafetyCase, officer: User) -> None:
    row = correct(signal, officer, "patch")
    found = case_summary.summary_of(signal)
    assert "patch" not in {told.words for told in found.facts}
    (struck,) = found.struck
    assert struck.words == "patch" and struck.struck == row
    assert found.criteria[Criterion.PRODUCT] is None
    assert found.struck_criteria == [Criterion.PRODUCT]


def test_strike_is_taken_back_by_another_correction(signal: SafetyCase, officer: User) -> None:
    first = signal.facts.get().found
    correct(signal, officer, "patch", reason="A nicotine patch.")
    row = correct(signal, officer, "admitted", reason="It was the other patch after all.")
    found = case_summary.summary_of(signal)
    assert {told.words for told in found.struck} == {"admitted"}
    assert [asdict(known.fact) for known in strikes.known_facts(signal.facts.all())] == first
    second = case_summary.changes_of(found)[-1]
    assert [t.words for t in second.struck] == ["admitted"]
    assert [t.words for t in second.restored] == ["patch"]
    assert second.serious is None and second.row == row
    correct(signal, officer)
    assert not case_summary.summary_of(signal).struck
    assert signal.facts.count() == 4 and signal.facts.get(number=1).found == first


def test_same_strikes_again_are_no_change(signal: SafetyCase, officer: User) -> None:
    correct(signal, officer, "patch")
    with pytest.raises(BadInput, match="Nothing"):
        correct(signal, officer, "patch")


def test_struck_twice_names_the_last_strike(signal: SafetyCase, officer: User) -> None:
    correct(signal, officer, "patch")
    correct(signal, officer)
    row = correct(signal, officer, "patch", reason="No, it was not.")
    (struck,) = case_summary.summary_of(signal).struck
    assert struck.struck == row


def test_rows_of_before_still_tell_what_was_struck(signal: SafetyCase, officer: User) -> None:
    # As they were written when a correction kept the rest and said no more.
    first = signal.facts.get()
    reason = vault.seal(signal.key, "A nicotine patch.")
    CaseFacts.objects.create(
        case=signal, number=2, by=officer, serious=True, found=first.found[1:], reason=reason
    )
    (known,) = [known for known in strikes.known_facts(signal.facts.all()) if known.struck]
    assert asdict(known.fact) == first.found[0]
    assert known.struck is not None and known.struck.number == 2


def test_known_facts_of_nothing_are_none() -> None:
    assert strikes.known_facts([]) == [] and strikes.changes_of([]) == []
    row = CaseFacts(number=1, serious=False, found=[asdict(Fact(0, 3, FactKind.EVENT))])
    assert strikes.changes_of([row]) == []


def test_page_shows_who_struck_what_when_and_why(
    signal: SafetyCase, officer: User, client: Client
) -> None:
    client.force_login(officer)
    address = reverse("safety_case", args=[signal.pk])
    sent = {
        "seen": "1",
        "serious": "yes",
        "struck": [place_of(signal, "patch")],
        "reason": "A nicotine patch.",
    }
    client.post(reverse("safety_correct", args=[signal.pk]), sent)
    page = client.get(address).content.decode()
    assert "<s>Product: “patch”</s>" in page
    assert f"Struck by {officer.printed_name}" in page and "A nicotine patch." in page
    assert "found, but struck" in page
    ticked = f'value="{place_of(signal, "patch")}" checked'
    assert ticked in page
    client.post(
        reverse("safety_correct", args=[signal.pk]),
        {"seen": "2", "serious": "yes", "reason": "It was."},
    )
    page = client.get(address).content.decode()
    assert "<s>" not in page and "took back the strike of “patch”" in page
    assert "A nicotine patch." in page


def test_refused_correction_keeps_its_ticks(
    signal: SafetyCase, officer: User, client: Client
) -> None:
    client.force_login(officer)
    place = place_of(signal, "patch")
    sent = {"seen": "1", "serious": "no", "struck": [place], "reason": " "}
    page = client.post(reverse("safety_correct", args=[signal.pk]), sent).content.decode()
    assert f'value="{place}" checked' in page and 'value="no" checked' in page
    assert signal.facts.count() == 1


def test_exports_keep_struck_facts_apart(signal: SafetyCase, officer: User, client: Client) -> None:
    correct(signal, officer, "patch")
    values = case_exports.as_values(by=officer, case=signal)
    assert "patch" not in {fact["words"] for fact in values["facts"]}
    (struck,) = values["struck_facts"]
    assert struck["words"] == "patch" and struck["by"] == officer.printed_name
    client.force_login(officer)
    page = client.post(reverse("safety_print", args=[signal.pk])).content.decode()
    assert "<s>Product: “patch”</s>" in page
