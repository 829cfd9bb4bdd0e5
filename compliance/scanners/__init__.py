"""The scanners, one question each; to add one, add its module and put it in the tuple."""

from __future__ import annotations

from compliance.enums import Direction
from compliance.findings import ScanContext, Scanner
from compliance.rules import shipped_rules
from compliance.scanners import (
    adverse_events,
    claims,
    disclosure,
    identifiers,
    languages,
    own_phrases,
    relationship,
    safety,
    singled_out,
    unsaid,
)

SCANNERS: tuple[Scanner, ...] = (
    identifiers.SCANNER,
    singled_out.SCANNER,
    relationship.SCANNER,
    unsaid.SCANNER,
    claims.SCANNER,
    disclosure.SCANNER,
    safety.SCANNER,
    adverse_events.SCANNER,
    own_phrases.SCANNER,
)


def engine_version() -> str:
    """Names and versions of all scanners: a scan is repeatable under the same one."""
    return " ".join(f"{scanner.name}/{scanner.version}" for scanner in SCANNERS)


def warm_up() -> None:
    """Loads what the scanners load late; a web server calls it when it has started."""
    identifiers.warm_up()
    for scanner in SCANNERS:
        scanner.scan(["Warm-up."], [ScanContext(Direction.OUTBOUND)], shipped_rules())
    languages.check_covered("Warm-up in a sentence that is long enough to be asked about.")
