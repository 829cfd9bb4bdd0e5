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


SIGNING_ROLES = (Role.COMPLIANCE, Role.LEGAL)


class ReviewState(models.TextChoices):
    """Where a review stands."""

    SUBMITTED = "submitted", "Waiting for review"
    IN_REVIEW = "in_review", "Signed once"
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
    SEND_BACK = "send_back", "Send back"
    REFUSE = "refuse", "Refuse"
    WITHDRAW = "withdraw", "Withdraw"
    SUSPEND = "suspend", "Suspend"
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


class ClaimEnd(models.TextChoices):
    """Why somebody's claim on a review ended."""

    RELEASED = "released", "Released"
    LAPSED = "lapsed", "Lapsed"
    REASSIGNED = "reassigned", "Given to somebody else"
    DONE = "done", "Signed or decided"


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
