"""The ledger: what happened, append-only, and provable to somebody who does not trust us."""

from compliance.ledger.events import LISTENERS, NotACode, build, record, record_many

__all__ = ["LISTENERS", "NotACode", "build", "record", "record_many"]
