"""Law 10: sign-in everywhere but on one list, and each page only for the roles that may see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from pytest_django import DjangoDbBlocker

from config.exempt import API, EXEMPT
from config.urls import urlpatterns as ours
from reviews.enums import Role
from tests import cases
from tests.pages.places import World, routes, world

pytestmark = pytest.mark.django_db

C, O, L, S, A, M, D = Role  # noqa: E741  # the order of the enum; one letter keeps the table readable
# Who may open which page. The clinician wrote the draft; of the review, none of them is an author.
PAGES: dict[str, set[Role]] = {
    "inbox": {C, O, L, S, A, D},
    "thread": {C, O, L, S, A, D},
    "add_thread": {C, O, S},
    "reading": {C, O, S},
    "watches": {C, O, L, S, D},
    "drafts": {C},
    "draft": {C},
    "queue": {O, L, A, D},
    "review": {O, L, A, D},
    "signed": {O, L, A, D},
    "profile": {C, O, L, D},
    "notices": set(Role),
    "notice_settings": set(Role),
    "factors": set(Role),
    "add_app": set(Role),
    "add_passkey": set(Role),
    "safety": {O, S, A},
    "safety_case": {O, S, A},
    "signposts": {O, L, S, A},
    "corrections": {O, L, S},
    "quality": {O, L, A, D},
    "second_look": {L},  # to whom it was given; the others once it is answered
    "golden_case": {O, L},
    "propose_golden": {O, L},
    "rules": {O, L, A, M},
    "publications": {C, O, L, S, A, M, D},
    "publication": {C, O, L, S, A, M, D},
    "stops": {C, O, L, S, A, M, D},
    "recalls": {O, L, A, D},
    "recall": {O, L, A, D},
    "relooks": {C, O, L, S, A, M, D},
    "incidents": {C, O, L, S, A, M, D},
    "history": {O, L, A, M},
    "case": {O, L, A, M},
    "installation": {M},
    "communities": {M},
    "add_community": {M},
    "community": {M},
    "profiles": {C, O, L, A, D},
    "profile_of": {C, O, L, A, D},
    "profile_change": {C, O, L, A, D},
    "profile_progress": {C, O, L, A, D},
    "propose_profile": {O},
}
# Who may send which form; a clinician would have to be an author to withdraw, and the review asks
# for no medical reviewer.
FORMS: dict[str, set[Role]] = {
    "start_draft": {C},
    "stop_reading": {C, O, S},
    "end_watch": {C, O, L, S, D},
    "read_back": {M},
    "no_reply": {C, O, L},
    "draft_findings": {C},
    "notice": set(Role),  # leads on to a page with a check of its own
    "read_notices": set(Role),
    "test_notice": set(Role),
    "recovery_codes": set(),  # without a second factor there is nothing to recover
    "remove_factor": set(),  # only of one's own
    "claim": {O, L, D},
    "release": {O, L, D},
    "looking": {O, L, A, D},
    "claim_chosen": {O, L, D},
    "assign": {O, L, D},
    "enter_absence": {C, O, L, D},
    "end_absence": set(),  # only of one's own
    "dispose": {O, L},
    "remark": {O, L, D},
    "take_out_signed": {O, L},
    "sign": {O, L},
    "send_back": {O, L},
    "refuse": {O, L},
    "withdraw": {O, L, S},
    "confirm": {O, L, D},
    "reveal": {O, L, S},
    "make_recall": {O, L},
    "lift_recall": {O, L},
    "decide_relook": {O},
    "safety_dispose": {S},
    "safety_own": {S},
    "safety_correct": {S},
    "safety_hand_off": {S},
    "safety_help": {S},
    "safety_print": {O, S, A},
    "safety_json": {O, S, A},
    "safety_export": {O, S, A},
    "mark_false": {O, L, S},
    "mark_missed": {O, L, S},
    "answer_look": {L},
    "put_aside_look": {L},
    "approve_golden": {O, L},
    "retire_golden": {O, L},
    "approve": {O, L, S},
    "decline": {O, L, S},
    "retire": {O, L, S},
    "approve_profile": {O},
    "decline_profile": {O},
    "write_signpost": {O, L, S},
    "sign_signpost": {O, L},
    "retire_signpost": {O, L, S},
    "post_signpost": {C, O, S},
    "hand_out": {C, O},
    "schedule": {C, O},
    "open_breach": {C, O, L, S},
    "conclude_breach": {O, L},
    "take_out_evidence": {O, L, S},
    "take_incident": {C, O, L, S},
    "close_incident": {C, O, L, S},
    "correct": {C},
    "say_posting": {C, O, L},
    "test_community": {M},
    "new_secret": {M},
    "stop": {O},
    "lift_stop": {O},
}
# The API has the same verbs for the same people; "assign" stands for the one of the queue.
API_FORMS = {
    f"api_{name}": FORMS[name]
    for name in (
        "dispose",
        "remark",
        "sign",
        "send_back",
        "refuse",
        "withdraw",
        "confirm",
        "claim",
        "release",
        "assign",
    )
} | {"api_posts": {M}}
API_PAGES = {"api_reviews": PAGES["queue"], "api_review": PAGES["review"]}


def strangers_reach(client: Client, here: World, name: str) -> bool:
    """Whether somebody who is not signed in gets anything but the way to the sign-in page."""
    address = here.address(name)
    seen, sent = client.get(address), client.post(address, {"body": "Typed."})
    away = seen.status_code == 302 and "/sign-in/" in seen["Location"]
    return not (away and sent.status_code == 401)


@pytest.fixture(scope="module")
def here(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    # Made once: each test rolls back to it, and the last of the module lets it go.
    with django_db_blocker.unblock(), cases.undone():
        yield world()


@pytest.mark.parametrize("name", routes())
def test_stranger_reaches_only_the_exempt_routes(client: Client, here: World, name: str) -> None:
    if name in API:
        assert client.get(here.address(name)).status_code == 401
        assert client.post(here.address(name)).status_code == 401
        return
    assert strangers_reach(client, here, name) == (name in EXEMPT)


@login_not_required
def forgotten(request: HttpRequest) -> HttpResponse:
    return HttpResponse("anything")


urlpatterns = [*ours, path("forgotten/", forgotten, name="forgotten")]


@override_settings(ROOT_URLCONF="tests.pages.test_access")
def test_walk_finds_a_forgotten_route(client: Client, here: World) -> None:
    # The negative control.
    assert "forgotten" in routes() and "forgotten" not in EXEMPT
    assert strangers_reach(client, here, "forgotten")


def test_tables_here_name_every_route() -> None:
    everywhere = {"first_page", "sign_out", *EXEMPT}
    assert PAGES.keys() | FORMS.keys() | everywhere == set(routes())
    assert API_PAGES.keys() | API_FORMS.keys() == API


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_for_its_roles_alone(client: Client, here: World, name: str) -> None:
    for role in Role:
        with cases.undone():
            client.force_login(here.person(name, role))
            expected = 200 if role in PAGES[name] else 403
            assert client.get(here.address(name)).status_code == expected, role


@pytest.mark.parametrize("name", FORMS)
def test_form_is_taken_from_its_roles_alone(client: Client, here: World, name: str) -> None:
    fields = {"reason": "Why.", "code": "other", "outcome": "forwarded", "verdict": "accepted"}
    fields |= {"password": cases.PASSWORD}
    fields["finding"] = str(here.review.scan.findings.latest("start").pk)
    for role in Role:
        with cases.undone():
            client.force_login(here.person(name, role))
            seat = role if role in (O, L) else L
            sent = client.post(here.address(name), {**fields, "role": seat, "seat": seat})
            assert (sent.status_code != 403) == (role in FORMS[name]), role


@pytest.mark.parametrize("name", [*API_PAGES, *API_FORMS])
def test_api_answers_its_roles_alone(client: Client, here: World, name: str) -> None:
    fields: dict[str, object] = {"reason": "Why.", "code": "other", "verdict": "accepted"}
    fields |= {"password": cases.PASSWORD, "body": "So?", "seen": "", "to": str(here.review.pk)}
    fields["finding"] = str(here.review.scan.findings.latest("start").pk)
    for role in Role:
        with cases.undone():
            client.force_login(cases.person(role))
            if name in API_PAGES:
                opens = client.get(here.address(name)).status_code == 200
                assert opens == (role in API_PAGES[name]), role
                continue
            fields["seat"] = role if role in (O, L) else L
            sent = client.post(here.address(name), fields, content_type="application/json")
            assert (sent.status_code != 403) == (role in API_FORMS[name]), role


@pytest.mark.parametrize("name", ["draft", "draft_findings"])
def test_draft_of_somebody_else_stays_closed(client: Client, here: World, name: str) -> None:
    # It holds what its author wrote, identifiers included (law 7).
    client.force_login(cases.person(Role.CLINICIAN))
    answer = client.post(here.address(name), {"body": "Mine.", "save": "1"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("role", "route"),
    [
        (Role.CLINICIAN, "inbox"),
        (Role.COMPLIANCE, "queue"),
        (Role.LEGAL, "queue"),
        (Role.SAFETY, "safety"),
        (Role.AUDITOR, "history"),
        (Role.ADMIN, "installation"),
        (Role.MEDICAL, "queue"),
    ],
)
def test_each_role_lands_on_its_own_page(
    client: Client, here: World, role: Role, route: str
) -> None:
    who = cases.person(role)
    sent = client.post(
        here.address("sign_in"), {"username": who.username, "password": cases.PASSWORD}, follow=True
    )
    assert sent.redirect_chain[-1][0] == here.address(route)


def test_person_without_a_role_sees_nothing(client: Client, here: World) -> None:
    who = cases.person(Role.CLINICIAN)
    who.role_grants.all().delete()
    client.force_login(who)
    assert {client.get(here.address(name)).status_code for name in PAGES} == {403}
