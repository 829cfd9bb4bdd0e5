"""The words of the engage package: what arrived, what we answer, what is live."""

from django.db import models


class ConnectorKind(models.TextChoices):
    """How a community is read and written."""

    SANDBOX = "sandbox", "Sandbox community"
    FEED = "feed", "Feed (read only)"
    PUSH = "push", "Pushed or imported (read only)"
    WORDPRESS = "wordpress", "WordPress"
    MATRIX = "matrix", "Matrix"
    BLUESKY = "bluesky", "Bluesky"
    DISCOURSE = "discourse", "Discourse"
    MASTODON = "mastodon", "Mastodon"
    REDDIT = "reddit", "Reddit"
    ASSISTED = "assisted", "Posted by hand"


# Posts of such communities are sent to us: nobody is asked for them.
PUSHED = (ConnectorKind.PUSH, ConnectorKind.ASSISTED)


class PostState(models.TextChoices):
    """Whether a post still stands on its platform."""

    LIVE = "live", "Live"
    DELETED = "deleted", "Deleted by its platform"


class NoReplyReason(models.TextChoices):
    """Why a post gets no reply."""

    NOT_OURS = "not_ours", "Not ours to answer"
    NO_EXPERTISE = "no_expertise", "No expertise for it here"
    ANSWERED = "answered", "Answered well already"
    UNSAFE = "unsafe", "Unsafe to answer in public"
    PLATFORM = "platform", "Against the rules of the platform"
    LATE = "late", "No longer timely"
    OTHER = "other", "Another reason"


class PublicationState(models.TextChoices):
    """Where a cleared reply stands on its way to the community."""

    QUEUED = "queued", "Waiting to be posted"
    BY_HAND = "by_hand", "Waiting for a person to post it"
    SENDING = "sending", "Being posted"
    UNKNOWN = "unknown", "Outcome unknown: being looked up"
    AMBIGUOUS = "ambiguous", "Outcome unknown: a person must look"
    PENDING = "pending", "Held by the community's moderators"
    LIVE = "live", "Live"
    REFUSED = "refused", "Refused by the community"
    CANCELLED = "cancelled", "Cancelled before posting"
    TAKING_DOWN = "taking_down", "Being taken down"
    WITHDRAWN = "withdrawn", "Taken down"
    GONE = "gone", "Removed by the community"
    REPLACED = "replaced", "Replaced by a correction"


# Nothing of such a publication is live, and nothing more is done for it.
AT_REST = (
    PublicationState.REFUSED,
    PublicationState.CANCELLED,
    PublicationState.WITHDRAWN,
    PublicationState.GONE,
)


class AttemptOutcome(models.TextChoices):
    """What became of one send. All but `sending` and `unknown` are final."""

    SENDING = "sending", "Sent, no answer yet"
    UNKNOWN = "unknown", "Unknown"
    POSTED = "posted", "Posted"
    PENDING = "pending", "Accepted, held by moderators"
    REFUSED = "refused", "Refused"
    RETRY = "retry", "Asked to wait"
    NOT_FOUND = "not_found", "Proven: it never arrived"


# An attempt with one of these may be live, so that no other may start (law 4).
MAYBE_LIVE = (
    AttemptOutcome.SENDING,
    AttemptOutcome.UNKNOWN,
    AttemptOutcome.POSTED,
    AttemptOutcome.PENDING,
)


class Word(models.TextChoices):
    """What a person says of a posting."""

    THERE = "there", "It is there"
    ABSENT = "absent", "It is not there"
    REMOVED = "removed", "It was taken down"


class IncidentKind(models.TextChoices):
    """What watching found."""

    EDITED = "edited", "The live text is not what was signed"
    HIDDEN = "hidden", "Hidden by the community"
    GONE = "gone", "Removed by the community"
    REAPPEARED = "reappeared", "Live again after it was taken down"
    LOCKED = "locked", "Its thread was locked"
    ASKED_MOVED = "asked_moved", "The post that it answers was edited or removed"
    ANSWERED = "answered", "Somebody answered it"
    UNREADABLE = "unreadable", "It could not be read for a day"


class IncidentOutcome(models.TextChoices):
    """What came of an incident."""

    NOTHING = "nothing", "Nothing needs to be done"
    REPLIED = "replied", "A further reply was written"
    CORRECTED = "corrected", "A correction was written"
    WITHDRAWN = "withdrawn", "The reply was withdrawn"
    BREACH = "breach", "It is assessed as a possible breach"
    OUTSIDE = "outside", "It was settled with the community"


class BreachConclusion(models.TextChoices):
    """What an assessment of a possible breach came to."""

    BREACH = "breach", "A breach: those concerned are notified"
    LOW = "low", "A low probability that anything was compromised"
    NONE = "none", "Nothing protected was disclosed"


class RelookCause(models.TextChoices):
    """Why a live reply is looked at again."""

    TIME = "time", "It has been live for long"
    RECALL = "recall", "It cites evidence that was recalled"


class RelookOutcome(models.TextChoices):
    """What a person made of a live reply."""

    STILL_RIGHT = "still_right", "Still right"
    WITHDRAWN = "withdrawn", "Withdrawn"
