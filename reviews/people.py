"""People: who there is, and what they are trusted with."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from compliance import ledger
from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from reviews import permissions
from reviews.enums import Role
from reviews.models import RoleGrant, User


@transaction.atomic
def add_person(
    *,
    by: User | None,
    username: str,
    password: str,
    roles: Iterable[Role],
    first_name: str = "",
    last_name: str = "",
    affiliation: str = "",
    credentials: str = "",
) -> User:
    """Adds a person with roles.

    Args:
        by: an administrator, or None from the command line of the server.
    Raises:
        NotAllowed: `by` is no administrator.
        BadInput: the name is taken or the password too weak.
    """
    if by:
        permissions.check_may(by, permissions.Permission.MANAGE)
    if User.objects.filter(username=username).exists():
        raise BadInput("There is a person with this user name already. Choose another one.")
    user = User(
        username=username,
        first_name=first_name,
        last_name=last_name,
        affiliation=affiliation,
        credentials=credentials,
    )
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    granted = sorted(set(roles))
    for role in granted:
        RoleGrant.objects.create(user=user, role=role)
    actor = by.actor if by else "system"
    ledger.record(
        EventKind.PERSON_ADDED, by=actor, subject=user, roles=[role.value for role in granted]
    )
    return user


LONGEST_TIE, MOST_TIES = 200, 20


@transaction.atomic
def describe_oneself(*, by: User, affiliation: str, credentials: str, ties: str) -> None:
    """Changes what the replies of this person say and disclose about them.

    Args:
        affiliation: employer, as printed in replies.
        credentials: as printed in replies.
        ties: connections to makers and services that a reader would want to know (16 CFR 255.5),
            one a line; "" for none.
    Raises:
        NotAllowed: this person writes no replies.
        BadInput: something is too long.
    """
    permissions.check_may(by, permissions.Permission.DRAFT)
    lines = [line.strip() for line in ties.splitlines() if line.strip()]
    if len(lines) > MOST_TIES or any(len(line) > LONGEST_TIE for line in lines):
        raise BadInput(
            f"At most {MOST_TIES} ties, one a line, of at most {LONGEST_TIE} characters each."
        )
    new = {
        "affiliation": affiliation.strip(),
        "credentials": credentials.strip(),
        "ties": "\n".join(lines),
    }
    for field, longest in (("affiliation", 200), ("credentials", 100)):
        if len(new[field]) > longest:
            raise BadInput(f"The {field} may have at most {longest} characters.")
    changed = sorted(field for field, value in new.items() if getattr(by, field) != value)
    if not changed:
        return
    for field in changed:
        setattr(by, field, new[field])
    by.save(update_fields=changed)
    ledger.record(EventKind.PERSON_DESCRIBED, by=by.actor, subject=by, changed=changed)
