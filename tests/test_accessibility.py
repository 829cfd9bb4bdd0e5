"""Every page of the product in a real browser, as axe-core and a keyboard find it: wide and narrow,
light and dark, with everything that folds unfolded."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, Route, sync_playwright

from reviews.enums import Role
from tests import cases
from tests.browser import chromium
from tests.laws.test_by_hand import waiting
from tests.looks import DESK, PHONE, faults
from tests.pages.places import World, world
from tests.pages.test_access import PAGES

pytestmark = [
    pytest.mark.processes,
    pytest.mark.once,
    pytest.mark.django_db,
    pytest.mark.skipif(chromium() is None, reason="no Chromium; scripts/test says so loudly"),
]

HOST = "https://countersign.test"
C, O, L, S, A, M, D = Role  # noqa: E741  # as in the table of pages
# Who looks at a page where the first who may open it does not see its main action.
WHO = {"queue": O, "review": O, "safety": S, "safety_case": S, "stops": O, "relooks": O}
WHO |= {"profiles": O, "profile_of": O, "profile_change": O, "signposts": S, "history": A}
FRAGMENTS = {"profile_progress"}
# Where people act: all of these are gone through with the Tab key.
ACTED_ON = ("thread", "draft", "review", "safety_case", "stops", "recalls", "relooks", "profile")
UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"
# What the Tab key must come to: of radio buttons, one for each name.
REACHABLE = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary'
  )].filter(e => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled).map(window.nameOf)"""
NAME = """window.nameOf = function (e) {
  if (e.type === 'radio') return e.form.action + ' radio ' + e.name
  window.named = window.named || new Map()
  if (!window.named.has(e)) window.named.set(e, window.named.size)
  return window.named.get(e) + ' ' + e.tagName + ' ' + (e.id || e.textContent.trim())
}; 0"""
FOCUSED = """() => document.activeElement === document.body
  ? '' : window.nameOf(document.activeElement)"""
UNSEEN = """() => document.activeElement !== document.body
  && getComputedStyle(document.activeElement).outlineStyle === 'none'
  && document.activeElement.id !== 'main'"""


# By name of the route and role: path, page, headers.
Answers = dict[tuple[str, Role], tuple[str, str, dict[str, str]]]


class Pages:
    """What the product answered, shown by a browser that reaches nothing else."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._answers: dict[str, tuple[str, dict[str, str]]] = {}
        self.broken: list[str] = []
        page.on("console", lambda m: self.broken.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        page.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path in self._answers:
            body, headers = self._answers[path]
            route.fulfill(body=body, headers=headers)
        elif not path.startswith(settings.STATIC_URL):
            route.fulfill(status=204)  # what a page asks for by itself while it is open
        elif file := finders.find(path.removeprefix(settings.STATIC_URL)):
            kind = mimetypes.guess_type(path)[0] or "text/plain"
            route.fulfill(body=Path(str(file)).read_bytes(), content_type=kind)
        else:
            route.abort()

    def show(self, path: str, body: str, headers: dict[str, str]) -> Page:
        """Opens one answer, with everything that folds unfolded."""
        self._answers[path] = (body, headers)
        self._page.goto(f"{HOST}{path}")
        self._page.evaluate(UNFOLD)
        return self._page


@pytest.fixture
def answers(client: Client) -> Answers:
    """Path, page and headers of each page. They are made first: a browser runs beside no ORM."""
    made = _by_hand(client)
    here: World = world()
    for name, roles in PAGES.items():
        if name in FRAGMENTS:
            continue
        role = WHO.get(name, min(roles, key=list(Role).index))
        client.force_login(here.person(name, role))
        path = here.address(name)
        answer = client.get(path)
        assert answer.status_code == 200
        made[name, role] = (path, answer.content.decode(), dict(answer.headers))
    return made


def _by_hand(client: Client) -> Answers:
    """A reply that waits for a person, its text, and the form that asks what became of it."""
    publication = waiting()
    client.force_login(cases.person(C))
    page = reverse("publication", args=[publication.pk])
    text = reverse("hand_out", args=[publication.pk])
    asked = [
        ("to_post", page, client.get(page)),
        ("handed_out", text, client.post(text)),
        ("posted_or_not", f"{page}?", client.get(page)),
    ]
    assert [answer.status_code for _, _, answer in asked] == [200] * 3
    return {
        (name, C): (path, answer.content.decode(), dict(answer.headers))
        for name, path, answer in asked
    }


@pytest.fixture
def pages() -> Iterator[Pages]:
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, which continuous integration runs as.
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield Pages(browser.new_page())


def unreached(page: Page) -> set[str]:
    """What can be used with a mouse, but not be come to, or not be seen, with the Tab key."""
    page.evaluate(NAME)
    wanted = set(page.evaluate(REACHABLE))
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    reached: set[str] = set()
    for _ in range(len(wanted) * 3):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if not focused or wanted <= reached:
            break
        if not page.evaluate(UNSEEN):
            reached.add(focused)
    return wanted - reached


def test_pages_have_no_serious_fault(answers: Answers, pages: Pages) -> None:
    wrong = {}
    for (name, role), (path, body, headers) in answers.items():
        page = pages.show(path, body, headers)
        for size in (DESK, PHONE):
            for scheme in ("light", "dark"):
                page.set_viewport_size(size)
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                # Another scheme changes nothing but colours.
                if found := faults(page, ("color-contrast",) if scheme == "dark" else ()):
                    wrong[f"{name} for {role}, {size['width']}, {scheme}"] = found
    assert not wrong
    assert not pages.broken


def test_actions_are_reached_with_the_keyboard(answers: Answers, pages: Pages) -> None:
    wrong = {}
    for (name, _), (path, body, headers) in answers.items():
        if name in ACTED_ON and (missing := unreached(pages.show(path, body, headers))):
            wrong[name] = missing
    assert not wrong


def test_faults_are_found(pages: Pages) -> None:
    # The negative control.
    bad = """<!doctype html><title>Bad</title><p style="color:#ddd">Pale</p><input name="unnamed">
    <p style="width:2000px">Wide</p><button style="outline:none">Unseen</button>"""
    page = pages.show("/bad/", bad, {"Content-Type": "text/html"})
    found = " ".join(faults(page))
    assert "color-contrast" in found and "label" in found and "wider" in found
    assert [name for name in unreached(page) if "Unseen" in name]
