"""Second factors of a person: codes from an app (RFC 6238), recovery codes, passkeys (WebAuthn).

django-allauth keeps and checks them; the secrets are encrypted under the master key (law 7). What a
code proves once it proves never again, on whichever worker: that is kept in the database.
"""

from __future__ import annotations

import binascii
import hmac
import json
from collections.abc import Sequence
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from compliance import ledger, vault
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from reviews.exceptions import NotFresh, WrongState
from reviews.models import User

Type = Authenticator.Type
KINDS = {Type.TOTP: "totp", Type.WEBAUTHN: "passkey", Type.RECOVERY_CODES: "recovery_codes"}
LONGEST_NAME, MOST_PASSKEYS = 60, 10
_ABOUT = "reviews.factors"


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library has no types
    """How django-allauth keeps secrets here, and what it calls people."""

    def encrypt(self, text: str) -> str:
        """Under the master key, so that a copy of the database gives nobody a code."""
        return vault.lock_secret(text, about=_ABOUT)

    def decrypt(self, encrypted_text: str) -> str:
        """The other way."""
        return vault.unlock_secret(encrypted_text, about=_ABOUT)

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.username)


def kinds(user: User) -> frozenset[str]:
    """The kinds of second factor of this person; recovery codes alone are none."""
    found = _own(user, Type.TOTP, Type.WEBAUTHN).values_list("type", flat=True)
    return frozenset(KINDS[each] for each in found)


def has_one(user: User) -> bool:
    """Whether this person has a second factor."""
    return bool(kinds(user))


def of(user: User) -> list[Authenticator]:
    """The factors of this person, the oldest first."""
    return list(Authenticator.objects.filter(user=user).order_by("created_at"))


def _own(user: User, *types: str) -> QuerySet[Any]:
    found: QuerySet[Any] = Authenticator.objects.filter(user=user, type__in=types)
    return found


# Proving with one


def spend_code(user: User, code: str) -> str:
    """What a code is good for, once: "totp", "recovery_code", or "" if it is not right.

    A code of the app is right for a minute and a half, and never twice.
    """
    code = "".join(code.split())
    if not code:
        return ""
    with transaction.atomic():
        for authenticator in _own(user, Type.TOTP, Type.RECOVERY_CODES).select_for_update():
            if authenticator.type == Type.TOTP and _spend_step(authenticator, code):
                return "totp"
            if authenticator.type == Type.RECOVERY_CODES and authenticator.wrap().validate_code(
                code
            ):
                authenticator.refresh_from_db()
                authenticator.record_usage()
                return "recovery_code"
    return ""


def _spend_step(authenticator: Authenticator, code: str) -> bool:
    secret = totp.decrypt(authenticator.data["secret"])
    for step in totp.yield_hotp_counters_from_time():
        wanted = totp.format_hotp_value(totp.hotp_value(secret, step))
        if hmac.compare_digest(wanted.encode(), code.encode()):
            if step <= authenticator.data.get("step", -1):
                return False  # RFC 6238, 5.2: the second use of a code is refused
            authenticator.data["step"] = step
            authenticator.save(update_fields=["data"])
            authenticator.record_usage()
            return True
    return False


def ask_for_passkey(user: User) -> dict[str, Any]:
    """What the browser asks one of this person's passkeys; the session keeps the challenge."""
    return dict(webauthn.begin_authentication(user))


def is_passkey(user: User, answer: str) -> bool:
    """Whether a browser's answer comes from one of this person's passkeys and was asked for."""
    if context.request is None:  # no session, so nothing was asked
        return False
    try:
        found = webauthn.complete_authentication(user, json.loads(answer))
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return False
    found.record_usage()
    return True


# Setting them up. Whoever calls these has asked for proof (reviews/freshness.py).


@transaction.atomic
def add_app(*, by: User, secret: str, code: str) -> None:
    """Adds the app that was given this secret.

    Raises:
        WrongState: there is one already.
        BadInput: the code is not the app's.
    """
    if _own(by, Type.TOTP).exists():
        raise WrongState("You have an app already. Remove it first.")
    added = totp.TOTP.activate(by, secret).instance
    if not _spend_step(added, "".join(code.split())):
        raise BadInput("That is not the code that the app shows now. Check its clock, try again.")
    _record(EventKind.FACTOR_ADDED, by, added)


@transaction.atomic
def add_passkey(*, by: User, name: str, answer: str) -> None:
    """Adds the passkey that a browser made.

    Raises:
        BadInput: it has no name, there are too many, or the browser's answer is not right.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise BadInput(f"Give the passkey a name of at most {LONGEST_NAME} characters.")
    if _own(by, Type.WEBAUTHN).count() >= MOST_PASSKEYS:
        raise BadInput(f"You have {MOST_PASSKEYS} passkeys. Remove one first.")
    try:
        credential = json.loads(answer)
        webauthn.complete_registration(webauthn.parse_registration_response(credential))
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise BadInput("The browser made no passkey. Reload the page and try again.") from None
    added = webauthn.WebAuthn.add(by, name, credential).instance
    _record(EventKind.FACTOR_ADDED, by, added)


def ask_for_new_passkey(user: User) -> dict[str, Any]:
    """What the browser makes a new passkey of; the session keeps the challenge."""
    return dict(webauthn.begin_registration(user, passwordless=False))


@transaction.atomic
def new_recovery_codes(*, by: User) -> Sequence[str]:
    """Codes to keep on paper, each good once; those of before are worth nothing any more.

    Raises:
        WrongState: without a second factor there is nothing to recover.
    """
    if not has_one(by):
        raise WrongState("Set up an app or a passkey first.")
    _own(by, Type.RECOVERY_CODES).delete()
    codes = RecoveryCodes.activate(by)
    _record(EventKind.FACTOR_ADDED, by, codes.instance)
    return list(codes.generate_codes())


@transaction.atomic
def remove(*, by: User, factor_id: int) -> None:
    """Removes one; with the last one, the recovery codes go, too.

    Raises:
        WrongState: it is gone already, or the last one where everybody must have one.
    """
    own = Authenticator.objects.select_for_update().filter(user=by, pk=factor_id).first()
    if own is None:
        raise WrongState("That is not there any more. Reload the page.")
    _record(EventKind.FACTOR_REMOVED, by, own)
    own.delete()
    if has_one(by):
        return
    if settings.SECOND_FACTOR == "required" and own.type != Type.RECOVERY_CODES:
        raise WrongState("Signing needs a second factor here. Set up another one first.")
    Authenticator.objects.filter(user=by).delete()


@transaction.atomic
def reset(user: User, *, by: str = "system") -> int:
    """Removes all factors of somebody who lost them; returns how many."""
    found = of(user)
    for factor in found:
        _record(EventKind.FACTOR_REMOVED, user, factor, actor=by)
        factor.delete()
    return len(found)


def _record(kind: EventKind, of_whom: User, factor: Authenticator, actor: str = "") -> None:
    code = KINDS[Type(factor.type)]
    ledger.record(kind, by=actor or of_whom.actor, subject=of_whom, factor=code)


def check_has_what_it_takes(user: User) -> None:
    """Raises NotFresh where signing needs a second factor and this person has none."""
    if settings.SECOND_FACTOR == "required" and not has_one(user):
        raise NotFresh(
            "Signing needs a second factor here. Set one up on the page \u201cHow you sign\u201d."
        )
