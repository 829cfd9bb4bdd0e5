"""Everything that the ledger may say. Later packages record these; the words are kept here so
that an auditor finds them in one place."""

from django.db import models


class EventKind(models.TextChoices):
    """What happened, in the past tense."""

    # compliance
    KEY_DESTROYED = "key_destroyed", "Text erased"
    RULE_SET_ADDED = "rule_set_added", "Rule set added"
    TEXT_SCANNED = "text_scanned", "Text scanned"
    TEXT_HELD = "text_held", "Text held: a scanner failed"
    WORD_LISTED = "word_listed", "Word put on the list"
    WORD_RETIRED = "word_retired", "Word taken off the list"
    # engage: intake
    COMMUNITY_ADDED = "community_added", "Community added"
    POST_ARRIVED = "post_arrived", "Post arrived"
    POST_EDITED = "post_edited", "Post edited"
    POST_DELETED = "post_deleted", "Post deleted by its platform"
    POST_RESTORED = "post_restored", "Post shown again by its platform"
    THREAD_UNLOCKED = "thread_unlocked", "Thread unlocked"
    THREAD_LOCKED = "thread_locked", "Thread locked"
    # engage: drafting
    DRAFT_STARTED = "draft_started", "Draft started"
    DRAFT_SAVED = "draft_saved", "Draft version saved"
    # reviews
    REVIEW_SUBMITTED = "review_submitted", "Submitted for review"
    FINDING_DISPOSED = "finding_disposed", "Finding disposed"
    REMARKED = "remarked", "Remark"
    SIGNED = "signed", "Signed"
    CLEARED = "cleared", "Cleared"
    SENT_BACK = "sent_back", "Sent back"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    SUSPENDED = "suspended", "Suspended: the thread moved"
    EXPIRED = "expired", "Clearance expired"
    IDENTIFIER_REVEALED = "identifier_revealed", "Identifier revealed"
    IDENTIFIER_CORRECTED = "identifier_corrected", "Missed or false identifier marked"
    PROPOSAL_DECLINED = "proposal_declined", "Word not put on the list"
    EXAMPLES_EXPORTED = "examples_exported", "Labelled examples exported"
    SAFETY_OPENED = "safety_opened", "Safety signal"
    SAFETY_OWNED = "safety_owned", "Safety signal taken, handed over or released"
    SAFETY_CORRECTED = "safety_corrected", "Facts of a safety signal corrected"
    SAFETY_HANDED_OFF = "safety_handed_off", "Safety signal handed to a team outside"
    SAFETY_HELPED = "safety_helped", "Person in danger was told where help is"
    SAFETY_EXPORTED = "safety_exported", "Safety signal exported"
    SAFETY_DISPOSED = "safety_disposed", "Safety signal disposed"
    PERSON_ADDED = "person_added", "Person added"
    PERSON_DESCRIBED = "person_described", "Person's employer, credentials or ties changed"
    ROLES_CHANGED = "roles_changed", "Roles changed"
    TOKEN_CREATED = "token_created", "API token created"
    # engage: publishing and watching
    PUBLICATION_QUEUED = "publication_queued", "Queued for posting"
    ATTEMPT_STARTED = "attempt_started", "Posting attempt started"
    ATTEMPT_ENDED = "attempt_ended", "Posting attempt ended"
    PUBLISHED = "published", "Live in the community"
    HELD_BY_PLATFORM = "held_by_platform", "Held by the community's moderators"
    PUBLICATION_CAME_TO_REST = "publication_came_to_rest", "Posting ended"
    TAKEN_DOWN = "taken_down", "Taken down"
    LIVE_COPY_TAKEN = "live_copy_taken", "Live copy compared"
    INCIDENT_OPENED = "incident_opened", "Incident opened"
