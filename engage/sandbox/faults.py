"""Faults on demand: what a community does on a bad day, at the moment a test asks for it."""

from __future__ import annotations

import random
import socket
import time
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from engage.sandbox.models import Board, Fault, FaultKind, Operation
from engage.sandbox.posting import Declined

LONGEST_WAIT = 60.0  # seconds


def draw(operation: Operation, board: Board) -> Fault | None:
    """The fault that this request meets, if any; counted in a transaction of its own."""
    waiting = Fault.objects.filter(Q(board=board) | Q(board=None), operation=operation)
    waiting = waiting.exclude(remaining=0)
    # Most requests meet none, and need not wait for the one writer.
    return _draw(waiting) if waiting.exists() else None


@transaction.atomic
def _draw(waiting: QuerySet[Fault]) -> Fault | None:
    for fault in waiting.all():
        fault.draws += 1
        # Each draw is fixed by the seed and its number, so a run can be repeated.
        luck = random.Random(f"{fault.seed}:{fault.draws}").random()
        hit = luck < fault.probability
        if hit:
            fault.hits += 1
            if fault.remaining is not None:
                fault.remaining -= 1
        fault.save()
        if hit:
            return fault
    return None


def before(fault: Fault | None, request: HttpRequest) -> HttpResponse | None:
    """Plays what happens before the work; an answer here means that no work is done."""
    if fault is None:
        return None
    match fault.kind:
        case FaultKind.REFUSE:
            raise Declined(403, fault.code, "The community refuses this (a fault on demand).")
        case FaultKind.FLOOD:
            raise Declined(429, "flood", "Too many posts (a fault on demand).", wait=fault.seconds)
        case FaultKind.ERROR_BEFORE:
            return _error()
        case FaultKind.CUT_BEFORE:
            return _cut(request)
        case FaultKind.SLOW:
            time.sleep(min(fault.seconds, LONGEST_WAIT))
    return None


def after(fault: Fault | None, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Plays what happens once the work is committed; returns what is answered."""
    if fault is None:
        return answer
    match fault.kind:
        case FaultKind.ERROR_AFTER:
            return _error()
        case FaultKind.CUT_AFTER:
            return _cut(request)
        case FaultKind.GARBLE_AFTER:
            return HttpResponse("<html>Everything is fine</html>", status=answer.status_code)
        case FaultKind.SLOW_AFTER:
            time.sleep(min(fault.seconds, LONGEST_WAIT))
    return answer


def as_json(fault: Fault) -> dict[str, Any]:
    """A fault with its counters."""
    return {
        "id": fault.pk,
        "kind": fault.kind,
        "operation": fault.operation,
        "board": fault.board.slug if fault.board else None,
        "remaining": fault.remaining,
        "probability": fault.probability,
        "seed": fault.seed,
        "seconds": fault.seconds,
        "code": fault.code,
        "draws": fault.draws,
        "hits": fault.hits,
    }


def _error() -> HttpResponse:
    return JsonResponse({"code": "error", "detail": "Something broke."}, status=500)


def _cut(request: HttpRequest) -> HttpResponse:
    """Closes the connection; what is returned reaches nobody."""
    connection: socket.socket = request.META["gunicorn.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return HttpResponse(status=500, headers={"Connection": "close"})
