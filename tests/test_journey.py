"""The whole story in a real browser, in five roles, on the running product: a post arrives, is
answered, signed twice, posted to the sandbox community, and an auditor reads what happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from engage.demo.community import SandboxFounder
from engage.management.commands.load_demo import PASSWORD
from tests.browser import chromium
from tests.stack import Stack

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(chromium() is None, reason="no Chromium; scripts/test says so loudly"),
]

BOARD = "cycle-and-contraception"
TITLE = "What to expect from the ring"
NAME = "Keisha Brandt"
POST = f"My name is {NAME}. I am thinking about the ring. How do cycles change with it?"
DOSED = "Take 2 tablets of ibuprofen every four hours."
REPLY = (
    "Thank you for asking; many people wonder. Studies show that spotting in the first months is "
    "common, and it usually settles. If it is heavy or goes on, a clinician can look into it."
)
LINE = "General information, not medical advice"
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SLOW = 60_000  # ms: arrivals and postings are the work of sweeps


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("journey")) as running:
        running.start("--demo")
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, which continuous integration runs as.
        yield playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])


@pytest.fixture
def page_of(stack: Stack, browser: Browser) -> Callable[..., object]:
    """`with page_of("ruth") as page`: a browser of her own, signed in with the keyboard alone."""

    @contextmanager
    def signed_in(username: str, size: ViewportSize = DESK) -> Iterator[Page]:
        context = browser.new_context(viewport=size, base_url=stack.url)
        context.set_default_timeout(SLOW)
        page = context.new_page()
        complaints: list[str] = []
        # The browser reports what the content security policy stopped as errors.
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/")
        expect(page.get_by_label("User name")).to_be_focused()
        page.keyboard.type(username)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Sign out").wait_for()
        yield page
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], "the page is wider than the window"
        # 4xx answers are part of the story: a refusal is shown on its page.
        assert [c for c in complaints if "status of 4" not in c] == []
        context.close()

    return signed_in


def reload_until(page: Page, text: str) -> None:
    """Waits for what a sweep brings about."""
    for _ in range(60):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(f"{text!r} did not show up")


def test_whole_story(stack: Stack, browser: Browser, page_of: Callable[..., object]) -> None:
    founder = SandboxFounder(stack.sandbox_url, stack.sandbox_token)
    post = {"author": "new_here", "text": POST}
    founder.open_thread(BOARD, TITLE, [post], timezone.now())

    _clinician_writes(page_of)
    _compliance_cannot_sign_yet(page_of)
    _legal_decides_and_signs(page_of)
    _compliance_signs_on_the_phone(page_of)
    address = _clinician_sees_it_live(page_of)
    _everybody_can_read_it(browser, address)
    _safety_officer_disposes(page_of)
    _auditor_reads(page_of)
    assert "agrees with" in stack.manage("ledger", "verify")


def _clinician_writes(page_of: Callable[..., object]) -> None:
    with page_of("amara") as page:  # type: ignore[attr-defined]  # a context manager
        expect(page).to_have_url(re.compile("/threads/$"))
        reload_until(page, TITLE)
        page.get_by_role("link", name=TITLE).click()
        reload_until(page, "Name 1")  # the title may be scanned before the post
        assert NAME not in page.content()
        page.get_by_role("button", name="Write a reply").click()
        page.wait_for_url(re.compile("/drafts/"))
        page.wait_for_load_state("networkidle")  # what is typed before the scripts run is not seen

        page.get_by_label("What you want to say").fill(DOSED)
        # The first text may wait for the scanners to be loaded.
        expect(page.locator("#findings")).to_contain_text("CLM-DOSE", timeout=SLOW)
        page.get_by_role("button", name="Save and submit").click()
        expect(page.get_by_role("alert")).to_contain_text("say for each why it should stand")
        expect(page.get_by_label("What you want to say")).to_have_value(DOSED)

        page.get_by_label("What you want to say").fill(REPLY)
        expect(page.locator("#findings")).to_contain_text("CLM-PROVEN")
        expect(page.locator("#findings")).not_to_contain_text("CLM-DOSE")
        page.get_by_role("button", name="Save and submit").click()
        expect(page.get_by_role("status")).to_contain_text("Compliance and legal have it now")


def _open_review(page: Page) -> None:
    expect(page).to_have_url(re.compile("/queue/$"))
    page.get_by_role("link", name=TITLE).click()
    expect(page.locator(".exact")).to_contain_text(REPLY)
    expect(page.locator(".exact")).to_contain_text(LINE)
    assert NAME not in page.content()


def _compliance_cannot_sign_yet(page_of: Callable[..., object]) -> None:
    with page_of("ruth") as page:  # type: ignore[attr-defined]
        _open_review(page)
        page.get_by_role("textbox", name="Comment").fill("Which studies? Daniel, please look.")
        page.get_by_role("button", name="Comment").click()
        expect(page.get_by_role("status")).to_contain_text("in the record")
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Sign as compliance officer").click()
        expect(page.get_by_role("alert")).to_contain_text("disposition")


def _legal_decides_and_signs(page_of: Callable[..., object]) -> None:
    with page_of("daniel") as page:  # type: ignore[attr-defined]
        _open_review(page)
        expect(page.get_by_text("Which studies?")).to_be_visible()
        page.get_by_label("Accepted with reason").check()
        page.get_by_label("Reason", exact=True).fill("Stated in the label and in guidelines.")
        page.get_by_role("button", name="Record").click()
        expect(page.get_by_role("status")).to_contain_text("recorded")
        page.get_by_label("Your password").fill("not my password")
        page.get_by_role("button", name="Sign as legal counsel").click()
        expect(page.get_by_role("alert")).to_contain_text("password")
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Sign as legal counsel").click()
        expect(page.get_by_role("status")).to_contain_text("One more signature is needed")


def _compliance_signs_on_the_phone(page_of: Callable[..., object]) -> None:
    with page_of("ruth", PHONE) as page:  # type: ignore[attr-defined]
        _open_review(page)
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Sign as compliance officer").click()
        expect(page.get_by_role("status")).to_contain_text("the reply is cleared")


def _clinician_sees_it_live(page_of: Callable[..., object]) -> str:
    with page_of("amara") as page:  # type: ignore[attr-defined]
        page.get_by_role("link", name="Publications").click()
        reload_until(page, TITLE)
        page.get_by_role("link", name=TITLE).click()
        reload_until(page, "exactly what was signed")
        link = page.get_by_role("link", name="See it in the community")
        return str(link.get_attribute("href"))


def _everybody_can_read_it(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    expect(page.get_by_text(REPLY)).to_have_count(1)
    expect(page.get_by_text(LINE)).to_have_count(1)
    page.close()


def _safety_officer_disposes(page_of: Callable[..., object]) -> None:
    with page_of("priya", PHONE) as page:  # type: ignore[attr-defined]
        expect(page).to_have_url(re.compile("/safety/$"))
        signals = page.locator("article.finding")
        crisis = signals.filter(has_text="Suicidal")
        expect(crisis).to_have_count(1)
        waiting = signals.count()
        crisis.get_by_role("link", name="Look at this signal").click()
        page.get_by_role("button", name="Take it").click()
        expect(page.get_by_role("status")).to_contain_text("yours")
        signal = page.url
        page.locator("summary", has_text="Post this signpost now").click()
        page.get_by_role("button", name="Yes, post it in reply to Author 1").click()
        expect(page.get_by_role("status")).to_contain_text("exactly as it was signed")
        reload_until(page, "What was posted")
        page.get_by_role("link", name="What was posted").click()
        reload_until(page, "exactly what was signed")
        expect(page.get_by_text("call or text 988")).to_have_count(2)
        page.goto(signal)
        expect(page.get_by_text("on its way or live")).to_be_visible()
        page.locator("summary", has_text="Dispose of it").click()
        page.get_by_label("Help was offered").check()
        page.get_by_label("What you found and did").fill("Sent the signpost; the team knows.")
        page.get_by_role("button", name="Dispose of it").click()
        expect(page.get_by_role("status")).to_contain_text("Recorded")
        page.get_by_role("link", name="Safety signals").first.click()
        expect(signals).to_have_count(waiting - 1)


def _auditor_reads(page_of: Callable[..., object]) -> None:
    with page_of("tomas") as page:  # type: ignore[attr-defined]
        expect(page).to_have_url(re.compile("/history/$"))
        page.get_by_role("link", name="Publications").click()
        page.get_by_role("link", name=TITLE).click()
        page.get_by_role("link", name="The whole history").click()
        for words in ("Draft started", "Finding disposed", "Cleared", "Live in the community"):
            expect(page.get_by_text(words, exact=True).first).to_be_visible()
        signatures = page.locator(".signatures li")
        expect(signatures).to_have_count(2)
        expect(signatures.nth(0)).to_contain_text("Daniel Achterberg, Legal counsel")
        expect(signatures.nth(1)).to_contain_text("Ruth Lindqvist, Compliance officer")
        assert REPLY not in page.content() and NAME not in page.content()


def test_queue_and_review_by_keys_alone(page_of: Callable[..., object]) -> None:
    with page_of("ruth") as page:  # type: ignore[attr-defined]  # a context manager
        expect(page).to_have_title(re.compile(r"^\(\d+\) Review queue"))
        rows = page.locator(".row")
        expect(rows.nth(1)).to_be_visible()  # the demo has some
        page.keyboard.press("j")
        expect(rows.nth(0).locator(".row-title")).to_be_focused()
        page.keyboard.press("j")
        expect(rows.nth(1).locator(".row-title")).to_be_focused()
        page.keyboard.press("k")
        page.keyboard.press("x")
        expect(rows.nth(0).get_by_role("checkbox")).to_be_checked()

        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys on this page")).to_be_visible()
        page.keyboard.press("j")  # nothing happens behind it
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(rows.nth(0).get_by_role("checkbox")).to_be_checked()

        page.keyboard.press("/")
        expect(page.get_by_label("Claim", exact=True)).to_be_focused()
        page.keyboard.press("x")  # somebody chooses in a list: no key of ours
        expect(rows.nth(0).get_by_role("checkbox")).to_be_checked()
        rows.nth(0).locator(".row-title").focus()

        page.keyboard.press("c")
        expect(page.get_by_role("status")).to_contain_text("Claimed until")
        expect(rows.nth(0)).to_contain_text("Compliance: you")
        expect(rows.nth(0).locator(".row-title")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/reviews/"))

        page.keyboard.press("n")
        findings = page.locator("article.finding")
        if findings.count():
            expect(findings.nth(0)).to_be_focused()
        page.get_by_role("textbox", name="Comment").focus()
        page.keyboard.type("ngqcu?")
        expect(page.get_by_role("textbox", name="Comment")).to_have_value("ngqcu?")
        page.get_by_role("button", name="Comment").focus()
        with page_of("daniel") as other:  # type: ignore[attr-defined]
            other.goto(page.url)
            expect(other.locator("#looking")).to_contain_text("is reading this")
            expect(page.locator("#looking")).to_contain_text("Daniel Achterberg", timeout=SLOW)
        page.keyboard.press("u")
        expect(page.get_by_role("status")).to_contain_text("Released")
        page.keyboard.press("g")
        page.keyboard.press("q")
        expect(page).to_have_url(re.compile("/queue/"))

        page.keyboard.press("?")
        page.get_by_label("Switch these keys off").check()
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        expect(rows.nth(0).locator(".row-title")).not_to_be_focused()
