"""Who has approved exactly this? People, reviews of sealed texts, and what was said about them."""

from reviews.models.claims import Claim, Presence
from reviews.models.corrections import Correction, Proposal
from reviews.models.evidence import Citation, Recall, Recalled
from reviews.models.notices import Delivery, Notice, NoticeAddress, NoticeChoice
from reviews.models.people import ApiToken, RoleGrant, User
from reviews.models.profiles import ProfileChange, Replay
from reviews.models.quality import GoldenCase, SecondLook
from reviews.models.required_changes import ChangeAnswer, RequiredChange
from reviews.models.review import (
    Confirmation,
    Disposition,
    FurtherSignOff,
    Remark,
    Reveal,
    Review,
    ReviewAuthor,
    Sight,
    SignOff,
)
from reviews.models.safety import CaseFacts, HandOff, HelpGiven, SafetyCase
from reviews.models.signposts import Signpost, SignpostSignature
from reviews.models.topic_watches import TopicWatch
from reviews.models.waiting import Absence, Reminded, Reminder

__all__ = [
    "Absence",
    "ApiToken",
    "CaseFacts",
    "ChangeAnswer",
    "Citation",
    "Claim",
    "Confirmation",
    "Correction",
    "Delivery",
    "Disposition",
    "FurtherSignOff",
    "GoldenCase",
    "HandOff",
    "HelpGiven",
    "Notice",
    "NoticeAddress",
    "NoticeChoice",
    "Presence",
    "ProfileChange",
    "Proposal",
    "Recall",
    "Recalled",
    "Remark",
    "Reminded",
    "Reminder",
    "Replay",
    "RequiredChange",
    "Reveal",
    "Review",
    "ReviewAuthor",
    "RoleGrant",
    "SafetyCase",
    "SecondLook",
    "Sight",
    "SignOff",
    "Signpost",
    "SignpostSignature",
    "TopicWatch",
    "User",
]
