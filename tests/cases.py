"""Reviews, drafts and publications in any state, made by the real verbs on a real database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from compliance import profiles, vault
from compliance.models import DataKey, ListedWord, RuleProfileVersion, VaultText
from compliance.rules import Route, RuleProfile
from compliance.rules.profile import Weight
from compliance.rules.route import THE_TWO
from engage import (
    confirming,
    drafting,
    incidents,
    intake,
    publications,
    publishing,
    relooks,
    replaying,
    screening,
    signposting,
    topic_watches,
)
from engage.communities import add_community
from engage.connectors.base import Item
from engage.enums import ConnectorKind, IncidentKind, PublicationState
from engage.models import (
    BreachAssessment,
    Community,
    Draft,
    DraftVersion,
    FollowUp,
    LiveCopy,
    Post,
    Publication,
    Reading,
    Relook,
)
from engage.topic_watches import Wanted
from reviews import (
    absences,
    clearance,
    corrections,
    deliveries,
    gates,
    golden_cases,
    notice_choices,
    profile_changes,
    recalls,
    required_changes,
    routes,
    safety,
    second_looks,
    signposts,
    workflow,
)
from reviews.enums import (
    Channel,
    NoticeGroup,
    Opinion,
    Pace,
    ReviewState,
    Role,
    Seat,
    Verdict,
)
from reviews.freshness import Proof
from reviews.models import (
    Absence,
    Delivery,
    Disposition,
    GoldenCase,
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
from reviews.people import add_person
from reviews.required_changes import Said

PASSWORD = "correct-horse-9-battery"
PROOF = Proof(PASSWORD)
LINE = "General information, not medical advice; please talk with your own clinician. {author}"
CLEAN = "Many people notice irregular bleeding in the first months, and it often settles."
FLAGGED = "Studies show that implants are more effective than pills."  # CLM-PROVEN, needs legal
CRISIS = "I can't do another day of this, nobody would miss me."
SIGNPOST = (
    "You matter, and you don't have to get through this alone. In the USA you can call or text "
    "988 at any hour, free of charge; in immediate danger, call 911."
)
SUPERSEDED = "Spotting often settles within some months."

# Words that no scanner takes for an identifier, one after the other.
PLAIN_WORDS = itertools.cycle(
    ("spotting", "bleeding", "cramping", "itching", "aching", "sweating", "bloating", "shaking")
)

_numbers = itertools.count(1)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside leaves nothing."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def person(role: Role) -> User:
    """A new person with one role."""
    return add_person(
        by=None,
        username=f"{role.value}-{next(_numbers)}",
        password=PASSWORD,
        roles=[role],
        first_name=role.label,
        affiliation="Northfield Women's Health",
        credentials="OB-GYN",
    )


def community(kind: ConnectorKind = ConnectorKind.SANDBOX) -> Community:
    """A community whose platform nobody speaks to."""
    number = next(_numbers)
    settings = {"base_url": "http://127.0.0.1:9", "board": "none", "token": "none"}
    return add_community(
        by="system",
        slug=f"community-{number}",
        name=f"Community {number}",
        connector=kind,
        settings=settings,
        disclosure_line=LINE,
    )


def item(text: str, **changes: object) -> Item:
    """One post as a platform shows it."""
    number = next(_numbers)
    values: dict[str, object] = {
        "post_id": f"{1000 + number}",
        "thread_id": f"{1000 + number}",
        "thread_url": f"https://community.example/t/{number}",
        "thread_title": "How long does it last?",
        "parent_id": None,
        "author": "marigold",
        "published_at": timezone.now(),
        "text": text,
    }
    return Item(**{**values, **changes})  # type: ignore[arg-type]  # checked by the dataclass


def scanned() -> None:
    """Scans and triages everything that waits."""
    while ids := screening.claim_due(screening.BATCH):
        screening.scan_inbound(ids)
    screening.triage()


def post(text: str = "I have been spotting for weeks. When does it stop?") -> Post:
    """A scanned first post of a new thread in a new community."""
    received = intake.receive(community(), [item(text)], by="system")
    scanned()
    return received[0].post


def draft(body: str = CLEAN, versions_by: Sequence[User | None] = (None,)) -> Draft:
    """A draft with a version by each of the people; None is a new clinician."""
    people = [author or person(Role.CLINICIAN) for author in versions_by]
    started = drafting.start(by=people[0], post_id=post().pk)
    for number, author in enumerate(people, start=1):
        words = body if number == len(people) else f"{SUPERSEDED} {number}"
        drafting.save(by=author, draft_id=started.pk, body=words)
    return started


def review_at(
    state: ReviewState,
    *,
    flagged: bool = False,
    versions_by: Sequence[User | None] = (None,),
    route: Route = THE_TWO,
) -> Review:
    """A review that came to this state by the verbs.

    Args:
        flagged: the reply has a finding that legal counsel must dispose of (and did, if signed).
        route: of its community; of the seats that are due first, one is signed first.
    """
    written = draft(FLAGGED if flagged else CLEAN, versions_by)
    if route != THE_TWO:
        routed(route, written.thread.community)
    version = drafting.newest_version(written)
    assert version is not None and version.text.scan is not None
    answers = {
        f.pk: "It is meant for everybody."
        for f in version.text.scan.findings.all()
        if f.severity in gates.ANSWERED_BY_AUTHOR
    }
    review = drafting.submit(by=version.author, draft_id=written.pk, answers=answers)
    _bring(review, state)
    return Review.objects.select_related("packet__key", "text__key").get(pk=review.pk)


def _bring(review: Review, state: ReviewState) -> None:
    S = ReviewState
    if state in (S.SENT_BACK, S.REFUSED):
        verb = workflow.send_back if state == S.SENT_BACK else workflow.refuse
        verb(
            by=person(Role.COMPLIANCE),
            review_id=review.pk,
            code="other",
            reason="Please change it.",
        )
    elif state == S.WITHDRAWN:
        workflow.withdraw(
            by=review.submitted_by, review_id=review.pk, code="other", reason="Not needed."
        )
    elif state != S.SUBMITTED:
        dispose_all(review)
        sign(review, routes.seats_of(review)[0].seat)
        if state != S.IN_REVIEW:
            sign_the_rest(review, state)


def sign_the_rest(review: Review, state: ReviewState) -> None:
    """Signs in the seats that are open, and brings the cleared review to this state."""
    S = ReviewState
    with override_settings(CLEARANCE_DAYS=-1 if state == S.EXPIRED else 14):
        for wanted in routes.open_seats(review):
            sign(review, wanted.seat)
    if state == S.EXPIRED:
        workflow.expire_due()
    elif state == S.SUSPENDED:
        workflow.suspend(review_id=review.pk, why="answered_post_edited")
    elif state == S.PUBLISHED:
        workflow.mark_published(review_id=review.pk)


def routed(route: Route, here: Community | None = None) -> Community:
    """A community whose replies take this route, and people for every seat."""
    here = here or community()
    for role in (Role.MEDICAL, Role.LEGAL, Role.LEGAL):
        person(role)
    profile_version(RuleProfile(route=route), here=here)
    return here


def sign(review: Review, seat: Seat | Role, by: User | None = None) -> None:
    """Signs as a new person, or as `by`, in a seat; a role stands for the seat of its name."""
    seat = Seat(seat.value)
    review = Review.objects.select_related("packet__key").get(pk=review.pk)
    workflow.sign(
        by=by or person(seat.role),
        review_id=review.pk,
        seat=seat,
        proof=PROOF,
        seen=clearance.seal_digest(review),
    )


def confirm(review: Review, by: User) -> Review:
    """Confirms what this signer's page asks for."""
    seen = confirming.moved(by, Review.objects.get(pk=review.pk)).seen
    return confirming.confirm(by=by, review_id=review.pk, proof=PROOF, seen=seen)


def signers(review: Review) -> list[User]:
    """Who signed it, in that order."""
    return [User.objects.get(pk=signature.user_id) for signature in review.signatures]


def done_as_required(draft_id: UUID, by: User) -> None:
    """Marks every required change of a draft as done."""
    answers = {e.change.pk: Said(True, "") for e in required_changes.waiting(draft_id)}
    required_changes.answer(by=by, case_id=draft_id, answers=answers)


def dispose_all(review: Review) -> list[Disposition]:
    """Accepts every finding that must be disposed of, as legal counsel."""
    counsel = person(Role.LEGAL)
    return [
        workflow.dispose(
            by=counsel,
            review_id=review.pk,
            finding_id=finding.pk,
            verdict=Verdict.ACCEPTED,
            reason="In line with the label.",
        )
        for finding in review.scan.findings.all()
        if finding.severity in gates.DISPOSED_BY_REVIEWERS
    ]


def newest_version(review: Review) -> DraftVersion:
    """The draft version that was submitted."""
    return DraftVersion.objects.filter(draft=review.case_id).latest("number")


def spare_text(key: DataKey) -> VaultText:
    """A sealed text that nothing refers to."""
    return vault.seal(key, "A spare text.")


def queued_publication(*, clearance_days: int = 14) -> Publication:
    """A publication that waits for its first attempt; with a clearance over `clearance_days`."""
    review = review_at(ReviewState.IN_REVIEW)
    with override_settings(CLEARANCE_DAYS=clearance_days):
        if clearance_days > 0:
            sign(review, Role.LEGAL)
            publication = publishing.queue(review_id=review.pk)
            assert publication is not None
            return publication
        sign(review, Role.LEGAL)
    # Queued while it held, and due when it no longer does.
    version = newest_version(review)
    return Publication.objects.create(
        review=review,
        draft=version.draft,
        community=version.draft.thread.community,
        text_digest=review.text_digest,
        request=spare_text(review.packet.key),
        state=PublicationState.QUEUED,
        due_at=timezone.now() - timedelta(seconds=1),
    )


def proposal(words: str = "", kind: str = "OTHER", by: User | None = None) -> Proposal:
    """Words that somebody marked as missed in a post, proposed as always an identifier."""
    words = words or next(PLAIN_WORDS)
    marked = corrections.mark_missed(
        by=by or person(Role.COMPLIANCE),
        text_id=post(f"I have been {words} for weeks.").revisions.get().text_id,
        words=words,
        kind=kind,
        everywhere=True,
    )
    return marked[0].proposal


def listed_word(words: str = "", kind: str = "OTHER") -> ListedWord:
    """Words on the list as always an identifier."""
    return corrections.approve(by=person(Role.SAFETY), proposal_id=proposal(words, kind).pk)


STRICTER = RuleProfile(weights=(Weight("CLM-COMPARE", "block", "Two complaints this year."),))


def profile_change(
    profile: RuleProfile = STRICTER,
    *,
    here: Community | None = None,
    by: User | None = None,
    tried: bool = True,
    active_from: datetime | None = None,
) -> ProfileChange:
    """A proposed rule profile, tried on the history of its community."""
    here = here or community()
    newest = profiles.newest(here.pk)
    change = profile_changes.propose(
        by=by or person(Role.COMPLIANCE),
        community_id=here.pk,
        community_name=here.name,
        profile=profile,
        based_on=newest.number if newest else 0,
        active_from=active_from,
        why="Agreed at the meeting.",
    )
    if tried:
        replaying.run(change.replay.pk)
    return ProfileChange.objects.get(pk=change.pk)


def profile_version(
    profile: RuleProfile,
    here: Community | None = None,
    active_from: datetime | None = None,
) -> RuleProfileVersion:
    """A rule profile that holds, from now or from some moment on."""
    change = profile_change(profile, here=here, active_from=active_from)
    return profile_changes.approve(
        by=person(Role.COMPLIANCE), change_id=change.pk, seen=change.digest
    )


REFERENCE = "Cochrane review, 2024, https://example.org/review"


def citing_review_at(state: ReviewState, reference: str = REFERENCE) -> Review:
    """A review of a reply with a reference."""
    started = draft()
    drafting.save(by=started.started_by, draft_id=started.pk, body=CLEAN, references=reference)
    review = drafting.submit(by=started.started_by, draft_id=started.pk, answers={})
    _bring(review, state)
    return Review.objects.select_related("packet__key", "text__key").get(pk=review.pk)


def recall(reference: str = REFERENCE, by: User | None = None, instead: str = "") -> Recall:
    """A reference that somebody recalled."""
    return recalls.recall_reference(
        by=by or person(Role.COMPLIANCE), reference=reference, why="Retracted.", instead=instead
    )


def live_publication(review: Review | None = None) -> Publication:
    """A reply that stands in its community; the platform is a fake of the caller's."""
    review = review or review_at(ReviewState.CLEARED)
    publication = publishing.queue(review_id=review.pk)
    assert publication is not None
    publishing.drive(publication.pk)
    return Publication.objects.get(pk=publication.pk)


def reading(here: Community | None = None) -> Reading:
    """A thread that somebody had read by its address."""
    here = here or community()
    address = vault.lock(here.key, {"address": "https://a.example/t/1"}, about="reading.address")
    return Reading.objects.create(
        community=here,
        address=address,
        address_digest=uuid4().hex,
        by=person(Role.CLINICIAN),
        due_at=timezone.now(),
    )


def topic_watch(by: User | None = None, *words: str) -> TopicWatch:
    """Somebody's watch for a topic, or for words."""
    wanted = Wanted("Mine", () if words else ("iud",), words)
    return topic_watches.add(by=by or person(Role.CLINICIAN), wanted=wanted)


def follow_up(publication: Publication) -> FollowUp:
    """An incident of a reply that nobody has closed."""
    copy = LiveCopy.objects.create(publication=publication, state="hidden")
    return incidents.open_incident(publication, IncidentKind.HIDDEN, copy).follow_up


def breach_assessment(publication: Publication) -> BreachAssessment:
    """A row that says that a reply may have disclosed what it must not."""
    return BreachAssessment.objects.create(
        publication=publication,
        opened_by=person(Role.SAFETY),
        discovered_at=timezone.now(),
        why=vault.seal(publications.read(publication.pk).request.key, "It names somebody."),
    )


def relook(publication: Publication) -> Relook:
    """A row that says that a reply is to be looked at again because it is old."""
    relooks._open(publication, None)
    return publication.relooks.get()


def second_look(
    state: ReviewState = ReviewState.PUBLISHED, role: Role = Role.LEGAL, *, flagged: bool = False
) -> SecondLook:
    """A look at a decided review for somebody who had no part, as the sweep makes it."""
    review = review_at(state, flagged=flagged)
    first, opinion = second_looks.first_opinions(review)[role]
    return SecondLook.objects.create(
        review=review, user=person(role), role=role, first=first, first_opinion=opinion
    )


def golden_case(opinion: Opinion = Opinion.REFUSE, *, approved: bool = False) -> GoldenCase:
    """A reply that was posted, and of which one person says, or two, what was right."""
    review = review_at(ReviewState.PUBLISHED, flagged=True)
    case = golden_cases.propose(
        by=person(Role.COMPLIANCE),
        review_id=review.pk,
        opinion=opinion,
        verdicts={finding.pk: Verdict.VALID for finding in second_looks.findings_of(review)},
        why="It promises a cure.",
    )
    return golden_cases.approve(by=person(Role.LEGAL), case_id=case.pk) if approved else case


def absence(who: User, delegate: User | None = None, first: int = 0, last: int = 2) -> Absence:
    """Somebody is away, from and to so many days from today."""
    day = absences.today()
    return absences.enter(
        by=who,
        first_day=day + timedelta(days=first),
        last_day=day + timedelta(days=last),
        delegate_id=delegate.pk if delegate else None,
    )


def signals(rule_id: str, *texts: str, where: Community | None = None) -> list[SafetyCase]:
    """The open safety cases of this rule of posts in a community, each in a thread of its own."""
    items = [item(text) for text in texts]
    received = intake.receive(where or community(), items, by="system")
    scanned()
    revisions = [one.post.revisions.get().text_id for one in received]
    found = {case.text_id: case for case in SafetyCase.objects.filter(rule_id=rule_id)}
    return [found[text] for text in revisions]


def safety_signal_beside(review: Review) -> None:
    """Opens a safety case in the thread of a review."""
    thread = Draft.objects.get(pk=review.case_id).thread
    safety.open_cases(
        thread_id=thread.pk,
        community_name=review.community_name,
        text=thread.title,
        rule_ids=["SAFE-CRISIS"],
    )


def signpost(*roles: Role, text: str = SIGNPOST, by: User | None = None) -> Signpost:
    """A signpost for crises in every community, signed by a new person in each of the roles.

    Args:
        roles: compliance and legal, if none is given.
        by: who writes it; a new safety officer, if not given.
    """
    written = signposts.write(
        by=by or person(Role.SAFETY), title="Crisis line", text=text, answers=["SAFE-CRISIS"]
    )
    for role in roles or (Role.COMPLIANCE, Role.LEGAL):
        sign_signpost(written, role)
    return written


def sign_signpost(written: Signpost, role: Role, by: User | None = None) -> None:
    """Signs it as a new person in the role, or as `by`."""
    signposts.sign(
        by=by or person(role),
        signpost_id=written.pk,
        role=role,
        proof=PROOF,
        seen=clearance.signpost_digest(written),
    )


def posted_signpost(signed: Signpost | None = None, by: User | None = None) -> Review:
    """The cleared review of a signpost that was sent to a crisis post a moment ago."""
    return signposting.post(
        by=by or person(Role.SAFETY),
        post_id=post(CRISIS).pk,
        signpost_id=(signed or signpost()).pk,
    )


def queued_signpost(signed: Signpost | None = None, by: User | None = None) -> Publication:
    """Its publication, which waits for the first attempt."""
    publication = publishing.queue(review_id=posted_signpost(signed, by).pk)
    assert publication is not None
    return publication


AT_ONCE = {
    (group, channel): Pace.AT_ONCE
    for group in NoticeGroup
    for channel in (Channel.EMAIL, Channel.WEBHOOK)
}


def reachable(
    user: User,
    webhook: str | None = "https://hooks.example.org/1",
    chosen: Mapping[tuple[NoticeGroup, Channel], Pace] = AT_ONCE,
    digest_hour: int = 7,
    zone: str = "UTC",
) -> User:
    """Somebody who is told of everything at once, by mail and by webhook."""
    notice_choices.choose(
        by=user,
        email=f"{user.username}@example.org",
        webhook_url=webhook,
        digest_hour=digest_hour,
        zone=zone,
        chosen=chosen,
    )
    return user


def failed_delivery() -> Delivery:
    """A notice whose reader entered the address of a webhook that leads into our own network."""
    counsel = reachable(person(Role.LEGAL), webhook="https://localhost/hook")
    review_at(ReviewState.SUBMITTED)
    for message in deliveries.claim_due():
        deliveries.send(message)
    return Delivery.objects.get(notice__recipient=counsel, state="failed")
