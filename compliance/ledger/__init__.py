"""The ledger: what happened, append-only, and provable to somebody who does not trust us."""

from compliance.ledger.events import NotACode, build, record, record_many

__all__ = ["NotACode", "build", "record", "record_many"]
