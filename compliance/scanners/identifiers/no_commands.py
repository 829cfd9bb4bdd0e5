"""spaCy without its command line: nothing here can fetch a model, and a process is 14 MB smaller.

See docs/adr/0014-spacy-without-its-command-line.md.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import NoReturn

COMMANDS = "spacy.cli"


def leave_out_commands() -> None:
    """Puts an empty package in the place of spaCy's command line, unless spaCy is loaded."""
    if "spacy" in sys.modules:
        return
    package, info = ModuleType(COMMANDS), ModuleType(f"{COMMANDS}.info")
    package.__path__ = []
    package.__dict__["download"] = info.__dict__["info"] = _refuse
    sys.modules |= {package.__name__: package, info.__name__: info}


def _refuse(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("spaCy's command line is not loaded here: models are installed beforehand.")
