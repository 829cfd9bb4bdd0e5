"""The safety queue in pages: all of it can be reached, in order, at the same price."""

from __future__ import annotations

import re
from html import unescape
from itertools import chain

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from engage.models import Community
from reviews import safety
from reviews.enums import Role, SafetyOutcome
from reviews.models import SafetyCase, User
from reviews.views import safety_queue
from tests import cases

pytestmark = pytest.mark.django_db

POST = "The patch gave me a blood clot on day {}."


@pytest.fixture
def officer() -> User:
    return cases.person(Role.SAFETY)


@pytest.fixture
def here() -> Community:
    return cases.community()


def many(number: int, where: Community) -> list[SafetyCase]:
    return cases.signals("AE-POSSIBLE", *(POST.format(n) for n in range(number)), where=where)


def opened(client: Client, query: str) -> tuple[list[str], dict[str, str]]:
    """The ids of the signals on a page in their order, and the queries of its neighbours."""
    page = client.get(reverse("safety") + query).content.decode()
    links = re.findall(r'rel="(prev|next)" href="([^"]+)"', page)
    return re.findall(r'id="signal-([0-9a-f-]+)"', page), {n: unescape(q) for n, q in links}


def walk(client: Client, query: str) -> list[list[str]]:
    ids, links = opened(client, query)
    pages = [ids]
    while "next" in links:
        ids, links = opened(client, links["next"])
        pages.append(ids)
    return pages


def ordered(*fields: str, **chosen: object) -> list[str]:
    rows = SafetyCase.objects.filter(**chosen).order_by(*fields)
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def test_every_open_signal_is_on_one_page_in_the_order_of_deadlines(
    client: Client, officer: User, here: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_queue, "PAGE", 3)
    many(8, here)
    # All of one sweep have the same deadline; a few don't.
    for case in SafetyCase.objects.all()[:3]:
        safety.hand_off(by=officer, case_id=case.pk, recipient="Argus", reference="")
    client.force_login(officer)
    pages = walk(client, "")
    assert [len(page) for page in pages] == [3, 3, 2]
    assert [*chain(*pages)] == ordered("due_at", "pk")


def test_pages_lead_back_the_way_they_came(
    client: Client, officer: User, here: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_queue, "PAGE", 3)
    many(8, here)
    client.force_login(officer)
    forth, query = [], ""
    for _ in range(3):
        ids, links = opened(client, query)
        forth.append(ids)
        query = links.get("next", "")
    assert "next" not in links
    back = [ids]
    while "prev" in links:
        ids, links = opened(client, links["prev"])
        back.append(ids)
    assert back == forth[::-1]


def test_disposed_signals_are_paged_newest_first(
    client: Client, officer: User, here: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_queue, "PAGE", 2)
    for case in many(5, here):
        safety.dispose(by=officer, case_id=case.pk, outcome=SafetyOutcome.FORWARDED, reason="Sent.")
    client.force_login(officer)
    pages = walk(client, "?tab=done")
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [*chain(*pages)] == ordered("-disposed_at", "-pk")


def test_links_keep_tab_and_filters(
    client: Client, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_queue, "PAGE", 1)
    here, there = cases.community(), cases.community()
    many(2, here)
    many(2, there)
    client.force_login(officer)
    query = f"?tab=unowned&kind=AE-&community={here.name.replace(' ', '+')}"
    _, links = opened(client, query)
    assert links["next"].startswith(query + "&after=")
    assert set(chain(*walk(client, query))) == set(ordered("pk", community_name=here.name))
    _, links = opened(client, links["next"])
    assert links["prev"].startswith(query + "&before=") and "after" not in links["prev"]


def test_page_that_has_emptied_shows_the_first_one(
    client: Client, officer: User, here: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_queue, "PAGE", 1)
    many(2, here)
    client.force_login(officer)
    first, links = opened(client, "")
    last = SafetyCase.objects.exclude(pk=first[0]).get()
    safety.dispose(by=officer, case_id=last.pk, outcome=SafetyOutcome.FORWARDED, reason="Sent.")
    assert opened(client, links["next"]) == (first, {})


@pytest.mark.parametrize("edge", ["", "nonsense", "2026-11-25_x", "_", "9999-99-99_1"])
def test_address_that_names_no_place_shows_the_first_page(
    client: Client, officer: User, here: Community, edge: str
) -> None:
    many(1, here)
    client.force_login(officer)
    assert len(opened(client, f"?after={edge}")[0]) == 1
    assert len(opened(client, f"?before={edge}")[0]) == 1


@pytest.mark.parametrize("tab", ["open", "done"])
def test_full_page_asks_the_database_as_often_as_a_short_one(
    client: Client, officer: User, here: Community, tab: str
) -> None:
    client.force_login(officer)

    def queries() -> int:
        client.get(reverse("safety") + f"?tab={tab}")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("safety") + f"?tab={tab}").status_code == 200
        return len(captured)

    def add(number: int) -> None:
        for case in many(number, here):
            safety.hand_off(by=officer, case_id=case.pk, recipient="Argus", reference="")
            if tab == "done":
                safety.dispose(
                    by=officer, case_id=case.pk, outcome=SafetyOutcome.FORWARDED, reason="Sent."
                )

    add(1)
    one = queries()
    add(safety_queue.PAGE + 1)
    ids, links = opened(client, f"?tab={tab}")
    assert len(ids) == safety_queue.PAGE and "next" in links
    assert queries() == one <= 20
