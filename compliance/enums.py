"""The words of the compliance package: what is in a text, and how bad it is."""

from django.db import models


class Direction(models.TextChoices):
    """Which way a text travels."""

    INBOUND = "inbound", "arrived from the community"
    OUTBOUND = "outbound", "written here, to be posted"


class Severity(models.TextChoices):
    """What a finding demands, from the rule catalogue.

    Outbound: block = no submission until it is removed or contested; needs_legal = legal counsel
    disposes of it by name; warn = the author changes it or gives a reason; info = a note.
    Inbound: block = the thread is held for the named queue; needs_legal = people look at it.
    """

    BLOCK = "block", "Blocking"
    NEEDS_LEGAL = "needs_legal", "Needs legal"
    WARN = "warn", "Warning"
    INFO = "info", "Note"

    @property
    def rank(self) -> int:
        """0 is the worst; sorts findings by what they demand."""
        return list(Severity).index(self)


class Basis(models.TextChoices):
    """What told a finding."""

    PATTERN = "pattern", "its words"
    LEARNED = "learned", "its meaning, as the trained reader takes it"
    BOTH = "both", "its words and its meaning"


class ListEffect(models.TextChoices):
    """What a listed word does to every scan."""

    ALLOW = "allow", "Nobody's: never an identifier"
    DENY = "deny", "Always an identifier"


class ScanState(models.TextChoices):
    """Where a vault text stands with the scanners."""

    EXEMPT = "exempt", "never shown unsealed, not scanned"
    PENDING = "pending", "waiting for a scan"
    SCANNED = "scanned", "scanned"
    HELD = "held", "held: a scanner failed"


class Order(models.TextChoices):
    """In which order compliance and legal sign the replies of a community."""

    PARALLEL = "parallel", "at the same time"
    COMPLIANCE_FIRST = "compliance_first", "compliance first, then legal"
    LEGAL_FIRST = "legal_first", "legal first, then compliance"
