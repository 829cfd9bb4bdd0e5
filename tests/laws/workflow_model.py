"""The workflow once more, as simple as it can be: written from the design's laws and its list of
states, with no look at policy, permissions or gates. The machine compares the product with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

# The design: submitted → in_review → cleared → (suspended) → published | sent_back | refused |
# withdrawn | expired. What was cleared is not refused any more; what is live is only withdrawn.
WAITING = ("submitted", "in_review")
STANDING = ("cleared", "suspended")
OPEN = (*WAITING, *STANDING, "published")
TABLE = {
    ("submitted", "in_review"),
    ("in_review", "cleared"),
    ("cleared", "suspended"),
    ("suspended", "cleared"),
    ("cleared", "published"),
    *((state, "expired") for state in STANDING),
    *((state, "sent_back") for state in (*WAITING, *STANDING)),
    *((state, "refused") for state in (*WAITING, "suspended")),
    *((state, "withdrawn") for state in OPEN),
}
STATES = (*OPEN, "sent_back", "refused", "withdrawn", "expired")

# The seats, and the role that each takes.
SEATS = {
    "compliance": "compliance",
    "legal": "legal",
    "medical": "medical",
    "second_legal": "legal",
}
SIGNING = {"compliance", "legal"}


@dataclass
class Signature:
    """Who signed, and whether it covers what is there ("true") or something else ("forged")."""

    who: str
    covers: str = "true"


@dataclass
class Submission:
    """One review. `steps`: the seats that it takes, and when each is due."""

    text: str
    authors: frozenset[str]
    steps: dict[str, int]
    flagged: bool
    moves: int
    state: str = "submitted"
    disposed: str = ""  # by which role the finding is disposed of; "valid" if it was upheld
    signatures: dict[str, Signature] = field(default_factory=dict)
    over: bool = False  # the clearance ended
    suspended: bool = False  # ever
    confirmed: dict[str, int] = field(default_factory=dict)  # by whom, after how many moves
    asked: bool = False  # sent back with a list of changes
    answered: bool = False
    publication: str = ""  # "", queued, cancelled, live, gone

    @property
    def signers(self) -> set[str]:
        return {signature.who for signature in self.signatures.values()}

    @property
    def signed(self) -> bool:
        """Law 1: every seat, by different people who wrote nothing of it, over the same."""
        return (
            set(self.signatures) == set(self.steps)
            and len(self.signers) == len(self.steps)
            and not self.signers & self.authors
            and len({signature.covers for signature in self.signatures.values()}) == 1
        )

    @property
    def good(self) -> bool:
        """Law 2: and what they signed is what is there."""
        return self.signed and all(s.covers == "true" for s in self.signatures.values())

    @property
    def answered_for(self) -> bool:
        """What legal counsel must dispose of is disposed of by them."""
        return not self.flagged or self.disposed == "legal"

    def due(self, seat: str) -> bool:
        missing = [step for other, step in self.steps.items() if other not in self.signatures]
        if seat in self.signatures or seat not in self.steps:
            return False
        return self.steps[seat] == min(missing)


@dataclass
class Model:
    """One reply, its thread and its people."""

    people: dict[str, frozenset[str]]
    seats: dict[str, int]
    second_legal_if_flagged: int = 0  # the step, 0 for never
    versions: list[tuple[str, str]] = field(default_factory=list)  # author, words
    submissions: list[Submission] = field(default_factory=list)
    moves: int = 0  # of the thread, as far as they matter
    danger: bool = False
    stopped: bool = False
    tampered: bool = False  # somebody wrote round the verbs, and was not breaking a law

    # Who may do what now.

    def has(self, who: str, *roles: str) -> bool:
        return not self.people[who].isdisjoint(roles)

    @property
    def newest(self) -> Submission:
        return self.submissions[-1]

    @property
    def in_review(self) -> bool:
        return bool(self.submissions) and self.newest.state in OPEN

    def may_save(self, who: str) -> bool:
        return self.has(who, "clinician") and not self.in_review

    def may_submit(self, who: str) -> bool:
        return (
            self.has(who, "clinician")
            and bool(self.versions)
            and not self.in_review
            and not self.danger
            and not any(s.publication in ("queued", "live") for s in self.submissions)
            and not (
                self.submissions
                and self.newest.state == "sent_back"
                and self.newest.asked
                and not self.newest.answered
            )
        )

    def may_answer(self, who: str) -> bool:
        return self.has(who, "clinician")

    def may_dispose(self, who: str, on: Submission) -> bool:
        return (
            self.has(who, *SIGNING)
            and who not in on.authors
            and on.state == "submitted"
            and not on.signatures
        )

    def may_read(self, who: str, on: Submission) -> bool:
        own = self.has(who, "clinician") and who in on.authors
        return own or self.has(who, "compliance", "legal", "medical", "auditor")

    def may_remark(self, who: str, on: Submission) -> bool:
        speaks = self.has(who, "clinician", "compliance", "legal", "medical")
        return speaks and self.may_read(who, on)

    def may_sign(self, who: str, seat: str, on: Submission) -> bool:
        return (
            self.has(who, SEATS[seat])
            and who not in on.authors | on.signers
            and on.state in WAITING
            and on.due(seat)
            and on.answered_for
            and all(signature.covers == "true" for signature in on.signatures.values())
        )

    def may_decide(self, who: str, on: Submission, where: tuple[str, ...]) -> bool:
        decides = self.has(who, *SIGNING) or (self.has(who, "medical") and "medical" in on.steps)
        return decides and who not in on.authors and on.state in where

    def may_withdraw(self, who: str, on: Submission) -> bool:
        own = self.has(who, "clinician") and who in on.authors
        return (own or self.has(who, *SIGNING, "safety")) and on.state in OPEN

    def may_claim(self, who: str, on: Submission) -> bool:
        return any(self.may_sign(who, seat, on) for seat in SEATS)

    def may_assign(self, who: str, on: Submission) -> bool:
        return self.has(who, *SEATS.values()) and who not in on.authors and on.state in WAITING

    def may_confirm(self, who: str, on: Submission) -> bool:
        return (
            any(s.who == who and self.has(who, SEATS[seat]) for seat, s in on.signatures.items())
            and on.state == "suspended"
            and not on.over
            and not self.danger
            and on.answered_for
            and on.confirmed.get(who) != self.moves
        )

    def may_be_raw_signed(self, who: str, seat: str, covers: str, on: Submission) -> bool:
        """What the database lets through from somebody who writes the row by hand."""
        return (
            self.has(who, SEATS[seat])
            and who not in on.authors | on.signers
            and on.state in WAITING
            and on.due(seat)
            and all(signature.covers == covers for signature in on.signatures.values())
        )

    def may_be_moved(self, on: Submission, after: str) -> bool:
        """The same for the state. Back to cleared is the way of confirmations alone."""
        if (on.state, after) == ("suspended", "cleared"):
            return False
        return (on.state, after) in TABLE and (after != "cleared" or on.signed)

    # What follows.

    def submit(self) -> None:
        text = self.versions[-1][1]
        flagged = text == "flagged"
        steps = dict(self.seats)
        if flagged and self.second_legal_if_flagged:
            steps["second_legal"] = self.second_legal_if_flagged
        authors = frozenset(author for author, _ in self.versions)
        self.submissions.append(Submission(text, authors, steps, flagged, self.moves))

    def sign(self, who: str, seat: str, on: Submission, short: bool) -> None:
        on.signatures[seat] = Signature(who)
        on.state = "in_review"
        if on.signed:
            on.state, on.over = "cleared", short

    def confirm(self, who: str, on: Submission) -> None:
        on.confirmed[who] = self.moves
        if all(on.confirmed.get(signer) == self.moves for signer in on.signers):
            on.state, on.moves = "cleared", self.moves
            if on.publication == "cancelled":
                on.publication = "queued"

    def suspend(self, on: Submission) -> None:
        on.state, on.suspended, on.confirmed = "suspended", True, {}

    def work(self) -> Iterator[Submission]:
        """What the workers do with everything that waits; yields what is posted."""
        for on in self.submissions:
            if on.state == "withdrawn":
                on.publication = {"queued": "cancelled", "live": "gone"}.get(
                    on.publication, on.publication
                )
        for on in self.submissions:
            if on.state == "cleared" and not on.publication and on.good and not on.over:
                on.publication = "queued"
            if on.publication != "queued":
                continue
            if on.state == "cleared" and (on.moves != self.moves or self.danger):
                self.suspend(on)
            if on.state != "cleared" or on.over:
                on.publication = "cancelled"
            elif not self.stopped:
                on.publication, on.state = "live", "published"
                yield on

    def expire(self) -> None:
        for on in self.submissions:
            if on.over and on.state in STANDING:
                on.state = "expired"
