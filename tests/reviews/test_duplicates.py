"""A duplicate says of which case: of the same community, not of itself, and not in circles."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from compliance.exceptions import BadInput
from compliance.models import Event
from engage.models import Community
from reviews import case_exports, duplicates, safety
from reviews.enums import Role, SafetyOutcome
from reviews.models import SafetyCase, User
from tests import cases
from tests.laws.attacks import assert_refused, run, update, without_laws
from tests.pages.test_markup import Markup

pytestmark = pytest.mark.django_db

POSTS = (
    "The patch gave me a blood clot.",
    "My patch gave me a blood clot, Keisha Brandt said so.",
    "Since the patch I had a seizure.",
)


@pytest.fixture
def here() -> Community:
    return cases.community()


@pytest.fixture
def three(here: Community) -> list[SafetyCase]:
    return cases.signals("AE-POSSIBLE", *POSTS, where=here)


@pytest.fixture
def officer() -> User:
    return cases.person(Role.SAFETY)


def dispose(case: SafetyCase, by: User, of: UUID | None) -> SafetyCase:
    return safety.dispose(
        by=by,
        case_id=case.pk,
        outcome=SafetyOutcome.DUPLICATE,
        reason="The same person again.",
        duplicate_of=of,
    )


def test_duplicate_is_stored_and_recorded(three: list[SafetyCase], officer: User) -> None:
    first, second, _ = three
    dispose(second, officer, first.pk)
    second.refresh_from_db()
    assert second.duplicate_of == first
    assert Event.objects.get(kind="safety_disposed").facts == {
        "outcome": "duplicate",
        "duplicate_of": str(first.pk),
    }


def test_other_outcomes_name_no_other_case(three: list[SafetyCase], officer: User) -> None:
    first, second, _ = three
    case = safety.dispose(
        by=officer,
        case_id=second.pk,
        outcome=SafetyOutcome.NOT_VALID,
        reason="A joke.",
        duplicate_of=first.pk,
    )
    case.refresh_from_db()
    assert case.duplicate_of is None


def test_duplicate_of_nothing_itself_or_another_community_is_refused(
    three: list[SafetyCase], officer: User
) -> None:
    case = three[0]
    (elsewhere,) = cases.signals("AE-POSSIBLE", POSTS[0])
    for of, words in (
        (None, "under which"),
        (case.pk, "itself"),
        (elsewhere.pk, "no such"),
        (uuid4(), "no such"),
    ):
        with pytest.raises(BadInput, match=words):
            dispose(case, officer, of)
    case.refresh_from_db()
    assert case.disposed_at is None and case.duplicate_of is None


def test_duplicates_form_no_circle(three: list[SafetyCase], officer: User) -> None:
    first, second, third = three
    dispose(second, officer, first.pk)
    for case in (first, third):
        with pytest.raises(BadInput, match="itself known") as refusal:
            dispose(case, officer, second.pk)
        assert str(first.pk) in str(refusal.value)
    # A chain may grow at its end.
    dispose(first, officer, third.pk)
    with pytest.raises(BadInput, match="itself known"):
        dispose(third, officer, first.pk)


def test_law_holds_against_raw_sql(three: list[SafetyCase], officer: User) -> None:
    first, second, third = three
    dispose(second, officer, first.pk)
    safety.dispose(by=officer, case_id=third.pk, outcome=SafetyOutcome.NOT_VALID, reason="A joke.")
    (elsewhere,) = cases.signals("AE-POSSIBLE", POSTS[0])
    written = {
        "disposed_at": timezone.now(),
        "disposed_by_id": officer.pk,
        "reason_id": third.reason_id or SafetyCase.objects.get(pk=third.pk).reason_id,
    }
    attacks = [
        update(first, outcome="duplicate", **written),
        update(first, outcome="duplicate", duplicate_of_id=first.pk, **written),
        update(first, outcome="duplicate", duplicate_of_id=second.pk, **written),
        update(first, outcome="duplicate", duplicate_of_id=elsewhere.pk, **written),
        update(first, outcome="not_valid", duplicate_of_id=third.pk, **written),
        update(first, duplicate_of_id=third.pk),
        update(second, duplicate_of_id=third.pk),
    ]
    for attack in attacks:
        assert_refused(attack)
    with without_laws():  # the negative control
        for attack in attacks:
            run(attack)


def test_choice_is_of_this_community_and_not_long_ago(
    three: list[SafetyCase], here: Community, officer: User
) -> None:
    first, second, third = three
    cases.signals("AE-POSSIBLE", POSTS[0])
    assert set(duplicates.candidates(first)) == {second, third}
    dispose(second, officer, third.pk)
    safety.dispose(by=officer, case_id=third.pk, outcome=SafetyOutcome.FORWARDED, reason="Sent.")
    assert list(duplicates.candidates(first)) == [third]
    with without_laws():
        run(update(third, disposed_at=timezone.now() - timedelta(days=91)))
    assert list(duplicates.candidates(first)) == []
    # By its address it can be named all the same.
    assert dispose(first, officer, third.pk).duplicate_of == third


@pytest.mark.parametrize(
    "written",
    [
        "0b3c6a52-4f0e-4a52-9f0e-0b3c6a524f0e",
        " https://countersign.example/safety/0b3c6a52-4f0e-4a52-9f0e-0b3c6a524f0e/ ",
        "/safety/0B3C6A52-4F0E-4A52-9F0E-0B3C6A524F0E/?from=1",
    ],
)
def test_address_names_a_case(written: str) -> None:
    assert duplicates.id_in(written) == UUID("0b3c6a52-4f0e-4a52-9f0e-0b3c6a524f0e")


def test_what_is_no_address_names_none() -> None:
    assert duplicates.id_in("the one of last week") is None


def test_page_asks_for_the_other_case_and_links_both(
    three: list[SafetyCase], officer: User, client: Client
) -> None:
    first, second, third = three
    client.force_login(officer)
    address = reverse("safety_dispose", args=[second.pk])
    fields = {"outcome": "duplicate", "reason": "The same person again."}
    for more, words in (
        ({}, "Say under which signal"),
        ({"other": "the one of last week"}, "no address"),
    ):
        answer = client.post(address, {**fields, **more})
        page = answer.content.decode()
        assert answer.status_code == 400 and words in page and fields["reason"] in page
        assert not Markup(page).faults and "Keisha" not in page
    assert f'<option value="{third.pk}"' in page and "The patch gave me" in page
    pasted = "https://testserver" + reverse("safety_case", args=[first.pk])
    assert client.post(address, {**fields, "other": pasted}).status_code == 302

    there, back = (reverse("safety_case", args=[case.pk]) for case in (first, second))
    assert there in client.get(back).content.decode()
    page = client.get(there).content.decode()
    assert back in page and "Also reported here" in page and "Keisha" not in page


def test_exports_name_the_other_case(
    three: list[SafetyCase], officer: User, client: Client
) -> None:
    first, second, _ = three
    dispose(second, officer, first.pk)
    for case in (first, second):
        case.refresh_from_db()
    assert case_exports.as_values(by=officer, case=second)["duplicate_of"] == str(first.pk)
    assert case_exports.as_values(by=officer, case=first)["duplicates"] == [str(second.pk)]
    (row,) = csv.DictReader(io.StringIO(case_exports.as_table(by=officer, cases=[second])))
    assert row["duplicate_of"] == str(first.pk)
    client.force_login(officer)
    for case, other in ((first, second), (second, first)):
        page = client.post(reverse("safety_print", args=[case.pk])).content.decode()
        assert str(other.pk) in page


def test_page_of_a_case_asks_as_often_for_many_others_as_for_one(
    here: Community, officer: User, client: Client
) -> None:
    case, _ = cases.signals("AE-POSSIBLE", *POSTS[:2], where=here)
    client.force_login(officer)
    address = reverse("safety_case", args=[case.pk])

    def queries() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    before = queries()
    cases.signals("AE-POSSIBLE", *(f"{POSTS[2]} Day {n}." for n in range(5)), where=here)
    assert queries() == before <= 30
