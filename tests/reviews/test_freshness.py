"""What a signature takes: the table of factors and sessions, codes that prove once, few tries."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.db import connection, connections
from django.test import override_settings
from django.utils import timezone

from compliance.exceptions import BadInput
from compliance.ledger.kinds import EventKind
from compliance.models import Event
from reviews import clearance, factors, freshness, workflow
from reviews.enums import Purpose, ReviewState, Role, Seat
from reviews.exceptions import NotFresh, WrongState
from reviews.freshness import Proof
from reviews.models import SignOff, User
from tests import cases

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Time of the codes in seconds; a test moves it on."""
    now = [1_800_000_000.0]
    monkeypatch.setattr(totp.time, "time", lambda: now[0])
    yield now


def code_at(clock: list[float]) -> str:
    return totp.format_hotp_value(totp.hotp_value(SECRET, int(clock[0]) // 30))


def with_app(clock: list[float], role: Role = Role.COMPLIANCE) -> User:
    """Somebody whose app is set up; its next code is fresh."""
    user = cases.person(role)
    factors.add_app(by=user, secret=SECRET, code=code_at(clock))
    clock[0] += 30
    return user


@pytest.mark.parametrize(
    ("password", "code", "continues", "proof"),
    [
        (True, True, False, "password+totp"),
        (True, False, False, ""),
        (False, True, False, ""),
        (False, False, False, ""),
        (True, False, True, "password"),
        (False, True, True, "totp"),
        (True, True, True, "password"),
        (False, False, True, ""),
    ],
)
def test_first_signature_takes_both_and_the_next_either(
    clock: list[float], password: bool, code: bool, continues: bool, proof: str
) -> None:
    user = with_app(clock)
    given = Proof(cases.PASSWORD * password, code_at(clock) * code, "", continues)
    if not proof:
        with pytest.raises(NotFresh, match="nothing was signed"):
            freshness.proved(user, given, Purpose.SIGN)
        # Something that is missing is no failed try.
        assert not Event.objects.filter(kind=EventKind.PROOF_FAILED).exists()
        return
    assert freshness.proved(user, given, Purpose.SIGN) == proof


@pytest.mark.parametrize(("given", "proof"), [(cases.PROOF, "password"), (Proof("guess"), "")])
def test_without_a_factor_the_password_is_asked_each_time(given: Proof, proof: str) -> None:
    user = cases.person(Role.LEGAL)
    if proof:
        assert freshness.proved(user, given, Purpose.SIGN) == proof
    else:
        with pytest.raises(NotFresh, match="not your password"):
            freshness.proved(user, given, Purpose.SIGN)


def test_without_a_factor_no_session_spares_the_password() -> None:
    with pytest.raises(NotFresh):
        freshness.proved(cases.person(Role.LEGAL), Proof(continues=True), Purpose.SIGN)


@override_settings(SECOND_FACTOR="required")
def test_where_it_is_required_nobody_signs_without(clock: list[float]) -> None:
    review, officer = cases.review_at(ReviewState.SUBMITTED), cases.person(Role.COMPLIANCE)
    with pytest.raises(NotFresh, match="How you sign"):
        cases.sign(review, Seat.COMPLIANCE, by=officer)
    assert not SignOff.objects.exists()
    # Setting one up is possible all the same, and removing the last one is not.
    freshness.proved(officer, cases.PROOF, Purpose.FACTOR)
    user = with_app(clock)
    with pytest.raises(WrongState, match="another one first"):
        factors.remove(by=user, factor_id=factors.of(user)[0].pk)
    assert factors.has_one(user)


def test_signature_and_history_say_what_proved_it(clock: list[float]) -> None:
    user, review = with_app(clock), cases.review_at(ReviewState.SUBMITTED)
    workflow.sign(
        by=user,
        review_id=review.pk,
        seat=Seat.COMPLIANCE,
        proof=Proof(cases.PASSWORD, code_at(clock)),
        seen=clearance.seal_digest(review),
    )
    assert SignOff.objects.get().proof == "password+totp"
    assert Event.objects.get(kind=EventKind.SIGNED).facts["proof"] == "password+totp"
    assert freshness.in_words("password+totp") == "password and code from an app"


def test_code_proves_once(clock: list[float]) -> None:
    user = with_app(clock)
    code = code_at(clock)
    assert factors.spend_code(user, f" {code[:3]} {code[3:]} ") == "totp"
    assert factors.spend_code(user, code) == ""
    clock[0] += 30
    assert factors.spend_code(user, code) == ""
    assert factors.spend_code(user, code_at(clock)) == "totp"


def test_older_code_proves_nothing_after_a_newer_one(clock: list[float]) -> None:
    user = with_app(clock)
    older = code_at(clock)
    clock[0] += 30
    assert factors.spend_code(user, code_at(clock)) == "totp"
    assert factors.spend_code(user, older) == ""


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_code_prove_once(clock: list[float]) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite in memory lets no two in at once")
    user = with_app(clock)
    code, proved = code_at(clock), []
    start = threading.Barrier(2)

    def spend() -> None:
        start.wait()
        proved.append(factors.spend_code(user, code))
        connections.close_all()

    threads = [threading.Thread(target=spend) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(proved) == ["", "totp"]


def test_code_that_was_set_up_with_proves_nothing_more(clock: list[float]) -> None:
    user = cases.person(Role.LEGAL)
    factors.add_app(by=user, secret=SECRET, code=code_at(clock))
    assert factors.spend_code(user, code_at(clock)) == ""


def test_wrong_first_code_sets_up_nothing(clock: list[float]) -> None:
    user = cases.person(Role.LEGAL)
    with pytest.raises(BadInput, match="not the code"):
        factors.add_app(by=user, secret=SECRET, code="000000")
    assert not factors.of(user)


def test_recovery_codes_are_good_once_and_new_ones_end_the_old(clock: list[float]) -> None:
    user = with_app(clock)
    old = factors.new_recovery_codes(by=user)
    assert factors.spend_code(user, old[0]) == "recovery_code"
    assert factors.spend_code(user, old[0]) == ""
    new = factors.new_recovery_codes(by=user)
    assert factors.spend_code(user, old[1]) == ""
    assert factors.spend_code(user, new[1]) == "recovery_code"
    assert len(set(new)) == len(new) >= 8


def test_recovery_codes_alone_are_no_second_factor(clock: list[float]) -> None:
    user = cases.person(Role.LEGAL)
    with pytest.raises(WrongState):
        factors.new_recovery_codes(by=user)
    user = with_app(clock)
    factors.new_recovery_codes(by=user)
    app = next(one for one in factors.of(user) if one.type == factors.Type.TOTP)
    factors.remove(by=user, factor_id=app.pk)
    assert not factors.of(user)


def test_few_wrong_tries_and_then_a_wait(clock: list[float]) -> None:
    user = with_app(clock)
    for wrong in ("guess", *itertools.repeat("000000", 4)):
        given = Proof(wrong) if wrong == "guess" else Proof(cases.PASSWORD, wrong)
        with pytest.raises(NotFresh, match="Try again"):
            freshness.proved(user, given, Purpose.SIGN)
    right = Proof(cases.PASSWORD, code_at(clock))
    with pytest.raises(NotFresh, match="Wait until"):
        freshness.proved(user, right, Purpose.SIGN)
    failed = Event.objects.filter(kind=EventKind.PROOF_FAILED)
    assert {event.facts["purpose"] for event in failed} == {"sign"}
    # Others are not kept waiting, and neither is this one for ever.
    assert freshness.proved(cases.person(Role.LEGAL), cases.PROOF, Purpose.SIGN)
    later = timezone.now() + freshness.WITHIN + timedelta(seconds=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(freshness.timezone, "now", lambda: later)
        assert freshness.proved(user, right, Purpose.SIGN)


def test_factors_are_of_one_person_alone(clock: list[float]) -> None:
    owner, other = with_app(clock), cases.person(Role.LEGAL)
    assert factors.spend_code(other, code_at(clock)) == ""
    with pytest.raises(WrongState):
        factors.remove(by=other, factor_id=factors.of(owner)[0].pk)


def test_database_and_history_hold_no_secret(clock: list[float]) -> None:
    user = with_app(clock)
    codes = factors.new_recovery_codes(by=user)
    with pytest.raises(NotFresh):
        freshness.proved(user, Proof(cases.PASSWORD, "123 456"), Purpose.SIGN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        kept = json.dumps([str(row) for row in cursor.fetchall()])
    kept += json.dumps([event.facts for event in Event.objects.all()])
    for secret in (SECRET, *codes, "123 456", "123456", cases.PASSWORD):
        assert secret not in kept
    # The negative control: with the library's own adapter it would.
    plain = factors.DefaultMFAAdapter().encrypt(SECRET)
    Authenticator.objects.filter(type="totp").update(data={"secret": plain})
    assert SECRET in str(Authenticator.objects.get(type="totp").data)


def test_reset_is_in_the_history(clock: list[float]) -> None:
    user = with_app(clock)
    assert factors.reset(user) == 1
    event = Event.objects.get(kind=EventKind.FACTOR_REMOVED)
    assert (event.actor, event.facts["factor"]) == ("system", "totp")
    assert freshness.proved(user, cases.PROOF, Purpose.SIGN) == "password"


@pytest.mark.parametrize("answer", ["", "[]", "{}", "null", "x", '{"id": "AA", "response": 5}'])
def test_passkey_that_nobody_asked_for_proves_nothing(answer: str) -> None:
    assert not factors.is_passkey(cases.person(Role.LEGAL), answer)
