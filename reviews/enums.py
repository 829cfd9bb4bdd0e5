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
# Every role that a seat takes.
SEAT_ROLES = tuple(dict.fromkeys(seat.role for seat in Seat))


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
    EXPORT = "export", "Reason for taking out what was signed"


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


class Opinion(models.TextChoices):
    """What somebody would do with a reply, from the mildest on."""

    SIGN = "sign", "Sign it"
    SEND_BACK = "send_back", "Send it back"
    REFUSE = "refuse", "Refuse it"

    @property
    def strictness(self) -> int:
        """0 for the mildest."""
        return list(Opinion).index(self)


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


class Stage(models.TextChoices):
    """How urgently a review waits for its signatures."""

    DUE_SOON = "due_soon", "Due soon"
    OVERDUE = "overdue", "Overdue"
    ESCALATED = "escalated", "Escalated"


class EvidenceKind(models.TextChoices):
    """What a reply can rest on."""

    REFERENCE = "reference", "Reference"
    CLAIM = "claim", "Approved claim"


class RecallCause(models.TextChoices):
    """Why evidence may be cited no more."""

    WITHDRAWN = "withdrawn", "Withdrawn or retracted"
    SUPERSEDED = "superseded", "Superseded"
    EXPIRED = "expired", "Its time is over"
    REMOVED = "removed", "No longer in the rules of its community"


class SafetyOutcome(models.TextChoices):
    """What became of a safety signal."""

    FORWARDED = "forwarded", "Handed to the safety team"
    SIGNPOSTED = "signposted", "Help was offered to the person"
    DUPLICATE = "duplicate", "Known already under another signal"
    NOT_VALID = "not_valid", "Not a safety matter"


class NoticeGroup(models.TextChoices):
    """What a person chooses by: notices of one group reach them in the same way."""

    WANTED = "wanted", "Something waits for you"
    DUE = "due", "Due soon, or overdue"
    DECIDED = "decided", "Decisions on what you worked on"
    REMARKS = "remarks", "Comments"
    LIVE = "live", "Replies in their communities"
    SAFETY = "safety", "Safety signals"
    WATCHED = "watched", "What you watch for"


class NoticeKind(models.TextChoices):
    """What somebody is told, in the words that the notice begins with."""

    SIGNATURE_WANTED = "signature_wanted", "Your signature is wanted"
    SIGNPOST_WAITING = "signpost_waiting", "Your signature is wanted in advance"
    PROFILE_WAITING = "profile_waiting", "Your decision is wanted"
    WORD_WAITING = "word_waiting", "Your decision is wanted for the list"
    DUE_SOON = "due_soon", "Due soon"
    OVERDUE = "overdue", "Overdue"
    ESCALATED = "escalated", "Long overdue"
    SIGNED = "signed", "Signed"
    CLEARED = "cleared", "Cleared to post"
    SENT_BACK = "sent_back", "Sent back"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    SUSPENDED = "suspended", "Suspended, because the thread moved"
    EXPIRED = "expired", "Clearance expired"
    SIGNPOST_SIGNED = "signpost_signed", "Signed in advance"
    SIGNPOST_RETIRED = "signpost_retired", "Retired"
    PROFILE_APPROVED = "profile_approved", "Approved"
    PROFILE_DECLINED = "profile_declined", "Declined"
    WORD_LISTED = "word_listed", "Put on the list"
    WORD_DECLINED = "word_declined", "Not put on the list"
    WORD_RETIRED = "word_retired", "Taken off the list"
    SAFETY_DISPOSED = "safety_disposed", "Disposed of"
    REMARKED = "remarked", "New comment"
    LOOK_DEALT = "look_dealt", "Your second look is wanted"
    LOOK_DIFFERS = "look_differs", "A second look would not have signed"
    ASSIGNED = "assigned", "Given to you"
    PUBLISHED = "published", "Live"
    HELD_THERE = "held_there", "Held by the moderators"
    REFUSED_THERE = "refused_there", "Not taken by the community"
    UNCLEAR_THERE = "unclear_there", "Posted or not: a person must look"
    POST_BY_HAND = "post_by_hand", "Cleared: a person must post it"
    REMOVE_BY_HAND = "remove_by_hand", "Withdrawn: a person must take it down"
    TAKEN_DOWN = "taken_down", "Taken down"
    INCIDENT = "incident", "Incident"
    BREACH_OPENED = "breach_opened", "A possible breach to assess"
    RELOOK_OPENED = "relook_opened", "To be looked at again"
    CRISIS = "crisis", "Somebody may be in danger"
    SAFETY_OPENED = "safety_opened", "New"
    SAFETY_OWNED = "safety_owned", "Handed over or released"
    SAFETY_CORRECTED = "safety_corrected", "Facts corrected"
    SAFETY_HANDED_OFF = "safety_handed_off", "Handed to a team outside"
    SAFETY_HELPED = "safety_helped", "Help was offered"
    SAFETY_DUE_SOON = "safety_due_soon", "Deadline soon"
    SAFETY_OVERDUE = "safety_overdue", "Deadline missed"
    WATCH_MATCHED = "watch_matched", "Somebody speaks of what you watch for"


class Place(models.TextChoices):
    """The page that a notice leads to, by the name of its route."""

    REVIEW = "review", "Review"
    PUBLICATION = "publication", "Publication"
    SAFETY_CASE = "safety_case", "Safety signal"
    PROFILE_CHANGE = "profile_change", "Change of a community's rules"
    SIGNPOSTS = "signposts", "Signposts"
    CORRECTIONS = "corrections", "Corrections"
    SECOND_LOOK = "second_look", "Second look"
    RELOOKS = "relooks", "Live replies to look at again"
    THREAD = "thread", "Thread"


class Channel(models.TextChoices):
    """A way on which notices reach a person."""

    IN_APP = "in_app", "Here"
    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook", "Webhook"


class Pace(models.TextChoices):
    """How soon notices of a group reach a person on a channel."""

    AT_ONCE = "at_once", "At once"
    DIGEST = "digest", "In the daily digest"
    OFF = "off", "Not at all"


class DeliveryState(models.TextChoices):
    """What became of sending one notice on one channel."""

    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"
    DROPPED = "dropped", "Not needed any more"


class Purpose(models.TextChoices):
    """What somebody proves afresh who they are for; the label says what did not happen without."""

    SIGN = "sign", "nothing was signed"
    CONFIRM = "confirm", "nothing was confirmed"
    FACTOR = "factor", "nothing was changed"
    SIGN_IN = "sign_in", "you are not signed in"

    @property
    def undone(self) -> str:
        """What did not happen, for a sentence."""
        return str(self.label)
