"""Every page with something on it: addresses by route name, for tests that walk all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from compliance.models import Finding, ListedWord
from compliance.rules.profile import ApprovedClaim, Phrase
from engage import stops
from engage.models import (
    BreachAssessment,
    Community,
    FollowUp,
    Post,
    Publication,
    Reading,
    Relook,
    Stop,
)
from reviews import signposts
from reviews.enums import ReviewState, Role
from reviews.models import (
    Absence,
    GoldenCase,
    Notice,
    ProfileChange,
    Proposal,
    Recall,
    Review,
    SafetyCase,
    SecondLook,
    Signpost,
    TopicWatch,
    User,
)
from tests import cases

IDENTIFYING = "Keisha Brandt"
POST = f"My name is {IDENTIFYING} and I have been spotting for weeks."
CRISIS = cases.CRISIS


@dataclass(frozen=True, slots=True)
class World:
    """One of everything."""

    post: Post
    masked: Finding
    review: Review
    publication: Publication
    signal: SafetyCase
    proposal: Proposal
    listed: ListedWord
    community: Community
    change: ProfileChange
    signpost: Signpost
    stop: Stop
    notice: Notice
    absence: Absence
    recall: Recall
    relook: Relook
    follow_up: FollowUp
    reading: Reading
    watch: TopicWatch
    breach: BreachAssessment
    look: SecondLook
    golden_case: GoldenCase
    decided: Review

    def person(self, name: str, role: Role) -> User:
        """Somebody in this role; a clinician who opens a draft is the one who wrote it."""
        if name in ("second_look", "answer_look", "put_aside_look") and role == Role.LEGAL:
            return self.look.user
        wrote = role == Role.CLINICIAN and name in ("draft", "draft_findings")
        return self.review.submitted_by if wrote else cases.person(role)

    def address(self, name: str) -> str:
        """Where a route leads in this world."""
        ids = {
            "thread": [self.post.thread_id],
            "start_draft": [self.post.pk],
            "draft": [self.review.case_id],
            "draft_findings": [self.review.case_id],
            "publication": [self.publication.pk],
            "hand_out": [self.publication.pk],
            "schedule": [self.publication.pk],
            "open_breach": [self.publication.pk],
            "conclude_breach": [self.breach.pk],
            "take_out_evidence": [self.publication.pk],
            "reading": [self.reading.pk],
            "stop_reading": [self.reading.pk],
            "take_incident": [self.follow_up.pk],
            "close_incident": [self.follow_up.pk],
            "correct": [self.publication.pk],
            "say_posting": [self.publication.pk],
            "case": [self.review.case_id],
            "reveal": [self.post.revisions.get().text_id, self.masked.pk],
            "mark_false": [self.post.revisions.get().text_id],
            "mark_missed": [self.post.revisions.get().text_id],
            "approve": [self.proposal.pk],
            "decline": [self.proposal.pk],
            "retire": [self.listed.pk],
            "profile_of": [self.community.slug],
            "propose_profile": [self.community.slug],
            "profile_change": [self.change.pk],
            "profile_progress": [self.change.pk],
            "approve_profile": [self.change.pk],
            "decline_profile": [self.change.pk],
            "sign_signpost": [self.signpost.pk],
            "retire_signpost": [self.signpost.pk],
            "post_signpost": [self.post.pk],
            "no_reply": [self.post.pk],
            "lift_stop": [self.stop.pk],
            "notice": [self.notice.pk],
            "end_absence": [self.absence.pk],
            "recall": [self.recall.pk],
            "lift_recall": [self.recall.pk],
            "decide_relook": [self.relook.pk],
            "api_assign": [self.review.pk],
            "remove_factor": [0],
            "community": [self.community.slug],
            "test_community": [self.community.slug],
            "end_watch": [self.watch.pk],
            "read_back": [self.community.slug],
            "new_secret": [self.community.slug],
            "api_push": [self.community.slug],
            "add_community": ["wordpress"],
            "second_look": [self.look.pk],
            "answer_look": [self.look.pk],
            "put_aside_look": [self.look.pk],
            "golden_case": [self.golden_case.pk],
            "approve_golden": [self.golden_case.pk],
            "retire_golden": [self.golden_case.pk],
            "propose_golden": [self.decided.pk],
        }
        if name.startswith("safety_") and name != "safety_export":
            return reverse(name, args=[self.signal.pk])
        of_a_review = {
            "review", "claim", "release", "looking", "dispose", "remark", "sign", "send_back",
            "refuse", "withdraw", "confirm", "signed", "take_out_signed",
        }  # fmt: skip
        of_this = name.removeprefix("api_") in of_a_review
        return reverse(name, args=[self.review.pk] if of_this else ids.get(name, []))


def world() -> World:
    """Builds it by the real verbs."""
    post = cases.post(POST)
    scan = post.revisions.get().text.scan
    assert scan is not None
    officer = cases.person(Role.SAFETY)
    cases.post(CRISIS)
    claim = ApprovedClaim("Coils last for years.", "Label, 2026", "Ada Birch", "2199-01-01")
    phrase = Phrase("miracle*", "both", "warn", "It promises too much.", "Say what it does.")
    profile = replace(cases.STRICTER, phrases=(phrase,), claims=(claim,))
    cases.profile_version(profile, here=post.community)
    publication = cases.queued_publication()
    return World(
        post=post,
        masked=scan.findings.filter(rule_id="PHI-NAME").latest("start"),
        review=cases.review_at(ReviewState.SUBMITTED, flagged=True),
        publication=publication,
        signal=SafetyCase.objects.latest("opened_at"),
        proposal=cases.proposal(),
        listed=cases.listed_word(),
        community=post.community,
        change=cases.profile_change(replace(profile, weights=()), here=post.community),
        signpost=_signposts(),
        stop=_stops(post.community),
        notice=officer.notices.latest("created_at"),
        absence=cases.absence(cases.person(Role.LEGAL)),
        recall=cases.recall("An old label, 1999", instead="A new label, 2026"),
        relook=cases.relook(publication),
        follow_up=cases.follow_up(publication),
        reading=cases.reading(post.community),
        watch=cases.topic_watch(),
        breach=cases.breach_assessment(publication),
        look=cases.second_look(),
        golden_case=cases.golden_case(),
        decided=cases.review_at(ReviewState.REFUSED),
    )


def _signposts() -> Signpost:
    """One that two signed, one that was retired, and one that nobody signed: the last is given."""
    cases.signpost()
    counsel, retired = cases.person(Role.LEGAL), cases.signpost()
    signposts.retire(by=counsel, signpost_id=retired.pk)
    return signposts.write(
        by=cases.person(Role.SAFETY), title="Line", text="Call.", answers=["SAFE-CRISIS"]
    )


def _stops(here: Community) -> Stop:
    """One that was lifted, and one that holds: that is given."""
    officer = cases.person(Role.COMPLIANCE)
    lifted = stops.stop(by=officer, community_id=None, reason="A complaint.")
    stops.lift(by=officer, stop_id=lifted.pk, reason="It was settled.")
    return stops.stop(by=officer, community_id=here.pk, reason="Another complaint.")


def routes() -> list[str]:
    """The name of every route."""
    return sorted(_names(get_resolver().url_patterns))


def _names(patterns: list[URLPattern | URLResolver]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names |= _names(pattern.url_patterns)
        else:
            names.add(pattern.name or "")
    return names
