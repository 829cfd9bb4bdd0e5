"""Proof, afresh, of who somebody is: the one place that decides what a signature takes.

21 CFR 11.200(a)(1) as a design standard: the first signature of a session takes all components,
the ones that follow it closely take at least one that only its owner has. Who has no second factor
gives the password each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from django.db import transaction
from django.utils import timezone

from compliance import ledger
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from reviews import factors
from reviews.enums import Purpose
from reviews.exceptions import NotFresh
from reviews.models import User

MOST_FAILED, WITHIN = 5, timedelta(minutes=15)
WORDS = {
    "password": "password",
    "totp": "code from an app",
    "recovery_code": "recovery code",
    "passkey": "passkey",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody gives to show that it is them; "" for what they did not give.

    Attributes:
        code: from their app, or a recovery code.
        passkey: the browser's answer, as JSON.
        continues: they gave both components in this session, not long ago.
    """

    password: str = ""
    code: str = ""
    passkey: str = ""
    continues: bool = False


def proved(by: User, given: Proof, purpose: Purpose) -> str:
    """What proved it, as codes joined by "+", e.g. "password+totp". A code is used up by it.

    Outside the transaction of what is proved for, so that a failure is recorded all the same.

    Raises:
        NotFresh: it does not; the message says what to do.
    """
    _check_not_too_often(by)
    if purpose is not Purpose.FACTOR:
        factors.check_has_what_it_takes(by)
    has_factor = factors.has_one(by)
    components = []
    if given.password:
        if not by.check_password(given.password):
            _fail(by, purpose, "That is not your password")
        components.append("password")
    if has_factor:
        components += _second(by, given, purpose, enough=given.continues and bool(components))
    _check_complete(components, given.continues, has_factor, purpose)
    return "+".join(components)


def _second(by: User, given: Proof, purpose: Purpose, *, enough: bool) -> list[str]:
    if enough:  # the password alone would do, so no code is used up
        return []
    if given.passkey:
        if not factors.is_passkey(by, given.passkey):
            _fail(by, purpose, "That passkey is not yours, or it was asked too long ago")
        return ["passkey"]
    if given.code:
        if not (kind := factors.spend_code(by, given.code)):
            _fail(by, purpose, "That code is not right, or it was used already")
        return [kind]
    return []


def _check_complete(
    components: list[str], continues: bool, has_factor: bool, purpose: Purpose
) -> None:
    if not has_factor:
        if not components:
            raise NotFresh(f"Give your password, too: {purpose.undone}.")
    elif purpose is Purpose.SIGN_IN:
        if not components:
            raise NotFresh("Give the code from your app, or use a passkey.")
    elif not components or (len(components) < 2 and not continues):
        also = "a code or a passkey" if components == ["password"] else "your password"
        both = "your password, and a code or a passkey" if not components else also
        raise NotFresh(f"Give {both}, too: {purpose.undone}.")


def in_words(proof: str | None) -> str:
    """What stands beside a signature: "password and code from an app"; "" if nothing was kept."""
    return " and ".join(WORDS.get(code, code) for code in (proof or "").split("+") if code)


def _check_not_too_often(by: User) -> None:
    since = timezone.now() - WITHIN
    failed = Event.objects.filter(kind=EventKind.PROOF_FAILED, actor=by.actor, at__gt=since)
    moments = list(failed.order_by("-at").values_list("at", flat=True)[:MOST_FAILED])
    if len(moments) == MOST_FAILED:
        until = timezone.localtime(moments[-1] + WITHIN)
        raise NotFresh(f"Too many tries went wrong. Wait until {until:%H:%M}, then try again.")


def _fail(by: User, purpose: Purpose, sentence: str) -> NoReturn:
    with transaction.atomic():
        ledger.record(EventKind.PROOF_FAILED, by=by.actor, subject=by, purpose=purpose.value)
    raise NotFresh(f"{sentence}, so {purpose.undone}. Try again.")
