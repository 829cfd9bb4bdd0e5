"""Every page as a browser gets it: a strict policy, nothing inline, everything labelled."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import resolve, reverse

from reviews.enums import Role
from tests import cases
from tests.pages.places import IDENTIFYING, World, world
from tests.pages.test_access import PAGES

pytestmark = pytest.mark.django_db


class Markup(HTMLParser):
    """Collects what a page must not have: inline code or style, unlabelled fields, empty links."""

    FIELDS = frozenset({"input", "textarea", "select"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._labelled: set[str] = set()
        self._fields: list[dict[str, str | None]] = []
        self._ids: list[str] = []
        self._in_label = 0
        self.headings: list[int] = []
        self.links: list[str] = []
        self.feed(page)
        for field in self._fields:
            if field.get("id") not in self._labelled:
                self.faults.append(f"no label: {field.get('name')}")
        self.faults += [f"id twice: {i}" for i in self._ids if self._ids.count(i) > 1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "script" and not values.get("src"):
            self.faults.append("inline script")
        if tag == "style" or "style" in values:
            self.faults.append("inline style")
        self.faults += [f"inline {name}" for name in values if name.startswith(("on", "hx-on"))]
        if values.get("id"):
            self._ids.append(str(values["id"]))
        if tag == "label":
            self._in_label += 1
            self._labelled.add(values.get("for") or "")
        hidden = values.get("type") == "hidden"
        if tag in self.FIELDS and not hidden and not self._in_label:
            self._fields.append(values)
        if tag == "a" and (values.get("href") or "").startswith("/"):
            self.links.append(str(values["href"]))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._in_label -= 1


@pytest.fixture
def here() -> World:
    return world()


def every_page(client: Client, here: World) -> Iterator[tuple[str, str]]:
    for name, roles in PAGES.items():
        for role in sorted(roles):
            client.force_login(here.person(name, role))
            answer = client.get(here.address(name))
            assert answer.status_code == 200
            assert "default-src 'none'" in answer["Content-Security-Policy"]
            assert "unsafe" not in answer["Content-Security-Policy"]
            assert answer["Cache-Control"] == "no-store"
            yield f"{name} for {role}", answer.content.decode()


def test_pages_keep_to_the_policy_and_label_their_fields(client: Client, here: World) -> None:
    for where, page in every_page(client, here):
        markup = Markup(page)
        assert not markup.faults, where
        assert markup.headings.count(1) == 1, where


def test_faults_are_found() -> None:
    # The negative control.
    bad = "<style></style><script>1</script><p style='x' onclick='y' id=a><input name=b><i id=a>"
    assert len(Markup(bad).faults) == 7


def test_pages_lead_nobody_where_they_may_not_go(client: Client, here: World) -> None:
    closed, seen = set(), 0
    for name, roles in PAGES.items():
        for role in sorted(roles):
            client.force_login(here.person(name, role))
            for link in Markup(client.get(here.address(name)).content.decode()).links:
                leads_to = resolve(urlsplit(link).path).url_name or ""
                seen += leads_to in PAGES
                own = name == "draft" and leads_to == "review"
                if not own and role not in PAGES.get(leads_to, {role}):
                    closed.add(f"{name} leads {role} to {leads_to}")
    client.force_login(here.review.submitted_by)
    links = Markup(client.get(here.address("review")).content.decode()).links
    assert reverse("drafts") in links and reverse("queue") not in links
    assert seen > 100
    assert not closed


def test_no_page_shows_an_identifier(client: Client, here: World) -> None:
    for where, page in every_page(client, here):
        assert IDENTIFYING not in page, where
    client.force_login(cases.person(Role.CLINICIAN))
    assert "Name 1" in client.get(here.address("thread")).content.decode()


def test_missing_things_answer_in_words(client: Client) -> None:
    client.force_login(cases.person(Role.AUDITOR))
    nothing = "00000000-0000-0000-0000-000000000000"
    for path in (
        "/nowhere/",
        f"/reviews/{nothing}/",
        f"/threads/{nothing}/",
        f"/history/{nothing}/",
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.content.decode()
