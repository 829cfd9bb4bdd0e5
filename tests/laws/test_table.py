"""The table of who may do what: role by state by action by relation to the review, each cell of it
through the verbs, the pages and the API. The model of the state machine says what is expected.

Without `--long` the pages and the API are asked for every cell that is allowed and for a fixed
quarter of the others; the verbs, and what the API offers, for every cell.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from compliance.enums import Order
from compliance.exceptions import Refusal
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from compliance.rules import Route
from compliance.rules.route import EVERY_REPLY, THE_TWO
from engage import confirming
from reviews import claims, clearance, permissions, routes, workflow
from reviews.enums import ReviewState, Role, Seat, Verdict
from reviews.freshness import Proof
from reviews.models import Review, RoleGrant, User
from tests import cases
from tests.laws.workflow_model import Model, Signature, Submission

pytestmark = pytest.mark.django_db

Relation = Literal["stranger", "author", "signer", "delegate"]
RELATIONS: tuple[Relation, ...] = ("stranger", "author", "signer", "delegate")
ROUTES = {
    "two": THE_TWO,
    "four": Route(Order.COMPLIANCE_FIRST.value, (EVERY_REPLY,), (EVERY_REPLY,)),
}
# What each action leaves in the ledger: the sign that it was done, whatever the door answered.
EVENTS = {
    "dispose": EventKind.FINDING_DISPOSED,
    "remark": EventKind.REMARKED,
    "sign": EventKind.SIGNED,
    "send_back": EventKind.SENT_BACK,
    "refuse": EventKind.REFUSED,
    "withdraw": EventKind.WITHDRAWN,
    "confirm": EventKind.CONFIRMED,
    "claim": EventKind.REVIEW_CLAIMED,
    "assign": EventKind.REVIEW_ASSIGNED,
}
DONE = (ReviewState.SENT_BACK, ReviewState.REFUSED, ReviewState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Item:
    """A review at a state, people of every relation to it, and what the model says of it."""

    review: Review
    on: Submission
    people: dict[Relation, User]

    def as_role(self, relation: Relation, role: Role) -> User:
        """The person of this relation, with this one role now."""
        person = self.people[relation]
        RoleGrant.objects.filter(user=person).delete()
        RoleGrant.objects.create(user=person, role=role)
        return User.objects.get(pk=person.pk)

    def expected(self, action: str, relation: Relation, role: Role) -> bool:
        """The cell of the table; for "sign", in any seat."""
        model = Model({name: frozenset({role.value}) for name in RELATIONS}, self.on.steps)
        if action == "sign":
            return any(model.may_sign(relation, seat, self.on) for seat in self.on.steps)
        if action in ("send_back", "refuse"):
            until = ("submitted", "in_review", "suspended")
            where = (*until, "cleared") if action == "send_back" else until
            return model.may_decide(relation, self.on, where)
        return bool(getattr(model, f"may_{action}")(relation, self.on))


def item_at(state: ReviewState, route: str) -> Item:
    """A review that an author wrote, that a signer signed where the state allows it, and that
    waits for somebody who is away and named a delegate."""
    author, signer = cases.person(Role.CLINICIAN), cases.person(Role.COMPLIANCE)
    review = cases.review_at(
        ReviewState.SUBMITTED, flagged=True, versions_by=(author, None), route=ROUTES[route]
    )
    cases.dispose_all(review)
    if state != ReviewState.SUBMITTED:
        cases.sign(review, Seat.COMPLIANCE, by=signer)
    if state in DONE:
        verb = {
            ReviewState.SENT_BACK: workflow.send_back,
            ReviewState.REFUSED: workflow.refuse,
            ReviewState.WITHDRAWN: workflow.withdraw,
        }[state]
        verb(by=cases.person(Role.LEGAL), review_id=review.pk, code="other", reason="Change it.")
    elif state not in (ReviewState.SUBMITTED, ReviewState.IN_REVIEW):
        cases.sign_the_rest(review, state)
    review = Review.objects.select_related("packet__key", "text__key").get(pk=review.pk)
    absence = cases.absence(cases.person(Role.LEGAL), delegate=cases.person(Role.LEGAL))
    on = Submission(
        text="flagged",
        authors=frozenset({"author"}),
        steps={wanted.seat.value: wanted.step for wanted in routes.seats_of(review)},
        flagged=True,
        moves=0,
        state=state.value,
        disposed="legal",
    )
    for seat, signature in routes.given(review).items():
        on.signatures[seat.value] = Signature("signer" if signature.user == signer else seat.value)
    people: dict[Relation, User] = {
        "stranger": cases.person(Role.AUDITOR),
        "author": author,
        "signer": signer,
        "delegate": absence.delegate,
    }
    return Item(review, on, people)


def fields_of(action: str, item: Item, by: User, role: Role) -> dict[str, Any]:
    """What this person would send: the seat that they could sign in, and what they would see."""
    seats = permissions.signing_seats(by, item.review) or [s for s in Seat if s.role == role]
    seen = clearance.seal_digest(item.review)
    if action == "confirm":
        seen = confirming.moved(by, item.review).seen
    finding = item.review.scan.findings.exclude(severity="info").first()
    return {
        "dispose": {"finding": str(finding.pk), "verdict": Verdict.ACCEPTED, "reason": "So."},
        "remark": {"body": "So?"},
        "sign": {"seat": seats[0] if seats else Seat.LEGAL, "seen": seen},
        "confirm": {"seen": seen},
        "assign": {"to": str(candidate(item).pk)},
        "claim": {},
    }.get(action, {"code": "other", "reason": "Change it."}) | (
        {"password": cases.PASSWORD} if action in ("sign", "confirm") else {}
    )


def candidate(item: Item) -> User:
    """Somebody to whom this could be assigned, if to anybody."""
    due = routes.due_seats(item.review)
    return cases.person(due[0].seat.role if due else Role.LEGAL)


def by_verb(action: str, item: Item, by: User, given: dict[str, Any]) -> int:
    """Calls the verb; 403 if it refuses."""
    review_id = item.review.pk
    try:
        if action == "dispose":
            finding, verdict = UUID(given["finding"]), given["verdict"]
            workflow.dispose(
                by=by, review_id=review_id, finding_id=finding, verdict=verdict, reason="So."
            )
        elif action == "assign":
            claims.assign(by=by, review_id=review_id, to=UUID(given["to"]))
        elif action == "claim":
            claims.claim(by=by, review_id=review_id)
        else:
            if "password" in given:
                given["proof"] = Proof(given.pop("password"))
            module = confirming if action == "confirm" else workflow
            getattr(module, action)(by=by, review_id=review_id, **given)
    except Refusal:
        return 403
    return 200


def by_page(action: str, item: Item, by: User, given: dict[str, Any]) -> int:
    """Sends the form of the page."""
    client = Client()
    client.force_login(by)
    if action == "assign":
        address, given = reverse("assign"), given | {"review": str(item.review.pk)}
    else:
        address = reverse(action, args=[item.review.pk])
    return status(client.post(address, given))


def by_api(action: str, item: Item, by: User, given: dict[str, Any]) -> int:
    """Sends the same to the API."""
    client = Client()
    client.force_login(by)
    address = reverse(f"api_{action}", args=[item.review.pk])
    return status(client.post(address, given, content_type="application/json"))


def status(answer: HttpResponse) -> int:
    assert answer.status_code in (200, 302, 400, 403, 409)
    return answer.status_code


Door = Callable[[str, Item, User, dict[str, Any]], int]
DOORS: tuple[Door, ...] = (by_verb, by_page, by_api)


def was_done(door: Door, action: str, item: Item, by: User, role: Role) -> bool:
    """Whether the action was carried out through this door; nothing of it stays."""
    with cases.undone():
        given = fields_of(action, item, by, role)
        before = Event.objects.filter(kind=EVENTS[action]).count()
        code = door(action, item, by, given)
        done = Event.objects.filter(kind=EVENTS[action]).count() > before
    assert not (done and code >= 400)
    return done


def is_asked(door: Door, expected: bool, cell: tuple[str, ...], config: pytest.Config) -> bool:
    """Whether this cell is asked through this door in this run."""
    if door is by_verb or expected or config.getoption("--long"):
        return True
    return zlib.crc32("".join(cell).encode()) % 4 == 0


@pytest.mark.parametrize("state", ReviewState)
@pytest.mark.parametrize("route", ROUTES)
def test_every_cell(route: str, state: ReviewState, pytestconfig: pytest.Config) -> None:
    item = item_at(state, route)
    doors = DOORS if route == "two" else (by_verb,)
    wrong = []
    for relation, role in product(RELATIONS, Role):
        if relation == "signer" and not item.on.signatures:
            continue  # there is none yet
        with cases.undone():
            by = item.as_role(relation, role)
            for action in EVENTS:
                expected = item.expected(action, relation, role)
                cell = (route, state.value, relation, role.value, action)
                wrong += [
                    (door.__name__, *cell, expected)
                    for door in doors
                    if is_asked(door, expected, cell, pytestconfig)
                    and was_done(door, action, item, by, role) != expected
                ]
            wrong += offered_wrongly(item, by, relation, role)
    assert not wrong


def offered_wrongly(
    item: Item, by: User, relation: Relation, role: Role
) -> list[tuple[object, ...]]:
    """Where reading, or what the API offers, differs from the table."""
    client = Client()
    client.force_login(by)
    answer = client.get(reverse("api_review", args=[item.review.pk]))
    page = client.get(reverse("review", args=[item.review.pk]))
    reads = item.expected("read", relation, role)
    if (answer.status_code == 200, page.status_code == 200) != (reads, reads):
        return [("read", relation, role, reads)]
    if not reads:
        return []
    offered = {name.replace("-", "_") for name in answer.json()["may"]}
    expected = {action for action in EVENTS if item.expected(action, relation, role)}
    return [("offered", relation, role, offered ^ expected)] if offered != expected else []


def test_table_notices_a_door_that_is_ajar(monkeypatch: pytest.MonkeyPatch) -> None:
    # The negative control: authors may decide on their own reply.
    item = item_at(ReviewState.SUBMITTED, "two")
    by = item.as_role("author", Role.LEGAL)
    assert not was_done(by_page, "sign", item, by, Role.LEGAL)
    monkeypatch.setattr(permissions, "check_not_author", lambda user, review: None)
    assert was_done(by_page, "refuse", item, by, Role.LEGAL)
    assert not item.expected("refuse", "author", Role.LEGAL)
