"""What arrived, what do we answer, what is live? Every text is a row in the vault."""

from engage.models.communities import Community, PushedMessage, Stop
from engage.models.drafts import Draft, DraftVersion, NoReply
from engage.models.publications import Attempt, Publication, Statement
from engage.models.threads import Post, PostRevision, Reading, Thread, WatchHit
from engage.models.watching import BreachAssessment, FollowUp, Incident, LiveCopy, Relook

__all__ = [
    "Attempt",
    "BreachAssessment",
    "Community",
    "Draft",
    "DraftVersion",
    "FollowUp",
    "Incident",
    "LiveCopy",
    "NoReply",
    "Post",
    "PostRevision",
    "Publication",
    "PushedMessage",
    "Reading",
    "Relook",
    "Statement",
    "Stop",
    "Thread",
    "WatchHit",
]
