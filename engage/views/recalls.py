"""Recalled evidence: what may be cited no more, and everything that cites it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from compliance import profiles, vault
from compliance.exceptions import BadInput, Refusal, ScannerFailed
from compliance.masking import Segment
from compliance.models import VaultText
from compliance.nudges import nudge
from compliance.rules import ApprovedClaim
from engage import conversation, tasks
from engage.models import Community, Draft, DraftVersion, Publication, Relook
from reviews import evidence, permissions
from reviews import recalls as verbs
from reviews.enums import EvidenceKind
from reviews.models import Recall, Review, User
from reviews.permissions import Permission
from reviews.views.paging import moment, page_of
from reviews.workflow import OPEN_STATES

PAGE = 50
TABS = (("standing", "Recalled"), ("lifted", "Lifted"))
TYPED = ("reference", "claim", "why", "instead")


@dataclass(frozen=True, slots=True)
class Shown:
    """A recall in words."""

    recall: Recall
    what: str
    why: str
    instead: str
    lifted_why: str


@dataclass(frozen=True, slots=True)
class Citing:
    """A reply that cites what was recalled, with the row that says where it stands."""

    draft: Draft
    title: Sequence[Segment]
    review: Review | None = None
    publication: Publication | None = None
    relook: Relook | None = None


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What was recalled, the newest first, and the form to recall something."""
    return _overview(request)


def _overview(request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_RECALLS)
    tab = request.GET.get("tab", "standing")
    tab = tab if tab in dict(TABS) else "standing"
    rows = Recall.objects.filter(lifted_at__isnull=tab == "standing").select_related(
        "what__key", "why__key", "instead__key", "lifted_why__key", "recalled_by", "lifted_by"
    )
    page = page_of(rows, request, order=[moment("recalled_at", down=True)], size=PAGE)
    can_recall = permissions.can_may(user, Permission.RECALL)
    context = {
        "tab": tab,
        "tabs": TABS,
        "page": page,
        "rows": [_shown(recall) for recall in page.rows],
        "can_recall": can_recall,
        "claims": _claims() if can_recall else [],
        "longest": verbs.LONGEST,
        "typed": dict.fromkeys(TYPED, ""),
        "refused": None,
        **extra,
    }
    return render(request, "engage/recalls.html", context, status=status)


def _claims() -> list[tuple[Community, ApprovedClaim]]:
    """The approved claims that hold, by community."""
    found = []
    for community in Community.objects.all():
        try:
            claims = profiles.active_profile(community.pk).claims
        except ScannerFailed:
            continue
        found += [(community, c) for c in evidence.still_usable(community.pk, claims)]
    return found


def _shown(recall: Recall) -> Shown:
    return Shown(
        recall,
        vault.unseal(recall.what),
        _words(recall.why),
        _words(recall.instead),
        _words(recall.lifted_why),
    )


def _words(sealed: VaultText | None) -> str:
    return vault.unseal(sealed) if sealed else ""


@require_GET
def show(request: HttpRequest, recall_id: UUID) -> HttpResponse:
    """One recall, with everything that cites it."""
    return _show(request, recall_id)


def _show(request: HttpRequest, recall_id: UUID, status: int = 200, **extra: Any) -> HttpResponse:
    user = cast(User, request.user)
    permissions.check_may(user, Permission.READ_RECALLS)
    recall = get_object_or_404(
        Recall.objects.select_related(
            "what__key", "why__key", "instead__key", "lifted_why__key", "recalled_by", "lifted_by"
        ),
        pk=recall_id,
    )
    context = {
        "shown": _shown(recall),
        "drafts": _drafts(recall),
        "reviews": _reviews(recall),
        "most": PAGE,
        "can_lift": (
            permissions.can_may(user, Permission.RECALL)
            and recall.lifted_at is None
            and recall.recalled_by_id not in (None, user.pk)
        ),
        "is_maker": recall.recalled_by_id == user.pk,
        "can_read_history": permissions.can_may(user, Permission.READ_HISTORY),
        "refused": None,
        "why": "",
        **extra,
    }
    return render(request, "engage/recall.html", context, status=status)


def _drafts(recall: Recall) -> list[Citing]:
    """Drafts whose newest version cites it and is not before the reviewers."""
    cites = evidence.cites(recall.digests.all(), scan="text__scan")
    later = DraftVersion.objects.filter(draft=OuterRef("draft"), number__gt=OuterRef("number"))
    citing = DraftVersion.objects.filter(cites, ~Exists(later))
    in_review = Review.objects.filter(case_id=OuterRef("pk"), state__in=OPEN_STATES)
    drafts = Draft.objects.filter(~Exists(in_review), versions__in=citing)
    return [Citing(draft, _title(draft)) for draft in _with_titles(drafts)]


def _reviews(recall: Recall) -> list[Citing]:
    """Reviews that are open or live and cite it."""
    open_ = Review.objects.filter(
        evidence.cites(recall.digests.all()), state__in=OPEN_STATES, signpost=None
    )
    reviews = {
        review.case_id: review
        for review in open_.select_related("publication").order_by("due_at")[:PAGE]
    }
    relooks = {r.publication_id: r for r in recall.relooks.select_related("decided_by")}
    found = []
    for draft in _with_titles(Draft.objects.filter(pk__in=reviews)):
        review = reviews[draft.pk]
        publication = getattr(review, "publication", None)
        relook = relooks.get(publication.pk) if publication else None
        found.append(Citing(draft, _title(draft), review, publication, relook))
    return found


def _with_titles(drafts: Any) -> list[Draft]:
    related = ("thread__community", "thread__title__key", "thread__title__scan", "started_by")
    rows = drafts.select_related(*related).prefetch_related("thread__title__scan__findings")
    return list(rows.order_by("-started_at").distinct()[:PAGE])


def _title(draft: Draft) -> Sequence[Segment]:
    return conversation.title_segments(draft.thread)


@require_POST
def recall(request: HttpRequest) -> HttpResponse:
    """Recalls a reference, or an approved claim of a community."""
    user = cast(User, request.user)
    permissions.check_may(user, Permission.RECALL)
    typed = {name: request.POST.get(name, "") for name in TYPED}
    kind = request.POST.get("kind", EvidenceKind.REFERENCE)
    try:
        recalled = _recalled(user, kind, typed)
    except Refusal as refusal:
        refused = {"kind": kind, "sentence": str(refusal)}
        return _overview(request, refusal.status, typed=typed, refused=refused)
    nudge(tasks.sweep_evidence)
    messages.success(
        request,
        "Recalled. What was cleared is sent back; what is in review can't be signed; what is live "
        "is listed to be looked at again within a minute.",
    )
    return redirect("recall", recalled.pk)


def _recalled(user: User, kind: str, typed: dict[str, str]) -> Recall:
    why, instead = typed["why"], typed["instead"]
    if kind == EvidenceKind.REFERENCE:
        return verbs.recall_reference(
            by=user, reference=typed["reference"], why=why, instead=instead
        )
    slug, _, claim_id = typed["claim"].partition(" ")
    community = Community.objects.filter(slug=slug).first()
    if community is None:
        raise BadInput("Choose an approved claim of the list.")
    return verbs.recall_claim(
        by=user, community_id=community.pk, claim_id=claim_id, why=why, instead=instead
    )


@require_POST
def lift(request: HttpRequest, recall_id: UUID) -> HttpResponse:
    """Lets it be cited again."""
    why = request.POST.get("why", "")
    try:
        verbs.lift(by=cast(User, request.user), recall_id=recall_id, why=why)
    except Refusal as refusal:
        return _show(request, recall_id, refusal.status, refused=refusal, why=why)
    messages.success(request, "Lifted: it can be cited again. What was sent back stays so.")
    return redirect("recall", recall_id)
