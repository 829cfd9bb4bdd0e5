"""Drafting: a reply in the making. Saving never loses anything; every version is kept."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from compliance import ledger, profiles, scanning, vault
from compliance.enums import Direction, ScanState
from compliance.exceptions import BadInput, NotScanned
from compliance.findings import Hit, ScanContext
from compliance.ledger.kinds import EventKind
from compliance.models import Finding, VaultText
from engage import citing, conversation, no_replies, screening
from engage.communities import can_publish, connect
from engage.enums import AT_REST, PostState, PublicationState
from engage.models import Draft, DraftVersion, Post, Publication, Thread
from reviews import evidence, permissions, work_time, workflow
from reviews.exceptions import GateClosed, WrongState
from reviews.models import Review, SafetyCase, User
from reviews.packet import Packet, PacketMark, PacketPost

MOST_REFERENCES, LONGEST_REFERENCE = 20, 400


@transaction.atomic
def start(*, by: User, post_id: UUID) -> Draft:
    """Begins a reply to a post; a decision not to reply to it ends with that.

    Raises:
        NotAllowed, WrongState: the message says why.
    """
    permissions.check_may(by, permissions.Permission.DRAFT)
    post = Post.objects.select_related("thread__community__key").get(pk=post_id)
    if post.state == PostState.DELETED:
        raise WrongState("This post was deleted by its platform, so it can't be answered.")
    if not can_publish(post.thread.community):
        raise WrongState("This community is read only: replies can't be posted there.")
    draft = Draft.objects.create(thread=post.thread, reply_to=post, started_by=by)
    ledger.record(
        EventKind.DRAFT_STARTED,
        by=by.actor,
        subject=draft,
        case_id=draft.pk,
        thread=draft.thread_id,
        post=post.pk,
    )
    no_replies.reverse(by=by, draft=draft)
    return draft


@transaction.atomic
def start_correction(*, by: User, publication_id: UUID) -> Draft:
    """Begins the text that is to take the place of a live reply, once it was signed as that was.

    Raises:
        NotAllowed, WrongState: the message says why.
    """
    permissions.check_may(by, permissions.Permission.DRAFT)
    publication = Publication.objects.select_related(
        "community__key", "draft__thread__community", "review"
    ).get(pk=publication_id)
    if why := why_not_corrected(publication):
        raise WrongState(why)
    replied = publication.draft
    draft = Draft.objects.create(
        thread=replied.thread, reply_to=replied.reply_to, started_by=by, corrects=publication
    )
    ledger.record(
        EventKind.DRAFT_STARTED,
        by=by.actor,
        subject=draft,
        case_id=draft.pk,
        thread=draft.thread_id,
        post=draft.reply_to_id,
        corrects=publication.pk,
    )
    return draft


def why_not_corrected(publication: Publication) -> str:
    """Why a reply can't be corrected, "" if it can."""
    if publication.state != PublicationState.LIVE:
        return "Only a live reply can be corrected. See how it stands."
    if publication.review.signpost_id:
        return "A signpost is not corrected: withdraw it, and send another one."
    if not connect(publication.community).caps.can_edit:
        return "Replies can't be changed there from here: withdraw it, and write another one."
    return ""


def live_body(draft: Draft, user: User) -> str:
    """What a correction begins with: the live reply without its disclosure line.

    "" where that would show somebody an identifier that pages mask, unless they wrote it (law 7).
    """
    if draft.corrects is None:
        return ""
    review = draft.corrects.review
    version = DraftVersion.objects.select_related("body__key").get(text_id=review.text_id)
    masked = review.scan.findings.exclude(entity="").exists()
    if masked and not review.authors.filter(user=user).exists():
        return ""
    return vault.unseal(version.body)


def save(*, by: User, draft_id: UUID, body: str, references: str = "") -> DraftVersion:
    """Keeps what was written as a new version, and scans it as it would be posted.

    If a scanner fails, the version is kept and held (law 8).

    Args:
        references: titles or addresses of the evidence, one a line; never posted.
    Raises:
        NotAllowed: not this person.
        BadInput: nothing was written, or more than the community takes.
    """
    version = _keep(by, draft_id, body, _lines(references))
    if version.text.scan_state != ScanState.SCANNED:
        _scan(version, by)
        citing.note_claims(version)
    return version


@transaction.atomic
def _keep(by: User, draft_id: UUID, body: str, references: tuple[str, ...]) -> DraftVersion:
    permissions.check_may(by, permissions.Permission.DRAFT)
    draft = Draft.objects.select_for_update(of=("self",)).get(pk=draft_id)
    if Review.objects.filter(case_id=draft.pk, state__in=workflow.OPEN_STATES).exists():
        raise WrongState(
            "This reply is in review, so its text can't change. Withdraw the review first."
        )
    body = body.replace("\r\n", "\n").strip()
    if not body:
        raise BadInput("Write something first; an empty reply can't be kept.")
    thread = draft.thread
    text = as_posted(body, thread, by)
    if len(text) > thread.community.max_length:
        raise BadInput(
            f"With its disclosure line the reply has {len(text)} characters; this community "
            f"takes {thread.community.max_length}. Please shorten it."
        )
    newest = newest_version(draft)
    if (
        newest
        and newest.author_id == by.pk
        and newest.body.digest == vault.digest(thread.key, body)
        and newest.text.digest == vault.digest(thread.key, text)
        and citing.references_of(newest) == references
    ):
        return newest
    version = DraftVersion.objects.create(
        draft=draft,
        number=newest.number + 1 if newest else 1,
        author=by,
        body=vault.seal(thread.key, body),
        text=vault.seal(thread.key, text, scan=Direction.OUTBOUND),
        references=vault.seal(thread.key, "\n".join(references)) if references else None,
    )
    evidence.cite(version.text, text, references)
    ledger.record(
        EventKind.DRAFT_SAVED,
        by=by.actor,
        subject=version,
        case_id=draft.pk,
        number=version.number,
        text=version.text.digest,
        references=len(references),
    )
    return version


def _lines(references: str) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in references.splitlines() if line.strip())
    if len(lines) > MOST_REFERENCES or any(len(line) > LONGEST_REFERENCE for line in lines):
        raise BadInput(
            f"At most {MOST_REFERENCES} references, one a line, of at most {LONGEST_REFERENCE} "
            "characters each."
        )
    return lines


def newest_version(draft: Draft) -> DraftVersion | None:
    """The last saved version, with its texts and scan."""
    return (
        draft.versions.select_related(
            "body__key", "text__key", "text__scan", "references__key", "author"
        )
        .order_by("-number")
        .first()
    )


def as_posted(body: str, thread: Thread, author: User) -> str:
    """The body with the community's disclosure line, exactly as it would be posted."""
    return with_line(body, disclosure_line(thread, author))


def with_line(body: str, line: str) -> str:
    """The body with a disclosure line behind it, unless it says so itself."""
    return f"{body}\n\n{line}" if line and line not in body else body


def disclosure_line(thread: Thread, author: User) -> str:
    """The line that every reply in this community ends with, filled in for this author.

    That of the community's rule profile, where it has one.
    """
    line = profiles.active_profile(thread.community_id).disclosure_line
    return filled_in(thread.community.disclosure_line if line is None else line, author)


def filled_in(line: str, author: User) -> str:
    """A disclosure line with its author in it."""
    return line.format(
        author=author.printed_name,
        credentials=author.credentials,
        affiliation=author.affiliation,
    )


def preview(*, by: User, draft_id: UUID, body: str, references: str = "") -> list[Hit]:
    """Findings in what is being typed; nothing is stored.

    Raises:
        NotAllowed: not this person.
        ScannerFailed: a scanner raised; the page says so (law 8).
    """
    permissions.check_may(by, permissions.Permission.DRAFT)
    draft = Draft.objects.select_related("thread__community", "thread__key").get(pk=draft_id)
    body = body.replace("\r\n", "\n").strip()
    if not body:
        return []
    text = as_posted(body, draft.thread, by)
    context = context_for(draft.thread, by, _lines(references))
    return scanning.preview([text], [context], community_id=draft.thread.community_id)[0]


def context_for(thread: Thread, author: User, references: tuple[str, ...] = ()) -> ScanContext:
    """What the rules may need beside a draft in this thread."""
    texts, disclosed = [], set()
    for post, revision in screening.newest_revisions(thread):
        if post.state == PostState.DELETED or revision.text.scan_state != ScanState.SCANNED:
            continue
        words = vault.unseal(revision.text)
        texts.append(words)
        disclosed |= {
            words[f.start : f.end].casefold()
            for f in scanning.findings_of(revision.text)
            if f.entity
        }
    flags = SafetyCase.objects.filter(thread_id=thread.pk, disposed_at=None)
    return ScanContext(
        direction=Direction.OUTBOUND,
        thread_texts=tuple(texts),
        disclosed=frozenset(disclosed),
        affiliation=author.affiliation,
        material_ties=tuple(author.ties.splitlines()),
        references=references,
        safety_flags=frozenset(flags.values_list("rule_id", flat=True)),
        disclosure_line=disclosure_line(thread, author),
    )


def submit(*, by: User, draft_id: UUID, answers: Mapping[UUID, str]) -> Review:
    """Puts the newest version before the reviewers.

    Args:
        answers: why the finding should stand, by finding id, for each block and warning.
    Raises:
        NotAllowed, WrongState, GateClosed, NotScanned: the message says why.
    """
    answered = _places(answers)
    _rescan_if_due(by, draft_id)
    with transaction.atomic():
        permissions.check_may(by, permissions.Permission.DRAFT)
        draft = Draft.objects.select_for_update(of=("self",)).get(pk=draft_id)
        version = newest_version(draft)
        if version is None:
            raise WrongState("Save the reply before you submit it.")
        check_thread_screened(draft.thread)
        _check_nothing_may_be_live(draft)
        corrected = draft.corrects
        if corrected and (why := why_not_corrected(corrected)):
            raise WrongState(why)
        no_replies.reverse(by=by, draft=draft)
        findings = scanning.findings_of(version.text)
        citing.note(version)
        return workflow.submit(
            by=by,
            case_id=draft.pk,
            thread_id=draft.thread_id,
            community_id=draft.thread.community_id,
            community_name=draft.thread.community.name,
            text=version.text,
            packet=packet_for(draft, version),
            authors=_authors(draft),
            answers={f.pk: answered[_place(f)] for f in findings if _place(f) in answered},
            due_at=work_time.review_due((f.severity for f in findings), timezone.now()),
            corrects=corrected.review if corrected else None,
        )


def _authors(draft: Draft) -> QuerySet[User]:
    """Who wrote a version of it, or of what it corrects: none of them signs it (law 1)."""
    wrote = Q(pk__in=draft.versions.values("author"))
    if draft.corrects:
        wrote |= Q(pk__in=draft.corrects.review.authors.values("user"))
    return User.objects.filter(wrote)


def _places(answers: Mapping[UUID, str]) -> dict[tuple[str, int, int], str]:
    """The answers by rule and place: a new scan gives the same findings other ids."""
    findings = Finding.objects.filter(pk__in=answers)
    return {_place(f): answers[f.pk] for f in findings if answers[f.pk].strip()}


def _place(finding: Finding) -> tuple[str, int, int]:
    return finding.rule_id, finding.start, finding.end


def _check_nothing_may_be_live(draft: Draft) -> None:
    if draft.publications.exclude(state__in=AT_REST).exists():
        raise WrongState(
            "An earlier text of this reply is live or may be. Wait until it has been taken down "
            "and looked up; the publication's page says how it stands."
        )


def check_thread_screened(thread: Thread) -> None:
    """Raises GateClosed while a post of the thread waits for its scan (laws 8 and 9)."""
    if not screening.is_thread_screened(thread):
        raise GateClosed(
            "A post of this thread has not been scanned yet, so the thread accepts no reply. It "
            "is retried by itself; try again in a minute."
        )


def packet_for(draft: Draft, version: DraftVersion, *, without_held: bool = False) -> Packet:
    """What the signers of this version will see.

    Args:
        without_held: leaves out what waits for its scan; else that raises NotScanned.
    """
    thread, text = draft.thread, version.text
    pairs = screening.newest_revisions(thread)
    authors = conversation.Authors(thread.key, [post for post, _ in pairs])
    held = {
        part.pk
        for part in (thread.title, *(revision.text for _, revision in pairs))
        if without_held and part.scan_state != ScanState.SCANNED
    }
    assert text.scan is not None  # the caller's gate checked it
    return Packet(
        community=thread.community.name,
        platform=thread.community.get_connector_display(),
        title="" if thread.title_id in held else vault.unseal(thread.title),
        title_marks=() if thread.title_id in held else _marks(thread.title, authors),
        posts=tuple(
            PacketPost(
                id=str(post.pk),
                revision=revision.number,
                text_id=str(revision.text_id),
                author=authors.label(post),
                published_at=post.published_at.isoformat(),
                text=vault.unseal(revision.text),
                answered=post.pk == draft.reply_to_id,
                marks=_marks(revision.text, authors),
            )
            for post, revision in pairs
            if post.state == PostState.LIVE and revision.text_id not in held
        ),
        text=vault.unseal(text),
        marks=_marks(text, authors),
        rule_set=text.scan.rule_set.version,
        engine=text.scan.engine,
        snapshot=conversation.snapshot(thread, draft.reply_to_id),
        references=citing.references_of(version),
        corrects=str(draft.corrects.review_id) if draft.corrects else "",
    )


def _rescan_if_due(by: User, draft_id: UUID) -> None:
    # The thread may have moved since the draft was saved: the rules must see it as it is now.
    version = newest_version(Draft.objects.get(pk=draft_id))
    if version is None:
        return
    _scan(version, version.author)
    version.text.refresh_from_db()
    if version.text.scan_state != ScanState.SCANNED:
        raise NotScanned(
            "A scanner could not read this reply, so it is saved but held. Try again in a minute; "
            "if it stays so, tell your administrator."
        )


def _scan(version: DraftVersion, author: User) -> None:
    context = context_for(version.draft.thread, author, citing.references_of(version))
    scanning.scan_texts(
        [version.text],
        [context],
        community_id=version.draft.thread.community_id,
        case_id=str(version.draft_id),
    )


def _marks(text: VaultText, authors: conversation.Authors) -> tuple[PacketMark, ...]:
    words = vault.unseal(text)
    return tuple(
        PacketMark(
            str(f.pk), f.start, f.end, f.rule_id, f.severity, f.entity, authors.named(words, f)
        )
        for f in scanning.findings_of(text)
    )
