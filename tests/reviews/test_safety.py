"""Safety signals: facts, deadlines, owners, corrections, hand-offs, exports."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from compliance.exceptions import BadInput, NotAllowed
from compliance.models import Event
from compliance.rules import shipped_rules
from compliance.scanners.case_facts import Criterion, FactKind, criteria_of, facts_of, is_serious
from reviews import case_exports, checks, clocks, deadlines, safety
from reviews.enums import Role, SafetyOutcome
from reviews.exceptions import WrongState
from reviews.models import CaseFacts, SafetyCase, User
from tests import cases
from tests.pages.test_markup import Markup

POST = (
    "My daughter, 19 years old, started the patch in May and got welts, then a blood clot. "
    "She was admitted to hospital. Keisha Brandt is her name."
)
AWARE = datetime(2026, 11, 25, 9, 0, tzinfo=timezone.get_default_timezone())


def told(text: str) -> set[tuple[str, str, str]]:
    facts = facts_of(text, shipped_rules())
    return {(fact.kind, fact.code, text[fact.start : fact.end].lower()) for fact in facts}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (POST, (FactKind.PRODUCT, "", "patch")),
        (POST, (FactKind.EVENT, "", "blood clot")),
        (POST, (FactKind.PATIENT, "age", "19 years old")),
        (POST, (FactKind.REPORTER, "relative", "my daughter")),
        (POST, (FactKind.SERIOUS, "hospitalisation", "admitted")),
        ("As a nurse I saw hives.", (FactKind.REPORTER, "professional", "as a nurse")),
        ("My coil snapped.", (FactKind.SPECIAL, "product quality", "snapped")),
        ("I found out I was pregnant while on the pill.",
         (FactKind.SPECIAL, "pregnancy exposure", "pregnant while on")),
        ("They gave me the wrong pills.", (FactKind.SPECIAL, "medication error", "wrong pills")),
        ("He died after the injection.", (FactKind.SERIOUS, "death", "died")),
    ],
)  # fmt: skip
def test_facts_are_found_where_they_stand(text: str, expected: tuple[str, str, str]) -> None:
    assert expected in told(text)


@pytest.mark.parametrize(
    "text", ["I had no seizure on the pill.", "Did the patch give you a seizure?"]
)
def test_what_is_denied_or_asked_is_no_fact(text: str) -> None:
    assert not is_serious(facts_of(text, shipped_rules()))


def test_criteria_say_what_is_missing() -> None:
    whole = criteria_of(facts_of(POST, shipped_rules()))
    assert all(whole.values())
    partial = criteria_of(facts_of("The patch is blue.", shipped_rules()))
    assert {c for c, fact in partial.items() if fact} == {Criterion.PRODUCT}


@pytest.mark.parametrize(
    ("rule_id", "serious", "expected"),
    [
        ("SAFE-CRISIS", False, {"crisis": timedelta(minutes=15)}),
        ("AE-POSSIBLE", True, {"internal": timedelta(hours=24), "us_serious": timedelta(days=15),
                               "eu_serious": timedelta(days=15)}),
        ("AE-POSSIBLE", False, {"internal": timedelta(hours=24), "eu_other": timedelta(days=90)}),
        # Thanksgiving, 26 November 2026, is no work day; neither are four weekend days.
        ("AE-DEVICE", True, {"internal": timedelta(hours=24), "device_urgent": timedelta(days=8),
                             "device_facility": timedelta(days=15),
                             "device_manufacturer": timedelta(days=30)}),
        ("SAFE-MINOR", False, {"policy": timedelta(hours=24)}),
    ],
)  # fmt: skip
def test_deadlines_count_from_awareness(
    rule_id: str, serious: bool, expected: dict[str, timedelta]
) -> None:
    found = clocks.clocks_of(rule_id, serious=serious, aware_at=AWARE)
    assert {clock.name: clock.due_at - AWARE for clock in found} == expected
    assert [c.due_at for c in found] == sorted(c.due_at for c in found)


@override_settings(SAFETY_CLOCKS=["internal"])
def test_an_installation_chooses_its_deadlines() -> None:
    found = clocks.clocks_of("AE-POSSIBLE", serious=True, aware_at=AWARE)
    assert [clock.name for clock in found] == ["internal"]
    assert checks.chosen_clocks_exist(None) == []
    with override_settings(SAFETY_CLOCKS=["internal", "lunar"]):
        (error,) = checks.chosen_clocks_exist(None)
    assert "lunar" in error.msg


@pytest.fixture
def signal(db: None) -> SafetyCase:
    post = cases.post(POST)
    return SafetyCase.objects.get(text=post.revisions.get().text, rule_id="AE-POSSIBLE")


@pytest.fixture
def officer(db: None) -> User:
    return cases.person(Role.SAFETY)


def test_case_opens_with_facts_and_its_clock(signal: SafetyCase) -> None:
    row = signal.facts.get()
    assert row.number == 1 and row.by is None and row.serious
    assert signal.aware_at is not None
    assert signal.due_at == signal.aware_at + timedelta(hours=24)
    assert "patch" not in json.dumps(row.found)  # offsets and codes, never text


def test_owner_takes_hands_over_and_releases(signal: SafetyCase, officer: User) -> None:
    colleague = cases.person(Role.SAFETY)
    assert safety.take(by=officer, case_id=signal.pk).owner == officer
    with pytest.raises(WrongState):
        safety.take(by=colleague, case_id=signal.pk)
    with pytest.raises(WrongState):
        safety.hand_over(by=colleague, case_id=signal.pk, to=colleague.pk)
    assert safety.hand_over(by=officer, case_id=signal.pk, to=colleague.pk).owner == colleague
    with pytest.raises(BadInput):
        safety.hand_over(by=colleague, case_id=signal.pk, to=cases.person(Role.LEGAL).pk)
    assert safety.hand_over(by=colleague, case_id=signal.pk, to=None).owner is None
    with pytest.raises(NotAllowed):
        safety.take(by=cases.person(Role.CLINICIAN), case_id=signal.pk)
    assert Event.objects.filter(kind="safety_owned").count() == 3


def test_correction_is_a_new_row_and_moves_the_clock(signal: SafetyCase, officer: User) -> None:
    found = signal.facts.get().found
    with pytest.raises(BadInput, match="why"):
        safety.correct(by=officer, case_id=signal.pk, seen=1, serious=False, struck=[], reason=" ")
    with pytest.raises(BadInput, match="Nothing"):
        safety.correct(
            by=officer, case_id=signal.pk, seen=1, serious=True, struck=[], reason="Same."
        )
    row = safety.correct(
        by=officer, case_id=signal.pk, seen=1, serious=False, struck=[0], reason="No clot."
    )
    assert row.number == 2 and row.found == found[1:]
    assert signal.facts.get(number=1).found == found
    signal.refresh_from_db()
    assert {c.name for c in deadlines.clocks_of(signal)} == {"internal", "eu_other"}
    with pytest.raises(WrongState, match="meanwhile"):
        safety.correct(by=officer, case_id=signal.pk, seen=1, serious=True, struck=[0], reason="x")


def test_hand_off_is_kept_with_its_reference(signal: SafetyCase, officer: User) -> None:
    with pytest.raises(BadInput):
        safety.hand_off(by=officer, case_id=signal.pk, recipient=" ", reference="")
    safety.hand_off(by=officer, case_id=signal.pk, recipient="Argus", reference="2026-117")
    values = case_exports.as_values(by=officer, case=signal)
    (handed,) = values["hand_offs"]
    assert (handed["recipient"], handed["reference"]) == ("Argus", "2026-117")
    event = Event.objects.get(kind="safety_handed_off")
    assert "Argus" not in json.dumps(event.facts)


def test_disposed_case_takes_no_more(signal: SafetyCase, officer: User) -> None:
    safety.dispose(
        by=officer, case_id=signal.pk, outcome=SafetyOutcome.FORWARDED, reason="Sent on."
    )
    for act in (
        lambda: safety.take(by=officer, case_id=signal.pk),
        lambda: safety.hand_off(by=officer, case_id=signal.pk, recipient="A", reference=""),
        lambda: safety.correct(
            by=officer, case_id=signal.pk, seen=1, serious=False, struck=[], reason="x"
        ),
    ):
        with pytest.raises(WrongState):
            act()


@pytest.mark.parametrize("statement", [
    "UPDATE reviews_casefacts SET serious = NOT serious",
    "DELETE FROM reviews_casefacts",
])  # fmt: skip
def test_what_was_found_only_grows(signal: SafetyCase, statement: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert CaseFacts.objects.count() >= 1


def test_exports_are_masked_and_recorded(signal: SafetyCase, officer: User, client: Client) -> None:
    client.force_login(officer)
    answer = client.post(reverse("safety_json", args=[signal.pk]))
    values = answer.json()
    assert "Keisha" not in answer.content.decode() and "[" in values["narrative"]
    assert values["serious"] and all(values["criteria"].values())
    table = client.post(reverse("safety_export") + "?tab=open")
    rows = list(csv.DictReader(io.StringIO(table.content.decode())))
    row = next(row for row in rows if row["case"] == str(signal.pk))
    assert row["criteria_met"] == "4" and "Keisha" not in table.content.decode()
    forms = Event.objects.filter(kind="safety_exported").values_list("facts", flat=True)
    assert {facts["form"] for facts in forms} == {"json", "csv"}


def test_page_to_print_is_masked_and_recorded(
    signal: SafetyCase, officer: User, client: Client
) -> None:
    client.force_login(officer)
    address = reverse("safety_print", args=[signal.pk])
    assert client.get(address).status_code == 405
    assert not Event.objects.filter(kind="safety_exported").exists()
    page = client.post(address).content.decode()
    assert "Keisha" not in page and "hospitalisation" in page and "Narrative" in page
    assert not Markup(page).faults
    assert Event.objects.get(kind="safety_exported").facts == {"form": "print"}


def test_page_to_print_takes_no_form_of_another_site(signal: SafetyCase, officer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer)
    assert client.post(reverse("safety_print", args=[signal.pk])).status_code == 403
    assert not Event.objects.filter(kind="safety_exported").exists()


def test_queue_filters_in_the_address(signal: SafetyCase, officer: User, client: Client) -> None:
    client.force_login(officer)

    def shown(query: str) -> bool:
        page = client.get(reverse("safety") + query).content.decode()
        return str(signal.pk) in page

    assert shown("") and shown("?tab=unowned") and shown("?kind=AE-")
    assert not shown("?tab=mine") and not shown("?kind=SAFE-") and not shown("?tab=overdue")
    client.post(reverse("safety_own", args=[signal.pk]), {"to": "me"})
    assert shown("?tab=mine") and not shown("?tab=unowned")


def test_form_that_is_refused_keeps_what_was_typed(
    signal: SafetyCase,
    officer: User,
    client: Client,
) -> None:
    client.force_login(officer)
    typed = {"reason": "Seen and sent on."}
    page = client.post(reverse("safety_dispose", args=[signal.pk]), typed)
    assert page.status_code == 400 and typed["reason"] in page.content.decode()
