"""The people and the communities of the machine, made once; each run is rolled back to them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from compliance.rules import Route
from compliance.rules.route import EVERY_REPLY, THE_TWO
from engage import conversation, drafting
from engage.connectors.base import Posted
from engage.models import Post
from reviews.enums import Role
from reviews.models import RoleGrant
from tests import cases
from tests.laws.test_one_live_copy import FakePlatform

PEOPLE = {
    "clara": {"clinician"},
    "bea": {"clinician", "legal"},
    "mix": {"clinician", "medical", "compliance"},
    "cal": {"compliance"},
    "cam": {"compliance", "legal"},
    "leo": {"legal"},
    "liz": {"legal"},
    "med": {"medical"},
    "saf": {"safety"},
    "adm": {"admin", "auditor"},
}
TEXTS = {"clean": cases.CLEAN, "flagged": cases.FLAGGED, "other": cases.SUPERSEDED}


class Platform(FakePlatform):
    """It takes everything."""

    def publish(self, prepared: Any) -> Posted:
        self.sent.append(prepared)
        return Posted({"post_id": str(len(self.sent))})


@dataclass
class Place:
    """A post of a community, and what its route asks for, as the model says it."""

    post: Post
    source: dict[str, Any]
    seats: dict[str, int]
    second_legal_if_flagged: int = 0


@dataclass
class World:
    people: dict[str, uuid.UUID]
    places: list[Place]
    platform: Platform


def make(platform: Platform) -> World:
    """Everybody, and a community of each kind of route."""
    people = {}
    for name, roles in {**PEOPLE, "any1": set(), "any2": set()}.items():
        user = cases.person(Role.AUDITOR)
        user.role_grants.all().delete()
        for role in roles:
            RoleGrant.objects.create(user=user, role=role)
        people[name] = user.pk
    both, first = {"compliance": 1, "legal": 1}, {"compliance": 1, "legal": 2}
    places = [
        _place(THE_TWO, both),
        _place(Route("compliance_first", medical_for=(EVERY_REPLY,)), {**first, "medical": 1}),
        _place(Route("legal_first", second_legal_for=("needs_legal",)), {**first}, 1),
        _place(
            Route(medical_for=(EVERY_REPLY,), second_legal_for=(EVERY_REPLY,)),
            {**both, "medical": 1, "second_legal": 1},
        ),
    ]
    places[2].seats = {"legal": 1, "compliance": 2}
    return World(people, places, platform)


def _place(route: Route, seats: dict[str, int], second_legal_if_flagged: int = 0) -> Place:
    post = cases.post()
    if route != THE_TWO:
        cases.routed(route, post.community)
    # Scans are kept by text and context: those of the runs are look-ups then.
    author = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=author, post_id=post.pk)
    for body in TEXTS.values():
        drafting.save(by=author, draft_id=draft.pk, body=body)
    return Place(post, conversation.source_of(post), seats, second_legal_if_flagged)
