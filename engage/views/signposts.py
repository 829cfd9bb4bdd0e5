"""Signposts: what is signed in advance, who signed it, and sending one to a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from compliance import profiles
from compliance.enums import Severity
from compliance.exceptions import BadInput, Refusal, ScannerFailed
from compliance.findings import Hit
from compliance.rules import RuleSet, shipped_rules
from compliance.rules.rule import Rule
from engage import signposting
from engage.models import Community, Post
from reviews import clearance, permissions
from reviews import signposts as verbs
from reviews.enums import Role
from reviews.models import Signpost, User
from reviews.permissions import Permission
from reviews.views.proving import proof_of, remember


@dataclass(frozen=True, slots=True)
class Found:
    """What a scanner found in a signpost, in words."""

    rule: Rule
    severity: Severity
    quote: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A signpost, ready for the page.

    Attributes:
        found: what the scanners find, while signatures are wanted; None if one could not read it.
        signing_role: in which this person can sign it, or None.
        why_not: why they can't, if they sign others.
    """

    signpost: Signpost
    rules: Sequence[Rule]
    seal: str
    signed: bool
    found: Sequence[Found] | None
    signing_role: Role | None
    why_not: str


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """All signposts: what waits for a signature, what is in use, what was retired."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_SIGNPOSTS)
    everything = verbs.everything()
    wanting = [s for s in everything if not s.retired_at and not verbs.is_signed(s)]
    found = dict(zip([s.pk for s in wanting], _found(wanting), strict=True))
    shown = [_shown(user, signpost, found.get(signpost.pk, ())) for signpost in everything]
    context = {
        "waiting": [s for s in shown if s.signpost.pk in found],
        "in_use": [s for s in shown if s.signed and not s.signpost.retired_at],
        "retired": [s for s in shown if s.signpost.retired_at],
        "rules": verbs.answerable_rules(),
        "communities": Community.objects.all(),
        "can_write": permissions.can_may(user, Permission.WRITE_SIGNPOSTS),
        "can_read_history": permissions.can_may(user, Permission.READ_HISTORY),
        "longest": {"title": verbs.LONGEST_TITLE, "text": verbs.LONGEST},
        "typed": {"title": "", "text": "", "answers": [], "community": ""},
        "refused": None,
        **extra,
    }
    return render(request, "engage/signposts.html", context, status=status)


def _found(signposts: Sequence[Signpost]) -> list[Sequence[Found] | None]:
    try:
        rules = {c: profiles.rules_for(c) for c in {s.community_id for s in signposts}}
        return [
            _in_words(s, hits, rules[s.community_id])
            for s, hits in zip(signposts, verbs.found(signposts), strict=True)
        ]
    except ScannerFailed:
        if len(signposts) == 1:
            return [None]
    # One of them broke the batch: the others are still to be seen.
    return [_found([signpost])[0] for signpost in signposts]


def _in_words(signpost: Signpost, hits: Sequence[Hit], rules: RuleSet) -> list[Found]:
    found = [
        Found(rule, Severity(rule.severity), signpost.text[hit.start : hit.end])
        for hit in hits
        for rule in [rules.rule(hit.rule_id)]
    ]
    return sorted(found, key=lambda f: f.severity.rank)


def _shown(user: User, signpost: Signpost, found: Sequence[Found] | None) -> Shown:
    rules = shipped_rules().rules
    role = permissions.signpost_signing_role(user, signpost)
    return Shown(
        signpost=signpost,
        rules=[rules[rule_id] for rule_id in signpost.answers if rule_id in rules],
        seal=clearance.signpost_digest(signpost),
        signed=verbs.is_signed(signpost),
        found=found,
        signing_role=role,
        why_not="" if role else _why_not_sign(user, signpost),
    )


def _why_not_sign(user: User, signpost: Signpost) -> str:
    own = next((r for r in (Role.COMPLIANCE, Role.LEGAL) if r in user.roles), None)
    if own is None:
        return ""
    try:
        permissions.check_may_sign_signpost(user, signpost, own)
    except Refusal as refusal:
        return str(refusal)
    return ""


def _try(
    request: HttpRequest, about: UUID | None, form: str, act: Callable[[], Any], done: str
) -> HttpResponse:
    """One verb; if it refuses, the page comes back with the sentence and what was typed."""
    try:
        act()
    except Refusal as refusal:
        refused = {"about": about, "form": form, "sentence": str(refusal)}
        typed = {name: request.POST.get(name, "") for name in ("title", "text", "community")}
        typed_too = {**typed, "answers": request.POST.getlist("answers")}
        return _page(request, status=refusal.status, refused=refused, typed=typed_too)
    messages.success(request, done)
    return redirect("signposts")


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """Writes one."""

    def act() -> None:
        community = _community(request.POST.get("community", ""))
        verbs.write(
            by=cast(User, request.user),
            title=request.POST.get("title", ""),
            text=request.POST.get("text", ""),
            answers=request.POST.getlist("answers"),
            community_id=community.pk if community else None,
            community_name=community.name if community else "",
        )

    done = "Written. Compliance and legal sign it next; then it can be posted."
    return _try(request, None, "write", act, done)


def _community(slug: str) -> Community | None:
    if not slug:
        return None
    community = Community.objects.filter(slug=slug).first()
    if community is None:
        raise BadInput("There is no such community. Choose one of the list.")
    return community


@require_POST
def sign(request: HttpRequest, signpost_id: UUID) -> HttpResponse:
    """Signs one in advance."""

    def act() -> None:
        role = request.POST.get("role", "")
        if role not in Role.values:
            raise BadInput("Reload the page and sign again.")
        verbs.sign(
            by=cast(User, request.user),
            signpost_id=signpost_id,
            role=Role(role),
            proof=proof_of(request),
            seen=request.POST.get("seen", ""),
        )
        remember(request)

    done = "Signed. Once both signatures are there, it can be posted at once."
    return _try(request, signpost_id, "sign", act, done)


@require_POST
def retire(request: HttpRequest, signpost_id: UUID) -> HttpResponse:
    """Takes one out of use."""
    by = cast(User, request.user)
    return _try(
        request,
        signpost_id,
        "retire",
        lambda: verbs.retire(by=by, signpost_id=signpost_id),
        "Retired. It can't be posted any more; what was posted of it stays.",
    )


@require_POST
def post(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Sends one to a post with an open signal."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.POST_SIGNPOSTS)
    signposting.post(
        by=user,
        post_id=post_id,
        signpost_id=_id(request.POST.get("signpost", "")),
    )
    messages.success(
        request,
        "On its way: the signpost is posted within seconds, exactly as it was signed. The signal "
        "stays open until a safety officer disposes of it.",
    )
    return redirect("thread", Post.objects.values_list("thread_id", flat=True).get(pk=post_id))


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise BadInput("Choose a signpost. Reload the page to see which ones there are.") from None
