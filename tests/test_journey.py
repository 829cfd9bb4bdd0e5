"""A working day in each role, in a real browser on the running product: by keyboard alone, on a
window of 390 px, with axe-core on every page that somebody comes to. A post arrives, is answered,
sent back, changed, signed twice and posted to the sandbox community, and an auditor reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright

from engage.demo.community import SandboxFounder
from engage.management.commands.load_demo import PASSWORD
from tests.browser import chromium
from tests.keyboard import Keyboard, Unreachable
from tests.looks import DESK, PHONE
from tests.stack import Stack

pytestmark = [
    pytest.mark.processes,
    pytest.mark.once,
    pytest.mark.skipif(chromium() is None, reason="no Chromium; scripts/test says so loudly"),
]

BOARD = "cycle-and-contraception"
TITLE = "What to expect from the ring"
OTHER = "Swimming with the ring"
NAME = "Keisha Brandt"
POST = f"My name is {NAME}. I am thinking about the ring. How do cycles change with it?"
DOSED = "Take 2 tablets of ibuprofen every four hours."
FIRST = "Thank you for asking. Studies show that spotting in the first months is common."
CHANGE = "Say when to see a clinician."
REPLY = (
    "Thank you for asking; many people wonder. Studies show that spotting in the first months is "
    "common, and it usually settles. If it is heavy or goes on, a clinician can look into it."
)
LINE = "General information, not medical advice"
SLOW = 60_000  # ms: arrivals and postings are the work of sweeps
Days = Callable[..., AbstractContextManager[Keyboard]]


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


@pytest.fixture(scope="module")
def day_of(stack: Stack, browser: Browser) -> Days:
    """`with day_of("ruth") as ruth`: a browser of her own, signed in with the keyboard alone."""
    looked_at: set[tuple[str, str]] = set()

    @contextmanager
    def signed_in(username: str) -> Iterator[Keyboard]:
        context = browser.new_context(viewport=PHONE, base_url=stack.url, reduced_motion="reduce")
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
        person = Keyboard(page, looked_at, username)
        person.look()
        yield person
        # 4xx answers are part of the story: a refusal is shown on its page.
        assert [c for c in complaints if "status of 4" not in c] == []
        person.press(page.get_by_role("button", name="Sign out"))
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


def go(person: Keyboard, entry: str) -> None:
    """An entry of the navigation."""
    nav = person.page.get_by_role("navigation", name="Main")
    person.press(nav.get_by_role("link", name=re.compile(f"^{entry}")))


def said(page: Page, words: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(words)
    page.wait_for_load_state()  # keys that are pressed before the scripts run are lost


def arrived(page: Page, address: str) -> None:
    expect(page).to_have_url(re.compile(address))
    page.wait_for_load_state()


def test_a_day_in_each_role(stack: Stack, browser: Browser, day_of: Days) -> None:
    founder = SandboxFounder(stack.sandbox_url, stack.sandbox_token)
    founder.open_thread(BOARD, TITLE, [{"author": "new_here", "text": POST}], timezone.now())
    other = [{"author": "gull", "text": "Has anybody a good bathing cap to recommend?"}]
    founder.open_thread(BOARD, OTHER, other, timezone.now())

    _clinician_writes(day_of)
    _compliance_sends_back(day_of)
    _clinician_does_what_was_asked(day_of)
    _legal_decides_and_signs(day_of)
    _medical_reviewer_reads_along(day_of)
    _compliance_stops_lifts_and_signs(day_of)
    address = _clinician_sees_it_live(day_of)
    _everybody_can_read_it(browser, address)
    _safety_officer_disposes(day_of)
    _auditor_reads(day_of)
    _administrator_looks_after_it(day_of)
    assert "agrees with" in stack.manage("ledger", "verify")


def _clinician_writes(day_of: Days) -> None:
    with day_of("amara") as amara:
        page = amara.page
        expect(page).to_have_url(re.compile("/threads/$"))
        reload_until(page, OTHER)
        amara.press(page.get_by_role("link", name=OTHER))
        reload_until(page, "bathing cap")
        amara.press(page.locator("summary", has_text="Decide not to reply"))
        amara.pick(page.get_by_label("Why", exact=True), "Not ours to answer")
        amara.press(page.get_by_role("button", name="Decide not to reply"))
        said(page, "this post gets no reply")

        go(amara, "Threads")
        amara.press(page.get_by_role("link", name=TITLE))
        reload_until(page, "Name 1")  # the title may be scanned before the post
        assert NAME not in page.content()
        amara.press(page.get_by_role("button", name="Write a reply"))
        page.wait_for_url(re.compile("/drafts/"))
        page.wait_for_load_state("networkidle")  # what is typed before the scripts run is not seen
        amara.look()

        body, findings = page.get_by_label("What you want to say"), page.locator("#findings")
        amara.write(body, DOSED)
        # The first text may wait for the scanners to be loaded.
        expect(findings).to_contain_text("CLM-DOSE", timeout=SLOW)
        amara.press(page.get_by_role("button", name="Save and submit"))
        expect(page.get_by_role("alert")).to_contain_text("say for each why it should stand")
        expect(body).to_have_value(DOSED)

        amara.write(body, FIRST)
        expect(findings).to_contain_text("CLM-PROVEN")
        expect(findings).not_to_contain_text("CLM-DOSE")
        amara.press(page.get_by_role("button", name="Save and submit"))
        said(page, "Compliance and legal have it now")

        amara.press(page.get_by_role("link", name="about you"))
        amara.press(page.get_by_role("link", name="How you sign"))
        amara.press(page.get_by_role("link", name="Notifications"))
        amara.press(page.get_by_role("link", name="What reaches you"))


def _open_review(person: Keyboard, text: str) -> None:
    page = person.page
    arrived(page, "/queue/")
    person.press(page.get_by_role("link", name=TITLE))
    expect(page.locator(".exact").first).to_contain_text(text)
    expect(page.locator(".exact").first).to_contain_text(LINE)
    assert NAME not in page.content()


def _compliance_sends_back(day_of: Days) -> None:
    with day_of("ruth") as ruth:
        page = ruth.page
        _open_review(ruth, FIRST)
        ruth.write(page.get_by_role("textbox", name="Comment"), "Which studies? Daniel, look.")
        ruth.press(page.get_by_role("button", name="Comment"))
        said(page, "in the record")
        ruth.write(page.get_by_label("Your password"), PASSWORD)
        ruth.press(page.get_by_role("button", name="Sign as compliance officer"))
        expect(page.get_by_role("alert")).to_contain_text("disposition")

        ruth.press(page.locator("summary", has_text="Send back for changes"))
        ruth.pick(page.locator("#send_back-code"), "Not accurate")
        ruth.write(page.get_by_label(re.compile("What must change")), CHANGE)
        ruth.press(page.get_by_role("button", name="Send back", exact=True))
        said(page, "The author sees what must change")


def _clinician_does_what_was_asked(day_of: Days) -> None:
    with day_of("amara") as amara:
        page = amara.page
        amara.press(page.get_by_role("link", name=re.compile("Notifications")))
        amara.press(page.get_by_role("link", name=re.compile("Sent back")).first)
        amara.press(page.get_by_role("link", name="the draft"))
        expect(page.locator(".asked")).to_contain_text(CHANGE)
        body = page.get_by_label("What you want to say")
        amara.write(body, REPLY)
        expect(page.locator("#findings")).to_contain_text("CLM-PROVEN")
        amara.tick(page.get_by_role("checkbox", name="Done"))
        amara.press(page.get_by_role("button", name="Save and submit"))
        said(page, "Compliance and legal have it now")


def _legal_decides_and_signs(day_of: Days) -> None:
    with day_of("daniel") as daniel:
        page = daniel.page
        _open_review(daniel, REPLY)
        daniel.press(page.locator("summary", has_text="The version of"))
        expect(page.get_by_text("Which studies?")).to_be_visible()
        expect(page.locator(".compared ins").first).to_be_visible()  # what is new since then
        daniel.choose(page.get_by_label("Accepted with reason"))
        daniel.write(page.get_by_label("Reason", exact=True), "Stated in the label.")
        daniel.press(page.get_by_role("button", name="Record"))
        said(page, "recorded")
        daniel.write(page.get_by_label("Your password"), "not my password")
        daniel.press(page.get_by_role("button", name="Sign as legal counsel"))
        expect(page.get_by_role("alert")).to_contain_text("password")
        daniel.write(page.get_by_label("Your password"), PASSWORD)
        daniel.press(page.get_by_role("button", name="Sign as legal counsel"))
        said(page, "One more signature is needed")
        for entry in ("Evidence", "Community rules", "Corrections", "Reviewers"):
            go(daniel, entry)


def _medical_reviewer_reads_along(day_of: Days) -> None:
    with day_of("noor") as noor:
        page = noor.page
        _open_review(noor, REPLY)
        noor.write(page.get_by_role("textbox", name="Comment"), "In line with the guideline.")
        noor.press(page.get_by_role("button", name="Comment"))
        said(page, "in the record")
        go(noor, "Reviewers")


def _compliance_stops_lifts_and_signs(day_of: Days) -> None:
    with day_of("ruth") as ruth:
        page = ruth.page
        go(ruth, "Publications")
        ruth.press(page.get_by_role("link", name="Stop all publishing"))
        ruth.pick(page.get_by_label("Where"), "Second Spring")
        ruth.write(page.get_by_label("Why", exact=True), "A complaint of the moderators.")
        ruth.press(page.get_by_role("button", name="Stop all publishing"))
        expect(page.get_by_role("note").filter(has_text="Publishing is stopped")).to_be_visible()
        ruth.press(page.locator("summary", has_text="Lift it"))
        ruth.write(page.get_by_label("Why it can go on"), "It was settled.")
        ruth.press(page.get_by_role("button", name="Go on publishing"))
        expect(page.get_by_text("Nothing is stopped.")).to_be_visible()
        for entry in ("Signposts", "Rules", "Review queue"):
            go(ruth, entry)
        _open_review(ruth, REPLY)
        ruth.write(page.get_by_label("Your password"), PASSWORD)
        ruth.press(page.get_by_role("button", name="Sign as compliance officer"))
        said(page, "the reply is cleared")
        ruth.press(page.get_by_role("link", name="what was signed"))
        expect(page.get_by_text("Everything here is what was signed")).to_be_visible()


def _clinician_sees_it_live(day_of: Days) -> str:
    with day_of("amara") as amara:
        page = amara.page
        go(amara, "Publications")
        reload_until(page, TITLE)
        amara.press(page.get_by_role("link", name=TITLE))
        reload_until(page, "exactly what was signed")
        link = page.get_by_role("link", name="See it in the community")
        return str(link.get_attribute("href"))


def _everybody_can_read_it(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    expect(page.get_by_text(REPLY)).to_have_count(1)
    expect(page.get_by_text(LINE)).to_have_count(1)
    page.close()


def _safety_officer_disposes(day_of: Days) -> None:
    with day_of("priya") as priya:
        page = priya.page
        expect(page).to_have_url(re.compile("/safety/$"))
        signals = page.locator("article.finding")
        crisis = signals.filter(has_text="Suicidal")
        expect(crisis).to_have_count(1)
        waiting = signals.count()
        priya.press(crisis.get_by_role("link", name="Look at this signal"))
        priya.press(page.get_by_role("button", name="Take it"))
        said(page, "yours")
        signal = page.url
        priya.press(page.locator("summary", has_text="Post this signpost now"))
        priya.press(page.get_by_role("button", name="Yes, post it in reply to Author 1"))
        said(page, "exactly as it was signed")
        reload_until(page, "What was posted")
        priya.press(page.get_by_role("link", name="What was posted"))
        reload_until(page, "exactly what was signed")
        expect(page.get_by_text("call or text 988")).to_have_count(2)
        page.goto(signal)
        expect(page.get_by_text("on its way or live")).to_be_visible()
        priya.press(page.locator("summary", has_text="Dispose of it"))
        priya.choose(page.get_by_label("Help was offered"))
        priya.write(page.get_by_label("What you found and did"), "Sent the signpost.")
        priya.press(page.get_by_role("button", name="Dispose of it"))
        said(page, "Recorded")
        go(priya, "Safety signals")
        expect(signals).to_have_count(waiting - 1)
        for entry in ("Signposts", "Corrections", "Threads"):
            go(priya, entry)


def _auditor_reads(day_of: Days) -> None:
    with day_of("tomas") as tomas:
        page = tomas.page
        expect(page).to_have_url(re.compile("/history/$"))
        go(tomas, "Publications")
        tomas.press(page.get_by_role("link", name=TITLE))
        tomas.press(page.get_by_role("link", name="The whole history"))
        for words in ("Draft started", "Finding disposed", "Cleared", "Live in the community"):
            expect(page.get_by_text(words, exact=True).first).to_be_visible()
        signatures = page.locator(".signatures li", has=page.locator("code"))
        expect(signatures).to_have_count(2)
        expect(signatures.nth(0)).to_contain_text("Daniel Achterberg, Legal counsel")
        expect(signatures.nth(1)).to_contain_text("Ruth Lindqvist, Compliance officer")
        assert REPLY not in page.content() and NAME not in page.content()
        for entry in ("Rules", "Reviewers", "Safety signals", "Evidence", "Review queue"):
            go(tomas, entry)


def _administrator_looks_after_it(day_of: Days) -> None:
    with day_of("ines") as ines:
        page = ines.page
        expect(page).to_have_url(re.compile("/installation/$"))
        expect(page.get_by_role("region", name="Communities")).to_contain_text("Second Spring")
        for entry in ("History", "Publications", "Rules"):
            go(ines, entry)
        ines.press(page.get_by_role("link", name="about you"))
        expect(page.get_by_role("heading", name="How you sign")).to_be_visible()


def test_queue_and_review_by_their_keys(day_of: Days) -> None:
    with day_of("ruth") as ruth:
        page = ruth.page
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
        ruth.come_to(rows.nth(0).locator(".row-title"))

        page.keyboard.press("c")
        said(page, "Claimed until")
        expect(rows.nth(0)).to_contain_text("Compliance: you")
        expect(rows.nth(0).locator(".row-title")).to_be_focused()
        page.keyboard.press("Enter")
        arrived(page, "/reviews/")

        page.keyboard.press("n")
        findings = page.locator("article.finding")
        if findings.count():
            expect(findings.nth(0)).to_be_focused()
        ruth.come_to(page.get_by_role("textbox", name="Comment"))
        page.keyboard.type("ngqcu?")
        expect(page.get_by_role("textbox", name="Comment")).to_have_value("ngqcu?")
        ruth.come_to(page.get_by_role("button", name="Comment"))
        with day_of("daniel") as daniel:
            daniel.page.goto(page.url)
            expect(daniel.page.locator("#looking")).to_contain_text("is reading this")
            expect(page.locator("#looking")).to_contain_text("Daniel Achterberg", timeout=SLOW)
        page.keyboard.press("u")
        said(page, "Released")
        page.keyboard.press("g")
        page.keyboard.press("q")
        arrived(page, "/queue/")

        page.keyboard.press("?")
        ruth.tick(page.get_by_label("Switch these keys off"))
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        expect(rows.nth(0).locator(".row-title")).not_to_be_focused()


@pytest.mark.parametrize(
    ("control", "why"),
    [
        ('<a href="#" tabindex="-1">Go</a>', "does not come to"),
        ('<a href="#" style="outline: none">Go</a>', "is not seen"),
    ],
)
def test_keyboard_tells_what_it_cannot_use(browser: Browser, control: str, why: str) -> None:
    # The negative control.
    page = browser.new_page(viewport=DESK)
    page.set_content(f"<button>One</button>{control}<button>Two</button>")
    with pytest.raises(Unreachable, match=why):
        Keyboard(page, set()).come_to(page.get_by_role("link", name="Go"))
    page.close()
