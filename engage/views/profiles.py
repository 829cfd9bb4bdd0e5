"""The rules of communities: what differs from the release, who agreed on it, and changing it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance import profiles, scanning, vault
from compliance.enums import Direction, ScanState
from compliance.exceptions import Refusal
from compliance.masking import Mark, masked_text
from compliance.models import Finding, VaultText
from compliance.rules import RuleProfile, shipped_rules
from compliance.rules.profile import ApprovedClaim
from compliance.rules.route import THE_TWO
from engage import replaying
from engage.models import Community
from engage.views import profile_form, profile_words
from reviews import permissions, profile_changes
from reviews.enums import ChangeState
from reviews.models import ProfileChange, Replay, Review, User
from reviews.permissions import Permission

AROUND = 80  # characters shown on each side of a sample
EXPIRES_SOON = 30  # days
KINDS = {
    replaying.MORE: "found in addition",
    replaying.LESS: "no longer found",
    replaying.STRICTER: "taken more seriously",
    replaying.MILDER: "taken less seriously",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What a replay says of one rule."""

    rule_id: str
    title: str
    counts: Sequence[tuple[str, int]]
    samples: Sequence[tuple[str, Sequence[str]]]


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Every community with what differs there."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PROFILES)
    waiting = ProfileChange.objects.filter(state=ChangeState.WAITING)
    changes = {change.community_id: change for change in waiting.select_related("proposed_by")}
    rows = [
        (community, profile, profile.route != THE_TWO, changes.get(community.pk))
        for community in Community.objects.all()
        for profile in [profiles.active_profile(community.pk)]
    ]
    can_read_rules = permissions.can_may(user, Permission.READ_HISTORY)
    context = {"rows": rows, "can_read_rules": can_read_rules}
    return render(request, "engage/profiles.html", context)


@require_GET
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """What holds in one community, and how it came to be."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PROFILES)
    community = get_object_or_404(Community, slug=slug)
    changes = ProfileChange.objects.filter(community_id=community.pk).order_by("-number")
    version, newest = profiles.active(community.pk), profiles.newest(community.pk)
    profile = profiles.profile_in(version)
    context = {
        "community": community,
        "version": version,
        "scheduled": newest if newest != version else None,
        "weights": [(w, shipped_rules().rules.get(w.rule)) for w in profile.weights],
        "phrases": profile.phrases,
        "claims": [(claim, _standing(claim)) for claim in profile.claims],
        "line": community.disclosure_line
        if profile.disclosure_line is None
        else profile.disclosure_line,
        "own_line": profile.disclosure_line is not None,
        "reasons": profile.reasons,
        "route": list(zip(profile_words.ROUTE, profile_words.route_words(profile), strict=True)),
        "changes": list(changes.select_related("proposed_by", "decided_by")),
        "waiting": changes.filter(state=ChangeState.WAITING).first(),
        "can_change": permissions.can_may(user, Permission.CHANGE_PROFILES),
    }
    return render(request, "engage/profile.html", context)


def _standing(claim: ApprovedClaim) -> str:
    """ "expired", "soon" (it expires) or "" of an approved claim."""
    today = datetime.datetime.now(datetime.UTC).date()  # as scans take it
    if not claim.holds(today):
        return "expired"
    soon = today + datetime.timedelta(days=EXPIRES_SOON)
    return "" if claim.holds(soon) else "soon"


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """The form of the next profile, filled in with what holds."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.CHANGE_PROFILES)
    community = get_object_or_404(Community, slug=slug)
    if request.method == "GET":
        newest = profiles.newest(community.pk)
        return _form(request, community, profiles.profile_in(newest))
    profile = profile_form.read(request.POST.dict())
    if "rows" in request.POST:  # more empty rows, please
        return _form(request, community, profile)
    based_on = request.POST.get("based_on", "")
    try:
        profile_form.check_whole(request.POST.dict())
        change = profile_changes.propose(
            by=user,
            community_id=community.pk,
            community_name=community.name,
            profile=profile,
            based_on=int(based_on) if based_on.isdecimal() else 0,
            active_from=profile_form.read_date(request.POST.dict()),
            why=request.POST.get("why", ""),
        )
    except Refusal as refusal:
        return _form(request, community, profile, refused=refusal)
    messages.success(request, "Proposed. It is being tried on the history now.")
    return redirect("profile_change", change.pk)


def _form(
    request: HttpRequest,
    community: Community,
    profile: RuleProfile,
    refused: Refusal | None = None,
) -> HttpResponse:
    newest = profiles.newest(community.pk)
    context = {
        "community": community,
        "scheduled": newest if newest and newest.active_from > timezone.now() else None,
        "based_on": request.POST.get("based_on", newest.number if newest else 0),
        "refused": refused,
        "why": request.POST.get("why", ""),
        "active_from": request.POST.get("active_from", ""),
        "shipped_line": community.disclosure_line,
        **profile_form.shown(profile),
    }
    status = refused.status if refused else 200
    return render(request, "engage/profile_form.html", context, status=status)


@require_GET
def change(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """One change: what differs, what it would have done, and the decision."""
    return _change_page(request, change_id)


def _change_page(
    request: HttpRequest, change_id: UUID, status: int = 200, **extra: Any
) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PROFILES)
    changes = ProfileChange.objects.select_related(
        "why__key", "reason__key", "proposed_by", "decided_by", "replay"
    )
    change = get_object_or_404(changes, pk=change_id)
    context = {
        "change": change,
        "community": get_object_or_404(Community, pk=change.community_id),
        "why": vault.unseal(change.why),
        "reason": vault.unseal(change.reason) if change.reason else "",
        "differences": profile_words.differences(
            _before(change), RuleProfile.from_content(change.content)
        ),
        "can_approve": permissions.can_approve_change(user, change),
        "can_decline": change.state == ChangeState.WAITING
        and permissions.can_may(user, Permission.CHANGE_PROFILES),
        "is_proposer": change.proposed_by_id == user.pk,
        "refused": None,
        **_tried(change.replay, user),
        **extra,
    }
    return render(request, "engage/profile_change.html", context, status=status)


def _before(change: ProfileChange) -> RuleProfile:
    """What held when the change was decided on, or holds now."""
    earlier = ProfileChange.objects.filter(
        community_id=change.community_id, number__lt=change.number, state=ChangeState.APPROVED
    )
    newest = earlier.order_by("-number").first()
    return RuleProfile.from_content(newest.content) if newest else RuleProfile()


@require_GET
def progress(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """How far the replay is (htmx asks again until it is done)."""
    if not request.headers.get("HX-Request"):
        return _change_page(request, change_id)
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_PROFILES)
    change = get_object_or_404(ProfileChange.objects.select_related("replay"), pk=change_id)
    context = {"change": change, **_tried(change.replay, user)}
    return render(request, "engage/replay.html", context)


def _tried(replay: Replay, user: User) -> dict[str, object]:
    # Counts are for everybody who sees the rules; words only for who decides on them (law 7).
    rules = replay.result.get("rules", {}) if replay.finished_at else {}
    words = _samples(rules) if permissions.can_may(user, Permission.CHANGE_PROFILES) else {}
    titles = {rule.id: rule.title for rule in shipped_rules().rules.values()}
    for profile in (_before(replay.change), RuleProfile.from_content(replay.change.content)):
        titles |= {phrase.id: phrase.rule().title for phrase in profile.phrases}
        titles |= {claim.id: claim.rule().title for claim in profile.claims}
    return {
        "replay": replay,
        "percent": round(100 * replay.done / replay.total) if replay.total else 0,
        "tried": [
            Tried(
                rule_id=rule_id,
                title=titles.get(rule_id, ""),
                counts=[(KINDS[k], n) for k, n in entry["counts"].items() if n],
                samples=[
                    (KINDS[kind], shown)
                    for kind, places in entry["samples"].items()
                    if (shown := [words[tuple(p)] for p in places if words.get(tuple(p))])
                ],
            )
            for rule_id, entry in sorted(rules.items())
        ],
    }


def _samples(rules: Mapping[str, Any]) -> dict[tuple[Any, ...], str]:
    """By place (text, start, end), what stands there; nothing of drafts that nobody submitted."""
    places = {
        tuple(place)
        for entry in rules.values()
        for kind in entry["samples"].values()
        for place in kind
    }
    texts = VaultText.objects.filter(
        Q(direction=Direction.INBOUND) | Exists(Review.objects.filter(text=OuterRef("pk"))),
        pk__in={text_id for text_id, _, _ in places},
        key__destroyed_at=None,
        scan_state=ScanState.SCANNED,
    )
    rows = texts.select_related("key", "scan").prefetch_related("scan__findings")
    known = {str(text.pk): (vault.unseal(text), scanning.findings_of(text)) for text in rows}
    return {
        (text_id, start, end): _sample(*known[text_id], start, end)
        for text_id, start, end in places
        if text_id in known and end <= len(known[text_id][0])
    }


def _sample(words: str, findings: Sequence[Finding], start: int, end: int) -> str:
    """A place with a few words around it, masked."""
    first, last = max(0, start - AROUND), end + AROUND
    marks = [
        Mark(f.start - first, f.end - first, f.rule_id, f.severity, f.entity)
        for f in findings
        if f.entity and f.start < last and f.end > first
    ]
    shown = masked_text(words[first:last], marks)
    before, after = "\u2026" * (first > 0), "\u2026" * (last < len(words))
    return f"{before}{shown}{after}"


@require_POST
def approve(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Makes a proposed profile hold."""
    try:
        version = profile_changes.approve(
            by=cast(User, request.user), change_id=change_id, seen=request.POST.get("seen", "")
        )
    except Refusal as refusal:
        refused = {"form": "approve", "sentence": str(refusal)}
        return _change_page(request, change_id, status=refusal.status, refused=refused)
    begins = version.active_from
    when = "now" if begins <= timezone.now() else f"{timezone.localtime(begins):%d %b %Y %H:%M}"
    messages.success(
        request,
        f"Approved. It counts in every scan from {when} on; earlier scans stay as they were.",
    )
    return redirect("profile_change", change_id)


@require_POST
def decline(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Keeps things as they are."""
    reason = request.POST.get("reason", "")
    try:
        profile_changes.decline(by=cast(User, request.user), change_id=change_id, reason=reason)
    except Refusal as refusal:
        refused = {"form": "decline", "sentence": str(refusal), "reason": reason}
        return _change_page(request, change_id, status=refusal.status, refused=refused)
    messages.success(request, "Declined. The rules stay as they are.")
    return redirect("profile_change", change_id)
