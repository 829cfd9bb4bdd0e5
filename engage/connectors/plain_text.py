"""HTML as plain text, with paragraphs and list items on lines of their own."""

from __future__ import annotations

import re
from html.parser import HTMLParser

PARAGRAPHS = frozenset(
    "p div blockquote pre ul ol dl table section article hr header footer h1 h2 h3 h4 h5 h6".split()
)
LINES = frozenset(("br", "li", "tr", "dt", "dd"))
SILENT = frozenset(("script", "style", "template"))


def plain_text(markup: str) -> str:
    """The text that a reader of the page would see.

    Args:
        markup: HTML, also malformed.
    Returns:
        Text with entities resolved, runs of blanks joined, at most one empty line in a row.
    """
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._kept_breaks = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)
        if tag in SILENT:
            self._silent += 1
        elif tag == "pre":
            self._kept_breaks += 1
        elif tag == "li":
            self.parts.append("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "pre":
            self._kept_breaks = max(0, self._kept_breaks - 1)
        if tag != "br":
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if not self._kept_breaks:
            data = re.sub(r"[ \t\r\n\f]+", " ", data)
            if data == " " and self._at_line_start():
                return
        self.parts.append(data)

    def _break(self, tag: str) -> None:
        if tag in PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in LINES and (tag != "li" or not self._at_line_start()):
            self.parts.append("\n")

    def _at_line_start(self) -> bool:
        # An item needs a line of its own, but no empty one before it.
        return not self.parts or self.parts[-1].endswith("\n")
