"""Somebody at a keyboard: nothing here clicks, and nothing but keys moves the focus."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.looks import DESK, PHONE, faults

MOST = 250  # presses of Tab, more than any page has stops
FOCUSED = "e => e === document.activeElement"
IN_ITS_GROUP = """e => document.activeElement.type === 'radio'
  && document.activeElement.name === e.name && document.activeElement.form === e.form"""
UNFOLDS = "e => e.tagName === 'SUMMARY'"
MARKED = "e => getComputedStyle(e).outlineStyle !== 'none'"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class Unreachable(AssertionError):
    """A person without a mouse can't use this, or does not see where they are."""


class Keyboard:
    """One person's browser.

    Attributes:
        looked_at: the kinds of pages that were looked at, of all that share it.
    """

    def __init__(self, page: Page, looked_at: set[tuple[str, str]], role: str = "") -> None:
        self.page, self.looked_at, self.role = page, looked_at, role

    def come_to(self, target: Locator) -> None:
        """Presses Tab until the focus is there, and is seen to be."""
        expect(target).to_be_visible()
        self._tab_until(target, FOCUSED)

    def _tab_until(self, target: Locator, reached: str) -> None:
        for _ in range(MOST):
            if target.evaluate(reached):
                break
            self.page.keyboard.press("Tab")
        else:
            raise Unreachable(f"Tab does not come to {target}")
        if not self.page.evaluate(f"({MARKED})(document.activeElement)"):
            raise Unreachable(f"the focus is not seen on {target}")

    def press(self, target: Locator, key: str = "Enter") -> None:
        """A link, a button or what unfolds; looks at the page that follows."""
        self.come_to(target)
        if target.evaluate(UNFOLDS):
            self.page.keyboard.press(key)
        else:
            # the page that is left is idle too: wait for the next one to come
            with self.page.expect_navigation(wait_until="load"):
                self.page.keyboard.press(key)
        self.look()

    def write(self, target: Locator, text: str) -> None:
        """Text into a field, in the place of what is there."""
        self.come_to(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def tick(self, target: Locator) -> None:
        """A box."""
        self.come_to(target)
        self.page.keyboard.press("Space")
        expect(target).to_be_checked()

    def choose(self, target: Locator) -> None:
        """One of several radio buttons: Tab comes to their group, arrows go round in it."""
        expect(target).to_be_visible()
        self._tab_until(target, IN_ITS_GROUP)
        self.page.keyboard.press("Space")
        for _ in range(MOST):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise Unreachable(f"the arrows do not come to {target}")

    def pick(self, target: Locator, label: str) -> None:
        """An entry of a list, which the arrows go through."""
        self.come_to(target)
        self.page.keyboard.press("Home")
        for _ in range(MOST):
            if target.evaluate("e => e.selectedOptions[0].label.trim()") == label:
                return
            self.page.keyboard.press("ArrowDown")
        raise Unreachable(f"the arrows do not come to {label!r}")

    def look(self) -> None:
        """Axe-core on this kind of page, wide and narrow, once for each role."""
        kind = (self.role, UUID.sub("…", self.page.url.split("?")[0].partition("#")[0]))
        if kind in self.looked_at:
            return
        self.looked_at.add(kind)
        before = self.page.viewport_size or PHONE
        wrong = []
        for size in (DESK, PHONE):
            self.page.set_viewport_size(size)
            wrong += [f"{kind} at {size['width']}: {fault}" for fault in faults(self.page)]
        self.page.set_viewport_size(before)
        assert wrong == []
