"""The review queue: what is on it and in which order, its filters, its price, and the way from one
review to the next."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from itertools import chain
from typing import Any
from unittest import mock
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from compliance import vault
from compliance.enums import Severity
from compliance.rules import Route
from reviews import claims, clearance, presence, risk, workflow
from reviews.enums import ReviewState, Role, Seat
from reviews.models import Claim, Review, ReviewAuthor, RoleGrant, User
from reviews.packet import packet_of
from reviews.views import queue
from tests import cases
from tests.laws.attacks import without_laws

pytestmark = pytest.mark.django_db

C, L = Role.COMPLIANCE, Role.LEGAL
S = ReviewState.SUBMITTED


@pytest.fixture
def officer(client: Client) -> User:
    who = cases.person(C)
    client.force_login(who)
    return who


def page_at(client: Client, query: str = "") -> str:
    return client.get(reverse("queue") + query).content.decode()


def ids(page: str) -> list[str]:
    return re.findall(r'<li class="row[^"]*" id="review-([0-9a-f-]+)"', page)


def links(page: str) -> dict[str, str]:
    found = re.findall(r'rel="(prev|next)" href="([^"]+)"', page)
    return {name: unescape(query) for name, query in found}


def walk(client: Client, query: str = "") -> list[list[str]]:
    page = page_at(client, query)
    pages = [ids(page)]
    while "next" in links(page):
        page = page_at(client, links(page)["next"])
        pages.append(ids(page))
    return pages


def due(review: Review, hours: float, **changes: Any) -> Review:
    """The same review, due in so many hours."""
    when = timezone.now() + timedelta(hours=hours)
    Review.objects.filter(pk=review.pk).update(due_at=when, **changes)
    return review


def names(*reviews: Review) -> list[str]:
    return [str(review.pk) for review in reviews]


def test_overdue_come_first_then_the_riskier_then_the_sooner(client: Client, officer: User) -> None:
    with without_laws():  # the risk of a review stays as it was
        later = due(cases.review_at(S), 9, risk=0)
        sooner = due(cases.review_at(S), 5, risk=0)
        risky = due(cases.review_at(S), 20, risk=300)
        overdue = due(cases.review_at(S), -1, risk=0)
        worst = due(cases.review_at(S), -0.5, risk=400)
    assert ids(page_at(client)) == names(worst, overdue, risky, sooner, later)


def test_every_review_is_on_one_page_though_all_tie(
    client: Client, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    same = timezone.now() + timedelta(hours=3)
    for _ in range(5):
        Review.objects.filter(pk=cases.review_at(S).pk).update(due_at=same)
    pages = walk(client)
    assert [len(page) for page in pages] == [2, 2, 1]
    expected = Review.objects.order_by("pk").values_list("pk", flat=True)
    assert [*chain(*pages)] == [str(pk) for pk in expected]


def test_pages_lead_back_and_stay_in_order_when_one_becomes_overdue_meanwhile(
    client: Client, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    reviews = [due(cases.review_at(S), hours) for hours in (1, 2, 3, 4, 5)]
    first = page_at(client)
    assert ids(first) == names(*reviews[:2])
    # Five hours later the rest is overdue too; the second page goes on where the first one ended.
    later = timezone.now() + timedelta(hours=4.5)
    with mock.patch("django.utils.timezone.now", return_value=later):
        second = page_at(client, links(first)["next"])
        assert ids(second) == names(*reviews[2:4])
        assert ids(page_at(client, links(second)["next"])) == names(reviews[4])
        assert ids(page_at(client, links(second)["prev"])) == names(*reviews[:2])


@pytest.mark.parametrize(
    "edge", ["", "x", "1_2", "0_0_2026-11-25T00:00:00_x", "0_99999999_2026-11-25T00:00:00_1", "___"]
)
def test_address_that_names_no_place_shows_the_first_page(
    client: Client, officer: User, edge: str
) -> None:
    cases.review_at(S)
    for query in (f"?after={edge}", f"?before={edge}&as_of=nonsense"):
        assert len(ids(page_at(client, query))) == 1


def test_decided_are_listed_newest_first(client: Client, officer: User) -> None:
    old, new = cases.review_at(ReviewState.REFUSED), cases.review_at(ReviewState.WITHDRAWN)
    assert ids(page_at(client, "?tab=decided")) == names(new, old)


def test_mine_to_sign_holds_what_this_person_could_sign(client: Client, officer: User) -> None:
    wanted, signed = cases.review_at(S), cases.review_at(S)
    cases.review_at(ReviewState.IN_REVIEW)  # the signature of compliance is there
    cases.sign(signed, C, by=officer)
    RoleGrant.objects.create(user=(wrote := cases.review_at(S)).submitted_by, role=C)
    assert ids(page_at(client, "?tab=mine")).count(str(wanted.pk)) == 1
    assert set(ids(page_at(client, "?tab=mine"))) == set(names(wanted, wrote))
    client.force_login(wrote.submitted_by)
    assert str(wrote.pk) not in ids(page_at(client, "?tab=mine"))


def test_auditor_has_nothing_to_sign_and_nothing_to_claim(client: Client) -> None:
    cases.review_at(S)
    client.force_login(cases.person(Role.AUDITOR))
    page = page_at(client, "?tab=mine")
    assert len(ids(page)) == 1 and "Mine to sign" not in page  # the tab is "open"
    assert "Claim" not in re.sub(r"(?s)<details.*?</details>", "", page)


def test_title_and_tabs_count_what_is_asked_for(client: Client, officer: User) -> None:
    one, _, _ = cases.review_at(S), cases.review_at(S), cases.review_at(ReviewState.IN_REVIEW)
    cases.review_at(ReviewState.CLEARED)

    def counts(query: str = "") -> list[int]:
        page = page_at(client, query)
        return [int(n) for n in re.findall(r'class="number">(\d+)<', page)]

    assert counts() == [3, 2, 1]
    assert "<title>(3) Review queue" in page_at(client)
    assert "<title>(2) Review queue" in page_at(client, "?tab=mine")
    query = f"?community={quote(one.community_name)}"
    assert counts(query) == [1, 1, 0]
    assert "<title>(1) Review queue" in page_at(client, query)
    assert "<title>Review queue" in page_at(client, "?tab=decided")


def _matching(officer: User) -> dict[str, tuple[str, Review]]:
    """By filter: the query that asks for a review, and that review, which alone it holds for."""
    claimed = cases.review_at(S)
    claims.claim(by=officer, review_id=claimed.pk)
    late = due(cases.review_at(S), -2)
    flagged = cases.review_at(S, flagged=True)
    here = cases.review_at(S)
    signalled = cases.review_at(S)
    cases.safety_signal_beside(signalled)
    return {
        "claim": ("claim=mine", claimed),
        "overdue": ("overdue=1", late),
        "severity": ("severity=needs_legal", flagged),
        "rule": ("rule=CLM-PROVEN", flagged),
        "community": (f"community={quote(here.community_name)}", here),
        "author": (f"author={here.submitted_by_id}", here),
        "safety": ("safety=1", signalled),
    }


def test_each_filter_finds_its_review_alone_and_can_be_taken_off(
    client: Client, officer: User
) -> None:
    for name, (query, review) in _matching(officer).items():
        page = page_at(client, f"?{query}")
        assert ids(page) == names(review), name
        assert 'aria-label="Filters that are set"' in page
        (off,) = re.findall(r'class="chip" href="([^"]+)"', page)
        assert len(ids(page_at(client, unescape(off)))) == 5, name
        assert f"from=tab%3Dopen%26{name}%3D" in page, name


def test_filters_combine_and_come_off_one_by_one(client: Client, officer: User) -> None:
    review = due(cases.review_at(S, flagged=True), -1)
    due(cases.review_at(S, flagged=True), 5)
    due(cases.review_at(S), -1)
    page = page_at(client, "?severity=needs_legal&overdue=1")
    assert ids(page) == names(review)
    offs = re.findall(r'class="chip" href="([^"]+)"', page)
    assert [len(ids(page_at(client, unescape(off)))) for off in offs] == [2, 2]
    assert "No review matches" in page_at(client, "?severity=block&overdue=1")


def test_unclaimed_is_asked_for_ones_own_roles(client: Client, officer: User) -> None:
    by_legal, by_compliance = cases.review_at(S), cases.review_at(S)
    claims.claim(by=cases.person(L), review_id=by_legal.pk)
    claims.claim(by=cases.person(C), review_id=by_compliance.pk)
    assert ids(page_at(client, "?claim=free")) == names(by_legal)
    with override_settings(CLAIM_MINUTES=-1):
        claims.claim(by=officer, review_id=by_legal.pk)
    assert ids(page_at(client, "?claim=free")) == names(by_legal)  # that one has lapsed


@pytest.mark.parametrize(
    "query", ["severity=x", "author=x", "claim=x", "tab=x", "rule=%00", "community=%00&author=%00"]
)
def test_filter_that_makes_no_sense_is_left_out(client: Client, officer: User, query: str) -> None:
    cases.review_at(S)
    assert len(ids(page_at(client, f"?{query}"))) == 1


def test_line_says_who_has_it_and_who_is_looking(client: Client, officer: User) -> None:
    review, counsel = cases.review_at(S), cases.person(L)
    claims.claim(by=counsel, review_id=review.pk)
    presence.note(by=counsel, review=review)
    presence.note(by=officer, review=review)
    page = page_at(client)
    assert f"Legal: {counsel.printed_name}" in page
    assert f"{counsel.printed_name} is reading this" in page
    presence.note(by=cases.person(L), review=review)
    assert "and 1 more are reading this" in page_at(client)
    claims.claim(by=officer, review_id=review.pk)
    assert "Compliance: you" in page_at(client)


def test_medical_reviewer_finds_what_waits_for_them(client: Client) -> None:
    peer = cases.person(Role.MEDICAL)
    client.force_login(peer)
    cases.review_at(S)
    route = Route(medical_for=("every_reply",), second_legal_for=("every_reply",))
    asked = cases.review_at(S, route=route)
    page = page_at(client, "?tab=mine")
    assert ids(page) == names(asked) and "Medical review not signed" in page
    client.post(reverse("claim", args=[asked.pk]), {"queue": "tab=mine"})
    assert "Medical review: you" in page_at(client)
    cases.sign(asked, Seat.MEDICAL, by=peer)
    page = page_at(client)
    assert "✓ Medical review signed" in page and "You signed" in page
    assert ids(page_at(client, "?tab=mine")) == []


def test_claim_stands_at_the_next_seat_of_its_role(client: Client, officer: User) -> None:
    review = cases.review_at(S, route=Route(second_legal_for=("every_reply",)))
    first, second = cases.person(L), cases.person(L)
    claims.claim(by=first, review_id=review.pk)
    page = page_at(client)
    assert f"Legal: {first.printed_name}" in page and "Second legal not signed" in page
    cases.sign(review, L, by=first)
    page = page_at(client)
    assert "✓ Legal signed" in page and "Second legal not signed" in page  # that claim is done
    claims.claim(by=second, review_id=review.pk)
    assert f"Second legal: {second.printed_name}" in page_at(client)


def test_what_is_not_due_yet_is_not_mine(client: Client) -> None:
    review = cases.review_at(S, route=Route("compliance_first"))
    client.force_login(cases.person(L))
    assert ids(page_at(client, "?tab=mine")) == ids(page_at(client, "?claim=free")) == []
    assert "Yours comes after compliance" in page_at(client)
    cases.sign(review, C)
    assert ids(page_at(client, "?tab=mine")) == ids(page_at(client, "?claim=free")) == names(review)


def test_suspended_are_to_decide_and_never_late(client: Client, officer: User) -> None:
    suspended = due(cases.review_at(ReviewState.SUSPENDED), -5)
    late = due(cases.review_at(S), -1)
    page = page_at(client)
    assert ids(page) == names(late, suspended) and page.count("overdue since") == 1
    assert "Waits for those who signed" in page and "Suspended: the thread moved" in page
    assert ids(page_at(client, "?overdue=1")) == names(late)
    assert ids(page_at(client, "?tab=cleared")) == []
    client.force_login(suspended.signatures[0].user)
    assert "Confirm it or send it back" in page_at(client)


@pytest.mark.parametrize(
    ("tab", "roles"),
    [("open", (C,)), ("open", (L,)), ("mine", tuple(Role)), ("cleared", (C, L)), ("decided", (L,))],
)
def test_page_of_fifty_costs_six_queries_as_one_of_one_does(
    client: Client, tab: str, roles: tuple[Role, ...]
) -> None:
    # All of them: who asks (3), the navigation, the rows, and the counts with the choices.
    who = cases.person(roles[0])
    for role in roles[1:]:
        RoleGrant.objects.create(user=who, role=role)
    client.force_login(who)
    state = {"cleared": ReviewState.CLEARED, "decided": ReviewState.REFUSED}.get(tab, S)
    made = cases.review_at(state)

    def asked(rows: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            page = page_at(client, f"?tab={tab}")
        assert len(ids(page)) == rows
        return len(captured)

    page_at(client)  # the first one fills caches of the process
    costs = [asked(1)]
    copies(made, state, 2)
    costs.append(asked(3))
    copies(made, state, queue.PAGE)
    costs.append(asked(queue.PAGE))
    assert costs == [6, 6, 6]


def copies(review: Review, state: ReviewState, number: int) -> None:
    """Many reviews like this one, with people at work on them, without the scans of many drafts."""
    people = [cases.person(C), cases.person(L)]
    for _ in range(number):
        copy = Review.objects.create(
            case_id=uuid4(),
            community_name=review.community_name,
            submitted_by=review.submitted_by,
            packet=vault.seal(review.packet.key, packet_of(review).dumps()),
            text=review.text,
            text_digest=review.text_digest,
            scan=review.scan,
            rule_set=review.rule_set,
            due_at=review.due_at,
            risk=review.risk,
        )
        ReviewAuthor.objects.create(review=copy, user=review.submitted_by)
        for by in people:
            claims.claim(by=by, review_id=copy.pk)
            presence.note(by=by, review=copy)
        if state == ReviewState.REFUSED:
            workflow.refuse(by=people[0], review_id=copy.pk, code="tone", reason="No.")
        elif state == ReviewState.CLEARED:
            cases.sign(copy, C, by=people[0])
            cases.sign(copy, L, by=people[1])


# From one review to the next.


def signed(client: Client, review: Review, query: str = "", **fields: str) -> HttpResponse:
    review = Review.objects.select_related("packet__key").get(pk=review.pk)
    seen = clearance.seal_digest(review)
    sent = {"seat": Seat.COMPLIANCE, "password": cases.PASSWORD, "seen": seen}
    tail = f"?from={quote(query, safe='')}" if query else ""
    return client.post(reverse("sign", args=[review.pk]) + tail, {**sent, **fields})


def test_signing_leads_to_the_next_one_that_wants_the_signature(
    client: Client, officer: User
) -> None:
    first, second, third, fourth = (due(cases.review_at(S), hours) for hours in (1, 2, 3, 4))
    claims.claim(by=cases.person(C), review_id=third.pk)  # somebody works on it
    # The one that was passed over comes last: the way leads on from where the person stands.
    to = [signed(client, review, then="next")["Location"] for review in (second, fourth, first)]
    assert to == [
        reverse("review", args=[fourth.pk]),
        reverse("review", args=[first.pk]),
        reverse("queue") + "?tab=open",
    ]
    assert "No other review here wants your signature" in client.get(to[-1]).content.decode()


def test_next_one_is_in_the_same_filtered_queue(client: Client, officer: User) -> None:
    one, other = due(cases.review_at(S), 1), due(cases.review_at(S), 3)
    due(cases.review_at(S), 2)
    here = other.community_name
    query = f"tab=open&community={quote(here)}"
    location = signed(client, one, query, then="next")["Location"]
    assert location.startswith(reverse("review", args=[other.pk]) + "?from=")
    page = client.get(location).content.decode()
    assert f"{reverse('queue')}?tab=open&amp;community={here.replace(' ', '+')}" in page
    away = signed(client, other, query, then="next")["Location"]
    assert away == f"{reverse('queue')}?tab=open&community={here.replace(' ', '+')}"


@pytest.mark.parametrize("verb", ["send_back", "refuse"])
def test_other_decisions_lead_on_too(client: Client, officer: User, verb: str) -> None:
    one, other = due(cases.review_at(S), 1), due(cases.review_at(S), 2)
    address = reverse(verb, args=[one.pk])
    answer = client.post(address, {"code": "tone", "reason": "Please change it.", "then": "next"})
    assert answer["Location"] == reverse("review", args=[other.pk])


def test_without_the_second_button_the_review_stays(client: Client, officer: User) -> None:
    one, _ = cases.review_at(S), cases.review_at(S)
    query = "tab=mine&overdue=1"
    to = signed(client, one, query)["Location"]
    assert to == reverse("review", args=[one.pk]) + f"?from={quote(query, safe='')}"
    refused = signed(client, one, query, then="next")  # it was signed already
    assert refused.status_code == 403 and quote(query, safe="") in refused.content.decode()


def test_address_that_came_from_elsewhere_is_not_followed(client: Client, officer: User) -> None:
    review = cases.review_at(S)
    for query in ("//evil.example/", "tab=open&x=\r\nSet-Cookie: a=b", "%00"):
        to = signed(client, review, query, then="next", password="wrong")
        assert to.status_code == 403
        assert "evil" not in to.content.decode()
    assert signed(client, review, "//evil.example/", then="next")["Location"] == "/queue/?tab=open"


# Claiming in pages.


def test_claim_and_release_lead_back_to_the_line_or_the_page(client: Client, officer: User) -> None:
    review = cases.review_at(S)
    sent = {"queue": "tab=open&overdue=1"}
    answer = client.post(reverse("claim", args=[review.pk]), sent)
    assert answer["Location"] == f"/queue/?tab=open&overdue=1#review-{review.pk}"
    assert "Claimed until" in page_at(client)
    answer = client.post(reverse("release", args=[review.pk]))
    assert answer["Location"] == reverse("review", args=[review.pk])
    assert Claim.objects.get().ended_at


def test_refused_claim_says_who_has_it(client: Client, officer: User) -> None:
    review, other = cases.review_at(S), cases.person(C)
    claims.claim(by=other, review_id=review.pk)
    page = client.post(reverse("claim", args=[review.pk]), {"queue": ""}, follow=True)
    assert f"{other.printed_name} has claimed this review" in page.content.decode()


def test_several_are_claimed_and_the_others_are_named(client: Client, officer: User) -> None:
    mine, taken = cases.review_at(S), cases.review_at(S)
    claims.claim(by=cases.person(C), review_id=taken.pk)
    chosen = {"review": names(mine, taken), "queue": "tab=open"}
    page = client.post(reverse("claim_chosen"), chosen, follow=True).content.decode()
    assert "1 review claimed." in page
    assert f"Not claimed: {taken.community_name}, due" in page
    for nonsense in ({}, {"review": ["x"]}):
        page = client.post(reverse("claim_chosen"), nonsense, follow=True).content.decode()
        assert "hoose" in page


def test_several_are_assigned_after_asking_to_whom(client: Client, officer: User) -> None:
    counsel, reviews = cases.person(L), [cases.review_at(S), cases.review_at(S)]
    chosen = {"review": names(*reviews), "queue": "tab=open"}
    asked = client.post(reverse("assign"), chosen).content.decode()
    assert "Assign 2 reviews" in asked and f'value="{counsel.pk}"' in asked
    page = client.post(reverse("assign"), {**chosen, "to": str(counsel.pk)}, follow=True)
    assert "2 reviews assigned." in page.content.decode()
    assert Claim.objects.filter(user=counsel, assigned_by=officer).count() == 2
    clinician = cases.person(Role.CLINICIAN)
    page = client.post(reverse("assign"), {**chosen, "to": str(clinician.pk)}, follow=True)
    assert "Choose somebody who may sign" in page.content.decode()


def test_review_page_offers_what_can_be_done_with_claims(client: Client, officer: User) -> None:
    review, counsel = cases.review_at(S), cases.person(L)
    address = reverse("review", args=[review.pk])
    page = client.get(address).content.decode()
    assert "Claim it" in page and "Release it" not in page and f'value="{counsel.pk}"' in page
    claims.claim(by=officer, review_id=review.pk)
    page = client.get(address).content.decode()
    assert "Claim it" not in page and "Release it" in page
    client.force_login(review.submitted_by)
    page = client.get(address).content.decode()
    assert "Claim it" not in page and "Assign" not in page


def test_open_page_is_seen_and_keeps_the_claim(client: Client, officer: User) -> None:
    review, counsel = cases.review_at(S), cases.person(L)
    with override_settings(CLAIM_MINUTES=1):
        made = claims.claim(by=officer, review_id=review.pk)
    client.get(reverse("review", args=[review.pk]))
    assert Claim.objects.get().until > made.until
    presence.note(by=counsel, review=review)
    kept = Claim.objects.get().until
    seen = client.post(reverse("looking", args=[review.pk])).content.decode()
    assert seen == f"<strong>{counsel.printed_name} is reading this.</strong>"
    assert Claim.objects.get().until == kept  # an open page alone is no work
    client.force_login(counsel)
    seen = client.get(reverse("review", args=[review.pk])).content.decode()
    assert f"{officer.printed_name} is reading this." in seen


def test_risk_says_the_worst_finding_and_more(client: Client, officer: User) -> None:
    plain, flagged = cases.review_at(S), cases.review_at(S, flagged=True)
    assert risk.worst_of(plain.risk or 0) in (None, Severity.INFO)
    assert flagged.risk is not None and risk.worst_of(flagged.risk) == Severity.NEEDS_LEGAL
    for severity in Severity:
        least, most = risk.span_of(severity)
        assert risk.worst_of(least) == risk.worst_of(most) == severity
    assert risk.worst_of(99) is None
