"""What axe-core finds on a page, and whether it fits into its window."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


def faults(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe-core calls serious or critical, by all of its rules or some, and whether the page is
    wider than its window."""
    only = {"runOnly": list(rules)} if rules else {}
    options = {"resultTypes": ["violations"], **only}
    found = Axe().run(page, options=options).response["violations"]
    told = [
        f"{fault['id']}: {[node['target'] for node in fault['nodes'][:3]]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    width = page.evaluate("document.documentElement.scrollWidth")
    return told + (
        ["wider than its window"] if width > (page.viewport_size or DESK)["width"] else []
    )
