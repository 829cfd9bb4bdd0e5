"""The words of the reviews package: who may sign, and where a review stands."""

from django.db import models


class Role(models.TextChoices):
    """What a person is trusted with. A person may hold several, and signs a review once at most."""

    CLINICIAN = "clinician", "Clinician"
    COMPLIANCE = "compliance", "Compliance officer"
    LEGAL = "legal", "Legal counsel"
    SAFETY = "safety", "Safety officer"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Administrator"
    MEDICAL = "medical", "Medical reviewer"


class Seat(models.TextChoices):
    """A place for one signature under a review. The first two are always wanted (law 1)."""

    COMPLIANCE = "compliance", "Compliance"
    LEGAL = "legal", "Legal"
    MEDICAL = "medical", "Medical review"
    SECOND_LEGAL = "second_legal", "Second legal"

    @property
    def role(self) -> Role:
        """The role that whoever signs here must hold."""
        return Role.LEGAL if self is Seat.SECOND_LEGAL else Role(self.value)

    @property
    def signer(self) -> str:
        """Who signs here, in words."""
        return "Second legal counsel" if self is Seat.SECOND_LEGAL else str(self.role.label)


# What a route may ask for beside the two of law 1.
FURTHER_SEATS = (Seat.MEDICAL, Seat.SECOND_LEGAL)
# The two roles of law 1; signposts take them alone.
SIGNING_ROLES = (Role.COMPLIANCE, Role.LEGAL)


class ReviewState(models.TextChoices):
    """Where a review stands."""

    SUBMITTED = "submitted", "Waiting for review"
    IN_REVIEW = "in_review", "Signed in part"
    CLEARED = "cleared", "Cleared to post"
    SUSPENDED = "suspended", "Suspended: the thread moved"
    PUBLISHED = "published", "Posted"
    SENT_BACK = "sent_back", "Sent back"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Clearance expired"


class Action(models.TextChoices):
    """What can happen to a review after it was submitted."""

    SIGN = "sign", "Sign"
    CLEAR = "clear", "Clear: everybody who must has signed"
    SEND_BACK = "send_back", "Send back"
    REFUSE = "refuse", "Refuse"
    WITHDRAW = "withdraw", "Withdraw"
    SUSPEND = "suspend", "Suspend"
    CONFIRM = "confirm", "Confirm"
    EXPIRE = "expire", "Expire"
    PUBLISH = "publish", "Record as posted"


class Verdict(models.TextChoices):
    """What a reviewer says of a finding."""

    FALSE_ALARM = "false_alarm", "False alarm"
    ACCEPTED = "accepted", "Accepted with reason"
    VALID = "valid", "Valid: must be changed"


class RemarkKind(models.TextChoices):
    """Why somebody wrote beside a review."""

    COMMENT = "comment", "Comment"
    RESPONSE = "response", "Author's answer to a finding"
    SEND_BACK = "send_back", "Required changes"
    REFUSE = "refuse", "Reason for refusal"
    WITHDRAW = "withdraw", "Reason for withdrawal"


class ReasonCode(models.TextChoices):
    """Why a reply is sent back, refused or withdrawn; a community may have more of its own."""

    INACCURATE = "inaccurate", "Not accurate"
    MISSING_EVIDENCE = "missing_evidence", "Evidence is missing"
    OFF_LABEL = "off_label", "Off label, or promotes a product"
    PRIVACY = "privacy", "Privacy"
    TONE = "tone", "Tone or wording"
    NOT_OUR_ROLE = "not_our_role", "Not our role to answer"
    SAFETY = "safety", "Somebody's safety"
    NO_LONGER_NEEDED = "no_longer_needed", "No longer timely or needed"
    OTHER = "other", "Something else"


class Mistake(models.TextChoices):
    """What a reviewer says that the scanners got wrong about an identifier."""

    MISSED = "missed", "Missed: it is an identifier"
    FALSE = "false", "False: it is no identifier"


class ProposalState(models.TextChoices):
    """Where a proposal for the list stands."""

    WAITING = "waiting", "Waiting for a second person"
    APPROVED = "approved", "On the list"
    DECLINED = "declined", "Declined"


class ChangeState(models.TextChoices):
    """Where a change of a rule profile stands."""

    WAITING = "waiting", "Waiting for a second person"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"


class SafetyOutcome(models.TextChoices):
    """What became of a safety signal."""

    FORWARDED = "forwarded", "Handed to the safety team"
    SIGNPOSTED = "signposted", "Help was offered to the person"
    DUPLICATE = "duplicate", "Known already under another signal"
    NOT_VALID = "not_valid", "Not a safety matter"
