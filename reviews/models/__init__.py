"""Who has approved exactly this? People, reviews of sealed texts, and what was said about them."""

from reviews.models.claims import Claim, Presence
from reviews.models.corrections import Correction, Proposal
from reviews.models.people import ApiToken, RoleGrant, User
from reviews.models.profiles import ProfileChange, Replay
from reviews.models.review import Disposition, Remark, Reveal, Review, ReviewAuthor, SignOff
from reviews.models.safety import CaseFacts, HandOff, HelpGiven, SafetyCase
from reviews.models.signposts import Signpost, SignpostSignature

__all__ = [
    "ApiToken",
    "CaseFacts",
    "Claim",
    "Correction",
    "Disposition",
    "HandOff",
    "HelpGiven",
    "Presence",
    "ProfileChange",
    "Proposal",
    "Remark",
    "Replay",
    "Reveal",
    "Review",
    "ReviewAuthor",
    "RoleGrant",
    "SafetyCase",
    "SignOff",
    "Signpost",
    "SignpostSignature",
    "User",
]
