"""A second look: what was decided before, without the decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from compliance import vault
from compliance.exceptions import NotAllowed, Refusal
from reviews import permissions, quality, second_looks
from reviews.enums import Opinion, Verdict
from reviews.models import SecondLook, User
from reviews.permissions import Permission
from reviews.views.as_it_was import as_it_was, typed_in, verdicts_of


def _look(look_id: UUID) -> SecondLook:
    related = ("review__packet__key", "review__text__key", "review__scan", "review__signpost")
    looks = SecondLook.objects.select_related(*related, "golden_case", "first", "user", "reason")
    return get_object_or_404(looks, pk=look_id)


@require_GET
def show(request: HttpRequest, look_id: UUID) -> HttpResponse:
    """What is looked at; once it is closed, also what was decided before."""
    return _page(request, _look(look_id))


def _page(
    request: HttpRequest, look: SecondLook, status: int = 200, refused: str = ""
) -> HttpResponse:
    user = cast(User, request.user)
    _check_may_see(user, look)
    own = look.user_id == user.pk
    context: dict[str, Any] = {
        **as_it_was(look.review),
        "look": look,
        "own": own,
        "opinions": Opinion.choices,
        "verdicts": Verdict.choices,
        "can_answer": own and not look.closed_at,
        "refused": refused,
        "typed": typed_in(request),
        "asked": {str(finding.pk) for finding in second_looks.wanted(look)},
        "told": _told(look) if look.closed_at else None,
    }
    return render(request, "reviews/second_look.html", context, status=status)


def _check_may_see(user: User, look: SecondLook) -> None:
    """Whoever it was given to; once it is closed, also those who see how all reviewers do."""
    permissions.check_may(user, Permission.READ_QUALITY)
    if look.user_id == user.pk:
        return
    if not look.closed_at or not quality.may_see_everybody(user):
        raise NotAllowed("This second look was given to somebody else.")


def _told(look: SecondLook) -> dict[str, Any]:
    """What stands beside an opinion once it was given."""
    case = look.golden_case
    known = case.verdicts if case else second_looks.first_verdicts(look.review)
    return {
        "expected": look.expected,
        "opinion": Opinion(look.opinion) if look.opinion else None,
        "why": vault.unseal(case.why) if case else "",
        "reason": vault.unseal(look.reason) if look.reason else "",
        "verdicts": {f: _compared(v, known.get(f, "")) for f, v in look.verdicts.items()},
    }


def _compared(said: str, known: str) -> str:
    if said == known:
        return f"{Verdict(said).label}, as before"
    other = Verdict(known).label if known else "not judged"
    return f"{Verdict(said).label}; before: {other}"


@require_POST
def answer(request: HttpRequest, look_id: UUID) -> HttpResponse:
    """Says what one would do."""
    return _try(
        request,
        look_id,
        lambda: second_looks.answer(
            by=cast(User, request.user),
            look_id=look_id,
            opinion=request.POST.get("opinion", ""),
            verdicts=verdicts_of(request),
            reason=request.POST.get("reason", ""),
        ),
        "Recorded. Below is what was decided before.",
    )


@require_POST
def put_aside(request: HttpRequest, look_id: UUID) -> HttpResponse:
    """Gives it back."""
    answered = _try(
        request,
        look_id,
        lambda: second_looks.put_aside(by=cast(User, request.user), look_id=look_id),
        "Put aside. Somebody else may be asked.",
    )
    return redirect("quality") if answered.status_code == 302 else answered


def _try(request: HttpRequest, look_id: UUID, act: Callable[[], Any], done: str) -> HttpResponse:
    look = _look(look_id)
    permissions.check_may(cast(User, request.user), Permission.LOOK_AGAIN)
    try:
        act()
    except NotAllowed:
        raise
    except Refusal as refusal:
        return _page(request, look, refusal.status, str(refusal))
    messages.success(request, done)
    return redirect("second_look", look_id)
