"""Who somebody is, and what they are trusted with."""

from __future__ import annotations

import functools
import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models

from reviews.enums import Role


class User(AbstractUser):
    """A person. What they may do follows from their roles alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Named in the disclosure line of replies and in DISC-* rules.
    affiliation = models.CharField(max_length=200, blank=True)
    credentials = models.CharField(max_length=100, blank=True)
    # Connections to makers and services that readers should know (16 CFR 255.5), one a line.
    ties = models.TextField(blank=True)

    @property
    def printed_name(self) -> str:
        """The name that stands beside a signature (21 CFR 11.50)."""
        return self.get_full_name() or self.username

    @property
    def actor(self) -> str:
        """How the ledger names this person."""
        return f"person:{self.pk}"

    @functools.cached_property
    def roles(self) -> frozenset[Role]:
        """The roles this person holds; read once a request."""
        if not self.is_active:
            return frozenset()
        # `all()`, so that a list of people brings the roles of all of them along in one query.
        return frozenset(Role(grant.role) for grant in self.role_grants.all())


class RoleGrant(models.Model):
    """One role of one person."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=12, choices=Role)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="role_once")]


class Proved(models.Model):
    """A row that somebody proved afresh who they are for (reviews/freshness.py)."""

    # Codes joined by "+", e.g. "password+totp". None for those of before it was kept.
    proof = models.CharField(max_length=40, null=True)

    class Meta:
        abstract = True


class ApiToken(models.Model):
    """A bearer token for pushing posts; only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)
