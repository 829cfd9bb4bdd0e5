"""A passkey in a real browser, with an authenticator that Chromium plays: set up, signed in with,
signed with, and of no use to anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from reviews import factors
from reviews.enums import ReviewState, Role
from reviews.models import SignOff, User
from tests import cases
from tests.browser import chromium

pytestmark = [
    pytest.mark.processes,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium() is None, reason="no Chromium; scripts/test says so loudly"),
]

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    # The browser's driver has an event loop, which is no reason to keep the database from us.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    # By name: a passkey belongs to a name, never to a number.
    address = live_server.url.replace("127.0.0.1", "localhost")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser.new_context(base_url=address).new_page()
        browser.close()
        connections.close_all()  # the driver's event loop has connections of its own


def sign_in(page: Page, user: User) -> None:
    page.goto(reverse("sign_in"))
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(cases.PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_passkey_from_its_making_to_a_signature(page: Page) -> None:
    officer, other = cases.person(Role.COMPLIANCE), cases.person(Role.COMPLIANCE)
    review = cases.review_at(ReviewState.SUBMITTED)
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

    sign_in(page, officer)
    page.goto(reverse("add_passkey"))
    page.get_by_label("A name").fill("Laptop at work")
    page.get_by_label("Your password").fill(cases.PASSWORD)
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("The passkey is set up")).to_be_visible()
    expect(page.get_by_text("Laptop at work").first).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    sign_in(page, officer)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    page.goto(reverse("review", args=[review.pk]))
    page.get_by_role("button", name="Use a passkey instead").click()
    assert not SignOff.objects.exists()  # the password is missing, and the browser says so
    page.get_by_label("Your password").fill(cases.PASSWORD)
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_text("Proved by password and passkey.").first).to_be_visible()
    assert SignOff.objects.get().proof == "password+passkey"
    assert wrong == []
    # What one browser was asked proves nothing in another person's name.
    assert not factors.is_passkey(other, '{"id": "AA"}')
