"""Bearer tokens for the API. A token is shown once; only its digest is kept."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from compliance import ledger
from compliance.ledger.kinds import EventKind
from reviews import permissions
from reviews.models import ApiToken, User

PREFIX = "cs_"  # so that secret scanners and people recognise one


@transaction.atomic
def create_token(*, by: User, name: str) -> str:
    """A new token that acts for `by`; the return value is the only copy.

    Raises:
        NotAllowed: `by` has no role.
    """
    permissions.check_may(by, permissions.Permission.USE_API)
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(user=by, name=name, digest=_digest(token))
    ledger.record(EventKind.TOKEN_CREATED, by=by.actor, subject=row)
    return token


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer cs_...`"""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, given = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = (
            ApiToken.objects.select_related("user")
            .filter(digest=_digest(given.strip()), revoked_at=None, user__is_active=True)
            .first()
        )
        if token is None:
            raise AuthenticationFailed("This token is not known or was revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _digest(token: str) -> str:
    # A random 256-bit token needs no slow hash.
    return hashlib.sha256(token.encode()).hexdigest()
