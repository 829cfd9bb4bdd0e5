"""Writing a reply: the composer with live findings beside it, and the replies under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance import profiles, vault
from compliance.enums import Basis, Severity
from compliance.exceptions import BadInput, NotAllowed, Refusal, ScannerFailed
from compliance.findings import Hit
from compliance.models import Finding
from compliance.rules import RuleSet
from compliance.rules.rule import Rule
from engage import citing, drafting
from engage.models import Draft, DraftVersion, Publication
from engage.views.progress import progress_of
from engage.views.publications import page_of
from engage.views.threads import conversation_context
from reviews import evidence, gates, permissions, required_changes, routes, workflow
from reviews.enums import RemarkKind
from reviews.models import Remark, Review, User
from reviews.permissions import Permission
from reviews.required_changes import Entry, Said
from reviews.views.showing import shown_recalls


@dataclass(frozen=True, slots=True)
class Advised:
    """A finding in the author's own text, with what to do about it.

    Attributes:
        slot: rule and number, e.g. "CLM-CURE-1"; stays the same while the text is edited.
        quote: the author's own words, or "" for an absence.
        start, end: where they stand in the text as it would be posted, in code points.
        answerable: whether the author may say why it should stand.
        answer: what they wrote so far.
        basis: what told it.
    """

    slot: str
    rule: Rule
    severity: Severity
    quote: str
    start: int
    end: int
    answerable: bool
    answer: str
    basis: Basis


@require_POST
def start(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Begins a reply to a post."""
    draft = drafting.start(by=cast(User, request.user), post_id=post_id)
    return redirect("draft", draft.pk)


@require_POST
def correct(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    """Begins the text that is to take the place of a live reply."""
    user = cast(User, request.user)
    get_object_or_404(Publication, pk=publication_id)
    try:
        draft = drafting.start_correction(by=user, publication_id=publication_id)
    except NotAllowed:
        raise
    except Refusal as refusal:
        return page_of(request, publication_id, refused=str(refusal), status=refusal.status)
    messages.success(request, "Write what is to stand there instead, save it, and submit it.")
    return redirect("draft", draft.pk)


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """The replies that this person works on."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.DRAFT)
    drafts = Draft.objects.filter(versions__author=user) | Draft.objects.filter(started_by=user)
    return render(request, "engage/drafts.html", {"progress": progress_of(drafts.distinct())})


@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The composer. A post saves; with `submit` in it, it submits as well."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.DRAFT)
    draft = get_object_or_404(
        Draft.objects.select_related(
            "thread__community", "thread__key", "thread__title__key", "corrects__review"
        ),
        pk=draft_id,
    )
    _check_own(user, draft)
    if request.method == "GET":
        return _page(request, draft, newest=drafting.newest_version(draft))
    before = drafting.newest_version(draft)
    try:
        version = drafting.save(
            by=user,
            draft_id=draft.pk,
            body=request.POST.get("body", ""),
            references=request.POST.get("references", ""),
        )
        required_changes.answer(by=user, case_id=draft.pk, answers=_said(request.POST))
        if "submit" in request.POST:
            answers = _answers_by_finding(version, request.POST)
            review = drafting.submit(by=user, draft_id=draft.pk, answers=answers)
            messages.success(request, _submitted(review))
            return redirect("review", review.pk)
    except Refusal as refusal:
        return _page(request, draft, newest=before, refused=refusal)
    _say_saved(request, before, version)
    return redirect("draft", draft.pk)


def _submitted(review: Review) -> str:
    seats, first = routes.seats_of(review), routes.due_seats(review)
    after = f", then {routes.in_words(seats[len(first) :])}" if len(first) < len(seats) else ""
    has = "have" if len(first) > 1 else "has"
    return f"Submitted. {routes.in_words(first).capitalize()} {has} it now{after}."


def _check_own(user: User, draft: Draft) -> None:
    # A draft shows what its author wrote, identifiers included: to nobody else (law 7).
    if draft.started_by_id != user.pk and not draft.versions.filter(author=user).exists():
        raise NotAllowed("Somebody else writes this reply. You can begin one of your own.")


def _say_saved(request: HttpRequest, before: DraftVersion | None, version: DraftVersion) -> None:
    seen = request.POST.get("seen_version", "0")
    if before and str(before.number) != seen and before.author_id != version.author_id:
        messages.warning(
            request,
            f"Somebody else saved version {before.number} while you wrote. Yours is version "
            f"{version.number}; both are kept.",
        )
    messages.success(request, f"Saved as version {version.number}.")


def _page(
    request: HttpRequest,
    draft: Draft,
    newest: DraftVersion | None,
    refused: Refusal | None = None,
) -> HttpResponse:
    user = cast(User, request.user)
    typed = request.POST.get("body")
    written = vault.unseal(newest.body) if newest else drafting.live_body(draft, user)
    body = typed if typed is not None else written
    typed_references = request.POST.get("references")
    if typed_references is None:
        typed_references = "\n".join(citing.references_of(newest)) if newest else ""
    review = Review.objects.filter(case_id=draft.pk).order_by("-submitted_at").first()
    community_id = draft.thread.community_id
    in_review = review is not None and review.state in workflow.OPEN_STATES
    context = {
        "draft": draft,
        "thread": draft.thread,
        **conversation_context(draft.thread),
        "body": body,
        "references": typed_references,
        "newest": newest,
        "versions": list(draft.versions.select_related("author").order_by("-number")),
        "line": drafting.disclosure_line(draft.thread, user),
        "claims": evidence.still_usable(community_id, profiles.rules_for(community_id).claims),
        "recalled": shown_recalls(newest.text_id, newest.text.scan_id) if newest else [],
        "review": review,
        "in_review": in_review,
        "decisions": _decisions(review),
        "required": _required(draft, request.POST),
        "refused": refused,
        "can_reveal": False,
        "can_correct": False,
        **_findings(user, draft, body, typed_references, request.POST),
    }
    status = refused.status if refused else 200
    return render(request, "engage/draft.html", context, status=status)


def _said(typed: Mapping[str, str]) -> dict[UUID, Said]:
    """What was typed beside the required changes, by their ids."""
    said = {}
    for name in typed:
        if name.startswith("why-not-"):
            slot = name.removeprefix("why-not-")
            try:
                said[UUID(slot)] = Said(f"done-{slot}" in typed, typed[name])
            except ValueError:
                raise BadInput("Reload the page and mark the required changes again.") from None
    return said


def _required(draft: Draft, typed: Mapping[str, str]) -> list[tuple[Entry, Said]]:
    """The required changes, with what was typed beside them or said before."""
    said = _said(typed)
    return [
        (entry, said.get(entry.change.pk) or entry.said)
        for entry in required_changes.waiting(draft.pk)
    ]


def _decisions(review: Review | None) -> list[tuple[Remark, str]]:
    if review is None:
        return []
    told = review.remarks.filter(kind__in=(RemarkKind.SEND_BACK, RemarkKind.REFUSE))
    return [(r, vault.unseal(r.body)) for r in told.select_related("by", "body__key")]


@require_POST
def findings(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """What the scanners say of what is being typed (htmx); nothing is stored."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.DRAFT)
    draft = get_object_or_404(
        Draft.objects.select_related("thread__community", "thread__key"), pk=draft_id
    )
    _check_own(user, draft)
    body, references = (request.POST.get(name, "") for name in ("body", "references"))
    context = _findings(user, draft, body, references, request.POST)
    return render(request, "engage/findings.html", context)


def _findings(
    user: User, draft: Draft, body: str, references: str, typed: Mapping[str, str]
) -> dict[str, Any]:
    try:
        hits = drafting.preview(by=user, draft_id=draft.pk, body=body, references=references)
    except (ScannerFailed, BadInput) as failure:
        return {"advised": [], "scanner_failed": str(failure), "counts": {}, "empty": False}
    text = drafting.as_posted(body.replace("\r\n", "\n").strip(), draft.thread, user)
    rules = profiles.rules_for(draft.thread.community_id)
    advised = _advised(text, hits, typed, rules)
    return {
        "advised": advised,
        "scanner_failed": "",
        "counts": dict(Counter(a.severity.label for a in advised)),
        "empty": not body.strip(),
    }


def _advised(text: str, hits: list[Hit], typed: Mapping[str, str], rules: RuleSet) -> list[Advised]:
    seen, advised = Counter[str](), []
    for hit in hits:
        seen[hit.rule_id] += 1
        slot = f"{hit.rule_id}-{seen[hit.rule_id]}"
        rule = rules.rule(hit.rule_id)
        severity = Severity(rule.severity)
        advised.append(
            Advised(
                slot=slot,
                rule=rule,
                severity=severity,
                quote=text[hit.start : hit.end],
                start=hit.start,
                end=hit.end,
                answerable=severity in gates.ANSWERED_BY_AUTHOR,
                answer=typed.get(f"answer-{slot}", ""),
                basis=Basis(hit.basis),
            )
        )
    return sorted(advised, key=lambda a: a.severity.rank)


def _answers_by_finding(version: DraftVersion, typed: Mapping[str, str]) -> dict[UUID, str]:
    # By rule and number in the text, because findings get new ids with every version.
    version.text.refresh_from_db()
    if version.text.scan is None:
        return {}
    seen, answers = Counter[str](), {}
    order = ("start", "end", "rule_id")
    for finding in Finding.objects.filter(scan=version.text.scan).order_by(*order):
        seen[finding.rule_id] += 1
        answer = typed.get(f"answer-{finding.rule_id}-{seen[finding.rule_id]}", "")
        if answer.strip():
            answers[finding.pk] = answer
    return answers
