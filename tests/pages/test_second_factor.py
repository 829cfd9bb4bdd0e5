"""Signing in and signing with a second factor, as the pages ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse

from reviews import clearance, factors
from reviews.enums import ReviewState, Role, Seat
from reviews.models import Review, SignOff, User
from tests import cases
from tests.reviews.test_freshness import code_at, with_app

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [1_800_000_000.0]
    monkeypatch.setattr(totp.time, "time", lambda: now[0])
    yield now


def gives_password(client: Client, user: User, to: str = "") -> Any:
    form = {"username": user.username, "password": cases.PASSWORD, "next": to}
    return client.post(reverse("sign_in"), form, follow=True)


def signs(client: Client, review: Review, **given: str) -> Any:
    form = {"seat": Seat.COMPLIANCE, "seen": clearance.seal_digest(review), **given}
    return client.post(reverse("sign", args=[review.pk]), form)


def test_sign_in_takes_two_steps(client: Client, clock: list[float]) -> None:
    user = with_app(clock)
    step = gives_password(client, user, to=reverse("notices"))
    assert "Second step" in step.content.decode()
    assert client.get(reverse("queue")).status_code == 302  # nobody is signed in yet
    wrong = client.post(reverse("second_step"), {"code": "000000"})
    assert wrong.status_code == 403 and "Try again" in wrong.content.decode()
    right = client.post(reverse("second_step"), {"code": code_at(clock)})
    assert right["Location"] == reverse("notices")
    assert client.get(reverse("queue")).status_code == 200


def test_second_step_alone_leads_nowhere(client: Client, clock: list[float]) -> None:
    user = with_app(clock)
    sent = client.post(reverse("second_step"), {"code": code_at(clock)})
    assert sent["Location"] == reverse("sign_in")
    assert client.post(reverse("ask_for_passkey")).status_code == 403
    # The code was not looked at, so it is still good.
    assert factors.spend_code(user, code_at(clock)) == "totp"


def test_second_step_waits_ten_minutes(
    client: Client, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = with_app(clock)
    gives_password(client, user)
    monkeypatch.setattr("reviews.views.sign_in.MINUTES", -1)
    sent = client.post(reverse("second_step"), {"code": code_at(clock)})
    assert sent["Location"] == reverse("sign_in")


def test_wrong_password_says_nothing_of_factors(client: Client, clock: list[float]) -> None:
    def refused(user: User) -> str:
        form = {"username": user.username, "password": "guess"}
        body = client.post(reverse("sign_in"), form).content.decode()
        return re.sub(r'value="[^"]*"', "", body)

    assert refused(with_app(clock)) == refused(cases.person(Role.COMPLIANCE))


def test_first_signature_of_a_session_takes_both(client: Client, clock: list[float]) -> None:
    user = with_app(clock)
    client.force_login(user)
    first, second = (cases.review_at(ReviewState.SUBMITTED) for _ in range(2))
    page = client.get(reverse("review", args=[first.pk])).content.decode()
    assert "Code from your app" in page and "one of these is enough" not in page
    assert signs(client, first, password=cases.PASSWORD).status_code == 403
    assert signs(client, first, password=cases.PASSWORD, code=code_at(clock)).status_code == 302
    page = client.get(reverse("review", args=[first.pk])).content.decode()
    assert "Proved by password and code from an app." in page
    page = client.get(reverse("review", args=[second.pk])).content.decode()
    assert "one of these is enough" in page
    assert signs(client, second, password=cases.PASSWORD).status_code == 302
    assert {s.proof for s in SignOff.objects.all()} == {"password+totp", "password"}


def test_session_goes_on_for_itself_alone(
    client: Client, clock: list[float], settings: Any
) -> None:
    settings.SIGNING_SESSION_MINUTES = 0
    user, review = with_app(clock), cases.review_at(ReviewState.SUBMITTED)
    client.force_login(user)
    signs(client, cases.review_at(ReviewState.SUBMITTED), password=cases.PASSWORD,
          code=code_at(clock))  # fmt: skip
    assert signs(client, review, password=cases.PASSWORD).status_code == 403  # the time is over
    settings.SIGNING_SESSION_MINUTES = 30
    elsewhere = Client()
    elsewhere.force_login(user)
    assert signs(elsewhere, review, password=cases.PASSWORD).status_code == 403


def test_app_is_set_up_with_its_first_code(client: Client, clock: list[float]) -> None:
    user = cases.person(Role.SAFETY)
    client.force_login(user)
    page = client.get(reverse("add_app")).content.decode()
    assert "<svg" in page and "<?xml" not in page
    secret = client.session[totp.SECRET_SESSION_KEY]
    assert secret in re.search(r"<code>(.*?)</code>", page)[1].replace(" ", "")  # type: ignore[index]
    code = totp.format_hotp_value(totp.hotp_value(secret, int(clock[0]) // 30))
    form = {"password": cases.PASSWORD, "code": "000000"}
    assert client.post(reverse("add_app"), form).status_code == 403
    form["code"] = code
    assert client.post(reverse("add_app"), form | {"password": "guess"}).status_code == 403
    assert client.post(reverse("add_app"), form)["Location"] == reverse("factors")
    assert factors.has_one(user)
    assert totp.SECRET_SESSION_KEY not in client.session
    assert "Set up" in client.get(reverse("factors")).content.decode()


def test_recovery_codes_are_shown_once(client: Client, clock: list[float]) -> None:
    user = with_app(clock)
    client.force_login(user)
    form = {"password": cases.PASSWORD, "code": code_at(clock)}
    page = client.post(reverse("recovery_codes"), form).content.decode()
    codes = re.findall(r"<li><code>(\d+)</code>", page)
    assert len(codes) >= 8
    overview = client.get(reverse("factors")).content.decode()
    assert f"{len(codes)} left" in overview
    assert not any(code in overview for code in codes)


def test_factor_is_removed_with_proof_alone(client: Client, clock: list[float]) -> None:
    user = with_app(clock)
    client.force_login(user)
    [app] = factors.of(user)
    address = reverse("remove_factor", args=[app.pk])
    refused = client.post(address, {"password": cases.PASSWORD})
    assert refused.status_code == 403 and "nothing was changed" in refused.content.decode()
    form = {"password": cases.PASSWORD, "code": code_at(clock)}
    assert client.post(address, form).status_code == 302
    assert not factors.has_one(user)


def test_api_asks_for_the_code_too(client: Client, clock: list[float]) -> None:
    user, review = with_app(clock), cases.review_at(ReviewState.SUBMITTED)
    client.force_login(user)
    form = {"seat": "compliance", "seen": clearance.seal_digest(review)}
    form["password"] = cases.PASSWORD
    address = reverse("api_sign", args=[review.pk])
    assert client.post(address, form, "application/json").status_code == 403
    form["code"] = code_at(clock)
    assert client.post(address, form, "application/json").status_code == 200
